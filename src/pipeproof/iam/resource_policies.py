"""What a template's resources allow or deny a role themselves: bucket, queue and topic policies, and functions'
permissions.

In one account a request is allowed where the role's policy or the resource's allows it, and neither denies it. What
limits a function's permission (its source, an organization) are the keys against the confused deputy.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeproof.cloudformation import Template, TemplateError
from pipeproof.iam.documents import Document

_WITH_DOCUMENT = ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy")
_PERMISSION = "AWS::Lambda::Permission"


def resource_grants(template: Template, principal: str) -> Iterator[Document]:
    """Yield the statements that allow or deny a role something, as those of a policy of its own would be written.

    Args:
        template: The template.
        principal: The role's ARN. An Allow for the whole account leaves it to the role's policy, and grants nothing; a
            Deny for it holds for the role, and so does one for everybody but others (`NotPrincipal`). A Deny under a
            condition is left out: it asks for what only a call tells.
    """
    for resource in template.of_type(*_WITH_DOCUMENT, _PERMISSION):
        try:
            properties = template.properties(resource.logical_id)
        except TemplateError:
            continue  # it is not known before the deployment
        document = _permission(template, properties) if resource.type == _PERMISSION else _document(properties)
        granted = [_of_identity(statement) for statement in _statements(document) if _counts(statement, principal)]
        if granted:
            content = {"Version": document.get("Version", "2008-10-17"), "Statement": granted}
            yield Document(content, resource.logical_id, resource.location)


def _document(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    document = properties.get("PolicyDocument")
    return document if isinstance(document, Mapping) else {}


def _statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    written = document.get("Statement", [])
    found = written if isinstance(written, list) else [written]
    return [statement for statement in found if isinstance(statement, Mapping)]


_LIMITS = {
    "SourceArn": ("ArnLike", "aws:SourceArn"),
    "SourceAccount": ("StringEquals", "aws:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
}
"""The properties of a function's permission that Lambda makes conditions of."""


def _permission(template: Template, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the policy document that Lambda makes of a function's permission."""
    condition: dict[str, dict[str, Any]] = {}
    for field, (operator, key) in _LIMITS.items():
        if field in properties:
            condition.setdefault(operator, {})[key] = properties[field]
    statement = {
        "Effect": "Allow",
        "Action": properties.get("Action", "*"),
        "Resource": _function(template.partition, str(properties.get("FunctionName", "*"))),
        "Principal": {"AWS": properties.get("Principal")},
        **({"Condition": condition} if condition else {}),
    }
    return {"Version": "2012-10-17", "Statement": statement}


def _function(partition: str, name: str) -> str:
    """Return the ARN of a function named by its name, its ARN or a part of it (`123456789012:function:name`)."""
    if name.startswith("arn:"):
        return name
    account, _, rest = name.rpartition(":function:")
    return f"arn:{partition}:lambda:*:{account or '*'}:function:{rest}"


def _counts(statement: Mapping[str, Any], principal: str) -> bool:
    """Return whether a statement grants or denies the role something of itself."""
    if statement.get("Effect") == "Deny":
        return not statement.get("Condition") and _is_denied(statement, principal)
    names = _names(statement.get("Principal"))
    return statement.get("Effect") == "Allow" and any(name in ("*", principal) for name in names)


def _is_denied(statement: Mapping[str, Any], principal: str) -> bool:
    if "NotPrincipal" in statement:  # who is not to be denied is named there, beside its account
        return not any(name in ("*", principal) for name in _names(statement["NotPrincipal"]))
    account = principal.split(":")[4] if principal.count(":") >= 5 else ""
    names = _names(statement.get("Principal"))
    return any(name in ("*", principal, account) or str(name).endswith(f"::{account}:root") for name in names)


def _names(principal: Any) -> list[Any]:
    """Return the roles, users and accounts that a `Principal` or `NotPrincipal` names."""
    named = principal.get("AWS") if isinstance(principal, Mapping) else principal
    return named if isinstance(named, list) else [named]


def _of_identity(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in statement.items() if key not in ("Principal", "NotPrincipal")}
