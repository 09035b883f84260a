"""How a flow run that did not complete is told: one exception for each kind of end.

The user's own exception is the `__cause__`; the message names the flow, the tasks that failed with their attempts, and
the last lines of the log.
"""

from typing import TYPE_CHECKING

from pipeproof.errors import PipeproofError

if TYPE_CHECKING:
    from pipeproof.environments.prefect.runs.results import FlowResult

_LOG_LINES = 10


class FlowNotCompleted(PipeproofError):  # noqa: N818 - the names follow Prefect's states
    """A flow run ended in a state other than Completed.

    Attributes:
        result: The [FlowResult][pipeproof.environments.prefect.runs.results.FlowResult] of the run.
    """

    def __init__(self, result: "FlowResult") -> None:
        super().__init__(render_outcome(result), hint=_advice(result.error))
        self.result = result


class FlowFailed(FlowNotCompleted):
    """The flow raised, or returned a failed state."""


class FlowTimedOut(FlowFailed):
    """The flow took longer than its `timeout_seconds`."""


class FlowCrashed(FlowNotCompleted):
    """The run was ended by something other than an ordinary exception: `SystemExit`, a signal, a lost worker."""


class FlowCancelled(FlowNotCompleted):
    """The run was cancelled."""


class FlowPaused(FlowNotCompleted):
    """The run is paused or suspended, and waits for somebody to resume it."""


def outcome_error(result: "FlowResult") -> FlowNotCompleted | None:
    """Return the exception for the state that a run ended in; None for Completed.

    A state that is none of the known ends (a run left Pending or Scheduled, say) is told as `FlowNotCompleted`.
    """
    name, kind = result.state.name or "", result.state.type.value
    if kind == "COMPLETED":
        return None
    if kind == "FAILED":
        error: type[FlowNotCompleted] = FlowTimedOut if name == "TimedOut" else FlowFailed
    else:
        kinds = {"CRASHED": FlowCrashed, "CANCELLED": FlowCancelled, "CANCELLING": FlowCancelled, "PAUSED": FlowPaused}
        error = kinds.get(kind, FlowNotCompleted)
    return error(result)


def render_outcome(result: "FlowResult") -> str:
    """Say what became of a run: its end, the tasks that failed, and the end of its log."""
    lines = [f"flow {result.flow_name!r} ended in state {result.state.name}{_reason(result.state.message)}"]
    failed = [(name, run) for name, runs in result.task_runs.items() for run in runs if run.failed]
    if failed:
        lines.append("tasks that failed:")
    for name, run in failed:
        attempts = f"{run.attempts} attempt{'' if run.attempts == 1 else 's'}"
        lines.append(f"  {name} ({run.name}): {run.state.name} after {attempts}{_reason(run.state.message)}")
    logged = result.logs.messages
    if logged:
        lines.append(f"the log's last {min(len(logged), _LOG_LINES)} lines:")
        lines += [f"  {line}" for line in logged[-_LOG_LINES:]]
    return "\n".join(lines)


def _advice(error: BaseException | None) -> str | None:
    if isinstance(error, ValueError) and str(error).startswith("Unable to find block document"):
        return "the test's server has no block of that name: save it in the test, or in a fixture that it asks for"
    return None


def _reason(message: str | None) -> str:
    return f": {message}" if message else ""
