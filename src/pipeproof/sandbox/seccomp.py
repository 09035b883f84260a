"""System calls of other processes, judged by this one before the kernel makes them (seccomp_unotify(2)).

A filter is put on a thread; whatever it starts from then on has it too, and can neither take it off nor gain rights by
a program. A call that the filter names waits until this process lets it pass or fails it. The kernel asks no privilege
for it, and a container's default profile allows it. libseccomp writes the filter, for the architecture that it is on; a
program of another one (32 bits) is ended by the kernel.
"""

import ctypes
import errno
import fcntl
import os
import platform
import select
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeproof.errors import PipeproofError

_ALLOW, _NOTIFY, _ERRNO = 0x7FFF0000, 0x7FC00000, 0x00050000  # seccomp.h: SCMP_ACT_…
_NOT_EQUAL, _MASKED_EQUAL = 1, 7  # SCMP_CMP_…

_RECEIVE, _ANSWER, _IS_VALID = 0xC0502100, 0xC0182101, 0x40082102  # linux/seccomp.h: SECCOMP_IOCTL_NOTIF_…
_NOTIFICATION, _RESPONSE = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI")
_CONTINUE = 1

CALLS: Mapping[str, int | None] = {"connect": None, "sendto": 4, "sendmsg": None, "sendmmsg": None}
"""The calls that are judged; a number is the argument that has to be there: an address, else the call names none."""

Conditions = tuple[tuple[int, int], ...]
"""Arguments of a call, by their places, with the values that they have to have; an int is the lower half of each."""

REFUSED: tuple[tuple[str, int, int, Conditions], ...] = (
    ("io_uring_setup", errno.ENOSYS, ~0, ()),
    *(("socket", errno.EPROTONOSUPPORT, ~0, ((0, family), (2, 132))) for family in (socket.AF_INET, socket.AF_INET6)),
    *(("socket", errno.EPROTONOSUPPORT, 0xF, ((0, family), (1, 5))) for family in (socket.AF_INET, socket.AF_INET6)),
    *(
        ("setsockopt", errno.EPERM, ~0, option)
        for option in (((1, 0), (2, 4)), *(((1, 41), (2, n)) for n in (5, 6, 57)))
    ),
)
"""Calls that nobody makes, each with its error, the bits of its last argument that count, and what it is called with.

What is asked for through io_uring no filter sees. SCTP (132, or a socket of ordered packets) connects by its options.
Source routes (IP_OPTIONS, IPV6_RTHDR and its older forms) lead to another machine than the address names.
"""


class SeccompError(PipeproofError):
    """This system does not let us judge the calls of other processes."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that waits to be judged.

    Attributes:
        cookie: The kernel's number of it.
        thread: Who makes it.
        name: One of `CALLS`.
        arguments: Six numbers; pointers are of the caller's memory.
    """

    cookie: int
    thread: int
    name: str
    arguments: tuple[int, ...]


