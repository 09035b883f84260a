"""An execution that is moved on by hand: it may wait for a task token, and be stopped."""

from typing import Any

from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.engine.history import Thread
from pipeproof.stepfunctions.engine.interpreter import run_graph
from pipeproof.stepfunctions.engine.run import Frame, Run
from pipeproof.stepfunctions.errors import MockError, StateFailure
from pipeproof.stepfunctions.expressions.environment import Scope
from pipeproof.stepfunctions.values import copy


class RunningExecution:
    """An execution that has been prepared, and perhaps waits for a task token."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._status = "RUNNING"
        self._output: Any = None
        self._failure: StateFailure | None = None
        self._broken: BaseException | None = None
        self._ended = 0.0
        self._frame = Frame(run, Scope(), Thread())
        started = {"input": run.input, "roleArn": run.settings.role_arn}
        self._frame.add_event("ExecutionStarted", started)
        self._fiber = run.scheduler.spawn(run_graph(run.definition.graph, run.input, self._frame), self._done)
        timeout = run.definition.timeout
        if timeout is not None:
            run.scheduler.call_at(timeout, self._time_out)

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._status != "RUNNING" or self._broken is not None

    def advance(self) -> None:
        """Goes on until it ends or waits for what only somebody else can give.

        Raises:
            PipeproofError: A Task that nothing handles, a wrong mock.
        """
        self.run.scheduler.run(lambda: self.is_over)
        if self._broken is not None:
            raise self._broken

    def _done(self, value: Any, error: BaseException | None) -> None:
        self._ended = self.run.clock.now
        if error is None:
            self._status, self._output = "SUCCEEDED", value
            self._frame.add_event("ExecutionSucceeded", {"output": value})
        elif isinstance(error, StateFailure):
            self._status, self._failure = "FAILED", error
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
        self._fiber.cancel()
        details = {"error": error, "cause": cause}
        self._frame.add_event(event, {key: text for key, text in details.items() if text is not None})

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
                hint=f"Answer it with mocks={{{waiting!r}: returns(...)}}, or with callback(function) from "
                "pipeproof.stepfunctions.answers.mocks, which is called with the payload that holds the token.",
            )
        failure = self._failure
        return Execution(
            self._status,
            copy(self._output),
            failure.error if failure else None,
            failure.cause if failure else None,
            [visit.state.name for visit in run.visits],
            tuple(run.history.events),
            self._ended if self.is_over else run.clock.now,
            run.settings.execution_arn,
            run.settings.execution_name,
            run.input,
            run.clock.start,
            run.definition,
            tuple(run.visits),
            run.hits,
            run.exception,
        )
