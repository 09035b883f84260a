"""An execution that is moved on by hand: it may wait for a task token, and be stopped."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from weakref import WeakValueDictionary

from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.engine.history import Thread
from pipeproof.stepfunctions.engine.interpreter import run_graph
from pipeproof.stepfunctions.engine.run import CURRENT, Frame, Run
from pipeproof.stepfunctions.engine.scheduler import Fiber, Scheduler
from pipeproof.stepfunctions.errors import MockError, StateFailure
from pipeproof.stepfunctions.expressions.environment import Scope
from pipeproof.stepfunctions.values import copy
from pipeproof.virtual_time import replacements_held

_under_way: WeakValueDictionary[str, "RunningExecution"] = WeakValueDictionary()


def find_running(arn: str) -> "RunningExecution | None":
    """Return the execution with an ARN, the latest of those that were prepared, while somebody has it."""
    return _under_way.get(arn)


def _ended() -> bool:
    return True


def _do_nothing() -> None:
    pass


class RunningExecution:
    """An execution that has been prepared, and perhaps waits for a task token.

    `is_awaited` says that the task of another execution waits for its end.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self._status = "RUNNING"
        self._output: Any = None
        self._failure: StateFailure | None = None
        self._broken: BaseException | None = None
        self._ended = 0.0
        self.is_awaited = False
        self._wanted = False
        self._lock = Lock()
        self._watchers: list[Callable[[RunningExecution], None]] = []
        self._frame = Frame(run, Scope(), Thread(), run.history)
        _under_way[run.settings.execution_arn] = self
        started = {"input": run.input, "roleArn": run.settings.role_arn}
        self._frame.add_event("ExecutionStarted", started)
        self._begin()

    @property
    def status(self) -> str:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""
        return self._status

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._has_ended()

    def _has_ended(self) -> bool:
        return self._status != "RUNNING" or self._broken is not None

    def when_over(self, watcher: Callable[["RunningExecution"], None]) -> None:
        """Calls `watcher` once it has ended."""
        self._watchers.append(watcher)

    def advance(self, *, hold: bool = False) -> None:
        """Goes on until it ends or waits for what only somebody else can give.

        Args:
            hold: Limits over what somebody outside may still answer (a task's TimeoutSeconds and HeartbeatSeconds, the
                machine's TimeoutSeconds) do not run out: time passes by [pass_time][] only.

        Raises:
            PipeproofError: A Task that nothing handles, a wrong mock.
        """
        self.run.holds = hold
        self._go_on()

    def pass_time(self, seconds: float) -> None:
        """Lets virtual time pass for an execution that waits, and for those that it waits for."""
        for nested in self.run.nested:
            nested.pass_time(seconds)
        if not self.is_over:
            with self._lock:
                self._drive(until=self.run.clock.now + seconds)
            self._go_on()

    def redrive(self, date: datetime) -> None:
        """Lets an execution that did not succeed go on, at a date, with the states in which it ended.

        What has succeeded keeps its result: states, branches of a Parallel and iterations of an inline Map. The
        redriven states' retriers start anew, and so does the machine's TimeoutSeconds.
        """
        run = self.run
        run.clock.now = max(run.clock.now, (date - run.clock.start).total_seconds())
        run.scheduler = Scheduler(run.clock)
        count = run.execution_context["RedriveCount"] + 1
        run.execution_context.update(RedriveCount=count, RedriveTime=run.clock.text())
        self._status, self._failure = "RUNNING", None
        self._frame.add_event("ExecutionRedriven", {"redriveCount": count})
        self._begin()

    def _begin(self) -> None:
        run = self.run
        run.is_over, run.go_on = self._has_ended, self._go_on
        work = run_graph(run.definition.graph, run.input, self._frame)
        self._fiber: Fiber | None = run.scheduler.spawn(work, self._done)
        run.scheduler.end_at(run.clock.now + run.settings.time_limit, self._time_out)
        timeout = run.definition.timeout
        if timeout is not None:
            run.scheduler.call_at(run.clock.now + timeout, self._time_out, run.waits_outside)

    def _go_on(self) -> None:
        """Drives it, unless somebody does so already: this thread further up, or another, who then looks once more."""
        self._wanted = True
        while self._wanted and not self.is_over and self._lock.acquire(blocking=False):
            self._wanted = False
            try:
                with replacements_held():
                    self._drive()
            finally:
                self._lock.release()

    def _drive(self, until: float | None = None) -> None:
        current, run = CURRENT.set(self.run), self.run
        try:
            run.scheduler.run(self._has_ended, hold=run.holds and until is None, until=until)
        finally:
            CURRENT.reset(current)
        if until is not None and not self.is_over:
            run.clock.now = max(run.clock.now, until)
        if self._broken is not None:
            raise self._broken

    def _done(self, value: Any, error: BaseException | None) -> None:
        self._ended = self.run.clock.now
        self._settle(value, error)
        self._tell()

    def _tell(self) -> None:
        """Lets go of what has driven it, so that its parts, which know each other, need no garbage collector."""
        self.run.scheduler.clear()
        self.run.is_over, self.run.go_on, self._fiber = _ended, _do_nothing, None
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher(self)

    def _settle(self, value: Any, error: BaseException | None) -> None:
        if error is None:
            self._status, self._output = "SUCCEEDED", value
            self._frame.add_event("ExecutionSucceeded", {"output": value})
        elif isinstance(error, StateFailure):
            self._status, self._failure = "FAILED", error.with_traceback(None)
            details = {"error": error.error, "cause": error.cause}
            self._frame.add_event("ExecutionFailed", {key: text for key, text in details.items() if text is not None})
        else:
            self._broken = error

    def _time_out(self) -> None:
        if not self.is_over:
            self._end_early("TIMED_OUT", "ExecutionTimedOut", None, None)

    def stop(self, error: str | None = None, cause: str | None = None) -> None:
        """Aborts it, as StopExecution does."""
        if not self.is_over:
            self._end_early("ABORTED", "ExecutionAborted", error, cause)

    def _end_early(self, status: str, event: str, error: str | None, cause: str | None) -> None:
        self._status, self._ended = status, self.run.clock.now
        self._failure = StateFailure(error, cause)
        if self._fiber is not None:
            self._fiber.cancel()
        for nested in self.run.nested:
            if nested.is_awaited:
                nested.stop()
        details = {"error": error, "cause": cause}
        self._frame.add_event(event, {key: text for key, text in details.items() if text is not None})
        self._tell()

    @property
    def ended(self) -> datetime:
        """The virtual date of its end, or its present."""
        run = self.run
        return run.clock.start + timedelta(seconds=self._ended) if self.is_over else run.clock.date()

    def result(self, *, strict: bool = False) -> Execution:
        """The execution as it stands.

        Args:
            strict: An execution that waits for a token that nobody will send is an error.
        """
        run = self.run
        if strict and not self.is_over:
            waiting = next((visit.state.name for visit in reversed(run.visits) if not visit.error), "?")
            raise MockError(
                f"the execution waits for ever: the task token of {waiting!r} is never sent back",
                hint=f"Answer it with mocks={{{waiting!r}: returns(...)}}, or with pipeproof.callback(function), "
                "which is called with the payload that holds the token.",
            )
        failure = self._failure
        return Execution(
            self._status,
            copy(self._output),
            failure.error if failure else None,
            failure.cause if failure else None,
            [visit.state.name for visit in run.visits],
            tuple(run.history.records),
            self._ended if self.is_over else run.clock.now,
            run.settings.execution_arn,
            run.settings.execution_name,
            run.input,
            run.clock.start,
            run.definition,
            tuple(run.visits),
            run.hits(),
            failure.exception if failure else None,
        )
