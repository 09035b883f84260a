"""Nested executions: `states:startExecution` and its kin run another machine of the test, in the same virtual time."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.aws.executions import await_end, describe_sync, ended_reply
from pipeproof.stepfunctions.aws.names import service_model
from pipeproof.stepfunctions.aws.shapes import from_response
from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.engine.run import CURRENT
from pipeproof.stepfunctions.engine.running import RunningExecution
from pipeproof.stepfunctions.engine.settings import Settings
from pipeproof.stepfunctions.errors import StateFailure


class Startable(Protocol):
    """The machine whose execution a Task starts."""

    @property
    def arn(self) -> str:
        """Its ARN."""

    @property
    def settings(self) -> Settings:
        """Its names, place and limits."""

    def start(
        self,
        input: Any,  # noqa: A002 - AWS's word
        mocks: Mapping[str, Any],
        *,
        execution_name: str | None,
        start_time: datetime,
    ) -> RunningExecution:
        """Prepares an execution."""

    def keep(self, execution: Execution) -> None:
        """Takes an execution that ended."""


def run_nested(machine: Startable, request: Request, mocks: Mapping[str, Any]) -> Reply:
    """Return the reply of a task that starts an execution of a machine.

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
    """Return what StartExecution answers."""
    start = running.run.clock.start
    is_sdk = request.resource.service.startswith("aws-sdk:")
    date = start.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    arn = running.run.settings.execution_arn
    return {"ExecutionArn": arn, "StartDate": date if is_sdk else int(start.timestamp() * 1000)}


def _sync_answer(machine_arn: str, execution: Execution) -> dict[str, Any]:
    """Return what StartSyncExecution answers, in Step Functions' form."""
    shape = service_model("stepfunctions").operation_model("StartSyncExecution").output_shape
    answer: dict[str, Any] = from_response(describe_sync(machine_arn, execution, execution.start), shape)
    return answer
