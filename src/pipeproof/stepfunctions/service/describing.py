"""Executions as the API describes them, under boto3's names."""

import math
from datetime import datetime, timedelta
from typing import Any

from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.service.state import Started
from pipeproof.stepfunctions.values import dump

_MEMORY = 64
"""Megabytes that an Express execution is billed for at least."""


def describe_execution(started: Started, *, with_data: bool = True) -> dict[str, Any]:
    """What DescribeExecution answers."""
    execution = started.running.result()
    answer: dict[str, Any] = {**summarize(started), **_data(started.input, execution, with_data=with_data)}
    reason = why_not_redrivable(execution)
    answer["redriveStatus"] = "REDRIVABLE" if reason is None else "NOT_REDRIVABLE"
    if reason is not None:
        answer["redriveStatusReason"] = reason
    if started.trace:
        answer["traceHeader"] = started.trace
    return answer


def summarize(started: Started) -> dict[str, Any]:
    """What ListExecutions says of an execution."""
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
    """Why an execution cannot be redriven, in AWS's words; None where it can."""
    if execution.status in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {execution.status} and cannot be redriven"
    return None


def describe_sync(machine_arn: str, execution: Execution, start: datetime, *, with_data: bool = True) -> dict[str, Any]:
    """What StartSyncExecution answers."""
    milliseconds = max(1, math.ceil(execution.elapsed * 10)) * 100
    return {
        "executionArn": execution.arn,
        "stateMachineArn": machine_arn,
        "name": execution.name,
        "startDate": start,
        "stopDate": start + timedelta(seconds=execution.elapsed),
        "status": execution.status,
        **_data(dump(execution.input), execution, with_data=with_data),
        "billingDetails": {"billedMemoryUsedInMB": _MEMORY, "billedDurationInMilliseconds": milliseconds},
    }


def _data(given: str, execution: Execution, *, with_data: bool) -> dict[str, Any]:
    """Input, output and error, or that they are left out."""
    answer: dict[str, Any] = {"inputDetails": {"included": with_data}}
    if with_data:
        answer["input"] = given
    if execution.status == "SUCCEEDED":
        answer["outputDetails"] = {"included": with_data}
        if with_data:
            answer["output"] = dump(execution.output)
    failed = {"error": execution.error, "cause": execution.cause}
    return {**answer, **{key: text for key, text in failed.items() if text is not None}}
