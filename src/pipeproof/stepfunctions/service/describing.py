"""Executions as the API describes them, under boto3's names."""

from typing import Any

from pipeproof.stepfunctions.aws.executions import included_data
from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.service.state import Started


def describe_execution(started: Started, *, with_data: bool = True) -> dict[str, Any]:
    """Return what DescribeExecution answers."""
    execution = started.running.result()
    answer: dict[str, Any] = {**summarize(started), **included_data(started.input, execution, with_data=with_data)}
    reason = why_not_redrivable(execution)
    answer["redriveStatus"] = "REDRIVABLE" if reason is None else "NOT_REDRIVABLE"
    if reason is not None:
        answer["redriveStatusReason"] = reason
    if started.trace:
        answer["traceHeader"] = started.trace
    return answer


def summarize(started: Started) -> dict[str, Any]:
    """Return what ListExecutions says of an execution."""
    running = started.running
    answer: dict[str, Any] = {
        "executionArn": started.arn,
        "stateMachineArn": started.machine_arn,
        "name": started.name,
        "status": running.status,
        "startDate": started.start,
        "redriveCount": len(started.redrives),
    }
    if running.is_over:
        answer["stopDate"] = running.ended
    if started.redrives:
        answer["redriveDate"] = started.redrives[-1]
    arns = {"stateMachineVersionArn": started.version_arn, "stateMachineAliasArn": started.alias_arn}
    return {**answer, **{key: arn for key, arn in arns.items() if arn is not None}}


def why_not_redrivable(execution: Execution) -> str | None:
    """Return why an execution cannot be redriven, in AWS's words; None where it can."""
    if execution.status in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {execution.status} and cannot be redriven"
    return None
