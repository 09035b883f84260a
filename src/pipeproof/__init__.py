"""Test data pipelines: Prefect flows, AWS calls, Step Functions and dbt models under one pytest run.

The names below load what they need when they are first used, so that importing pipeproof costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipeproof.errors import PipeproofError
from pipeproof.homes import HOMES

if TYPE_CHECKING:
    from pipeproof.environments.aws.async_clients import AsyncClientError
    from pipeproof.environments.aws.seeding import SeedError
    from pipeproof.environments.aws.sending import UnstubbedEndpointError, UnstubbedOperationError
    from pipeproof.environments.aws.server import AwsServer
    from pipeproof.environments.aws.stub import AwsStub, UnknownOperationError
    from pipeproof.environments.dbt.errors import (
        DbtDifferenceError,
        DbtNameError,
        DbtNodeError,
        DbtNotBuiltError,
        DbtNothingSelected,
        DbtOptionError,
        DbtQueryError,
        DbtRefusedError,
        DbtRowsError,
        DbtSetupError,
    )
    from pipeproof.environments.dbt.result import DbtFailed, DbtResult
    from pipeproof.environments.dbt.scenario.scenario import Dbt
    from pipeproof.environments.prefect.runs.outcomes import (
        FlowCancelled,
        FlowCrashed,
        FlowFailed,
        FlowNotCompleted,
        FlowPaused,
        FlowTimedOut,
    )
    from pipeproof.environments.prefect.runs.pending import RunNotAwaitedError
    from pipeproof.environments.prefect.runs.results import FlowResult, RunNameError
    from pipeproof.environments.prefect.runs.targets import FlowParametersError, TargetError
    from pipeproof.environments.prefect.server.prefect_server import PrefectServer
    from pipeproof.environments.prefect.server.stand_in import ServerEndedError
    from pipeproof.errors import SetupError
    from pipeproof.iam.errors import ConditionKeyError, PolicyError
    from pipeproof.plugin.evidence import Evidence
    from pipeproof.plugin.prefect import CallFn, RunFlow
    from pipeproof.plugin.stepfunctions import MakeStateMachine
    from pipeproof.sandbox.network_guard import NetworkBlockedError
    from pipeproof.stepfunctions.answers.mocks import by_iteration, callback, returns, throws
    from pipeproof.stepfunctions.engine.execution import (
        Execution,
        ExecutionAborted,
        ExecutionFailed,
        ExecutionNotSucceeded,
        ExecutionTimedOut,
    )
    from pipeproof.stepfunctions.engine.single_state import StateResult
    from pipeproof.stepfunctions.errors import (
        DefinitionError,
        MachineOptionError,
        MockError,
        StateNameError,
        TaskNotHandled,
    )
    from pipeproof.stepfunctions.machine import StateMachine

__all__ = [
    "AsyncClientError",
    "AwsServer",
    "AwsStub",
    "CallFn",
    "ConditionKeyError",
    "Dbt",
    "DbtDifferenceError",
    "DbtFailed",
    "DbtNameError",
    "DbtNodeError",
    "DbtNotBuiltError",
    "DbtNothingSelected",
    "DbtOptionError",
    "DbtQueryError",
    "DbtRefusedError",
    "DbtResult",
    "DbtRowsError",
    "DbtSetupError",
    "DefinitionError",
    "Evidence",
    "Execution",
    "ExecutionAborted",
    "ExecutionFailed",
    "ExecutionNotSucceeded",
    "ExecutionTimedOut",
    "FlowCancelled",
    "FlowCrashed",
    "FlowFailed",
    "FlowNotCompleted",
    "FlowParametersError",
    "FlowPaused",
    "FlowResult",
    "FlowTimedOut",
    "MachineOptionError",
    "MakeStateMachine",
    "MockError",
    "NetworkBlockedError",
    "PipeproofError",
    "PolicyError",
    "PrefectServer",
    "RunFlow",
    "RunNameError",
    "RunNotAwaitedError",
    "SeedError",
    "ServerEndedError",
    "SetupError",
    "StateMachine",
    "StateNameError",
    "StateResult",
    "TargetError",
    "TaskNotHandled",
    "UnknownOperationError",
    "UnstubbedEndpointError",
    "UnstubbedOperationError",
    "by_iteration",
    "callback",
    "returns",
    "throws",
]

if not TYPE_CHECKING:  # or a name that does not exist would be known to type checkers, as Any

    def __getattr__(name: str) -> Any:
        if name in HOMES:
            return getattr(import_module(HOMES[name]), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
