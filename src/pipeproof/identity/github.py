"""GitHub: the workflow's ID token, asked of the runner's service for one audience.

The protocol is GitHub's: a GET of `ACTIONS_ID_TOKEN_REQUEST_URL` with the audience added to the query and
`ACTIONS_ID_TOKEN_REQUEST_TOKEN` as the bearer answers `{"value": "<JWT>"}`. The runner sets both where the job has
`id-token: write`. A token lives about five minutes, so each exchange asks for a new one.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from pipeproof.identity.token import IdToken, IdTokenError, decode_claims
from pipeproof.transport import Response, Transport, UnreachableError

REQUEST_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105  a variable's name

GRANT = "Give the job `permissions: {id-token: write, contents: read}` (a called workflow needs it of its caller too)."
"""What a user adds to the workflow for a token to be had."""


@dataclass(frozen=True, slots=True)
class RunnersTokens:
    """Where the runner gives out ID tokens of this job."""

    url: str
    request_token: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The token that asks for tokens."""
        return (self.request_token,)

    def fetch(
        self, audience: str, transport: Transport, mask: Callable[[str], None], now: Callable[[], float]
    ) -> IdToken:
        """Return a new ID token.

        Raises:
            IdTokenError: It was refused (401, 403: not tried again), GitHub was out of reach, or the answer is none.
        """
        separator = "&" if urlsplit(self.url).query else "?"
        headers = {"Authorization": f"Bearer {self.request_token}", "Accept": "application/json"}
        try:
            response = transport.send("GET", self.url + separator + urlencode({"audience": audience}), headers=headers)
        except UnreachableError as error:
            raise IdTokenError(
                f"GitHub's ID token service cannot be reached: {error}.",
                hint="On a self-hosted runner let the job reach it or set HTTPS_PROXY; otherwise see githubstatus.com.",
            ) from error
        value = _read_value(response, audience)
        mask(value)
        claims = decode_claims(value, "The answer of GitHub's ID token service")
        skew = 0.0 if response.date is None else now() - response.date
        return IdToken(value, claims, claims.lifetime, skew)


def find_runners_tokens(environment: Mapping[str, str]) -> RunnersTokens | None:
    """Return the source that the runner set, or None where the job has no `id-token: write`.

    Raises:
        IdTokenError: Only one of the two variables is there, or the address is no HTTP address.
    """
    url, token = environment.get(REQUEST_URL, ""), environment.get(REQUEST_TOKEN, "")
    if not url and not token:
        return None
    if not url or not token:
        raise IdTokenError(f"{REQUEST_URL if token else REQUEST_TOKEN} is missing beside its twin.", hint=GRANT)
    if urlsplit(url).scheme not in {"https", "http"}:
        raise IdTokenError(f"{REQUEST_URL} is not an HTTP address.", hint="The runner sets it; nothing else should.")
    return RunnersTokens(url, token)


def _read_value(response: Response, audience: str) -> str:
    if response.status in {401, 403}:
        raise IdTokenError(f"GitHub refuses this job an ID token (HTTP {response.status}).", hint=GRANT)
    if response.status != 200:
        what = "is throttling" if response.status == 429 else "fails"
        raise IdTokenError(
            f"GitHub's ID token service {what} (HTTP {response.status}), asked for the audience {audience!r}.",
            hint="It was asked repeatedly. See githubstatus.com, and run the job again.",
        )
    try:
        value = json.loads(response.body)["value"]
    except (ValueError, KeyError, TypeError):
        value = None
    if not isinstance(value, str) or not value:
        raise IdTokenError("GitHub's ID token service answered without a token.", hint="Run the job again.")
    return value