class Listener:
    """Hears of the calls of this thread and of all that it starts from now on.

    Raises:
        SeccompError: The kernel, the container or the machine's libraries have no such thing.
    """

    def __init__(self) -> None:
        library = _load()
        self._names = {library.seccomp_syscall_resolve_name(name.encode()): name for name in CALLS}
        context = library.seccomp_init(_ALLOW)
        try:
            for number, name in self._names.items():
                given = CALLS[name]
                _add_rule(library, context, _NOTIFY, number, [] if given is None else [(given, _NOT_EQUAL, 0, 0)])
            for name, error, mask, conditions in REFUSED:
                number = library.seccomp_syscall_resolve_name(name.encode())
                bits = [0xFFFFFFFF] * (len(conditions) - 1) + [mask & 0xFFFFFFFF]
                masked = [
                    (place, _MASKED_EQUAL, bit, value) for (place, value), bit in zip(conditions, bits, strict=False)
                ]
                if number >= 0:  # an old library does not know it
                    _add_rule(library, context, _ERRNO | error, number, masked)
            _require(library.seccomp_load(context), "the kernel takes no filter")
            self._descriptor: int = library.seccomp_notify_fd(context)
        finally:
            library.seccomp_release(context)
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)

    def close(self) -> None:
        """Hear no more; calls that wait, and all later ones, fail with `ENOSYS`."""
        os.close(self._descriptor)

    def receive(self, seconds: float) -> Call | None:
        """Return the next call; `None` where there is none within a time.

        Raises:
            EOFError: Nobody is left who could make one.
        """
        events = self._poll.poll(seconds * 1000)
        if events and not events[0][1] & select.POLLIN:
            raise EOFError
        if not events:
            return None
        buffer = bytearray(_NOTIFICATION.size)
        try:
            fcntl.ioctl(self._descriptor, _RECEIVE, buffer)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):  # who made it is gone
                return None
            raise
        cookie, thread, _, number, _, _, *arguments = _NOTIFICATION.unpack(buffer)
        return Call(cookie, thread, self._names[number], tuple(arguments))

    def waits(self, call: Call) -> bool:
        """Return whether who made a call still waits: else its number may be another's by now."""
        try:
            fcntl.ioctl(self._descriptor, _IS_VALID, struct.pack("=Q", call.cookie))
        except OSError:
            return False
        return True

    def let_pass(self, call: Call) -> None:
        """Have the kernel make a call. What its pointers lead to may have changed since it was judged."""
        self._respond(_RESPONSE.pack(call.cookie, 0, 0, _CONTINUE))

    def answer(self, call: Call, error: int = 0) -> None:
        """End a call without making it, with an error or as done."""
        self._respond(_RESPONSE.pack(call.cookie, 0, -error, 0))

    def _respond(self, response: bytes) -> None:
        try:
            fcntl.ioctl(self._descriptor, _ANSWER, response)
        except OSError as error:
            if error.errno != errno.ENOENT:  # who made it is gone
                raise


def read_memory(thread: int, address: int, size: int) -> bytes:
    """Read from the memory of another process.

    Raises:
        OSError: It is not ours to read, or not there.
    """
    descriptor = os.open(f"/proc/{thread}/mem", os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.pread(descriptor, size, address)
    finally:
        os.close(descriptor)


def read_descent(thread: int) -> list[int]:
    """Return the number of a thread's process, and those of its ancestors, the nearest first."""
    found: list[int] = []
    number = thread
    while number > 1:
        try:
            text = Path(f"/proc/{number}/status").read_text("utf-8", "replace")
        except OSError:
            break
        fields = dict(line.partition(":")[::2] for line in text.splitlines())
        found.append(int(fields["Tgid"]))
        number = int(fields["PPid"])
    return found


def become(user: int, group: int) -> None:
    """Have this thread alone read files and memory as a user; what else it may is left to it."""
    library = ctypes.CDLL(None)
    library.setfsgid(group)
    library.setfsuid(user)


class _Comparison(ctypes.Structure):
    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    )


def _load() -> ctypes.CDLL:
    if platform.system() != "Linux":
        raise SeccompError("only Linux has seccomp")
    try:
        library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        library.seccomp_notify_fd.argtypes = [ctypes.c_void_p]
    except (OSError, AttributeError) as error:
        raise SeccompError("libseccomp 2.5 or later is not installed") from error
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    library.seccomp_load.argtypes = library.seccomp_release.argtypes = [ctypes.c_void_p]
    library.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
    library.seccomp_rule_add_array.argtypes = [
        ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(_Comparison),
    ]  # fmt: skip
    return library


def _add_rule(
    library: ctypes.CDLL, context: int, action: int, number: int, comparisons: Sequence[tuple[int, int, int, int]]
) -> None:
    array = (_Comparison * max(1, len(comparisons)))(*(_Comparison(*one) for one in comparisons))
    status = library.seccomp_rule_add_array(context, action, number, len(comparisons), array)
    _require(status, "libseccomp takes no rule")


def _require(status: int, what: str) -> None:
    if status:
        raise SeccompError(f"{what}: {os.strerror(-status)}")
