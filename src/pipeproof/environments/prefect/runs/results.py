"""What a flow run was: its end, its tasks, its log and its artifacts."""

import logging
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from pipeproof.errors import PipeproofError
from pipeproof.text import closest

if TYPE_CHECKING:
    from prefect.client.schemas.objects import Artifact, State

_FORMAT = logging.Formatter("%(asctime)s | %(levelname)-7s | %(run)s - %(message)s", "%H:%M:%S")
_BRIEF = 100

Run = TypeVar("Run")


class RunNameError(PipeproofError, KeyError):
    """The flow run has no task run, or no subflow's run, of that name."""


class RunsByName(dict[str, list[Run]]):
    """Runs by the name of their task or flow; a name that is not there is told with those that are."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind

    def add(self, name: str, run: Run) -> None:
        """Put a run behind those of its name."""
        self.setdefault(name, []).append(run)

    def __missing__(self, name: str) -> list[Run]:
        there = f"there are runs of {', '.join(map(repr, self))}" if self else "there are none at all"
        close = closest(str(name), self)
        hint = f"{there}; did you mean {close!r}?" if close else there
        raise RunNameError(f"the flow run has no run of a {self._kind} {name!r}", hint=hint)


@dataclass(frozen=True, repr=False)
class TaskRunResult:
    """One run of a task.

    Attributes:
        name: The run's name, such as `extract-1f3`.
        state: The state that it ended in.
        value: What the task returned; None where it did not complete.
        error: The exception that ended it, the user's own object where the task ran in this process.
        attempts: How often it was started, retries included.
        duration: Seconds spent running.
        states: All of its states, in order.
    """

    name: str
    state: "State[Any]"
    value: Any
    error: BaseException | None
    attempts: int
    duration: float
    states: tuple["State[Any]", ...]

    def __repr__(self) -> str:
        return _brief("TaskRunResult", self.name, self)

    @property
    def failed(self) -> bool:
        """Whether it ended in Failed (timed out included) or Crashed."""
        return self.state.is_failed() or self.state.is_crashed()


@dataclass(frozen=True)
class FlowLogs:
    """What the flow and its tasks logged, in order.

    Attributes:
        records: The records, as `logging` made them; `flow_run_id`, `task_run_id` and their names are among their
            attributes.
    """

    records: tuple[logging.LogRecord, ...]

    @property
    def text(self) -> str:
        """The records, one to a line or more: time, level, run, message, traceback."""
        return "\n".join(map(_render_record, self.records))

    @property
    def messages(self) -> list[str]:
        """The lines of the text, but without tracebacks."""
        return [line for record in self.records for line in _render_record(_without_traceback(record)).splitlines()]


@dataclass(frozen=True, repr=False)
class FlowResult:
    """A flow run that has ended.

    Attributes:
        flow_name: The flow's name.
        flow_run_id: The run's id on the server; None where the run was never created.
        flow_run_name: The run's name, such as `lazy-otter`.
        state: The state that it ended in.
        value: What the flow returned (a list, for a generator); None where it did not complete.
        error: The exception that ended it.
        parameters: The flow's parameters by name, as the flow got them: converted to their types, defaults included.
        duration: Real seconds that the run took.
        task_runs: Its task runs by the task's name, in the order in which they started.
        subflows: The flow runs that it started, by the flow's name.
        states: All of its states, in order.
        logs: What it, its tasks and its subflows logged.
        converted: Whether the flow has made of the parameters what their types say.
    """

    flow_name: str
    flow_run_id: UUID | None
    flow_run_name: str
    state: "State[Any]"
    value: Any
    error: BaseException | None
    parameters: Mapping[str, Any]
    duration: float
    task_runs: Mapping[str, list[TaskRunResult]]
    subflows: Mapping[str, list["FlowResult"]]
    states: tuple["State[Any]", ...]
    logs: FlowLogs
    read_artifacts: Callable[[], list["Artifact"]]
    converted: bool = False

    @cached_property
    def artifacts(self) -> list["Artifact"]:
        """The artifacts that the run, its tasks and its subflows made, read from the server when first asked for."""
        return self.read_artifacts()

    def __repr__(self) -> str:
        # No parameters: what is refused may be a secret that was not made one yet.
        return _brief("FlowResult", self.flow_name, self)

    def __await__(self) -> Generator[Any, Any, "FlowResult"]:
        yield from ()  # a helper may await what it is given, whichever kind of test calls it
        return self


def _brief(kind: str, name: str, result: "TaskRunResult | FlowResult") -> str:
    """Return what pytest and a debugger show: one short line."""
    parts = [f"{name!r}", f"state={result.state.name}"]
    if result.value is not None:
        parts.append(f"value={_shorten(result.value, _BRIEF)}")
    if result.error is not None:
        parts.append(f"error={_shorten(result.error, _BRIEF)}")
    return f"{kind}({', '.join(parts)})"


def describe(result: FlowResult) -> dict[str, Any]:
    """Return the record of a run for the report, kind `prefect.flow_run`, made of plain values.

    Shape:
        flow, flow_run_id, flow_run_name: Strings; the id may be None.
        parameters: `repr` of each value by the parameter's name (that of a secret shows nothing of it); the type alone
            where the flow has not converted them, as what is a secret is not known then.
        state: `{"type": "FAILED", "name": "TimedOut", "message": …}`.
        states: `[{"type", "name", "timestamp", "scheduled_time"}]`, ISO 8601 in UTC; `scheduled_time` is set for
            states that wait for one (AwaitingRetry), else None.
        duration: Real seconds.
        error: `"ValueError: bad row"`, or None.
        task_runs: `[{"task", "name", "state", "states", "attempts", "retries", "duration", "error"}]`.
        subflows: Records of the same shape.
    """
    return {
        "flow": result.flow_name,
        "flow_run_id": str(result.flow_run_id) if result.flow_run_id else None,
        "flow_run_name": result.flow_run_name,
        "parameters": _describe_parameters(result),
        "state": _describe_state(result.state),
        "states": [_describe_time(state) for state in result.states],
        "duration": round(result.duration, 6),
        "error": _describe_error(result.error),
        "task_runs": [_describe_task(name, run) for name, runs in result.task_runs.items() for run in runs],
        "subflows": [describe(run) for runs in result.subflows.values() for run in runs],
    }


def _describe_parameters(result: FlowResult) -> dict[str, str]:
    return {
        name: _shorten(value) if result.converted else f"<{type(value).__name__}>"
        for name, value in result.parameters.items()
    }


def _describe_task(task: str, run: TaskRunResult) -> dict[str, Any]:
    return {
        "task": task,
        "name": run.name,
        "state": _describe_state(run.state),
        "states": [_describe_time(state) for state in run.states],
        "attempts": run.attempts,
        "retries": max(run.attempts - 1, 0),
        "duration": round(run.duration, 6),
        "error": _describe_error(run.error),
    }


def _describe_state(state: "State[Any]") -> dict[str, Any]:
    return {"type": state.type.value, "name": state.name, "message": state.message}


def _describe_time(state: "State[Any]") -> dict[str, Any]:
    scheduled = state.state_details.scheduled_time
    return {
        "type": state.type.value,
        "name": state.name,
        "timestamp": state.timestamp.isoformat() if state.timestamp else None,
        "scheduled_time": scheduled.isoformat() if scheduled else None,
    }


def _describe_error(error: BaseException | None) -> str | None:
    return None if error is None else f"{type(error).__name__}: {error}"


def _shorten(value: Any, limit: int = 500) -> str:
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _without_traceback(record: logging.LogRecord) -> logging.LogRecord:
    return logging.makeLogRecord(record.__dict__ | {"exc_info": None, "exc_text": None, "stack_info": None})


def _render_record(record: logging.LogRecord) -> str:
    task, flow = getattr(record, "task_run_name", None), getattr(record, "flow_run_name", None)
    named = f"task {task}" if task else f"flow {flow}" if flow else record.name
    copy = logging.makeLogRecord(record.__dict__ | {"run": named})
    return _FORMAT.format(copy)
