"""Nested executions: `states:startExecution` and its kin run another machine of the test, in the same virtual time."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pipeproof.stepfunctions.answers.handlers import Reply, Request
from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.values import dump

if TYPE_CHECKING:
    from pipeproof.stepfunctions.machine import StateMachine


def run_nested(machine: "StateMachine", request: Request, mocks: Mapping[str, Any]) -> Reply:
    """The reply of a task that starts an execution of a machine.

    Without `.sync` the task succeeds at once, whatever becomes of the execution; with it, it takes as long as the
    execution took and fails with it.
    """
    payload = request.payload if isinstance(request.payload, dict) else {}
    given = payload.get("Input", {})
    value = json.loads(given) if isinstance(given, str) else given
    start = request.started
    execution = machine.run(
        {} if value is None else value, mocks, check=False, execution_name=payload.get("Name"), start_time=start
    )
    started = {"ExecutionArn": execution.arn, "StartDate": int(execution.start.timestamp() * 1000)}
    pattern = request.resource.pattern
    if not pattern:
        return Reply(started)
    description = describe(machine, execution, parsed=pattern == "sync:2")
    if execution.status == "SUCCEEDED":
        return Reply(description, submitted=started, after=execution.elapsed)
    failure = StateFailure("States.TaskFailed", dump(description))
    return Reply(failure=failure, submitted=started, after=execution.elapsed)


def describe(machine: "StateMachine", execution: Execution, *, parsed: bool) -> dict[str, Any]:
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
        "StateMachineArn": machine.arn,
        "Status": execution.status,
        "StopDate": int(stop.timestamp() * 1000),
    }
    if execution.status == "SUCCEEDED":
        return {**description, "Output": write(execution.output), "OutputDetails": {"Included": True}}
    ended = {"Error": execution.error, "Cause": execution.cause}
    return {**description, **{key: text for key, text in ended.items() if text is not None}}
