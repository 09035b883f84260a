"""The network guard: the user's code reaches nothing but this machine, save where it may.

It hears of each connection and each name's resolution by Python's audit events (PEP 578), so it sees every socket that
is made through Python's `socket` module, whichever library makes it and however early that was imported. Two libraries
whose sockets are not Python's are guarded at their own doors, in `native_guard`; to all others, and to programs that a
test starts, no name server answers (`resolver`). What it does not see: native code that connects to an address in
figures. It keeps honest code hermetic; it is no wall against hostile code.
"""

import errno
import ipaddress
import re
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from pipeproof.errors import PipeproofError

_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_RESOLVES = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})
_NAMES_OF = frozenset({"socket.gethostbyaddr", "socket.getnameinfo"})
_EVENTS = _CONNECTS | _RESOLVES | _NAMES_OF
_AWS_DOMAINS = (".amazonaws.com", ".api.aws", ".amazonaws.com.cn")


class NetworkBlockedError(PipeproofError):
    """A test that may reach this machine only asked for another."""


class Guard:
    """Refuses what leaves this machine, unless it is open.

    An audit hook cannot be taken away, so there is one for the life of the process, and the guard that it asks changes.

    Args:
        mode: `auto` or `loopback`.
        allowed: Hosts, `name` or `name:port`, that may be reached; their names are looked up now.

    Attributes:
        stands_in_for_aws: What is said to who asks for AWS, without the full stop; it depends on what there is already.
    """

    def __init__(self, mode: str, allowed: Iterable[str] = ()) -> None:
        self.mode = mode
        self._allowed = dict(_allowances(allowed))
        self.open_depth = 0
        self.blocked: list[str] = []
        self.stands_in_for_aws = "the fixture `aws` stands in for AWS"
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
        if self.open_depth or self.passes(host, port):
            return
        name = host.decode("utf-8", "replace") if isinstance(host, bytes) else str(host)
        target = f"{name}:{port}" if port is not None else name
        if target not in self.blocked:
            self.blocked.append(target)
        raise self.refusal(target, of_aws=name.endswith(_AWS_DOMAINS))

    def passes(self, host: object, port: object = None) -> bool:
        """Return whether a host is this machine, or one that was named as one to be reached."""
        return self.is_here(host) or self._is_allowed(host, port)

    def _is_allowed(self, host: object, port: object) -> bool:
        """Return whether a host was named as one to be reached; one that was named with a port, at that port."""
        name = (host.decode("utf-8", "replace") if isinstance(host, bytes) else str(host)).lower().rstrip(".")
        ports = self._allowed.get(name)
        return ports is not None and (port is None or None in ports or str(port) in ports)

    def refusal(self, target: str, *, of_aws: bool) -> NetworkBlockedError:
        """Return the error that tells who asks for what, and what to do."""
        auto = "Mark the test `live` if it is to reach it, or let something here stand in for it."
        if of_aws:
            auto = f"Mark the test `live` if it is to reach it; {self.stands_in_for_aws}."
        loopback = "`network: auto` opens the network to tests marked `live`, `network: open` to all."
        return NetworkBlockedError(
            f"tests reach nothing but this machine (network: {self.mode}), and this one asked for {target}",
            hint=auto if self.mode == "auto" else loopback,
        )

    def is_here(self, host: object) -> bool:
        """Return whether a host, by name or address, is this machine."""
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
                if not self.passes(address[0], address[1]):
                    raise OSError(errno.ENETUNREACH, "pipeproof's network guard refuses other machines")
                return
            self.check(address[0], address[1])
        elif event in _NAMES_OF:  # a name server is asked for the name of an address
            self.check(args[0][0] if isinstance(args[0], tuple) else args[0])
        elif not _is_literal(args[0]):
            self.check(args[0], args[1] if event == "socket.getaddrinfo" else None)


def _allowances(hosts: Iterable[str]) -> Iterator[tuple[str, set[str | None]]]:
    """Yield each name that may be reached, and each of its addresses, with the ports; None is any."""
    found: dict[str, set[str | None]] = {}
    for host in hosts:
        name, _, port = host.rpartition(":") if re.search(r"[^:]:[0-9]+$", host) else (host, "", "")
        name = name.strip("[]").lower()
        addresses: set[str] = set()
        with suppress(OSError):
            addresses = {str(answer[4][0]) for answer in socket.getaddrinfo(name, None)}
        for known in {name, *addresses}:
            found.setdefault(known, set()).add(port or None)
    yield from found.items()


def _is_literal(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return True


@cache
def _is_own(address: str, version: int) -> bool:
    """Return whether an address is one of this machine's: it alone lets a socket be bound to it."""
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


def install_guard(guard: Guard | None) -> Guard | None:
    """Put a guard in force, or none; give the one that was."""
    global _guard, _hook_added  # noqa: PLW0603 - an audit hook belongs to the process
    previous, _guard = _guard, guard
    if guard is not None and not _hook_added:
        sys.addaudithook(_audit)
        _hook_added = True
    return previous


def guard_in_force() -> Guard | None:
    """Return the guard that hears of connections, open or not, or None."""
    return _guard


def current_guard() -> Guard | None:
    """Return the guard that is in force at this moment, or None."""
    return None if _guard is None or _guard.open_depth else _guard
