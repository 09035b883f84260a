"""Time that passes without being spent: what sleeps in a block moves a clock of the block's own, and real time
goes on.

While a clock is in force, `time.sleep`, the timers of asyncio's loops that are made in the block, and with them
whatever sleeps by these (boto3's waiters, tenacity) return at once. Every clock that a program can read is ahead by
what was slept, so that a loop that sleeps until a deadline ends. Threads that ran before the block keep real time.

Touched outside of this module, while a clock is in force and where nobody else has replaced them: the functions of
`time`, `Thread.start` and `Thread.join` (threads sleep side by side), `selectors.DefaultSelector`, from which asyncio
makes its loops, and, once something has slept, the date, by time-machine.
"""

import selectors
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_sleep, _monotonic, _perf_counter = time.sleep, time.monotonic, time.perf_counter
_monotonic_ns, _perf_counter_ns = time.monotonic_ns, time.perf_counter_ns


_start, _join = threading.Thread.start, threading.Thread.join
_POLL, _WORK = 0.001, 0.02
"""Real seconds that a virtual sleep gives to other threads at work, in the block's own thread and in one of a pool."""


class TimeIsUp(BaseException):
    """Raised where a block has used up its time; no `except Exception` of the block's holds it up."""


class VirtualClock:
    """The time that a block of code has slept.

    Args:
        limit: Virtual seconds that the block has, or None; beyond them a sleep raises [TimeIsUp][].
    """

    def __init__(self, limit: float | None = None) -> None:
        self.limit = limit
        self._started = _monotonic()
        self._owner = threading.get_ident()
        self._foreign = set(threading.enumerate()) - {threading.current_thread()}
        self._slept: dict[int, float] = {self._owner: 0.0}
        self._date: Any = None
        self._travel: Any = None

    @property
    def elapsed(self) -> float:
        """Seconds that were slept; threads of the block sleep side by side."""
        return max(self._slept.values())

    @property
    def real(self) -> float:
        """Real seconds since the clock was made."""
        return _monotonic() - self._started

    @property
    def is_up(self) -> bool:
        """Whether more was slept than the block may."""
        return self.limit is not None and self.elapsed > self.limit

    def owns_thread(self) -> bool:
        """Return whether the present thread is the block's own, or one that it has started."""
        return threading.current_thread() not in self._foreign

    def has_busy_threads(self) -> bool:
        """Return whether a thread that the block has started is at work, rather than waiting in a pool for some."""
        return any(
            thread not in self._foreign and thread is not threading.current_thread() and not _is_idle(thread)
            for thread in threading.enumerate()
        )

    def sleep(self, seconds: float) -> None:
        """Lets time pass.

        Raises:
            TimeIsUp: It is more than the limit.
        """
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.pass_time(seconds)
        if self.is_up:
            raise TimeIsUp
        self._set_date(seconds)
        if self.has_busy_threads():  # whoever polls for another thread lets it work, and a worker takes no second task
            _sleep(min(seconds, _POLL if threading.get_ident() == self._owner else _WORK))

    def thread_starts(self, thread: threading.Thread) -> None:
        """Lets a thread that has just been started have the time of the present one."""
        if thread.ident is not None:
            self._slept.setdefault(thread.ident, self._slept.get(threading.get_ident(), self._slept[self._owner]))

    def thread_joined(self, thread: threading.Thread) -> None:
        """Lets the present thread have waited for another one's time."""
        own = threading.get_ident()
        if thread.ident in self._slept and not thread.is_alive():
            self._slept[own] = max(self._slept.get(own, 0.0), self._slept[thread.ident])

    def pass_time(self, seconds: float) -> None:
        """Lets time pass whether or not it is within the limit, for no clock that a program reads."""
        own = threading.get_ident()
        self._slept[own] = self._slept.get(own, self._slept[self._owner]) + seconds

    def _set_date(self, seconds: float) -> None:
        """Moves the date, which only what has slept can see."""
        import time_machine

        if self._date is None:
            self._travel = time_machine.travel(time.time() + seconds, tick=True)
            self._date = self._travel.start()
        else:
            self._date.shift(seconds)

    def close(self) -> None:
        """Puts the date back."""
        if self._travel is not None:
            self._travel.stop()
            self._travel = self._date = None


def _is_idle(thread: threading.Thread) -> bool:
    """Return whether a thread is a pool's, and waits there for work."""
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - the one way to see what a thread does
    return frame is not None and frame.f_globals.get("__name__") == "concurrent.futures.thread"


_clocks: list[VirtualClock] = []
_real_time: list[bool] = []


