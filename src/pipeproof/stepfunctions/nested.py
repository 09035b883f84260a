"""Nested executions: `states:startExecution` and its kin run another machine of the test, in the same virtual time."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pipeproof.stepfunctions.answers.handlers import Reply, Request
from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.engine.run import CURRENT
from pipeproof.stepfunctions.engine.running import RunningExecution
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.values import dump

if TYPE_CHECKING:
    from pipeproof.stepfunctions.machine import StateMachine


def run_nested(machine: "StateMachine", request: Request, mocks: Mapping[str, Any]) -> Reply:
    """The reply of a task that starts an execution of a machine.

    Without a pattern the task succeeds at once, whatever becomes of the execution; `.sync` takes as long as the
    execution took and fails with it; `.waitForTaskToken` waits until somebody sends the token, whatever becomes of it.
    """
    payload = request.payload if isinstance(request.payload, dict) else {}
    given = payload.get("Input", {})
    value = json.loads(given) if isinstance(given, str) else given
    is_sync_call = request.resource.action == "startSyncExecution"
    if is_sync_call and machine.settings.type != "EXPRESS":
        text = "This operation is not supported by this type of state machine"
        return Reply(failure=StateFailure("Sfn.StateMachineTypeNotSupportedException", text))
    running = machine.start(
        {} if value is None else value, mocks, execution_name=payload.get("Name"), start_time=request.started
    )
    parent = CURRENT.get()
    running.advance(hold=parent is not None and parent.holds)
    pattern = request.resource.pattern
    is_awaited = pattern.startswith("sync") or is_sync_call
    if running.is_over or parent is None or not parent.holds:
        machine.keep(running.result(strict=is_awaited))
    else:
        running.when_over(lambda ended: machine.keep(ended.result()))
        parent.nested.append(running)
    if is_sync_call:
        execution = running.result()
        return Reply(_sync_answer(machine.arn, execution), after=execution.elapsed)
    started = _started(running, request)
    if not pattern:
        return Reply(started)
    if pattern == "waitForTaskToken":
        return Reply(submitted=started, waits=True)
    if running.is_over:
        reply = ended_reply(machine.arn, running.result(), started, parsed=pattern == "sync:2")
        return replace(reply, after=running.result().elapsed)
    return await_end(machine.arn, running, request, started)


def _started(running: RunningExecution, request: Request) -> dict[str, Any]:
    """What StartExecution answers."""
    start = running.run.clock.start
    is_sdk = request.resource.service.startswith("aws-sdk:")
    date = start.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    arn = running.run.settings.execution_arn
    return {"ExecutionArn": arn, "StartDate": date if is_sdk else int(start.timestamp() * 1000)}


def await_end(machine_arn: str, running: RunningExecution, request: Request, started: Mapping[str, Any]) -> Reply:
    """The reply of a task that waits for an execution which itself waits for somebody outside."""
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
    """The reply of a task that waited for an execution's end."""
    description = describe(machine_arn, execution, parsed=parsed)
    if execution.status == "SUCCEEDED":
        return Reply(description, submitted=started)
    return Reply(failure=StateFailure("States.TaskFailed", dump(description)), submitted=started)


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


def _sync_answer(machine_arn: str, execution: Execution) -> dict[str, Any]:
    """What StartSyncExecution answers, in Step Functions' form."""
    from pipeproof.stepfunctions.aws.names import service_model
    from pipeproof.stepfunctions.aws.shapes import from_response
    from pipeproof.stepfunctions.service.describing import describe_sync

    shape = service_model("stepfunctions").operation_model("StartSyncExecution").output_shape
    answer: dict[str, Any] = from_response(describe_sync(machine_arn, execution, execution.start), shape)
    return answer
