"""What the server knows of runs: for those that this process has not seen, and for what only the server keeps."""

import threading
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from prefect.client.schemas.objects import Artifact, FlowRun, State, TaskRun

_PAGE = 200
_PATIENCE_SECONDS = 15.0
_QUIET_SECONDS = 1.0
_BREATH_SECONDS = 0.05


@dataclass(frozen=True)
class StoredTaskRun:
    """A task run as the server has it, with its states in order."""

    run: "TaskRun"
    states: "tuple[State[Any], ...]"

    @property
    def task(self) -> str:
        """The name of the task's function; the task's own name is not kept."""
        return self.run.task_key.rpartition("-")[0] or self.run.task_key


class Reader:
    """Reads from the server that is in force when it is made."""

    def __init__(self) -> None:
        from prefect.settings import PREFECT_API_URL

        self._url = str(PREFECT_API_URL.value())

    def flow_run(self, flow_run_id: UUID) -> "FlowRun":
        """Return a flow run, with the state that it is in."""
        from prefect.client.schemas.objects import FlowRun

        return FlowRun.model_validate(self._get(f"/flow_runs/{flow_run_id}"))

    def flow_run_states(self, flow_run_id: UUID) -> "tuple[State[Any], ...]":
        """Return the states of a flow run, in order."""
        return self._states(f"/flow_run_states/?flow_run_id={flow_run_id}")

    def artifacts(self, flow_run_ids: Sequence[UUID]) -> "list[Artifact]":
        """Return the artifacts that flow runs and their tasks made."""
        from prefect.client.schemas.objects import Artifact

        return [Artifact.model_validate(found) for found in self._filtered("artifacts", flow_run_ids, "KEY_ASC")]

    def task_runs(self, flow_run_id: UUID, expected: AbstractSet[UUID] | None = None) -> list[StoredTaskRun]:
        """Return the task runs of a flow run, which the server stores some time after they were.

        Args:
            flow_run_id: The flow run, which has ended.
            expected: Those whose ends are waited for, for some seconds; None where it is not known which there are:
                then it is waited until no more come.
        """
        from prefect.client.schemas.objects import TaskRun

        deadline = time.monotonic() + _PATIENCE_SECONDS
        wanted, runs = expected, list[TaskRun]()
        while time.monotonic() < deadline:
            runs = [TaskRun.model_validate(found) for found in self._filtered("task_runs", [flow_run_id], "NAME_ASC")]
            ended = {run.id for run in runs if run.state and run.state.is_final()}
            if wanted is not None and wanted <= ended:
                break
            if expected is None and len(ended) == len(runs):
                wanted = ended
                threading.Event().wait(_QUIET_SECONDS)
            threading.Event().wait(_BREATH_SECONDS)
        runs.sort(key=lambda run: (run.start_time is None, run.start_time))
        return [StoredTaskRun(run, self._states(f"/task_run_states/?task_run_id={run.id}")) for run in runs]

    def _states(self, path: str) -> "tuple[State[Any], ...]":
        from prefect.client.schemas.objects import State

        states = [State.model_validate(found) for found in self._get(path)]
        return tuple(sorted(states, key=lambda state: state.timestamp))

    def _get(self, path: str) -> Any:
        from prefect.client.orchestration import SyncPrefectClient

        with SyncPrefectClient(self._url) as client:
            return client.request("GET", path).json()  # type: ignore[arg-type]

    def _filtered(self, kind: str, flow_run_ids: Sequence[UUID], order: str) -> list[Any]:
        """All pages. Not by the client's own methods: they send nulls for what is left out, which servers refuse."""
        from prefect.client.orchestration import SyncPrefectClient

        wanted = {kind: {"flow_run_id": {"any_": [str(run) for run in flow_run_ids]}}, "sort": order, "limit": _PAGE}
        found: list[Any] = []
        with SyncPrefectClient(self._url) as client:
            while True:
                body = wanted | {"offset": len(found)}
                page = client.request("POST", f"/{kind}/filter", json=body).json()  # type: ignore[arg-type]
                found += page
                if len(page) < _PAGE:
                    return found
