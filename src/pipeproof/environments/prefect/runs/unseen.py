"""A flow run put together from what the server knows, for a version of Prefect whose engine cannot be watched."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pipeproof.environments.prefect.internals.client.settings import drain_services
from pipeproof.environments.prefect.runs.remote import stored_result
from pipeproof.environments.prefect.runs.results import FlowLogs, FlowResult, RunsByName, TaskRunResult
from pipeproof.environments.prefect.runs.stored import Reader
from pipeproof.environments.prefect.runs.values import users_error

if TYPE_CHECKING:
    from prefect.flows import Flow

    from pipeproof.environments.prefect.runs.watch import Watch

_HOOKS = ("on_running", "on_completion", "on_failure", "on_cancellation", "on_crashed")


def noting_runs(flow: "Flow[..., Any]", noted: list[UUID]) -> "Flow[..., Any]":
    """The same flow, which puts the ids of its runs into a list; by its hooks, which Prefect offers everybody."""

    def note(_flow: Any, flow_run: Any, _state: Any) -> None:
        noted.append(flow_run.id)

    with_note: dict[str, Any] = {name: [*getattr(flow, f"{name}_hooks"), note] for name in _HOOKS}
    return flow.with_options(**with_note)


def unseen_result(
    flow: "Flow[..., Any]",
    flow_run_id: UUID,
    watch: "Watch",
    *,
    parameters: Mapping[str, Any],
    value: Any,
    ended: BaseException | None,
    duration: float,
) -> FlowResult:
    """Return what the server knows of a flow run that has ended, with the value and the error that its call gave."""
    drain_services()
    reader = Reader()
    flow_run = reader.flow_run(flow_run_id)
    state = flow_run.state
    task_runs: RunsByName[TaskRunResult] = RunsByName("task")
    for found in reader.task_runs(flow_run_id):
        submitted = watch.submitted.get(found.run.id)
        run = submitted.result(found) if submitted else stored_result(found)
        task_runs.add(submitted.task if submitted else found.task, run)
    converted = _converted(flow, parameters)
    if state is None:
        raise ended or RuntimeError(f"the run of flow {flow.name!r} has no state")
    return FlowResult(
        flow_name=flow.name,
        flow_run_id=flow_run_id,
        flow_run_name=flow_run.name,
        state=state,
        value=value if state.is_completed() else None,
        error=None if state.is_completed() else users_error(ended),
        parameters=dict(parameters) if converted is None else converted,
        duration=duration,
        task_runs=task_runs,
        subflows=RunsByName("subflow"),
        states=reader.flow_run_states(flow_run_id),
        logs=FlowLogs(tuple(watch.records)),
        read_artifacts=partial(reader.artifacts, [flow_run_id]),
        converted=converted is not None,
    )


def _converted(flow: "Flow[..., Any]", parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the parameters as the flow got them; None where it does not convert or refuses them."""
    if not flow.should_validate_parameters:
        return None
    with suppress(Exception):  # pydantic's, Prefect's, or a validator's own
        return flow.validate_parameters(dict(parameters))
    return None
