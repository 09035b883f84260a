"""Microsoft Azure: a federated token file that Azure's libraries exchange themselves (`WorkloadIdentityCredential`).

The exchange is tried once here, so that a wrong tenant or a federated credential that does not match is said before the
tests and not by each of them. The codes are Microsoft Entra's (`AADSTS…`).
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial

from pipeproof.credentials import diagnosis, oauth
from pipeproof.credentials.files import write_private
from pipeproof.credentials.lease import Keeper, Lease, Plan, Tools
from pipeproof.credentials.oidc_tokens import list_claims
from pipeproof.credentials.request import AzureRequest, CredentialRequest
from pipeproof.errors import CredentialsError
from pipeproof.identity.token import IdToken

AUDIENCE = "api://AzureADTokenExchange"
TOKEN_FILE = "azure-federated-token"  # noqa: S105  a file's name
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_NOT_FOUND = {
    "90002": "tenant",
    "900023": "tenant",
    "700016": "application in this tenant",
    "7000229": "service principal",
}


def plan(request: CredentialRequest, tools: Tools, before: Mapping[str, Keeper]) -> Iterator[Plan]:  # noqa: ARG001
    """One file, where an application is named."""
    if request.azure:
        yield Plan("azure", "file", partial(issue_file, request.azure, tools))


def issue_file(request: AzureRequest, tools: Tools) -> Lease:
    """Return a new ID token in a file."""
    issued = tools.now()
    token = tools.fetch_token(AUDIENCE)
    _try_exchange(request, token, tools)
    path = write_private(TOKEN_FILE, token.value, tools)
    variables = {
        "AZURE_TENANT_ID": request.tenant_id,
        "AZURE_CLIENT_ID": request.client_id,
        "AZURE_FEDERATED_TOKEN_FILE": str(path),
        "AZURE_AUTHORITY_HOST": request.authority,
    }
    facts = {"tenant": request.tenant_id, "client": request.client_id, **list_claims(token.claims)}
    return Lease(variables, issued, issued + token.lifetime, facts)


def _try_exchange(request: AzureRequest, token: IdToken, tools: Tools) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": request.client_id,
        "client_assertion": token.value,
        "client_assertion_type": _ASSERTION,
        "scope": "https://management.azure.com/.default",
    }
    endpoint = f"{request.authority}/{request.tenant_id}/oauth2/v2.0/token"
    advice = (
        "Add a federated credential with this issuer, sub and aud to the application; upper case counts. Before you "
        "add it, ask whether every run with this sub may act as the application."
    )
    try:
        oauth.request_token("Microsoft Entra", endpoint, form, token, tools, advice=advice)
    except diagnosis.TrustMismatchError as error:
        raise _narrow(request, error) from error


def _narrow(request: AzureRequest, error: diagnosis.TrustMismatchError) -> CredentialsError:
    found = re.search(r"AADSTS(\d+)", error.message)
    if not found or found[1] not in _NOT_FOUND:
        return error
    return diagnosis.RoleNotFoundError(
        f"There is no such {_NOT_FOUND[found[1]]} ({found[0]}): "
        f"azure-tenant-id {request.tenant_id}, azure-client-id {request.client_id}.",
        hint="Both are on the application's overview page in Microsoft Entra: its directory id and its client id.",
    )
