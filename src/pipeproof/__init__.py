"""Test data pipelines: Prefect flows, AWS calls, Step Functions and dbt models under one pytest run.

The names below load what they need when they are first used, so that importing pipeproof costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipeproof.errors import PipeproofError

if TYPE_CHECKING:
    from pipeproof.environments.dbt.errors import DbtFailed, DbtNothingSelected
    from pipeproof.environments.prefect.outcomes import (
        FlowCancelled,
        FlowCrashed,
        FlowFailed,
        FlowNotCompleted,
        FlowPaused,
        FlowTimedOut,
    )
    from pipeproof.stepfunctions.errors import ExecutionAborted, ExecutionFailed, ExecutionTimedOut
    from pipeproof.stepfunctions.machine import StateMachine
    from pipeproof.stepfunctions.mocks import returns, throws

__all__ = [
    "DbtFailed",
    "DbtNothingSelected",
    "ExecutionAborted",
    "ExecutionFailed",
    "ExecutionTimedOut",
    "FlowCancelled",
    "FlowCrashed",
    "FlowFailed",
    "FlowNotCompleted",
    "FlowPaused",
    "FlowTimedOut",
    "PipeproofError",
    "StateMachine",
    "returns",
    "throws",
]

_HOMES: dict[str, str] = {
    "DbtFailed": "pipeproof.environments.dbt.errors",
    "DbtNothingSelected": "pipeproof.environments.dbt.errors",
    "ExecutionAborted": "pipeproof.stepfunctions.errors",
    "ExecutionFailed": "pipeproof.stepfunctions.errors",
    "ExecutionTimedOut": "pipeproof.stepfunctions.errors",
    "FlowCancelled": "pipeproof.environments.prefect.outcomes",
    "FlowCrashed": "pipeproof.environments.prefect.outcomes",
    "FlowFailed": "pipeproof.environments.prefect.outcomes",
    "FlowNotCompleted": "pipeproof.environments.prefect.outcomes",
    "FlowPaused": "pipeproof.environments.prefect.outcomes",
    "FlowTimedOut": "pipeproof.environments.prefect.outcomes",
    "StateMachine": "pipeproof.stepfunctions.machine",
    "returns": "pipeproof.stepfunctions.mocks",
    "throws": "pipeproof.stepfunctions.mocks",
}
"""Where each public name that is not loaded at once comes from."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
