"""Many lines of states at once, as Parallel and Map run them."""

from collections.abc import Callable, Iterator
from typing import Any

from pipeproof.stepfunctions.engine.run import Frame
from pipeproof.stepfunctions.engine.scheduler import Cancelled, Fiber, Signal, Timer, Work
from pipeproof.stepfunctions.errors import StateFailure

_ABORTED = {"Task": "TaskStateAborted", "Wait": "WaitStateAborted"}
_ABORTED |= {"Map": "MapStateAborted", "Parallel": "ParallelStateAborted"}


class Line(Fiber):
    """One branch or iteration, a fiber of its group's.

    Attributes:
        index: Which one it is.
        frame: Its level.
        expired: Its failure, where its time ran out.
        timer: Says when it has lasted too long.
    """

    timer: Timer | None = None
    expired: StateFailure | None = None
    group: "Group | None" = None

    def __init__(self, index: int, frame: Frame, work: Work[Any]) -> None:
        super().__init__(frame.run.scheduler, work)
        self.index = index
        self.frame = frame

    def ended(self, value: Any, error: BaseException | None) -> None:
        """Tells its group."""
        if self.group is not None:
            self.group.line_ended(self, value, error)


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
            line.group = self
            line.start()
            if self._seconds is not None:
                scheduler = self._frame.run.scheduler
                line.timer = scheduler.call_at(scheduler.clock.now + self._seconds, self._expired(line))
        if not self._running:
            self._finished.set()

    def line_ended(self, line: Line, value: Any, error: BaseException | None) -> None:
        """Takes a line's output or failure, and starts the next."""
        del self._running[line.index]
        if line.timer is not None:
            line.timer.cancel()
        if error is None:
            self._on_success(line, value)
        elif not isinstance(error, StateFailure):
            self._stop = self._stop or error
        else:
            error.__traceback__ = None  # it would keep the line's levels for the garbage collector
            stop = self._on_failure(line, error)
            self._stop = self._stop or stop  # of two that fail at one instant the first counts
        if self._stop is not None:
            self._finished.set()
        else:
            self._fill()

    def _expired(self, line: Line) -> Callable[[], None]:
        def expired() -> None:
            line.cancel()
            line.expired = StateFailure("States.Timeout", None)
            self.line_ended(line, None, line.expired)

        return expired

    def _abort(self) -> None:
        running, self._running = self._running, {}
        for line in running.values():
            line.cancel()
            if line.timer is not None:
                line.timer.cancel()
            add_aborted(line.frame)
            self._on_abort(line)


def add_aborted(frame: Frame) -> None:
    """Writes down that the state in which a line stands was aborted, where AWS has an event for it."""
    visit = frame.current
    if visit is not None and visit.state.type in _ABORTED:
        frame.add_event(_ABORTED[visit.state.type], {})
    frame.current = None
