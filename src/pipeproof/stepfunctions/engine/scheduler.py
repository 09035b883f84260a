"""A single-threaded, discrete-event scheduler: no thread, no sleep, and an order that is the same every time.

Work is done by *fibers*, generators that yield what they wait for:

- `PAUSE`: the others that can go on at this instant take their turn first;
- `Sleep(until)`: nothing before that virtual time;
- a `Signal`: until somebody sets it.

The order: everything that can go on at the present instant does so in the order in which it became able to; only then
does the clock move on to the next instant that something waits for. Of two timers for the same instant, the one that
was set first goes off first.
"""

import heapq
from collections import deque
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from pipeproof.stepfunctions.expressions.environment import Clock

T = TypeVar("T")
Work = Generator["Sleep | Signal | None", Any, T]
"""What a fiber does: it yields what it waits for, and gives a result in the end."""
PAUSE: None = None


class Cancelled(BaseException):
    """Thrown into a fiber that is no longer wanted. It tidies up and lets it pass."""


class Sleep:
    """Waits until a virtual time, in seconds since the start."""

    __slots__ = ("until",)

    def __init__(self, until: float) -> None:
        self.until = until


class Signal:
    """Waits until somebody sets it; the value is handed to whoever waits."""

    __slots__ = ("_waiting", "is_set", "value")

    def __init__(self) -> None:
        self.is_set = False
        self.value: Any = None
        self._waiting: list[Callable[[], None]] = []

    def set(self, value: Any = None) -> None:
        """Sets it, once; later calls change nothing."""
        if not self.is_set:
            self.is_set = True
            self.value = value
            waiting, self._waiting = self._waiting, []
            for wake in waiting:
                wake()

    def when_set(self, wake: Callable[[], None]) -> None:
        """Calls back when it is set."""
        self._waiting.append(wake)


class Fiber:
    """A piece of work under way; `ended` gets its value or its error."""

    _generation = 0
    finished = False

    def __init__(self, scheduler: "Scheduler", work: Work[Any]) -> None:
        self._scheduler = scheduler
        self._work = work

    def start(self) -> None:
        """Lets it begin at its turn."""
        self._scheduler.ready.append((self, None))

    def ended(self, value: Any, error: BaseException | None) -> None:
        """Is called once, when the work has ended."""

    def _wake(self, generation: int, value: Any) -> None:
        if not self.finished and generation == self._generation:
            self._generation += 1
            self._scheduler.ready.append((self, value))

    def step(self, value: Any) -> None:
        """Goes on until the work waits again or ends."""
        if self.finished:
            return
        try:
            waits_for = self._work.send(value)
        except StopIteration as stop:
            self.finished = True
            self.ended(stop.value, None)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the fiber
            self.finished = True
            self.ended(None, error)
        else:
            self._wait(waits_for)

    def _wait(self, waits_for: "Sleep | Signal | None") -> None:
        generation = self._generation
        if waits_for is None:
            self._wake(generation, None)
        elif isinstance(waits_for, Sleep):
            self._scheduler.call_at(waits_for.until, lambda: self._wake(generation, None))
        elif waits_for.is_set:
            self._wake(generation, waits_for.value)
        else:
            signal = waits_for
            signal.when_set(lambda: self._wake(generation, signal.value))

    def cancel(self) -> None:
        """Ends the work where it waits."""
        if self.finished:
            return
        self.finished = True
        try:
            self._work.throw(Cancelled())
        except (Cancelled, StopIteration):
            pass
        finally:
            self._work.close()


class WatchedFiber(Fiber):
    """A fiber that calls a function when it has ended."""

    def __init__(
        self, scheduler: "Scheduler", work: Work[Any], done: Callable[[Any, BaseException | None], None]
    ) -> None:
        super().__init__(scheduler, work)
        self._done = done

    def ended(self, value: Any, error: BaseException | None) -> None:
        """Hands the end on."""
        self._done(value, error)


class Timer:
    """Something to be done at a virtual time, unless it is cancelled.

    Attributes:
        held: Says whether it is a limit over something that only somebody outside can answer.
    """

    __slots__ = ("action", "cancelled", "held")

    def __init__(self, action: Callable[[], None], held: Callable[[], bool] | None = None) -> None:
        self.action = action
        self.cancelled = False
        self.held = held

    def cancel(self) -> None:
        """It will not go off."""
        self.cancelled = True


class Scheduler:
    """Runs fibers on a virtual clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.ready: deque[tuple[Fiber, Any]] = deque()
        self._timers: list[tuple[float, int, Timer]] = []
        self._count = 0
        self._deadline: tuple[float, Callable[[], None]] | None = None

    def clear(self) -> None:
        """Forgets all that was to be done."""
        self.ready.clear()
        self._timers.clear()
        self._deadline = None

    def end_at(self, when: float, action: Callable[[], None]) -> None:
        """Does something once the clock would go beyond a virtual time; alone it does not make the clock move."""
        self._deadline = (when, action)

    def spawn(self, work: Work[Any], done: Callable[[Any, BaseException | None], None]) -> Fiber:
        """Starts a piece of work at its turn; `done` gets its value or its error."""
        fiber = WatchedFiber(self, work, done)
        fiber.start()
        return fiber

    def call_at(self, when: float, action: Callable[[], None], held: Callable[[], bool] | None = None) -> Timer:
        """Does something at a virtual time, or at once where that is past; `held` is the timer's."""
        timer = Timer(action, held)
        self._count += 1
        heapq.heappush(self._timers, (max(when, self.clock.now), self._count, timer))
        return timer

    def run(self, finished: Callable[[], bool], *, hold: bool = False, until: float | None = None) -> bool:
        """Runs until `finished` says so.

        Args:
            finished: Whether it is done.
            hold: The clock stands still before a timer that is held: no limit runs out while somebody may answer.
            until: The clock does not go beyond this virtual time.

        Returns:
            False where nothing can go on and the work is not finished: all wait for what nobody will set.
        """
        while not finished():
            if self.ready:
                while self.ready:  # `clear` ends it
                    fiber, value = self.ready.popleft()
                    fiber.step(value)
            elif not self._advance(hold, until):
                return False
        return True

    def _advance(self, hold: bool, until: float | None) -> bool:
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        if not self._timers:
            return until is not None and self._reach(until)
        when, _, timer = self._timers[0]
        if until is not None and when > until:
            return self._reach(until)
        if hold and timer.held is not None and timer.held():
            return False
        if self._reach(when):
            return True
        heapq.heappop(self._timers)
        self.clock.now = max(self.clock.now, when)
        timer.action()
        return True

    def _reach(self, when: float) -> bool:
        """Ends what may last no longer, where the clock is to go beyond that; gives whether it did."""
        if self._deadline is None or when <= self._deadline[0]:
            return False
        (end, action), self._deadline = self._deadline, None
        self.clock.now = max(self.clock.now, end)
        action()
        return True
