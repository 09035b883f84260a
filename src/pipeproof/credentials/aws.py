"""AWS: a role's session for an ID token, or a second role's from the first."""

from collections.abc import Iterator, Mapping
from functools import partial

from pipeproof.credentials import diagnosis
from pipeproof.credentials.lease import Keeper, Lease, Plan, Tools
from pipeproof.credentials.oidc_tokens import list_claims
from pipeproof.credentials.request import AwsRequest, CredentialRequest, Role
from pipeproof.credentials.sts import AwsSession, StsError, assume, find_endpoint
from pipeproof.identity.files import read_token_file
from pipeproof.identity.token import IdToken
from pipeproof.transport import UnreachableError

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def plan(request: CredentialRequest, tools: Tools, before: Mapping[str, Keeper]) -> Iterator[Plan]:  # noqa: ARG001
    """One session, where a role is to be assumed."""
    if request.aws:
        yield Plan("aws", "session", partial(issue_session, request.aws, tools))


def issue_session(request: AwsRequest, tools: Tools) -> Lease:
    """Exchange an ID token, the run's own or that of a file, for a session.

    Raises:
        CredentialsError: Refused, or out of reach. Of a role of another account no session is asked for at all.
    """
    for role in (request.role, request.chained_role):
        if role:
            _check_account(request, role, role.account)
    issued = tools.now()
    if request.token_file:
        token = read_token_file(request.token_file, tools.mask, tools.now)
    else:
        token = tools.fetch_token(request.audience)
    session = _assume_first(request, token, tools)
    if request.chained_role:
        session = _assume_second(request, request.chained_role, session, token, tools)
    role = request.tested_role
    if session.account:
        _check_account(request, role, session.account)
    variables = dict(zip(KEYS, (session.access_key_id, session.secret_access_key, session.session_token), strict=True))
    variables |= {"AWS_REGION": request.region, "AWS_DEFAULT_REGION": request.region}
    return Lease(
        variables, issued, session.expires, _list_facts(request, session, token), session.account or role.account
    )


def _check_account(request: AwsRequest, role: Role, account: str) -> None:
    if request.allowed_accounts and account not in request.allowed_accounts:
        raise diagnosis.explain_account(role, request.allowed_accounts, account)


def _assume_first(request: AwsRequest, token: IdToken, tools: Tools) -> AwsSession:
    parameters = _describe_session(request, request.role) | {"WebIdentityToken": token.value}
    try:
        return _call("AssumeRoleWithWebIdentity", parameters, request, tools)
    except StsError as refusal:
        raise diagnosis.explain_web_identity(refusal, request, token) from refusal


def _assume_second(request: AwsRequest, role: Role, first: AwsSession, token: IdToken, tools: Tools) -> AwsSession:
    parameters = _describe_session(request, role)
    if request.external_id:
        parameters["ExternalId"] = request.external_id  # AssumeRoleWithWebIdentity knows none
    try:
        return _call("AssumeRole", parameters, request, tools, signer=first)
    except StsError as refusal:
        raise diagnosis.explain_chained(refusal, request, role, token) from refusal


def _describe_session(request: AwsRequest, role: Role) -> dict[str, object]:
    """Return what both calls are given; the policies bound the session that the tests get."""
    parameters: dict[str, object] = {
        "RoleArn": role.arn,
        "RoleSessionName": request.session_name,
        "DurationSeconds": request.duration,
    }
    if role == request.tested_role:
        if request.session_policy:
            parameters["Policy"] = request.session_policy.text
        if request.managed_policies:
            parameters["PolicyArns"] = [{"arn": arn} for arn in request.managed_policies]
    return parameters


def _call(
    operation: str,
    parameters: Mapping[str, object],
    request: AwsRequest,
    tools: Tools,
    signer: AwsSession | None = None,
) -> AwsSession:
    endpoint = request.endpoint or find_endpoint(request.region)
    try:
        session = assume(
            operation,
            parameters,
            endpoint=endpoint,
            region=request.region,
            transport=tools.transport,
            signer=signer,
            now=tools.now(),
        )
    except UnreachableError as error:
        advice = "Check aws-region and aws-sts-endpoint, and that the runner may reach it (VPC endpoint, HTTPS_PROXY)."
        raise diagnosis.explain_unreachable("AWS STS", error, advice) from error
    for secret in (session.access_key_id, session.secret_access_key, session.session_token):
        tools.mask(secret)
    return session


def _list_facts(request: AwsRequest, session: AwsSession, token: IdToken) -> dict[str, object]:
    role = request.tested_role
    return {
        "role": role.arn,
        "through": request.role.arn if request.chained_role else None,
        "account": session.account or role.account,
        "session": session.arn,
        "session_policy_sha256": request.session_policy.digest if request.session_policy else None,
        "managed_session_policies": list(request.managed_policies) or None,
        "token_file": str(request.token_file) if request.token_file else None,
        **list_claims(token.claims),
        "clock_skew_seconds": round(token.skew),
    }
