"""The API's operations by name; those that are not here are moto's own."""

from collections.abc import Callable
from typing import Any

from pipeproof.stepfunctions.answers.tokens import TokenError
from pipeproof.stepfunctions.service import (
    activities,
    executions,
    machines,
    map_runs,
    redriving,
    tags,
    testing,
    versions,
)
from pipeproof.stepfunctions.service.errors import ServiceError
from pipeproof.stepfunctions.service.state import Service

Parameters = dict[str, Any]
Answer = dict[str, Any]

OPERATIONS: dict[str, Callable[[Service, Parameters], Answer]] = {
    "CreateStateMachineAlias": versions.create_alias,
    "DeleteStateMachine": machines.delete,
    "DeleteStateMachineAlias": versions.delete_alias,
    "DeleteStateMachineVersion": versions.delete_version,
    "DescribeExecution": executions.describe,
    "DescribeMapRun": map_runs.describe,
    "DescribeStateMachine": machines.describe,
    "DescribeStateMachineAlias": versions.describe_alias,
    "DescribeStateMachineForExecution": executions.describe_machine,
    "GetActivityTask": activities.get_task,
    "GetExecutionHistory": executions.history,
    "ListExecutions": executions.list_all,
    "ListMapRuns": map_runs.list_all,
    "ListStateMachineAliases": versions.list_aliases,
    "ListStateMachineVersions": versions.list_versions,
    "ListTagsForResource": tags.list_all,
    "PublishStateMachineVersion": versions.publish,
    "RedriveExecution": redriving.redrive,
    "SendTaskFailure": activities.send_failure,
    "SendTaskHeartbeat": activities.send_heartbeat,
    "SendTaskSuccess": activities.send_success,
    "StartExecution": executions.start,
    "StartSyncExecution": executions.start_sync,
    "StopExecution": executions.stop,
    "TagResource": tags.add,
    "TestState": testing.test_state,
    "UntagResource": tags.remove,
    "UpdateMapRun": map_runs.update,
    "UpdateStateMachine": machines.update,
    "UpdateStateMachineAlias": versions.update_alias,
    "ValidateStateMachineDefinition": testing.validate_definition,
}
_OF_A_BACKEND: dict[str, Callable[[Service, Parameters, Any], Answer]] = {
    "CreateActivity": activities.create,
    "CreateStateMachine": machines.create,
}
"""Those whose account and region are the caller's, as no ARN says them."""


def answer(service: Service, operation: str, parameters: Parameters, backend: Callable[[], Any]) -> Answer | None:
    """Return what an operation answers, under boto3's names; None where it is moto's own.

    Args:
        service: The service's state.
        operation: Its name, as the API has it.
        parameters: Of the request.
        backend: Gives moto's backend of the caller's account and region.

    Raises:
        ServiceError: What the API answers in place of it.
    """
    try:
        if operation in OPERATIONS:
            return OPERATIONS[operation](service, parameters)
        if operation in _OF_A_BACKEND:
            return _OF_A_BACKEND[operation](service, parameters, backend())
    except TokenError as error:
        raise ServiceError(error.code, error.message) from error
    return None
