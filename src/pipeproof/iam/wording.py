"""How AWS says no: the text and the code of a denied call.

Source: AWS IAM user guide, "Troubleshoot access denied error messages", and the errors of the services, which
do not all use one code: S3 and the query services say `AccessDenied`, the JSON services `AccessDeniedException`, SNS
`AuthorizationError`, EC2 `UnauthorizedOperation`.
"""

from collections.abc import Mapping

from pipeproof.iam.evaluation import Decision
from pipeproof.iam.policies import Kind

_KINDS: Mapping[Kind, tuple[str, str]] = {
    "identity": ("identity-based policy", "an identity-based policy"),
    "boundary": ("permissions boundary", "a permissions boundary"),
    "session": ("session policy", "a session policy"),
    "scp": ("service control policy", "a service control policy"),
}

_CODES: Mapping[str, str] = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError", "sqs": "AccessDenied"}


def denial_code(service: str, protocol: str) -> str:
    """Return the error code of a denied call, by IAM's prefix and the protocol of the service's API."""
    if service in _CODES:
        return _CODES[service]
    return "AccessDenied" if protocol in ("rest-xml", "query") else "AccessDeniedException"


def render_denial(decision: Decision, principal_arn: str) -> str:
    """Return the message of a denied call, as AWS words it."""
    service = decision.action.partition(":")[0]
    action = {"sns": f"SNS:{decision.action[4:]}", "sqs": decision.action.lower()}.get(service, decision.action)
    resource = f'"{decision.resource}"' if service == "s3" else decision.resource
    on = "" if decision.resource == "*" and service == "s3" else f" on resource: {resource}"
    implicit, explicit = _KINDS[decision.kind]
    reason = (
        f"with an explicit deny in {explicit}"
        if decision.reason == "explicit"
        else f"because no {implicit} allows the {action} action"
    )
    return f"User: {principal_arn} is not authorized to perform: {action}{on} {reason}"
