"""Many lines of states at once, as Parallel and Map run them."""

from collections.abc import Callable, Iterator
from typing import Any

from pipeproof.stepfunctions.engine.run import Frame
from pipeproof.stepfunctions.engine.scheduler import Cancelled, Fiber, Signal, Timer, Work
from pipeproof.stepfunctions.errors import StateFailure

_ABORTED = {"Task": "TaskStateAborted", "Wait": "WaitStateAborted"}
_ABORTED |= {"Map": "MapStateAborted", "Parallel": "ParallelStateAborted"}


class Line:
    """One branch or iteration.

    Attributes:
        index: Which one it is.
        frame: Its level.
        work: What it does.
        expired: Its failure, where its time ran out.
    """

    __slots__ = ("expired", "fiber", "frame", "index", "timer", "work")

    def __init__(self, index: int, frame: Frame, work: Work[Any]) -> None:
        self.index = index
        self.frame = frame
        self.work = work
        self.fiber: Fiber | None = None
        self.timer: Timer | None = None
        self.expired: StateFailure | None = None

    def stop_timer(self) -> None:
        """It has ended: its time runs out no more."""
        if self.timer is not None:
            self.timer.cancel()


class Group:
    """Runs lines, so many at a time, until all are done or one has to stop them.

    Args:
        frame: The level around them.
        lines: Made when their turn has come.
        limit: How many run at once; 0 is all.
        on_success: Called with the line and its output.
        on_failure: Called with the line and its failure; the failure that it gives, if any, stops the others.
        on_abort: Called with each line that is stopped.
        seconds: How many virtual seconds a line may last, or None; one that lasts longer fails with `States.Timeout`.
    """

    def __init__(
        self,
        frame: Frame,
        lines: Iterator[Line],
        limit: int,
        *,
        on_success: Callable[[Line, Any], None],
        on_failure: Callable[[Line, StateFailure], StateFailure | None],
        on_abort: Callable[[Line], None],
        seconds: float | None = None,
    ) -> None:
        self._frame = frame
        self._lines = lines
        self._limit = limit
        self._on_success = on_success
        self._on_failure = on_failure
        self._on_abort = on_abort
        self._seconds = seconds
        self._running: dict[int, Line] = {}
        self._stop: BaseException | None = None
        self._finished = Signal()

    def run(self) -> Work[None]:
        """Waits for all of them.

        Raises:
            StateFailure: One failed, and `on_failure` gave what ends it.
        """
        self._fill()
        try:
            if self._running or self._stop:
                yield self._finished
        except Cancelled:
            self._abort()
            raise
        if self._stop is not None:
            self._abort()
            raise self._stop

    def set_limit(self, limit: int) -> None:
        """Changes how many run at once; those beyond a lower one go on."""
        self._limit = limit
        self._fill()

    def _fill(self) -> None:
        while self._stop is None and (self._limit <= 0 or len(self._running) < self._limit):
            line = next(self._lines, None)
            if line is None:
                break
            self._running[line.index] = line
            scheduler = self._frame.run.scheduler
            line.fiber = scheduler.spawn(line.work, self._done(line))
            if self._seconds is not None:
                line.timer = scheduler.call_at(scheduler.clock.now + self._seconds, self._expired(line))
        if not self._running:
            self._finished.set()

    def _done(self, line: Line) -> Callable[[Any, BaseException | None], None]:
        def done(value: Any, error: BaseException | None) -> None:
            del self._running[line.index]
            line.stop_timer()
            if error is None:
                self._on_success(line, value)
            elif not isinstance(error, StateFailure):
                self._stop = self._stop or error
            else:
                stop = self._on_failure(line, error)
                self._stop = self._stop or stop  # of two that fail at one instant the first counts
            if self._stop is not None:
                self._finished.set()
            else:
                self._fill()

        return done

    def _expired(self, line: Line) -> Callable[[], None]:
        def expired() -> None:
            if line.fiber is not None:
                line.fiber.cancel()
            line.expired = StateFailure("States.Timeout", None)
            self._done(line)(None, line.expired)

        return expired

    def _abort(self) -> None:
        running, self._running = self._running, {}
        for line in running.values():
            if line.fiber is not None:
                line.fiber.cancel()
            line.stop_timer()
            add_aborted(line.frame)
            self._on_abort(line)


def add_aborted(frame: Frame) -> None:
    """Writes down that the state in which a line stands was aborted, where AWS has an event for it."""
    visit = frame.current
    if visit is not None and visit.state.type in _ABORTED:
        frame.add_event(_ABORTED[visit.state.type], {})
    frame.current = None
