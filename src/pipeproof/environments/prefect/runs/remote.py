"""Task runs that a runner had executed in other processes, put together from what those processes send back."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pipeproof.environments.prefect.runs.results import TaskRunResult
from pipeproof.environments.prefect.runs.stored import StoredTaskRun
from pipeproof.environments.prefect.runs.values import state_error, state_value

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

_RESOURCE = "prefect.task-run."


class RemoteTask:
    """A task run that was submitted to a task runner, and may run in another process.

    Args:
        task: The task's name.
        flow_run_id: The flow run that submitted it.
        future: What was got for it; it knows the state that the run ends in.
    """

    def __init__(self, task: str, flow_run_id: UUID | None, future: Any) -> None:
        self.task = task
        self.flow_run_id = flow_run_id
        self.future = future
        self.states: list[State[Any]] = []
        self.told: dict[str, Any] = {}

    def note(self, event: Any) -> None:
        """Take in an event that tells of a state that the run has entered."""
        from prefect.client.schemas.objects import State, StateDetails

        told = event.payload["validated_state"]
        self.told = event.payload["task_run"]
        self.states.append(
            State(
                type=told["type"],
                name=told["name"],
                message=told["message"],
                timestamp=event.occurred,
                state_details=StateDetails.model_validate(told.get("state_details") or {}),
            )
        )

    @property
    def name(self) -> str:
        """The run's name, or, before anything was heard of it, the task's."""
        return str(self.told.get("name", self.task))

    @property
    def told_all(self) -> bool:
        """Whether its process has told of its end."""
        return bool(self.states) and self.states[-1].is_final()

    def result(self, stored: StoredTaskRun | None = None) -> TaskRunResult:
        """Return what became of it, from what its process has told, or from what the server has stored."""
        state = self.future.state
        if stored is not None and not self.told_all:
            return stored_result(stored, state if state.is_final() else None)
        return TaskRunResult(
            name=self.name,
            state=state,
            value=state_value(state),
            error=None if state.is_completed() else state_error(state),
            attempts=int(self.told.get("run_count", 0)),
            duration=float(self.told.get("total_run_time", 0.0)),
            states=(*self.states[:-1], state),
        )


def stored_result(stored: StoredTaskRun, state: "State[Any] | None" = None) -> TaskRunResult:
    """Return a task run that only the server knows of.

    Args:
        stored: What it knows.
        state: The state that the run ended in, with its value or exception, where that is at hand.
    """
    from prefect.states import Pending

    ended = state or stored.run.state or Pending()
    return TaskRunResult(
        name=stored.run.name,
        state=ended,
        value=state_value(ended),
        error=None if ended.is_completed() else state_error(ended),
        attempts=stored.run.run_count,
        duration=stored.run.total_run_time.total_seconds(),
        states=(*stored.states[:-1], ended) if ended.is_final() else stored.states,
    )


def task_run_of(event: Any) -> UUID | None:
    """Return the task run whose state an event tells of; None for any other event."""
    resource = event.resource.id
    if not event.event.startswith(_RESOURCE) or not resource.startswith(_RESOURCE):
        return None
    return UUID(resource.removeprefix(_RESOURCE))


def log_record(log: dict[str, Any], task_run_name: str) -> logging.LogRecord:
    """Return the record for a log entry, as Prefect's API takes it."""
    moment = datetime.fromisoformat(log["timestamp"]).timestamp()
    record = logging.LogRecord(log["name"], log["level"], "", 0, log["message"], None, None)
    record.created, record.msecs = moment, moment % 1 * 1000
    record.flow_run_id, record.task_run_id = log.get("flow_run_id"), log.get("task_run_id")
    record.flow_run_name = record.flow_name = record.task_name = "<unknown>"
    record.task_run_name = task_run_name
    record.send_to_api = False  # the process that runs the tests is sending it already
    return record
