"""Lets a flow's or task's `timeout_seconds` and a test's time-out share the process's one alarm.

Where somebody has set an alarm already, as pytest-timeout does for each test, Prefect interrupts by an exception that
waits for the next line of Python, and so not what sleeps or waits for a socket; and an alarm of its own would put off
the test's. Here the alarm is set to whichever time comes first, and each rings for whom it is due.
"""

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import Any

from pipeproof.environments.prefect.internals.touched import ALARMS
from pipeproof.patching import Make

_monotonic = time.monotonic
_SOON = 0.001
"""What is set where a time has passed already; 0 would be no alarm at all."""
_NEVER = float("inf")


def alarms_shared() -> Mapping[str, Make]:
    """Return what lets Prefect's timeouts in the main thread ring by the alarm, whoever has set one before."""

    def sharing(original: Callable[..., Any]) -> Callable[..., Any]:
        cancelled = ALARMS.find("prefect._internal.concurrency.cancellation:CancelledError")

        def cancel_after(timeout: float | None, name: str | None = None) -> Any:
            handled = signal.getsignal(signal.SIGALRM)
            if timeout is None or not callable(handled) or threading.current_thread() is not threading.main_thread():
                return original(timeout, name=name)
            return ringing(timeout, cancelled)

        return cancel_after

    return {"prefect.utilities.timeout:cancel_sync_after": sharing}


@contextlib.contextmanager
def ringing(seconds: float, error: type[BaseException]) -> Iterator[None]:
    """Raise an error in the main thread after some seconds; what was set to ring before rings at its own time."""
    other = signal.getsignal(signal.SIGALRM)
    left, interval = signal.getitimer(signal.ITIMER_REAL)
    now = _monotonic()
    own_time, others_time = now + seconds, now + left if left else _NEVER

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal own_time, others_time
        if own_time <= others_time:
            own_time = _NEVER
            _set(others_time)
            raise error
        others_time = _monotonic() + interval if interval else _NEVER
        _set(min(own_time, others_time))
        if callable(other):
            other(number, frame)

    signal.signal(signal.SIGALRM, ring)
    _set(min(own_time, others_time))
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, other)
        _set(others_time, interval)


def _set(moment: float, interval: float = 0.0) -> None:
    """Have the alarm ring at a moment of the monotonic clock."""
    seconds = 0.0 if moment == _NEVER else max(moment - _monotonic(), _SOON)
    signal.setitimer(signal.ITIMER_REAL, seconds, interval)
