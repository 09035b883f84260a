"""Google Cloud: an `external_account` file that Google's libraries exchange themselves, and the ID token it names.

The file's form is Google's (AIP-4117). The exchange is tried once here, so that a wrong provider or a missing binding
is said before the tests and not by each of them. GitHub's own request token is not in the file.
"""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from pipeproof.credentials import diagnosis, oauth
from pipeproof.credentials.files import write_private
from pipeproof.credentials.lease import Keeper, Lease, Plan, Tools
from pipeproof.credentials.oidc_tokens import list_claims
from pipeproof.credentials.request import CredentialRequest, GoogleRequest
from pipeproof.identity.token import IdToken

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_FILE, CREDENTIALS_FILE = "google-id-token", "google-credentials.json"


def plan(request: CredentialRequest, tools: Tools, before: Mapping[str, Keeper]) -> Iterator[Plan]:  # noqa: ARG001
    """One pair of files, where a provider is named."""
    if request.google:
        yield Plan("google", "file", partial(issue_files, request.google, tools))


def issue_files(request: GoogleRequest, tools: Tools) -> Lease:
    """Return a new ID token in a file, and the credentials file that names it."""
    issued = tools.now()
    token = tools.fetch_token(f"https://iam.googleapis.com/{request.provider}")
    _try_exchange(request, token, tools)
    token_file = write_private(TOKEN_FILE, token.value, tools)
    credentials = write_private(CREDENTIALS_FILE, json.dumps(_build_credentials(request, token_file)), tools)
    variables = {
        "GOOGLE_APPLICATION_CREDENTIALS": str(credentials),
        "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": str(credentials),
    }
    facts = {"pool": request.provider, "service_account": request.service_account}
    return Lease(variables, issued, issued + token.lifetime, facts | list_claims(token.claims))


def _build_credentials(request: GoogleRequest, token_file: Path) -> dict[str, object]:
    credentials: dict[str, object] = {
        "type": "external_account",
        "audience": f"//iam.googleapis.com/{request.provider}",
        "subject_token_type": oauth.JWT,
        "token_url": request.sts_endpoint,
        "credential_source": {"file": str(token_file)},
    }
    if request.service_account:
        credentials["service_account_impersonation_url"] = _name_impersonation(request)
    return credentials


def _name_impersonation(request: GoogleRequest) -> str:
    return f"{request.iam_endpoint}/projects/-/serviceAccounts/{request.service_account}:generateAccessToken"


def _try_exchange(request: GoogleRequest, token: IdToken, tools: Tools) -> None:
    form = {
        "grant_type": oauth.EXCHANGE,
        "audience": f"//iam.googleapis.com/{request.provider}",
        "scope": _SCOPE,
        "requested_token_type": oauth.ACCESS_TOKEN,
        "subject_token": token.value,
        "subject_token_type": oauth.JWT,
    }
    access = oauth.request_token(
        "Google's token service",
        request.sts_endpoint,
        form,
        token,
        tools,
        advice=f"Compare issuer, audiences, attribute mapping and condition of {request.provider} with these claims.",
    )
    if not request.service_account:
        return
    headers = {"Authorization": f"Bearer {access.value}", "Content-Type": "application/json"}
    body = json.dumps({"scope": [_SCOPE], "lifetime": "300s"}).encode()
    response = oauth.post("Google's IAM", _name_impersonation(request), body, headers, tools)
    if response.status == 404:
        raise diagnosis.RoleNotFoundError(
            f"There is no service account {request.service_account}.", hint="Check gcp-service-account."
        )
    if response.status != 200:
        raise diagnosis.TrustMismatchError(
            f"This run may not act as {request.service_account} (HTTP {response.status}).\n"
            f"  The token says: {token.claims.render()}.",
            hint="Grant the pool's principal `roles/iam.workloadIdentityUser` on the service account, for one "
            "repository and not for the whole pool.",
        )
    value = oauth.read_json(response).get("accessToken")
    if isinstance(value, str) and value:
        tools.mask(value)
