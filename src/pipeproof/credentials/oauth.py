"""OAuth 2.0 token requests: one POST of a form, one JSON answer, and what the standard's error codes mean.

RFC 6749 (5.1, 5.2) has the answer and its errors, RFC 8693 the exchange of one token for another.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from pipeproof.credentials import diagnosis
from pipeproof.credentials.lease import Tools
from pipeproof.errors import CredentialsError
from pipeproof.identity.token import IdToken
from pipeproof.transport import Response, UnreachableError

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105  a type's name


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token, and for how many seconds it is good."""

    value: str = field(repr=False)
    lifetime: float


def request_token(
    service: str,
    endpoint: str,
    form: Mapping[str, str],
    token: IdToken,
    tools: Tools,
    *,
    advice: str,
    headers: Mapping[str, str] | None = None,
) -> AccessToken:
    """Ask `endpoint` for an access token.

    Args:
        service: Its name in messages.
        token: The ID token that the form carries, for the diagnosis of a refusal.
        advice: What to look at where the service does not trust the token.

    Raises:
        CredentialsError: Refused, or out of reach.
    """
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", **(headers or {})}
    response = post(service, endpoint, urlencode(form).encode(), sent, tools)
    answer = read_json(response)
    if response.status != 200:
        raise explain_refusal(service, response, answer, token, advice)
    value, lifetime = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(value, str) or not value:
        raise diagnosis.ExchangeError(
            f"{service} answered without an access token.", hint=f"Is {endpoint} its token endpoint?"
        )
    tools.mask(value)
    seconds = float(lifetime) if isinstance(lifetime, int | float | str) and str(lifetime).isdecimal() else 3600.0
    return AccessToken(value, seconds)


def post(service: str, endpoint: str, body: bytes, headers: Mapping[str, str], tools: Tools) -> Response:
    """Send a request; where no answer comes, say so."""
    try:
        return tools.transport.send("POST", endpoint, headers=headers, body=body)
    except UnreachableError as error:
        advice = (
            f"Check the address, and that the runner may reach {urlsplit(endpoint).hostname} (firewall, HTTPS_PROXY)."
        )
        raise diagnosis.explain_unreachable(service, error, advice) from error


def read_json(response: Response) -> Mapping[str, object]:
    """Return the answer's object; an empty one where it has none."""
    try:
        answer = json.loads(response.body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def explain_refusal(
    service: str, response: Response, answer: Mapping[str, object], token: IdToken, advice: str
) -> CredentialsError:
    """Tell the failures apart by what services say in `error` and `error_description`."""
    code, said = str(answer.get("error") or f"HTTP {response.status}"), str(answer.get("error_description") or "")
    text = f"{code}: {said}" if said else code
    lower = text.lower()
    if response.status == 429 or code == "temporarily_unavailable":
        return diagnosis.ThrottledError(
            f"{service} is throttling ({text}), repeatedly asked.",
            hint="Start fewer jobs at once, or run this one again.",
        )
    if response.status >= 500:
        return diagnosis.ServiceUnreachableError(
            f"{service} fails ({text}), repeatedly asked.", hint="Run the job again later."
        )
    if "expired" in lower or "time range" in lower or "stale" in lower:
        return diagnosis.explain_expiry(service, response.date, token, text)
    if "audience" in lower or code == "invalid_target":
        return diagnosis.WrongAudienceError(
            f"{service} does not accept the audience {' '.join(token.claims.audiences)!r}: {text}", hint=advice
        )
    return diagnosis.TrustMismatchError(
        f"{service} does not trust this run: {text}\n  The token says: {token.claims.render()}.", hint=advice
    )
