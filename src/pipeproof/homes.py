"""Where each name comes from that users import from `pipeproof`, and that is not loaded at once.

Beside the names of the interface, the types of the fixtures among them, these are the errors that a test can fail with:
one of them is named as a user would import it, `pipeproof.DbtRowsError`, in a traceback and in pytest's summary.
"""

_NAMES = {
    "pipeproof.environments.aws.async_clients": ("AsyncClientError",),
    "pipeproof.environments.aws.seeding": ("SeedError",),
    "pipeproof.environments.aws.sending": ("UnstubbedEndpointError", "UnstubbedOperationError"),
    "pipeproof.environments.aws.server": ("AwsServer",),
    "pipeproof.environments.aws.stub": (
        "AwsStub",
        "UnknownOperationError",
    ),
    "pipeproof.environments.dbt.errors": (
        "DbtDifferenceError",
        "DbtNameError",
        "DbtNodeError",
        "DbtNotBuiltError",
        "DbtNothingSelected",
        "DbtOptionError",
        "DbtQueryError",
        "DbtRefusedError",
        "DbtRowsError",
        "DbtSetupError",
    ),
    "pipeproof.environments.dbt.result": (
        "DbtFailed",
        "DbtResult",
    ),
    "pipeproof.environments.dbt.scenario.scenario": ("Dbt",),
    "pipeproof.environments.prefect.runs.outcomes": (
        "FlowCancelled",
        "FlowCrashed",
        "FlowFailed",
        "FlowNotCompleted",
        "FlowPaused",
        "FlowTimedOut",
    ),
    "pipeproof.environments.prefect.runs.pending": ("RunNotAwaitedError",),
    "pipeproof.environments.prefect.runs.results": (
        "FlowResult",
        "RunNameError",
    ),
    "pipeproof.environments.prefect.server.prefect_server": ("PrefectServer",),
    "pipeproof.environments.prefect.server.stand_in": ("ServerEndedError",),
    "pipeproof.environments.prefect.runs.targets": (
        "FlowParametersError",
        "TargetError",
    ),
    "pipeproof.errors": ("SetupError",),
    "pipeproof.iam.errors": ("ConditionKeyError", "PolicyError"),
    "pipeproof.plugin.evidence": ("Evidence",),
    "pipeproof.plugin.prefect": (
        "CallFn",
        "RunFlow",
    ),
    "pipeproof.plugin.stepfunctions": ("MakeStateMachine",),
    "pipeproof.sandbox.network_guard": ("NetworkBlockedError",),
    "pipeproof.stepfunctions.engine.execution": (
        "Execution",
        "ExecutionAborted",
        "ExecutionFailed",
        "ExecutionNotSucceeded",
        "ExecutionTimedOut",
    ),
    "pipeproof.stepfunctions.errors": (
        "DefinitionError",
        "MachineOptionError",
        "MockError",
        "StateNameError",
        "TaskNotHandled",
    ),
    "pipeproof.stepfunctions.engine.single_state": ("StateResult",),
    "pipeproof.stepfunctions.machine": ("StateMachine",),
    "pipeproof.stepfunctions.answers.mocks": (
        "by_iteration",
        "callback",
        "returns",
        "throws",
    ),
}

HOMES: dict[str, str] = {name: home for home, names in _NAMES.items() for name in names}
"""The module of each name."""
