"""What an execution leaves in a report: how it went, and what it has covered of its definition."""

from typing import TYPE_CHECKING, Any

from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.reporting.coverage import measure_coverage

if TYPE_CHECKING:
    from pipeproof.stepfunctions.machine import StateMachine

_PATH_KEPT = 200


def execution_evidence(machine: "StateMachine", execution: Execution) -> dict[str, Any]:
    """A record of one execution, made of JSON's types."""
    document = machine.definition.document
    return {
        "machine": machine.name,
        "file": str(document.file) if document.file else None,
        "execution": execution.name,
        "status": execution.status,
        "error": execution.error,
        "elapsed": execution.elapsed,
        "path": list(execution.path[:_PATH_KEPT]),
        "coverage": measure_coverage(machine.definition, execution.hits).to_dict(),
    }
