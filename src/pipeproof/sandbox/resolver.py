"""Name look-ups of whatever is not Python's: programs that tests start, and libraries with sockets of their own.

The resolver of glibc, which nearly all of them ask, reads the variable RES_OPTIONS when a process first looks up a name
(resolv.conf(5)); told to make no attempt, it asks no server. Names of this machine, and those in `/etc/hosts`, are
found as before. gRPC has a resolver of its own, and a variable that has it take glibc's. It is a matter of the
environment, so processes inherit it and no privilege is needed; an address in figures needs no look-up, so it holds
honest code, as the network guard does.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeproof import environ
from pipeproof.untrusted import append_to, read_text

_OPTIONS = "RES_OPTIONS"
_GRPC = "GRPC_DNS_RESOLVER"
_NO_ATTEMPT = "attempts:0"


def without_servers(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that have no server asked; what else their values say is left."""
    others = [word for word in environment.get(_OPTIONS, "").split() if not word.startswith("attempts:")]
    return {_OPTIONS: " ".join([*others, _NO_ATTEMPT]), _GRPC: environment.get(_GRPC) or "native"}


def _with_servers() -> dict[str, str | None]:
    others = [word for word in (environ.get(_OPTIONS) or "").split() if word != _NO_ATTEMPT]
    return {_OPTIONS: " ".join(others) or None}


@contextmanager
def no_servers(*, spare_this_process: bool) -> Iterator[None]:
    """Have no server asked for names by the processes that the block starts.

    Args:
        spare_this_process: The libraries of this process shall look names up all the same: live tests run in it too.
            Its resolver then reads its configuration before the variable is set, which holds for all threads.
    """
    if spare_this_process:
        with environ.changed(_with_servers()), suppress(OSError):
            socket.getaddrinfo("localhost", None)
    with environ.changed(without_servers(environ.everything())):
        yield


@contextmanager
def servers() -> Iterator[None]:
    """Let the processes that the block starts look names up."""
    with environ.changed(_with_servers()):
        yield


def is_without_servers() -> bool:
    """Whether this process was started so that it asks no server: who did has seen to the hosts that are allowed."""
    return _NO_ATTEMPT in (environ.get(_OPTIONS) or "").split()


def has_to_be_looked_up(host: str) -> bool:
    """Whether a host, `name` or `name:port`, is neither an address nor in `/etc/hosts`: then only a server knows it."""
    name = host.rpartition(":")[0] if re.search(r"[^:]:[0-9]+$", host) else host
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name.lower() not in _names_of_hosts_file()
    return False


def _names_of_hosts_file() -> set[str]:
    try:
        lines = read_text(Path("/etc/hosts")).splitlines()
    except OSError:
        return set()
    return {name.lower() for line in lines for name in line.partition("#")[0].split()[1:]}


def note_hosts(hosts: Iterable[str]) -> None:
    """Write the addresses of hosts that only a server knows into `/etc/hosts`, so that nobody has to ask for them.

    Only root can, and only in a container is that file nobody else's.
    """
    lines = []
    for host in filter(has_to_be_looked_up, hosts):
        name = host.rpartition(":")[0] if re.search(r"[^:]:[0-9]+$", host) else host
        with suppress(OSError):  # it is not there; the test says so when it asks
            addresses = sorted({str(answer[4][0]) for answer in socket.getaddrinfo(name, None)})
            lines += [f"{address}\t{name}\n" for address in addresses]
    if lines:
        with suppress(OSError):
            append_to(Path("/etc/hosts"), "".join(lines).encode())
