"""The network guard: tests reach nothing but this machine, save where they may.

It hears of each connection and each name's resolution by Python's audit events (PEP 578), so it sees every socket that
is made through Python's `socket` module, whichever library makes it and however early that was imported. Two libraries
whose sockets are not Python's are guarded at their own doors, in `native.py`. What it does not see: other native
libraries, and programs that a test starts. It keeps honest tests hermetic; it is no wall against hostile ones.
"""

import errno
import ipaddress
import socket
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from pipeproof.errors import InputError, PipeproofError
from pipeproof.plugin.live import SECTIONS
from pipeproof.variables import NETWORK

"""The environment variable that holds the mode of a run under a supervisor."""

MODES = ("auto", "loopback", "open")
_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_RESOLVES = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_EVENTS = _CONNECTS | _RESOLVES


class NetworkBlockedError(PipeproofError):
    """A test that may reach this machine only asked for another."""


class Guard:
    """Refuses what leaves this machine, unless it is open.

    An audit hook cannot be taken away, so there is one for the life of the process, and the guard that it asks changes.
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.open_depth = 0
        self.blocked: list[str] = []
        self._own_names = {"", "localhost", "localhost.localdomain", socket.gethostname().lower()}

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Let everything pass in the block, in the mode `auto`."""
        self.open_depth += self.mode == "auto"
        try:
            yield
        finally:
            self.open_depth -= self.mode == "auto"

    def check(self, host: object, port: object = None) -> None:
        """Refuse a host that is not this machine; a path, or no host, is this machine.

        Raises:
            NetworkBlockedError: It is another one, and the guard is not open.
        """
        if self.open_depth or self.is_here(host):
            return
        name = host.decode("utf-8", "replace") if isinstance(host, bytes) else str(host)
        target = f"{name}:{port}" if port is not None else name
        if target not in self.blocked:
            self.blocked.append(target)
        auto = "Mark the test `live` if it is to reach it, or let something here stand in for it."
        if name.endswith((".amazonaws.com", ".api.aws", ".amazonaws.com.cn")):
            auto = "Mark the test `live` if it is to reach it; the fixture `aws` stands in for AWS."
        loopback = "`network: auto` opens the network to tests marked `live`, `network: open` to all."
        raise NetworkBlockedError(
            f"tests reach nothing but this machine (network: {self.mode}), and this one asked for {target}",
            hint=auto if self.mode == "auto" else loopback,
        )

    def is_here(self, host: object) -> bool:
        """Whether a host, by name or address, is this machine."""
        if host is None:
            return True
        name = (host.decode("utf-8", "replace") if isinstance(host, bytes) else str(host)).lower().rstrip(".")
        if name in self._own_names or name.endswith(".localhost") or name.startswith(("/", "@")):
            return True
        try:
            address = ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return False
        address = getattr(address, "ipv4_mapped", None) or address
        return address.is_loopback or address.is_unspecified or _is_own(str(address), address.version)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """Judge an audit event. A literal address may be resolved: to connect to it is what counts."""
        if event in _CONNECTS:
            sock, address = args[0], args[1]
            if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
                return
            if event == "socket.connect" and sock.type & socket.SOCK_DGRAM and not self.open_depth:
                # Libraries learn this machine's own address by this; nothing is sent, and they take an error well.
                if not self.is_here(address[0]):
                    raise OSError(errno.ENETUNREACH, "pipeproof's network guard refuses other machines")
                return
            self.check(address[0], address[1])
        elif not _is_literal(args[0]):
            self.check(args[0], args[1] if event == "socket.getaddrinfo" else None)


def _is_literal(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return True


@cache
def _is_own(address: str, version: int) -> bool:
    """Whether an address is one of this machine's: it alone lets a socket be bound to it."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


_guard: Guard | None = None
_hook_added = False


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event in _EVENTS and _guard is not None:
        _guard.hear(event, args)


def _install(guard: Guard | None) -> Guard | None:
    global _guard, _hook_added  # noqa: PLW0603 - an audit hook belongs to the process
    previous, _guard = _guard, guard
    if guard is not None and not _hook_added:
        sys.addaudithook(_audit)
        _hook_added = True
    return previous


def current_guard() -> Guard | None:
    """The guard that is in force at this moment, or None."""
    return None if _guard is None or _guard.open_depth else _guard


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--pipeproof-network`."""
    parser.getgroup("pipeproof").addoption(
        "--pipeproof-network",
        choices=MODES,
        help="loopback: tests reach nothing but this machine; open; auto: loopback, save for tests marked `live` "
        "(default: open, and auto under `pipeproof run`)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Set the guard up where a mode asks for it; what the user says goes before what the supervisor says."""
    try:
        mode = NETWORK.read(config.getoption("--pipeproof-network"))
    except InputError as error:
        raise pytest.UsageError(str(error)) from error
    if mode == "open":
        return
    guard = Guard(mode)
    config.stash.setdefault(SECTIONS, []).append(guard.opened)
    config.pluginmanager.register(_GuardedTests(guard), "pipeproof-network")


class _GuardedTests:
    """Keeps the guard up from the collection to the end of the session."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._previous: Guard | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        from pipeproof.plugin.native import guard_native

        self._previous = _install(self._guard)
        guard_native(current_guard)

    def pytest_unconfigure(self) -> None:
        if _guard is self._guard:
            _install(self._previous)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        self._guard.blocked.clear()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Name what was refused beside a failure: libraries like to turn an error of the network into one of theirs."""
        if call.excinfo and self._guard.blocked:
            item.add_report_section(call.when, "network", f"refused: {', '.join(self._guard.blocked)}")
        return (yield)
