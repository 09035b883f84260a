"""ID tokens: what one says (read, not verified, not printed), and how long it lives."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pipeproof.errors import CredentialsError
from pipeproof.transport import Transport

UNKNOWN_LIFE = 300.0
"""Seconds that a token is taken to live where it does not say: GitHub's and Buildkite's live so long."""


class IdTokenError(CredentialsError):
    """There is no ID token."""


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
        "project_path",
        "ref_type",
        "ref_protected",
        "organization_slug",
        "pipeline_slug",
        "build_branch",
    )

    def text(self, name: str) -> str:
        """Return a claim as text; an empty string where the token has none."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    @property
    def audiences(self) -> tuple[str, ...]:
        """The audiences: RFC 7519 has one text or a list of them."""
        value = self.values.get("aud")
        return tuple(map(str, value)) if isinstance(value, list) else (self.text("aud"),)

    @property
    def hashed_id(self) -> str:
        """The SHA-256 of `jti`, by which an audit finds a token again without holding anything of it."""
        return hashlib.sha256(self.text("jti").encode()).hexdigest()

    @property
    def lifetime(self) -> float:
        """Seconds from the token's issue to its end."""
        issued, ends = self.values.get("iat"), self.values.get("exp")
        if isinstance(issued, int | float) and isinstance(ends, int | float) and ends > issued:
            return float(ends - issued)
        return UNKNOWN_LIFE

    def render(self) -> str:
        """Return the claims that trust policies look at, on one line."""
        shown = {name: self.text(name) for name in self.SHOWN} | {"aud": " ".join(self.audiences)}
        return ", ".join(f"{name}={value}" for name, value in shown.items() if value)


@dataclass(frozen=True, slots=True)
class IdToken:
    """An ID token, and how far this machine's clock is from that of who issued it."""

    value: str = field(repr=False)
    claims: Claims
    lifetime: float
    """Seconds that it is good for, from now."""
    skew: float = 0.0
    """Seconds by which this machine's clock is ahead of the issuer's; to the second at best, 0 where nobody said."""
    issuer: str = "GitHub"
    """The issuer's name in messages."""


class IdTokenSource(Protocol):
    """Where the ID tokens of a job come from."""

    @property
    def secrets(self) -> Sequence[str]:
        """What has to be masked before anything is asked for."""

    def fetch(
        self, audience: str, transport: Transport, mask: Callable[[str], None], now: Callable[[], float]
    ) -> IdToken:
        """Return a token for `audience`; `mask` has its value before anyone else.

        Raises:
            IdTokenError: There is none.
        """


def decode_claims(token: str, origin: str) -> Claims:
    """Return the claims of a JWT, unverified.

    Args:
        token: The JWT.
        origin: Where it came from, as the beginning of a message.

    Raises:
        IdTokenError: It is no JWT. The message holds nothing of it.
    """
    parts = token.split(".")
    try:
        payload = parts[1]
        values = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        values = None
    if len(parts) != 3 or not isinstance(values, dict):
        raise IdTokenError(f"{origin} is not a JWT.", hint="An ID token has three parts with points between.")
    return Claims(values)


def keep_token(value: str, origin: str, now: float, issuer: str, renewed_by: str) -> IdToken:
    """Return a token that was issued some time ago.

    Args:
        value: The JWT.
        origin: Where it stands, as the beginning of a message.
        now: The time, in seconds since the epoch.
        issuer: Its name in messages.
        renewed_by: What to do where it has ended.

    Raises:
        IdTokenError: It is none, or has ended.
    """
    claims = decode_claims(value, origin)
    ends = claims.values.get("exp")
    left = float(ends) - now if isinstance(ends, int | float) else UNKNOWN_LIFE
    if left <= 0:
        raise IdTokenError(f"{origin} is an ID token that ended {-left:.0f} s ago.", hint=renewed_by)
    return IdToken(value, claims, left, issuer=issuer)
