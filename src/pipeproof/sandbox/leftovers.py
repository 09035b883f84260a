"""Ending whatever the user's code left running, however fast it forks, and showing that it is gone.

Two facts of Linux carry this. As the reaper of orphans the supervisor is the parent of every process whose own parent
is gone: while it has no child at all, no descendant lives. And a signal to *all* processes of a uid (kill(2) with -1)
is one step to the kernel: none of them can fork its way around it. So where the tests have a uid of their own, a child
that has taken it sends SIGKILL to all, and neither how often they fork nor in which session they live counts. Without
a uid of their own each child is killed as it comes, until there is none.
"""

import os
import signal
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeproof.errors import PipeproofError

_PATIENCE = 10.0
"""Seconds that processes have to die in: one that waits for a disk takes its time."""

_NOBODY_S = 10_002
"""A uid that no process runs under."""


@dataclass(frozen=True, slots=True)
class User:
    """The uid and gid that the user's code runs under."""

    uid: int
    gid: int


class LeftoversError(PipeproofError):
    """Processes of the user's code could not be ended: what they still do is not in our hands."""

    exit_code = 4

    status: int = 0
    """The exit status of the command that left them."""


def end_leftovers(group: int | None, user: User | None, *, patience: float = _PATIENCE) -> None:
    """End every process that the user's code left behind.

    Args:
        group: The process group that a command started in, if any.
        user: Where the code ran under a uid of its own, every process of that uid goes.
        patience: Seconds to try for.

    Raises:
        LeftoversError: Some live on.
    """
    if group is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    if sys.platform != "linux":
        return
    deadline = time.monotonic() + patience
    foreign = user is not None and user.uid != os.geteuid()
    while True:
        if user is not None and foreign:
            _kill_all_of(user)
        left = _end_children()
        if user is not None and foreign:
            left |= set(_processes_of(user))
        if not left:
            return
        if time.monotonic() > deadline:
            shown = ", ".join(f"{number} ({_name_of(number)})" for number in sorted(left)[:5])
            raise LeftoversError(
                f"processes of the user's code could not be ended: {shown}",
                hint="What they write from now on is not in pipeproof's hands: do not trust the steps after this one.",
            )
        if foreign:
            time.sleep(0.002)


def _kill_all_of(user: User) -> None:
    """Send SIGKILL to all processes of a uid at once.

    The child has that uid as its effective one alone: by its two others the tests' processes cannot signal it.
    """
    with warnings.catch_warnings():
        # Of forking beside threads: the child makes four system calls and ends.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            child = os.fork()
        except OSError:  # they have taken all processes that there may be: one by one, until there is room
            for number in _processes_of(user):
                with suppress(OSError):
                    os.kill(number, signal.SIGKILL)
            return
    if child == 0:
        try:
            other = _NOBODY_S + (user.uid == _NOBODY_S)
            os.setgroups([])
            os.setresuid(other, user.uid, other)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    with suppress(ChildProcessError):
        os.waitpid(child, 0)


def _end_children() -> set[int]:
    """Kill each child, and reap those that are dead; give those that are not. With none there is no descendant."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    children = set(children_of(os.getpid()))
    for child in children:
        with suppress(OSError):
            os.kill(child, signal.SIGKILL)
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return set()
    return set(children_of(os.getpid())) or children or {-1}


def children_of(process: int) -> Iterator[int]:
    """Yield the children of a process, dead ones too (proc_pid_task_children(5)); nothing where there is no /proc."""
    try:
        for task in Path(f"/proc/{process}/task").iterdir():
            with suppress(FileNotFoundError):  # a thread that has ended
                yield from map(int, (task / "children").read_bytes().split())
    except OSError:
        yield from (number for number, fields in _statuses() if fields.get("PPid") == [str(process)])


def is_alive(process: int) -> bool:
    """Return whether a process is there and has not ended."""
    return any(
        number == process and not _is_dead(number, fields) for number, fields in _statuses([Path(f"/proc/{process}")])
    )


def _processes_of(user: User) -> Iterator[int]:
    """Yield the processes that have this uid as any of theirs, those that are dead but not reaped aside."""
    wanted = str(user.uid)
    for number, fields in _statuses():
        if wanted in fields.get("Uid", ()) and not _is_dead(number, fields):
            yield number


def _is_dead(number: int, fields: dict[str, list[str]]) -> bool:
    """Return whether nothing of a process runs: its first thread can have ended before the others."""
    if fields.get("State", ["?"])[0] not in {"Z", "X"}:
        return False
    try:
        return len(list(Path(f"/proc/{number}/task").iterdir())) <= 1
    except OSError:
        return True


def _all_processes() -> Iterator[Path]:
    with suppress(FileNotFoundError):  # a system without /proc
        yield from Path("/proc").iterdir()


def _statuses(folders: Iterable[Path] | None = None) -> Iterator[tuple[int, dict[str, list[str]]]]:
    """Each process's number and its status' fields (proc_pid_status(5)); the owner of its folder can be another."""
    for process in _all_processes() if folders is None else folders:
        if process.name.isdecimal():
            with suppress(OSError):
                lines = (process / "status").read_text("utf-8", "replace").splitlines()
                yield (
                    int(process.name),
                    {key: value.split() for key, _, value in (line.partition(":") for line in lines)},
                )


def _name_of(number: int) -> str:
    try:
        return Path(f"/proc/{number}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return "?"
