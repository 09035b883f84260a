"""What an execution leaves in a report: how it went, and what it has covered of its definition."""

from typing import TYPE_CHECKING, Any

from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.reporting.coverage import measure_coverage
from pipeproof.stepfunctions.values import dump

if TYPE_CHECKING:
    from pipeproof.stepfunctions.machine import StateMachine

_PATH_KEPT = 200
_INPUT_KEPT = 600


def execution_evidence(machine: "StateMachine", execution: Execution) -> dict[str, Any]:
    """A record of one execution, made of JSON's types; `failing` is the state that it ended in, with its input."""
    document = machine.definition.document
    return {
        "machine": machine.name,
        "file": str(document.file) if document.file else None,
        "execution": execution.name,
        "status": execution.status,
        "error": execution.error,
        "failing": _describe_failing(execution),
        "elapsed": execution.elapsed,
        "path": list(execution.path[:_PATH_KEPT]),
        "coverage": measure_coverage(machine.definition, execution.hits).to_dict(),
    }


def _describe_failing(execution: Execution) -> dict[str, str] | None:
    visit = execution.failing
    if visit is None:
        return None
    given = dump(visit.input)
    return {"state": visit.state.name, "input": given if len(given) <= _INPUT_KEPT else f"{given[:_INPUT_KEPT]}…"}
