"""Test data pipelines: Prefect flows, AWS calls, Step Functions and dbt models under one pytest run.

The names below load what they need when they are first used, so that importing pipeproof costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipeproof.errors import PipeproofError
from pipeproof.homes import HOMES

if TYPE_CHECKING:
    from pipeproof.environments.dbt.errors import DbtNothingSelected
    from pipeproof.environments.dbt.result import DbtFailed
    from pipeproof.environments.prefect.runs.outcomes import (
        FlowCancelled,
        FlowCrashed,
        FlowFailed,
        FlowNotCompleted,
        FlowPaused,
        FlowTimedOut,
    )
    from pipeproof.stepfunctions.answers.mocks import returns, throws
    from pipeproof.stepfunctions.engine.execution import ExecutionAborted, ExecutionFailed, ExecutionTimedOut
    from pipeproof.stepfunctions.machine import StateMachine

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


def __getattr__(name: str) -> Any:
    if name in HOMES:
        return getattr(import_module(HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
