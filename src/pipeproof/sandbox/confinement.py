"""Where the code of Lambda functions runs: with keys that are not real, and out of reach of other machines.

A handler is written to change things in an account. Run here, it would do so with the developer's own keys; so it has
stub ones and reaches this machine alone, unless the test is `live` or the command was given `--live`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from pipeproof.sandbox.native_guard import guard_native
from pipeproof.sandbox.network_guard import Guard, NetworkBlockedError, current_guard, install_guard

_live: list[bool] = []


@contextmanager
def unconfined() -> Iterator[None]:
    """Lets handlers that are run in the block have the real credentials and the network."""
    _live.append(True)
    try:
        yield
    finally:
        _live.pop()


def is_confined() -> bool:
    """Return whether handlers are held to stub credentials and to this machine."""
    return not _live


class HandlerGuard(Guard):
    """Refuses what leaves this machine while a handler runs."""

    def __init__(self) -> None:
        super().__init__("loopback")

    def refusal(self, target: str, *, of_aws: bool) -> NetworkBlockedError:
        """Return the error that tells what a handler asks for."""
        stands_in = "The fixture `aws` stands in for AWS" if of_aws else "Let something on this machine stand in for it"
        return NetworkBlockedError(
            f"handlers reach nothing but this machine, and this one asked for {target}",
            hint=f"{stands_in}; a test marked `live` (or `pipeproof states run --live`) reaches the real one.",
        )


_guard = HandlerGuard()


@contextmanager
def within_this_machine() -> Iterator[None]:
    """Refuses what the block asks of other machines.

    Raises:
        NetworkBlockedError: It has asked for one, also where it has swallowed the refusal.
    """
    guard_native(current_guard)
    before, asked = install_guard(_guard), len(_guard.blocked)
    try:
        yield
    except Exception as error:
        _raise_refused(asked, error)
        raise
    else:
        _raise_refused(asked, None)
    finally:
        install_guard(before)
        del _guard.blocked[asked:]


def _raise_refused(asked: int, cause: Exception | None) -> None:
    """Raises the first refusal of a block, which a library may have turned into an error of its own."""
    if len(_guard.blocked) > asked:
        target = _guard.blocked[asked]
        host = target.rpartition(":")[0] or target
        raise _guard.refusal(target, of_aws=host.endswith(("amazonaws.com", "api.aws"))) from cause


@contextmanager
def default_session_of(holder: dict[str, object]) -> Iterator[None]:
    """Runs a block with a default session of boto3's of its own, which is kept in `holder` for the next time.

    A default session keeps the credentials that it first found.
    """
    boto3 = sys.modules.get("boto3")
    before = getattr(boto3, "DEFAULT_SESSION", None)
    if boto3 is not None:
        vars(boto3)["DEFAULT_SESSION"] = holder.get("session")
    try:
        yield
    finally:
        loaded = sys.modules.get("boto3")
        if loaded is not None:
            holder["session"] = getattr(loaded, "DEFAULT_SESSION", None)
            vars(loaded)["DEFAULT_SESSION"] = before


def points_here(url: str) -> bool:
    """Return whether a URL's host is this machine."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    return host is not None and _guard.is_here(host)
