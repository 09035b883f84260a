"""Database tokens of AWS: a password for RDS and Aurora, signed with the role's session."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from urllib.parse import parse_qs, urlsplit

from pipeproof.credentials.aws import KEYS
from pipeproof.credentials.lease import Keeper, Lease, Plan, Tools
from pipeproof.credentials.request import CredentialRequest, DatabaseLogin
from pipeproof.credentials.sts import AwsSession, make_botocore_credentials

LIFETIME = 900
"""Seconds in which a token can be used to connect; a connection that stands is not cut."""


def plan(request: CredentialRequest, tools: Tools, before: Mapping[str, Keeper]) -> Iterator[Plan]:
    """One token a line of `rds-auth-token`; the session is renewed first where that is due."""
    for login in request.databases:
        yield Plan(f"rds {login.variable}", "token", partial(issue_token, login, before["aws"].current, tools))


def issue_token(login: DatabaseLogin, session: Callable[[], Lease], tools: Tools) -> Lease:
    """Sign a token that the database takes for a password: a presigned `connect` of the service `rds-db`."""
    from botocore.auth import SigV4QueryAuth  # type: ignore[import-untyped]
    from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]

    lease = session()
    now = tools.now()
    key_id, secret, session_token = (lease.variables[name] for name in KEYS)
    keys = AwsSession(key_id, secret, session_token, lease.expires, arn="")
    address = f"{login.host}:{login.port}/"
    request = AWSRequest("GET", f"https://{address}", params={"Action": "connect", "DBUser": login.user})
    region = lease.variables["AWS_REGION"]
    SigV4QueryAuth(make_botocore_credentials(keys), "rds-db", region, expires=LIFETIME).add_auth(request)
    token = request.url.removeprefix("https://")
    # The signature is what makes it a secret; the address in it is in every connection error, and should stay readable.
    tools.mask(parse_qs(urlsplit(request.url).query)["X-Amz-Signature"][0])
    expires = min(now + LIFETIME, lease.expires)
    facts = {
        "variable": login.variable,
        "database": address.rstrip("/"),
        "user": login.user,
        "account": lease.account_id,
    }
    return Lease({login.variable: token}, now, expires, facts)
