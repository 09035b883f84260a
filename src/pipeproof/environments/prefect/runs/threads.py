"""Flows that run in threads which outlive what has started them.

Such a thread cannot be stopped, and its flow goes on to write to whatever server is in force by then; so it is waited
for, and where it does not end, a warning names it.
"""

import asyncio
import contextlib
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from types import FrameType

from pipeproof.environments.prefect.internals.touched import FRAMES

_PATIENCE_SECONDS = 5.0
_LOOK_SECONDS = 0.02
_RUNNERS = ("prefect.flow_engine", "pipeproof.environments.prefect.runs.flow_runs")
"""The modules whose functions run what is their local variable `flow`."""


class FlowLeftBehindWarning(UserWarning):
    """A test has ended, and a flow that it started in a thread has not."""


@contextlib.contextmanager
def flows_awaited(patience: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """On leaving, wait for the flows of threads that were started meanwhile, and warn of those that do not end soon.

    Args:
        patience: How many seconds they are given.
    """
    before = set(threading.enumerate())
    yield
    started = [thread for thread in threading.enumerate() if thread not in before]
    if not started or "prefect.flow_engine" not in sys.modules or not FRAMES.usable():
        return
    latest = time.monotonic() + patience
    for thread in started:
        while (name := _flow_of(thread)) and time.monotonic() < latest:
            thread.join(_LOOK_SECONDS)
        if name:
            warnings.warn(
                f"the thread {thread.name!r} still runs the flow {name!r}, now that the test is over: what it writes "
                "reaches the tests that follow, or another server. Wait for it in the test",
                FlowLeftBehindWarning,
                stacklevel=3,
            )


def _flow_of(thread: threading.Thread) -> str | None:
    """Return the name of the flow that a thread runs; None where it runs none."""
    for frame in _frames(thread):
        if frame.f_globals.get("__name__") in _RUNNERS and (flow := frame.f_locals.get("flow")):
            return str(flow.name)
    return None


def _frames(thread: threading.Thread) -> Iterator[FrameType]:
    """Yield what a thread is at, and what waits in its event loop, if it runs one."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - it is documented, for such as debuggers
    while frame is not None:
        yield frame
        task = frame.f_locals.get("task") if frame.f_globals.get("__name__") == asyncio.Runner.__module__ else None
        coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
        while coroutine is not None:
            if waiting := getattr(coroutine, "cr_frame", None):
                yield waiting
            coroutine = getattr(coroutine, "cr_await", None)
        frame = frame.f_back
