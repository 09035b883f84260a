"""An access token for an ID token, by RFC 8693: Databricks, and every other service that follows it."""

from collections.abc import Iterator, Mapping
from functools import partial
from urllib.parse import urlsplit

from pipeproof.credentials import oauth
from pipeproof.credentials.lease import Keeper, Lease, Plan, Tools
from pipeproof.credentials.oidc_tokens import list_claims
from pipeproof.credentials.request import CredentialRequest, TokenExchange


def plan(request: CredentialRequest, tools: Tools, before: Mapping[str, Keeper]) -> Iterator[Plan]:  # noqa: ARG001
    """One token a line of `token-exchange`."""
    for part in request.exchanges:
        yield Plan(f"exchange {part.variable}", "token", partial(issue_token, part, tools))


def issue_token(request: TokenExchange, tools: Tools) -> Lease:
    """Exchange a new ID token at the service's token endpoint."""
    issued = tools.now()
    token = tools.fetch_token(request.audience)
    form = {"grant_type": oauth.EXCHANGE, "subject_token": token.value, "subject_token_type": oauth.JWT}
    form |= {"client_id": request.client_id} if request.client_id else {}
    form |= {"scope": request.scope} if request.scope else {}
    host = urlsplit(request.endpoint).hostname or request.endpoint
    access = oauth.request_token(
        host,
        request.endpoint,
        form,
        token,
        tools,
        advice="Compare the service's federation policy (issuer, subject, audience) with these claims, and client_id "
        "with its application. Before you widen the policy, ask whether every run with this sub may have the token.",
    )
    facts = {"variable": request.variable, "endpoint": request.endpoint, **list_claims(token.claims)}
    return Lease({request.variable: access.value}, issued, issued + access.lifetime, facts)
