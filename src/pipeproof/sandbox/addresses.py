"""Addresses in the calls that name one: where they lie in the caller's memory, and which host and port they are of."""

import ipaddress
import socket
import struct
import sys
from collections.abc import Iterator

from pipeproof.sandbox.seccomp import Call, read_memory

_LONGEST = 128
"""Bytes of sockaddr_storage."""

_MESSAGES = 1024
"""sendmmsg(2) takes no more at once."""

_HEADER, _MANY = 56, 64
"""Bytes of struct msghdr and struct mmsghdr where pointers have 64 bits."""

_AF_NETLINK = 16
_LOCAL = (socket.AF_UNIX, _AF_NETLINK)


def find_target(address: bytes, call: str) -> tuple[str, int | None] | None:
    """Return the host and port of an address; `None` where it is of this machine by its kind.

    Args:
        address: As bind(2) and connect(2) take it.
        call: By which it is used.
    """
    family = int.from_bytes(address[:2], sys.byteorder) if len(address) >= 2 else -1
    if family in _LOCAL or (family == socket.AF_UNSPEC and call == "connect"):  # which takes a connection away
        return None
    if family in (socket.AF_INET, socket.AF_UNSPEC) and len(address) >= 8:  # udp(7) takes the one for the other
        host: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.IPv4Address(address[4:8])
    elif family == socket.AF_INET6 and len(address) >= 24:
        host = ipaddress.IPv6Address(address[8:24])
        host = host.ipv4_mapped or host
    else:
        return f"an address of the family {family}", None
    return str(host), int.from_bytes(address[2:4], "big")


def read_addresses(call: Call) -> Iterator[bytes]:
    """Yield the addresses that a call names, as they lie in its process's memory.

    Raises:
        OSError: They cannot be read.
    """
    _, first, second, _, fifth, sixth = call.arguments
    if call.name == "connect":
        yield _read(call.thread, first, second)
    elif call.name == "sendto":
        yield _read(call.thread, fifth, sixth)
    elif call.name == "sendmsg":
        yield from _of_headers(call.thread, read_memory(call.thread, first, _HEADER), _HEADER)
    else:
        count = min(second & 0xFFFFFFFF, _MESSAGES)
        yield from _of_headers(call.thread, read_memory(call.thread, first, count * _MANY), _MANY)


def _of_headers(thread: int, data: bytes, size: int) -> Iterator[bytes]:
    """Yield the addresses of messages that have one; msg_name and msg_namelen come first (sendmsg(2))."""
    for start in range(0, len(data) - size + 1, size):
        address, length = struct.unpack_from("=QI", data, start)
        if address and length:
            yield _read(thread, address, length)


def _read(thread: int, address: int, length: int) -> bytes:
    return read_memory(thread, address, min(length & 0xFFFFFFFF, _LONGEST))
