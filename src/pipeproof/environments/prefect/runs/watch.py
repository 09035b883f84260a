"""What was seen of the engine's flow and task runs, and what they were, put together."""

import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pipeproof.environments.prefect.runs.remote import RemoteTask, stored_result, task_run_of
from pipeproof.environments.prefect.runs.results import FlowLogs, FlowResult, RunsByName, TaskRunResult
from pipeproof.environments.prefect.runs.stored import Reader, StoredTaskRun
from pipeproof.environments.prefect.runs.values import (
    is_of_upstream,
    raised_into,
    state_error,
    state_value,
    users_error,
)

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


class Seen:
    """A run that was seen: its engine, and the states it was in."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.started = time.perf_counter()
        self.ended = self.started
        self.states: list[State[Any]] = []

    def note(self, before: "State[Any] | None" = None) -> None:
        """Note the state that the run is in now, and that it was in `before`, unless they are noted."""
        for state in (before, self.engine.state):
            if state is not None and all(state.id != noted.id for noted in self.states[-2:]):
                self.states.append(state)
        self.ended = time.perf_counter()


class Watch:
    """What was seen of one flow run and of all that it started.

    Attributes:
        flows: The flow runs of this process, by id.
        tasks: The task runs of this process.
        submitted: What task runners were given; what of it is not among `tasks` runs in other processes.
        strangers: Task runs that other processes tell of, and that were not submitted by this one.
        records: What was logged.
        sees_engines: Whether `flows` and `tasks` are told of; where they are not, the server has to be asked.
    """

    def __init__(self) -> None:
        self.sees_engines = True
        self.flows: dict[UUID, Seen] = {}
        self.tasks: dict[UUID, Seen] = {}
        self.submitted: dict[UUID, RemoteTask] = {}
        self.strangers: set[UUID] = set()
        self.records: list[logging.LogRecord] = []

    @property
    def root(self) -> Seen | None:
        """The flow run that the others belong to: the first."""
        return next(iter(self.flows.values()), None)

    def note_flow(self, engine: Any, before: Any = None) -> None:
        """A flow run has entered a state, from the one `before`."""
        self.flows.setdefault(engine.flow_run.id, Seen(engine)).note(before)

    def note_task(self, engine: Any, before: Any = None) -> None:
        """A task run has entered a state, from the one `before`."""
        self.tasks.setdefault(engine.task_run.id, Seen(engine)).note(before)

    def note_submitted(self, task: Any, future: Any) -> None:
        """A task was given to a task runner."""
        from prefect.context import FlowRunContext

        context = FlowRunContext.get()
        flow_run_id = context.flow_run.id if context and context.flow_run else None
        self.submitted[future.task_run_id] = RemoteTask(task.name, flow_run_id, future)

    def note_event(self, event: Any) -> None:
        """Another process tells of something."""
        task_run_id = task_run_of(event)
        if task_run_id in self.submitted:
            self.submitted[task_run_id].note(event)
        elif task_run_id is not None:
            self.strangers.add(task_run_id)

    def result(
        self, root: Seen, *, parameters: Mapping[str, Any], value: Any, ended: BaseException | None, duration: float
    ) -> FlowResult:
        """Put the whole together, when the run has ended."""
        subflows: RunsByName[FlowResult] = RunsByName("subflow")
        for seen in list(self.flows.values())[1:]:
            value_of = state_value(seen.states[-1])
            run = self._flow_result(seen, seen.engine.parameters, value_of, None, seen.ended - seen.started, None)
            subflows.add(run.flow_name, run)
        return self._flow_result(root, root.engine.parameters or parameters, value, ended, duration, subflows)

    def _flow_result(
        self,
        seen: Seen,
        parameters: Mapping[str, Any],
        value: Any,
        ended: BaseException | None,
        duration: float,
        subflows: RunsByName[FlowResult] | None,
    ) -> FlowResult:
        flow_run, state = seen.engine.flow_run, seen.engine.state
        records = [record for record in self.records if subflows or _belongs(record, flow_run.id)]
        task_runs = self._task_results(flow_run.id)
        seen.note()  # one that pauses has not been told of by its engine
        error = None if state.is_completed() else raised_into(ended) or state_error(state) or users_error(ended)
        if is_of_upstream(error):
            errors = (run.error for runs in task_runs.values() for run in runs if run.failed)
            error = next(filter(None, errors), error)
        return FlowResult(
            flow_name=seen.engine.flow.name,
            flow_run_id=flow_run.id,
            flow_run_name=flow_run.name,
            state=state,
            value=value if state.is_completed() else None,
            error=error,
            parameters=dict(parameters),
            duration=duration,
            task_runs=task_runs,
            subflows=subflows if subflows is not None else RunsByName("subflow"),
            states=tuple(seen.states),
            logs=FlowLogs(tuple(records)),
            read_artifacts=partial(Reader().artifacts, [flow_run.id] if subflows is None else list(self.flows)),
            converted=_has_converted(seen),
        )

    def _task_results(self, flow_run_id: UUID) -> RunsByName[TaskRunResult]:
        results: RunsByName[TaskRunResult] = RunsByName("task")
        for seen in list(self.tasks.values()):
            task_run = seen.engine.task_run
            if task_run.flow_run_id == flow_run_id:
                results.add(seen.engine.task.name, _task_result(seen, task_run))
        self._add_unseen(flow_run_id, results)
        return results

    def _add_unseen(self, flow_run_id: UUID, results: RunsByName[TaskRunResult]) -> None:
        """Add the task runs of other processes: as these told of them, or else as the server has them."""
        remote = {
            task_run_id: task
            for task_run_id, task in self.submitted.items()
            if task.flow_run_id == flow_run_id and task_run_id not in self.tasks
        }
        stored: dict[UUID, StoredTaskRun] = {}
        if self.strangers or not all(task.told_all for task in remote.values()):
            ended = {task_run_id for task_run_id, task in remote.items() if task.future.state.is_final()}
            expected = ended | (self.strangers if len(self.flows) == 1 else set())
            stored = {found.run.id: found for found in Reader().task_runs(flow_run_id, expected)}
        for task_run_id, task in remote.items():
            results.add(task.task, task.result(stored.pop(task_run_id, None)))
        for task_run_id, found in stored.items():
            if task_run_id not in self.tasks:
                results.add(found.task, stored_result(found))


def _task_result(seen: Seen, task_run: Any) -> TaskRunResult:
    state = seen.states[-1]
    return TaskRunResult(
        name=task_run.name,
        state=state,
        value=state_value(state),
        error=None if state.is_completed() else state_error(state),
        attempts=task_run.run_count,
        duration=task_run.total_run_time.total_seconds(),
        states=tuple(seen.states),
    )


def _has_converted(seen: Seen) -> bool:
    """Return whether the flow's function was given what its types have made of the parameters."""
    return seen.engine.flow.should_validate_parameters and any(state.is_running() for state in seen.states)


def _belongs(record: logging.LogRecord, flow_run_id: UUID) -> bool:
    return getattr(record, "flow_run_id", None) == str(flow_run_id)
