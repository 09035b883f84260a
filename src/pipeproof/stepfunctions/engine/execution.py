"""What is left of an execution when it has ended: its status, output, path and history; and the errors it raises."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from pipeproof.errors import Location, PipeproofError
from pipeproof.stepfunctions.definition.model import Definition
from pipeproof.stepfunctions.engine.history import Event, events_of
from pipeproof.stepfunctions.engine.visits import Attempt, Visit
from pipeproof.stepfunctions.errors import StateNameError
from pipeproof.stepfunctions.values import MISSING, dump

_SHOWN = 600
_PATH_SHOWN = 40


@dataclass(frozen=True)
class Execution:
    """An execution that has ended.

    Attributes:
        status: SUCCEEDED, FAILED, TIMED_OUT or ABORTED (or RUNNING, where it waits for a task token).
        output: The output, None unless it succeeded.
        error: The error's name.
        cause: The error's text.
        path: The names of the states entered, in order; iterations and branches as they took their turns.
        records: The history as it is kept; `events` has AWS's types and details.
        elapsed: Virtual seconds from start to end.
        arn: The execution's ARN.
        start: Its virtual start.
    """

    status: str
    output: Any
    error: str | None
    cause: str | None
    path: list[str]
    records: tuple[Any, ...] = field(repr=False)
    elapsed: float
    arn: str
    name: str
    input: Any
    start: datetime
    definition: Definition = field(repr=False)
    visits: tuple[Visit, ...] = field(repr=False, default=())
    hits: Mapping[tuple[Any, ...], int] = field(repr=False, default_factory=dict)
    exception: BaseException | None = field(repr=False, default=None)

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The history: AWS's types and details, in the order in which they happened."""
        return events_of(self.records)

    def attempts(self, state: str) -> list[Attempt]:
        """Return all attempts of a Task, Parallel or Map, over all its visits, with their errors and virtual times."""
        return [attempt for visit in self._visits(state) for attempt in visit.attempts]

    def inputs(self, state: str) -> list[Any]:
        """Return what went into a state, once for each visit."""
        return [visit.input for visit in self._visits(state)]

    def outputs(self, state: str) -> list[Any]:
        """Return what came out of a state, once for each visit that it left."""
        return [visit.output for visit in self._visits(state) if visit.output is not MISSING]

    def payloads(self, state: str) -> list[Any]:
        """Return what a Task's handler was given, once for each attempt."""
        return [attempt.payload for attempt in self.attempts(state) if attempt.payload is not MISSING]

    def _visits(self, state: str) -> Iterator[Visit]:
        if self.definition.find(state) is None:
            raise StateNameError(state, (known.name for known in self.definition.graph.walk()))
        return (visit for visit in self.visits if visit.state.name == state)

    @property
    def failing(self) -> Visit | None:
        """The visit that the execution ended in, where it did not succeed: the innermost that failed last."""
        if self.status == "SUCCEEDED":
            return None
        failed = [visit for visit in self.visits if visit.output is MISSING]
        named = [visit for visit in failed if visit.error is not None and visit.error == self.error]
        return (named or failed)[-1] if failed else None

    @property
    def location(self) -> Location | None:
        """The failing state's place in the definition's file."""
        visit = self.failing
        return self.definition.locate(visit.state) if visit is not None else self.definition.document.locate()

    def raise_for_status(self) -> None:
        """Raises what check=True raises, unless the execution succeeded."""
        if self.status == "SUCCEEDED":
            return
        kind: type[ExecutionNotSucceeded] = _KINDS.get(self.status, ExecutionFailed)
        raise kind(render_failure(self), execution=self, location=self.location) from self.exception


class ExecutionNotSucceeded(PipeproofError):  # noqa: N818 - it says what happened
    """An execution ended in another status than SUCCEEDED.

    Args:
        message: Path, failing state, its input, the error and the retries, for a human.
        execution: The execution that ended so.
        location: The failing state in the definition's file, where there is one.
    """

    def __init__(self, message: str, *, execution: Execution, location: Location | None = None) -> None:
        super().__init__(message, location=location)
        self.execution = execution


class ExecutionFailed(ExecutionNotSucceeded):
    """The execution's status is FAILED."""


class ExecutionTimedOut(ExecutionNotSucceeded):
    """The execution's status is TIMED_OUT."""


class ExecutionAborted(ExecutionNotSucceeded):
    """The execution's status is ABORTED."""


_KINDS = {"FAILED": ExecutionFailed, "TIMED_OUT": ExecutionTimedOut, "ABORTED": ExecutionAborted}


def render_failure(execution: Execution) -> str:
    """Return what went wrong, for a human: path, failing state, its input, the error, and the retries."""
    verb = {"FAILED": "failed", "TIMED_OUT": "timed out", "ABORTED": "was aborted"}.get(execution.status, "ended")
    error = f": {execution.error}" if execution.error else ""
    lines = [f"the execution {execution.name!r} {verb} after {execution.elapsed:g} virtual seconds{error}"]
    if execution.cause:
        lines.append(f"  cause: {_short(execution.cause)}")
    lines.append(f"  path: {_render_path(execution.path)}")
    visit = execution.failing
    if visit is not None:
        where = f" (iteration {'.'.join(map(str, visit.iterations))})" if visit.iterations else ""
        lines.append(f"  failing state: {visit.state.name} [{visit.state.type}]{where}")
        lines.append(f"  its input: {_short(dump(visit.input))}")
        lines.extend(_render_attempts(visit))
    caught = [earlier for earlier in execution.visits if earlier.caught and earlier is not visit]
    if caught:
        lines.append(
            f"  caught on the way: {caught[-1].state.name} {caught[-1].error}: {_short(caught[-1].cause or '')}"
        )
    return "\n".join(lines)


def _render_attempts(visit: Visit) -> Iterator[str]:
    if len(visit.attempts) < 2 and not any(attempt.retry_at for attempt in visit.attempts):
        return
    for attempt in visit.attempts:
        ended = f" → {attempt.ended:g} s" if attempt.ended is not None else ""
        retried = f", retried at {attempt.retry_at:g} s" if attempt.retry_at is not None else ""
        yield f"  attempt {attempt.number}: {attempt.started:g} s{ended} {attempt.error or 'running'}{retried}"


def _render_path(path: list[str]) -> str:
    if len(path) > _PATH_SHOWN:
        path = [*path[: _PATH_SHOWN // 2], f"… {len(path) - _PATH_SHOWN} more …", *path[-_PATH_SHOWN // 2 :]]
    return " → ".join(path) or "(no state was entered)"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
