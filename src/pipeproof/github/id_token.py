"""The workflow's ID token: asked of GitHub for one audience, and read (not verified, not printed) for diagnosis.

The protocol is GitHub's: a GET of `ACTIONS_ID_TOKEN_REQUEST_URL` with the audience added to the query and
`ACTIONS_ID_TOKEN_REQUEST_TOKEN` as the bearer answers `{"value": "<JWT>"}`. The runner sets both where the job has
`id-token: write`. A token lives about five minutes, so each exchange asks for a new one.
"""

import base64
import binascii
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from pipeproof.errors import CredentialsError
from pipeproof.transport import Response, Transport, UnreachableError

REQUEST_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
REQUEST_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105  a variable's name

GRANT = "Give the job `permissions: {id-token: write, contents: read}` (a called workflow needs it of its caller too)."
"""What a user adds to the workflow for a token to be had."""


class IdTokenError(CredentialsError):
    """GitHub gave no ID token."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says. Of the values only those that decide about trust are shown to anyone."""

    values: Mapping[str, object]

    SHOWN = (
        "sub",
        "aud",
        "iss",
        "repository",
        "repository_id",
        "repository_owner_id",
        "ref",
        "environment",
        "job_workflow_ref",
    )

    def text(self, name: str) -> str:
        """Return a claim as text; an empty string where the token has none."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    @property
    def hashed_id(self) -> str:
        """The SHA-256 of `jti`, by which an audit finds a token again without holding anything of it."""
        return hashlib.sha256(self.text("jti").encode()).hexdigest()

    def render(self) -> str:
        """Return the claims that trust policies look at, on one line."""
        return ", ".join(f"{name}={self.text(name)}" for name in self.SHOWN if self.text(name))


@dataclass(frozen=True, slots=True)
class IdToken:
    """An ID token, and how far this machine's clock is from GitHub's."""

    value: str = field(repr=False)
    claims: Claims
    skew: float = 0.0
    """Seconds by which this machine's clock is ahead of GitHub's; to the second at best."""


@dataclass(frozen=True, slots=True)
class IdTokenSource:
    """Where the runner gives out ID tokens of this job."""

    url: str
    request_token: str = field(repr=False)


def find_source(environment: Mapping[str, str]) -> IdTokenSource | None:
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
    return IdTokenSource(url, token)


def fetch_token(
    source: IdTokenSource,
    audience: str,
    transport: Transport,
    mask: Callable[[str], None],
    *,
    now: Callable[[], float] = time.time,
) -> IdToken:
    """Return a new ID token for `audience`; `mask` has its value before anyone else.

    Raises:
        IdTokenError: It was refused (401, 403: not tried again), GitHub was out of reach, or the answer is no token.
    """
    separator = "&" if urlsplit(source.url).query else "?"
    headers = {"Authorization": f"Bearer {source.request_token}", "Accept": "application/json"}
    try:
        response = transport.send("GET", source.url + separator + urlencode({"audience": audience}), headers=headers)
    except UnreachableError as error:
        raise IdTokenError(
            f"GitHub's ID token service cannot be reached: {error}.",
            hint="On a self-hosted runner let the job reach it, or set HTTPS_PROXY; otherwise see githubstatus.com.",
        ) from error
    value = _read_value(response, audience)
    mask(value)
    skew = 0.0 if response.date is None else now() - response.date
    return IdToken(value, decode_claims(value), skew)


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


def decode_claims(token: str) -> Claims:
    """Return the claims of a JWT, unverified.

    Raises:
        IdTokenError: It is no JWT. The message holds nothing of it.
    """
    parts = token.split(".")
    try:
        payload = parts[1]
        values = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error):
        values = None
    if len(parts) != 3 or not isinstance(values, dict):
        raise IdTokenError(
            "GitHub's ID token service answered with something that is not a JWT.", hint="Run the job again."
        )
    return Claims(values)
