"""Ends a block of code that takes too long in real time, beside whatever else has set an alarm (pytest-timeout).

In the main thread it is the process's interval timer, which is put back with what is left of it; where the timer that
was set goes off first, it stays. In another thread, or where there is no such timer, a watcher raises the exception
between two instructions of the thread's; it cannot end a call into C that blocks.
"""

import ctypes
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_AGAIN = 0.5
"""Seconds until the alarm goes off once more in a block that has swallowed the exception."""

_monotonic = time.monotonic


@contextmanager
def at_most(seconds: float | None, error: type[BaseException]) -> Iterator[None]:
    """Raises an exception in the block once it has taken so many real seconds; None is no limit."""
    if seconds is None:
        yield
    elif hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        with _alarm(seconds, error):
            yield
    else:
        with _watched(seconds, error):
            yield


@contextmanager
def _alarm(seconds: float, error: type[BaseException]) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise error

    left, interval = signal.getitimer(signal.ITIMER_REAL)
    if 0 < left <= seconds:
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    started = _monotonic()
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (_monotonic() - started), 0.001), interval)


@contextmanager
def _watched(seconds: float, error: type[BaseException]) -> Iterator[None]:
    thread, lock, over = threading.get_ident(), threading.Lock(), threading.Event()

    def watch() -> None:
        wait = seconds
        while not over.wait(wait):
            with lock:
                if not over.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
            wait = _AGAIN

    threading.Thread(target=watch, name="pipeproof-time-limit", daemon=True).start()
    try:
        yield
    finally:
        with lock:
            over.set()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), None)
