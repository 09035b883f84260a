"""Executions as Step Functions' API describes them, and the replies of Tasks that wait for their end."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.engine.run import CURRENT
from pipeproof.stepfunctions.engine.running import RunningExecution
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.values import dump

_MEMORY = 64
"""Megabytes that an Express execution is billed for at least."""


def await_end(machine_arn: str, running: RunningExecution, request: Request, started: Mapping[str, Any]) -> Reply:
    """Return the reply of a task that waits for an execution which itself waits for somebody outside."""
    parent = CURRENT.get()
    parsed = request.resource.pattern == "sync:2"
    if parent is not None and request.context.token is not None:
        pending = parent.tokens[request.context.token]
        running.is_awaited = True
        running.when_over(
            lambda over: pending.answer_at(over.ended, ended_reply(machine_arn, over.result(), started, parsed=parsed))
        )
        if running not in parent.nested:
            parent.nested.append(running)
    return Reply(submitted=started, waits=True)


def ended_reply(machine_arn: str, execution: Execution, started: Mapping[str, Any], *, parsed: bool) -> Reply:
    """Return the reply of a task that waited for an execution's end."""
    description = describe(machine_arn, execution, parsed=parsed)
    if execution.status == "SUCCEEDED":
        return Reply(description, submitted=started)
    failure = StateFailure("States.TaskFailed", dump(description))
    return Reply(failure=failure, submitted=started, exception=execution.exception)


def describe(machine_arn: str, execution: Execution, *, parsed: bool) -> dict[str, Any]:
    """What DescribeExecution says, in Step Functions' form; `parsed` gives input and output as JSON (`.sync:2`)."""

    def write(value: Any) -> Any:
        return value if parsed else dump(value)

    stop = execution.start + timedelta(seconds=execution.elapsed)
    description: dict[str, Any] = {
        "ExecutionArn": execution.arn,
        "Input": write(execution.input),
        "InputDetails": {"Included": True},
        "Name": execution.name,
        "StartDate": int(execution.start.timestamp() * 1000),
        "StateMachineArn": machine_arn,
        "Status": execution.status,
        "StopDate": int(stop.timestamp() * 1000),
    }
    if execution.status == "SUCCEEDED":
        return {**description, "Output": write(execution.output), "OutputDetails": {"Included": True}}
    ended = {"Error": execution.error, "Cause": execution.cause}
    return {**description, **{key: text for key, text in ended.items() if text is not None}}


def describe_sync(machine_arn: str, execution: Execution, start: datetime, *, with_data: bool = True) -> dict[str, Any]:
    """Return what StartSyncExecution answers."""
    milliseconds = max(1, math.ceil(execution.elapsed * 10)) * 100
    return {
        "executionArn": execution.arn,
        "stateMachineArn": machine_arn,
        "name": execution.name,
        "startDate": start,
        "stopDate": start + timedelta(seconds=execution.elapsed),
        "status": execution.status,
        **included_data(dump(execution.input), execution, with_data=with_data),
        "billingDetails": {"billedMemoryUsedInMB": _MEMORY, "billedDurationInMilliseconds": milliseconds},
    }


def included_data(given: str, execution: Execution, *, with_data: bool) -> dict[str, Any]:
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