def current_clock() -> VirtualClock | None:
    """Return the clock on which the present thread sleeps, or None where it sleeps in real time."""
    if not _clocks or not _clocks[-1].owns_thread():
        return None
    return _clocks[-1]


@contextmanager
def in_real_time() -> Iterator[None]:
    """Lets every block sleep in real time (tests against the real AWS, and those marked `real_time`)."""
    _real_time.append(True)
    try:
        yield
    finally:
        _real_time.pop()


_replaced: list[tuple[Any, str, Any]] = []
"""What is replaced at the moment: owner, name and original."""
_holders = 0


@contextmanager
def replacements_held() -> Iterator[None]:
    """Keeps what a first clock in the block has replaced until the block ends, where many clocks follow each other."""
    global _holders  # noqa: PLW0603 - what is replaced belongs to the process
    _holders += 1
    try:
        yield
    finally:
        _holders -= 1
        if not _holders and not _clocks:
            _put_back()


class sleeping_on:  # noqa: N801 - it is used as the functions beside it are; a class is entered in half the time
    """Lets the block sleep on a clock; of nested ones the innermost counts."""

    __slots__ = ("_clock", "_entered")

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._entered = False

    def __enter__(self) -> None:
        if _real_time:
            return
        if not _replaced:
            _replace()
        _clocks.append(self._clock)
        self._entered = True

    def __exit__(self, *_: object) -> None:
        if not self._entered:
            return
        _clocks.remove(self._clock)
        self._clock.close()
        if not _holders and not _clocks:
            _put_back()


def _replace() -> None:
    for owner, name, original, replacement in _REPLACED:
        if getattr(owner, name) is original:
            setattr(owner, name, replacement)
            _replaced.append((owner, name, original))


def _put_back() -> None:
    while _replaced:
        setattr(*_replaced.pop())


def names_of_time(namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of the functions of `time` a module has imported by name."""
    if _IDENTITIES.isdisjoint(map(id, namespace.values())):  # most modules have none, and are asked before each call
        return {}
    return {name: value for name, value in namespace.items() if type(value) is _BUILTIN and value in _BY_ORIGINAL}


@contextmanager
def names_replaced(namespace: dict[str, Any], names: Mapping[str, Any]) -> Iterator[None]:
    """Lets a module have the functions that go by the clock under the names of [names_of_time][]."""
    namespace.update({name: _BY_ORIGINAL[value] for name, value in names.items()})
    try:
        yield
    finally:
        namespace.update(names)


def _virtual_sleep(seconds: float) -> None:
    clock = current_clock()
    if clock is None:
        _sleep(seconds)
    else:
        clock.sleep(seconds)


def _start_thread(thread: threading.Thread) -> None:
    _start(thread)
    clock = current_clock()
    if clock is not None:
        clock.thread_starts(thread)


def _join_thread(thread: threading.Thread, timeout: float | None = None) -> None:
    _join(thread, timeout)
    clock = current_clock()
    if clock is not None:
        clock.thread_joined(thread)


def _ahead(read: Callable[[], Any], unit: int) -> Callable[[], Any]:
    """Return a function of `time` that is ahead by what was slept, in units of so many to the second."""

    def read_ahead() -> Any:
        clock, now = current_clock(), read()
        return now if clock is None else now + type(now)(clock.elapsed * unit)

    return read_ahead


class _Selector(selectors.DefaultSelector):
    """What asyncio's loop waits by: where only a timer would wake it, the clock moves on to that."""

    def select(self, timeout: float | None = None) -> Any:
        clock = current_clock()
        if clock is None or timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(0)
        if ready:
            return ready
        if len(self.get_map()) > 1 or clock.has_busy_threads():  # the loop's own pipe, and somebody's socket
            return super().select(timeout)
        clock.sleep(timeout)
        return super().select(0)


_REPLACED: tuple[tuple[Any, str, Any, Any], ...] = (
    (time, "sleep", _sleep, _virtual_sleep),
    (time, "monotonic", _monotonic, _ahead(_monotonic, 1)),
    (time, "monotonic_ns", _monotonic_ns, _ahead(_monotonic_ns, 10**9)),
    (time, "perf_counter", _perf_counter, _ahead(_perf_counter, 1)),
    (time, "perf_counter_ns", _perf_counter_ns, _ahead(_perf_counter_ns, 10**9)),
    (threading.Thread, "start", _start, _start_thread),
    (threading.Thread, "join", _join, _join_thread),
    (selectors, "DefaultSelector", selectors.DefaultSelector, _Selector),
)
_BUILTIN = type(_sleep)
_BY_ORIGINAL = {original: replacement for owner, _, original, replacement in _REPLACED if owner is time}
_IDENTITIES = {id(original) for original in _BY_ORIGINAL}
