"""What a provider gives: values with an end, and the keeper that renews them before it.

A provider is a function without arguments that makes a new lease. A keeper calls it for the first time at once, and
again when half of the lease's life is over, never twice at the same time.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pipeproof.errors import CredentialsError
from pipeproof.identity.token import IdToken, IdTokenError, IdTokenSource
from pipeproof.transport import Transport

LONGEST_MARGIN = 1200.0
"""Seconds before its end at which a lease is renewed at the latest. AWS's SDKs ask for new ones 900 seconds before."""


@dataclass(frozen=True, slots=True)
class Lease:
    """What one exchange gave."""

    variables: Mapping[str, str] = field(repr=False)
    issued: float
    """Seconds since the epoch, by this machine's clock, as `expires` is."""
    expires: float
    facts: Mapping[str, object]
    """For the audit: never a secret."""
    account_id: str | None = None

    @property
    def margin(self) -> float:
        """Seconds before its end at which it is renewed."""
        return min(LONGEST_MARGIN, (self.expires - self.issued) / 2)


@dataclass(frozen=True)
class Tools:
    """What providers work with. They read no environment and print nothing.

    Args:
        source: Where ID tokens come from; None where the job has none and nothing asks for one.
        transport: How services are reached.
        mask: Has each secret before anything else is done with it, at each renewal too.
        record: Takes a record for the audit.
        directory: Where files with tokens go: outside the workspace, and of the supervisor.
        owner: The user and group that the tests run as, where that is not the supervisor's own.
        now: The time, in seconds since the epoch.
    """

    source: IdTokenSource | None
    transport: Transport
    mask: Callable[[str], None]
    record: Callable[[Mapping[str, object]], None]
    directory: Path
    owner: tuple[int, int] | None = None
    now: Callable[[], float] = time.time

    def fetch_token(self, audience: str) -> IdToken:
        """Return an ID token of the job for `audience`.

        Raises:
            IdTokenError: There is none.
        """
        if self.source is None:
            raise IdTokenError("This run has no identity of its own, so there is no ID token to ask for.")
        return self.source.fetch(audience, self.transport, self.mask, self.now)


@dataclass(frozen=True, slots=True)
class Plan:
    """A lease to be had, and its kind: an AWS session, a token in a variable, or a file that libraries read."""

    name: str
    kind: Literal["session", "token", "file"]
    issue: Callable[[], Lease]


class Keeper:
    """Holds the current lease of one provider."""

    def __init__(self, plan: Plan, tools: Tools) -> None:
        self.plan = plan
        self._tools = tools
        self._renewing = threading.Lock()
        self.renewals = 0
        self.lease = self._obtain("issued")

    def current(self) -> Lease:
        """Return a lease that has not ended, renewed where that is due.

        Where another thread is renewing already, what is still good is returned at once. A renewal that fails is told
        to the audit, and as long as the old lease is good it goes on serving.

        Raises:
            CredentialsError: The lease has ended and there is no new one.
        """
        lease = self.lease
        left = lease.expires - self._tools.now()
        if left > lease.margin:
            return lease
        if not self._renewing.acquire(blocking=left <= 0):
            return lease
        try:
            if self.lease is lease:
                self.lease = self._obtain("renewed")
                self.renewals += 1
        except CredentialsError as error:
            self._tools.record({"event": "renewal failed", "provider": self.plan.name, "error": error.message})
            if lease.expires <= self._tools.now():
                raise
        finally:
            self._renewing.release()
        return self.lease

    def _obtain(self, event: str) -> Lease:
        lease = self.plan.issue()
        times = {"issued": format_time(lease.issued), "expires": format_time(lease.expires)}
        self._tools.record({"event": event, "provider": self.plan.name, **lease.facts, **times})
        return lease


def format_time(moment: float) -> str:
    """A time as ISO 8601 has it, in UTC, to the second."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
