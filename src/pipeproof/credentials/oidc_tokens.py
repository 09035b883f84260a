"""ID tokens as they are, for services that check them themselves: Snowflake's workload identity federation, for one."""

from collections.abc import Iterator, Mapping
from functools import partial

from pipeproof.credentials.lease import Keeper, Lease, Plan, Tools
from pipeproof.credentials.request import CredentialRequest, OidcVariable
from pipeproof.identity.token import Claims


def plan(request: CredentialRequest, tools: Tools, before: Mapping[str, Keeper]) -> Iterator[Plan]:  # noqa: ARG001
    """One token a line of `oidc-tokens`."""
    for part in request.oidc_variables:
        yield Plan(f"oidc {part.variable}", "token", partial(issue_token, part, tools))


def issue_token(request: OidcVariable, tools: Tools) -> Lease:
    """Return a new ID token in its variable."""
    issued = tools.now()
    token = tools.fetch_token(request.audience)
    facts = {"variable": request.variable, **list_claims(token.claims)}
    return Lease({request.variable: token.value}, issued, issued + token.lifetime, facts)


def list_claims(claims: Claims) -> dict[str, object]:
    """Return what the audit keeps of a token."""
    return {"sub": claims.text("sub"), "aud": " ".join(claims.audiences), "jti_sha256": claims.hashed_id}
