"""The virtual clock: how far ahead of real time the current run is.

A retry that waits an hour moves the clock of the run that waits, instead of sleeping. The offset lives in a context
variable, so that it belongs to one flow or task: tasks that wait side by side do not add up, and a task that is
submitted starts at its flow's time. The client sends it to the server with each request, so that what the server
schedules (a flow's own retries) starts at the same time.

This module imports nothing of Prefect's: the client and the server's process both use it.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

HEADER = "x-pipeproof-clock"
"""The request header that carries the offset, in seconds."""

_offset: ContextVar[timedelta] = ContextVar("pipeproof_prefect_clock", default=timedelta(0))


def offset_seconds() -> float:
    """Return how far the current run is ahead of real time."""
    return _offset.get().total_seconds()


def present() -> float:
    """Return the present of the current run, in seconds since the epoch."""
    return time.time() + offset_seconds()


def advance(seconds: float) -> None:
    """Let time pass for the current run."""
    if seconds > 0:
        _offset.set(_offset.get() + timedelta(seconds=seconds))


def advance_to(moment: datetime) -> None:
    """Let time pass for the current run until a moment in the future; one in the past changes nothing."""
    advance((moment - datetime.now(moment.tzinfo)).total_seconds() - offset_seconds())


def shifted(now: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that tells the time tell the current run's."""

    def virtual_now(*args: Any, **kwargs: Any) -> Any:
        offset = _offset.get()
        return now(*args, **kwargs) + offset if offset else now(*args, **kwargs)

    return virtual_now


@contextmanager
def starting_at(seconds: float) -> Iterator[None]:
    """Set the clock, and put it back on leaving."""
    token = _offset.set(timedelta(seconds=seconds))
    try:
        yield
    finally:
        _offset.reset(token)
