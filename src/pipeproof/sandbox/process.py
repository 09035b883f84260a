"""Running one process of the user's: its output and pipes are read as they come, and nothing of it outlives it.

The supervisor makes itself the reaper of orphans, so a daemon that a test leaves behind (forked twice, in a session of
its own) is ended as well (`leftovers`). Where the system has no such notion (outside Linux) the process group is ended.
"""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Protocol

from pipeproof.errors import PipeproofError, SetupError
from pipeproof.sandbox.leftovers import LeftoversError, User, end_leftovers

_GRACE = 4.0
"""Seconds that a cancelled process has to end by itself: the runner allows 7.5 for the whole step."""

_PAUSE = 0.005
"""Seconds in which what comes is gathered: quick tests send thousands of events a second, and each waking costs."""

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38  # linux/prctl.h


class CancelledError(PipeproofError):
    """The run has been asked to end while it waited for somebody."""


class Cancellation:
    """Whether the run has been asked to end (SIGINT, SIGTERM), and how often."""

    def __init__(self) -> None:
        self.times = 0
        self._interrupts = False

    @contextmanager
    def listening(self) -> Iterator["Cancellation"]:
        """Take the two signals as requests while the body runs."""

        def request(_signal: int, _frame: FrameType | None) -> None:
            self.times += 1
            if self._interrupts:
                raise CancelledError("the run was cancelled")

        previous = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Have a request to end break the block off: what waits for an answer from the network looks at nothing else.

        Raises:
            CancelledError: The run has been asked to end, in the block or before.
        """
        if self.times:
            raise CancelledError("the run was cancelled")
        self._interrupts = True
        try:
            yield
        finally:
            self._interrupts = False


class Starter(Protocol):
    """Starts a process, and has a part in what it does."""

    def start(self, launch: Callable[[], "subprocess.Popen[bytes]"]) -> "subprocess.Popen[bytes]":
        """Start it by a function, whose errors are raised."""

    def end(self) -> None:
        """Let go of it: nothing of it is left."""


def shield_supervisor() -> None:
    """Make this process the reaper of orphans, and its memory and environment unreadable to others of its own uid."""
    if sys.platform == "linux":
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        _prctl(_PR_SET_DUMPABLE, 0)


def run_process(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path,
    on_output: Callable[[bytes], None],
    cancellation: Cancellation,
    user: User | None = None,
    descriptors: Sequence[int] = (),
    readers: Mapping[int, Callable[[bytes], None]] | None = None,
    on_tick: Callable[["subprocess.Popen[bytes]"], None] | None = None,
    meanwhile: Callable[[], object] = lambda: None,
    guard: Starter | None = None,
) -> int:
    """Run a command to its end, then end whatever it left running.

    Args:
        command: The program and its arguments.
        environment: Its whole environment.
        directory: Where it starts.
        on_output: Takes what it writes to stdout and stderr, as it comes.
        cancellation: Once requested, the command gets SIGINT, and four seconds later SIGKILL.
        user: Whom it runs as; `None` is as this process.
        descriptors: Descriptors that it inherits; they are closed here once it has started.
        readers: Further descriptors to read, each with what takes its bytes.
        on_tick: Called about ten times a second with the running process.
        meanwhile: Called once when it has been started, before anything that it says is read.
        guard: Judges what it, and all that it starts, connects to.

    Returns:
        Its exit status; minus the signal's number where a signal ended it.

    Raises:
        SetupError: where it cannot be started.
        LeftoversError: where something that it started could not be ended.
    """

    def launch() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command,
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(descriptors),
            preexec_fn=_prepare_child(user) if sys.platform == "linux" else None,  # noqa: PLW1509 - it calls prctl, no more
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=() if user else None,
        )

    try:
        process = guard.start(launch) if guard else launch()
    except OSError as error:
        raise SetupError(f"{command[0]} could not be started: {error}") from error
    for descriptor in descriptors:
        os.close(descriptor)
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    sources = {process.stdout.fileno(): on_output, **(readers or {})}
    try:
        meanwhile()
        _pump(process, sources, cancellation, on_tick)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        try:
            end_leftovers(process.pid, user)
        except LeftoversError as error:
            error.status = process.returncode
            raise
        finally:
            if guard:
                guard.end()
            _drain(sources)
            process.stdout.close()
    return process.returncode


def _pump(
    process: "subprocess.Popen[bytes]",
    sources: Mapping[int, Callable[[bytes], None]],
    cancellation: Cancellation,
    on_tick: Callable[["subprocess.Popen[bytes]"], None] | None,
) -> None:
    asked = 0
    deadline = float("inf")
    with selectors.DefaultSelector() as selector:
        for descriptor, take in sources.items():
            os.set_blocking(descriptor, False)
            selector.register(descriptor, selectors.EVENT_READ, take)
        while process.poll() is None:
            ready = selector.select(timeout=0.1)
            if ready:
                time.sleep(_PAUSE)
            for key, _ in ready:
                if _read(key.fd, key.data) is False:
                    selector.unregister(key.fd)
            if on_tick:
                on_tick(process)
            if cancellation.times > asked:
                asked = cancellation.times
                deadline = min(deadline, time.monotonic() + _GRACE) if asked == 1 else 0.0
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGINT)
            if time.monotonic() > deadline:
                process.kill()
                deadline = float("inf")


def _read(descriptor: int, take: Callable[[bytes], None]) -> bool | None:
    """Read once: `True` where there was something, `None` where there is nothing yet, `False` at the end."""
    try:
        data = os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return None
    if data:
        take(data)
    return bool(data)


def _drain(sources: Mapping[int, Callable[[bytes], None]]) -> None:
    """Read what is still in the pipes; who wrote it is gone, so this ends."""
    for descriptor, take in sources.items():
        os.set_blocking(descriptor, False)
        while _read(descriptor, take):
            pass


def _prctl(option: int, value: int) -> None:
    if _LIBC:
        _LIBC.prctl(option, value, 0, 0, 0)


def _prepare_child(user: User | None) -> Callable[[], None]:
    """Make what the child does before its program: end with the supervisor, and gain no rights by any program."""

    def prepare() -> None:
        _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        if user is not None:
            _prctl(_PR_SET_NO_NEW_PRIVS, 1)

    return prepare


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
