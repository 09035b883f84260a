"""Watches the engine's flow and task runs, and puts together what they were.

Prefect tells its server of task runs by events that are stored seconds later, and tells it nothing of the values and
exceptions; so the engines are watched in this process, where all of that is at hand.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pipeproof.environments.prefect.internals import hooks, timing
from pipeproof.environments.prefect.remote import RemoteTask, log_record, task_run_of
from pipeproof.environments.prefect.results import FlowLogs, FlowResult, RunsByName, TaskRunResult
from pipeproof.environments.prefect.values import state_error, state_value, users_error

if TYPE_CHECKING:
    from prefect.client.schemas.objects import Artifact, State

_PAGE = 200
_LOGGERS = ("prefect.flow_runs", "prefect.task_runs")


class Seen:
    """A run that was seen: its engine, and the states it entered."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.started = time.perf_counter()
        self.ended = self.started
        self.states: list[State[Any]] = []

    def note(self) -> None:
        """Note the state that the run is in now."""
        self.states.append(self.engine.state)
        self.ended = time.perf_counter()


class Watch:
    """What was seen of one flow run and of all that it started."""

    def __init__(self) -> None:
        self.flows: dict[UUID, Seen] = {}
        self.tasks: dict[UUID, Seen] = {}
        self.remote: dict[UUID, RemoteTask] = {}
        self.records: list[logging.LogRecord] = []

    @property
    def root(self) -> Seen | None:
        """The flow run that the others belong to: the first."""
        return next(iter(self.flows.values()), None)

    def note_flow(self, engine: Any) -> None:
        """A flow run has entered a state."""
        self.flows.setdefault(engine.flow_run.id, Seen(engine)).note()

    def note_task(self, engine: Any) -> None:
        """A task run has entered a state."""
        self.tasks.setdefault(engine.task_run.id, Seen(engine)).note()

    def note_submitted(self, task: Any, future: Any) -> None:
        """A task was given to another process."""
        from prefect.context import FlowRunContext

        context = FlowRunContext.get()
        flow_run_id = context.flow_run.id if context and context.flow_run else None
        self.remote[future.task_run_id] = RemoteTask(task.name, flow_run_id, future)

    def note_event(self, event: Any) -> None:
        """Another process tells of something."""
        task_run_id = task_run_of(event)
        if task_run_id in self.remote:
            self.remote[task_run_id].note(event)

    def result(
        self, root: Seen, *, parameters: Mapping[str, Any], value: Any, ended: BaseException | None, duration: float
    ) -> FlowResult:
        """Put the whole together, when the run has ended."""
        subflows: RunsByName[FlowResult] = RunsByName("subflow")
        for seen in list(self.flows.values())[1:]:
            value_of = state_value(seen.states[-1])
            run = self._flow_result(seen, seen.engine.parameters, value_of, None, seen.ended - seen.started, None)
            subflows.add(run.flow_name, run)
        return self._flow_result(root, parameters, value, ended, duration, subflows)

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
        return FlowResult(
            flow_name=seen.engine.flow.name,
            flow_run_id=flow_run.id,
            flow_run_name=flow_run.name,
            state=state,
            value=value if state.is_completed() else None,
            error=None if state.is_completed() else state_error(state) or users_error(ended),
            parameters=dict(parameters),
            duration=duration,
            task_runs=self._task_results(flow_run.id),
            subflows=subflows if subflows is not None else RunsByName("subflow"),
            states=tuple(seen.states),
            logs=FlowLogs(tuple(records)),
            read_artifacts=_artifact_reader(flow_run.id),
        )

    def _task_results(self, flow_run_id: UUID) -> dict[str, list[TaskRunResult]]:
        results: RunsByName[TaskRunResult] = RunsByName("task")
        for seen in list(self.tasks.values()):
            task_run = seen.engine.task_run
            if task_run.flow_run_id == flow_run_id:
                results.add(seen.engine.task.name, _task_result(seen, task_run))
        for remote in self.remote.values():
            if remote.flow_run_id == flow_run_id:
                results.add(remote.task, remote.result())
        return results


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


def _belongs(record: logging.LogRecord, flow_run_id: UUID) -> bool:
    return getattr(record, "flow_run_id", None) == str(flow_run_id)


def _artifact_reader(flow_run_id: UUID) -> Callable[[], list["Artifact"]]:
    from prefect.settings import PREFECT_API_URL

    url = PREFECT_API_URL.value()

    def read() -> list["Artifact"]:
        from prefect.client.orchestration import SyncPrefectClient
        from prefect.client.schemas.objects import Artifact

        # Not `read_artifacts`: it sends nulls for what is left out, which the server refuses.
        wanted = {"flow_run_id": {"any_": [str(flow_run_id)]}}
        artifacts: list[Artifact] = []
        with SyncPrefectClient(url) as client:
            while True:
                body = {"artifacts": wanted, "sort": "KEY_ASC", "limit": _PAGE, "offset": len(artifacts)}
                page = client.request("POST", "/artifacts/filter", json=body).json()
                artifacts += map(Artifact.model_validate, page)
                if len(page) < _PAGE:
                    break
        return artifacts

    return read


class _Recorder(logging.Handler):
    """Gives each record to every watch."""

    def emit(self, record: logging.LogRecord) -> None:
        for watch in _watches:
            watch.records.append(record)


_lock = threading.Lock()
_watches: list[Watch] = []
_hooks = contextlib.ExitStack()


@contextlib.contextmanager
def watching(*, real_time: bool) -> Iterator[Watch]:
    """Watch the runs of this process; the engine is hooked into while anybody watches.

    Args:
        real_time: Leave the clock alone.
    """
    watch = Watch()
    with _lock:
        if not _watches:
            try:
                _enter_hooks(real_time=real_time)
            except BaseException:
                _hooks.close()
                raise
        _watches.append(watch)
    try:
        yield watch
    finally:
        with _lock:
            _watches.remove(watch)
            if not _watches:
                _hooks.close()


def _tell(note: Callable[..., None]) -> Callable[..., None]:
    def tell(*args: Any) -> None:
        for watch in _watches:
            note(watch, *args)

    return tell


def _relog(log: dict[str, Any]) -> None:
    """Log here what another process has logged."""
    known = [watch.remote.get(UUID(str(log.get("task_run_id")))) for watch in list(_watches)]
    record = log_record(log, next((task.name for task in known if task), "<unknown>"))
    logging.getLogger(record.name).handle(record)


def _enter_hooks(*, real_time: bool) -> None:
    _hooks.enter_context(hooks.engine_hooks(on_flow=_tell(Watch.note_flow), on_task=_tell(Watch.note_task)))
    _hooks.enter_context(
        hooks.process_runner_hooks(
            on_submit=_tell(Watch.note_submitted),
            on_event=_tell(Watch.note_event),
            on_log=_relog,
            real_time=real_time,
        )
    )
    if not real_time:
        _hooks.enter_context(timing.virtual_clock())
    _hooks.enter_context(timing.pauses_end_runs(real_time=real_time))
    recorder = _Recorder()
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(recorder)
        _hooks.callback(logger.removeHandler, recorder)
