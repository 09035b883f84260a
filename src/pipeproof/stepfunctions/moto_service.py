"""boto3's stepfunctions on moto, run by this engine: start_execution in a user's flow runs the machine.

This module touches moto's private parts: methods of `moto.stepfunctions.models.StepFunctionBackend` are replaced while
the context is open. moto keeps what it knows (machines, names, tags, ARNs); executions are ours. They run at once, in
virtual time, so that the first describe_execution finds them ended; one that waits for a task token stays RUNNING until
send_task_success or send_task_failure brings it back.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pipeproof.environments.aws.botocore_hooks import acting_as
from pipeproof.stepfunctions.answers.handlers import Reply
from pipeproof.stepfunctions.aws.moto_backend import is_moto_active
from pipeproof.stepfunctions.definition.loading import load_definition
from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.engine.running import RunningExecution
from pipeproof.stepfunctions.errors import DefinitionError, StateFailure
from pipeproof.stepfunctions.machine import StateMachine

Observer = Callable[[StateMachine, Execution], None]


@dataclass(slots=True)
class Served:
    """What the stubs run: machines by ARN with their mocks, and the executions so far.

    Attributes:
        machines: By ARN; a machine that only moto knows is made of its definition.
        mocks: By ARN.
        running: By execution ARN.
        observers: Called with each execution that ended.
    """

    machines: dict[str, StateMachine] = field(default_factory=dict)
    mocks: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    running: dict[str, tuple[StateMachine, RunningExecution]] = field(default_factory=dict)
    observers: list[Observer] = field(default_factory=list)

    def machine_of(self, found: Any) -> StateMachine:
        """The machine that runs for one of moto's."""
        known = self.machines.get(found.arn)
        if known is not None:
            return known
        kind = getattr(found, "type", None) or getattr(found, "sm_type", None) or "STANDARD"
        account, region = found.arn.split(":")[4], found.arn.split(":")[3]
        return StateMachine(
            found.definition, name=found.name, type=kind, account=account, region=region, role_arn=found.roleArn
        )

    def start(self, found: Any, execution: Any) -> None:
        """Runs an execution that moto has just noted."""
        machine = self.machine_of(found)
        mocks = self.mocks.get(found.arn)
        value = json.loads(execution.execution_input)
        running = machine.start(value, mocks, execution_name=execution.name)
        self.running[execution.execution_arn] = (machine, running)
        self.advance(execution)

    def advance(self, execution: Any) -> None:
        """Lets an execution go on, and tells moto how it stands."""
        machine, running = self.running[execution.execution_arn]
        with acting_as(machine.settings.role_arn):  # not the caller's role, whose policy the test may enforce
            running.advance()
        result = running.result()
        execution.status = result.status
        execution.error, execution.cause = result.error, result.cause
        if running.is_over:
            execution.stop_date = execution.start_date + timedelta(seconds=result.elapsed)
            if result.status == "SUCCEEDED":
                execution.output = json.dumps(result.output)
                execution.output_details = {"included": True}
            machine.executions.append(result)
            for observer in (*machine.observers, *self.observers):
                observer(machine, result)

    def answer(self, token: str, reply: Reply) -> str | None:
        """Hands a task's answer to whoever waits for the token; gives the execution's ARN, or None."""
        for arn, (_, running) in self.running.items():
            pending = running.run.tokens.get(token)
            if pending is not None and not pending.signal.is_set and not running.is_over:
                pending.signal.set(reply)
                return arn
        return None

    def beat(self, token: str) -> bool:
        """Notes a heartbeat; False where nobody waits for the token."""
        for _, running in self.running.values():
            pending = running.run.tokens.get(token)
            if pending is not None and not running.is_over:
                if pending.heartbeat is not None:
                    pending.heartbeat()
                return True
        return False


_served: list[Served] = []


def current() -> Served | None:
    """What the innermost open context serves."""
    return _served[-1] if _served else None


@contextmanager
def engine_in_moto(observer: Observer | None = None) -> Iterator[Served]:
    """Lets boto3's stepfunctions on moto run executions by this engine, as long as the context is open.

    Combine it with `mock_aws()`; the fixture `aws` opens it by itself.

    Args:
        observer: Called with each machine and execution that ended.
    """
    from moto.stepfunctions import models

    served = Served(observers=[observer] if observer is not None else [])
    replaced = _replace(models.StepFunctionBackend, served)
    _served.append(served)
    try:
        yield served
    finally:
        _served.remove(served)
        for name, original in replaced.items():
            setattr(models.StepFunctionBackend, name, original)


def _replace(backend: Any, served: Served) -> dict[str, Any]:
    replacements = {**_execution_methods(backend, served), **_token_methods(served)}
    originals = {name: getattr(backend, name) for name in replacements}
    for name, replacement in replacements.items():
        setattr(backend, name, replacement)
    return originals


def _execution_methods(backend: Any, served: Served) -> dict[str, Any]:
    create, start, stop, describe = (
        backend.create_state_machine, backend.start_execution, backend.stop_execution, backend.describe_execution
    )  # fmt: skip

    def create_state_machine(self: Any, name: str, definition: str, *args: Any, **kwargs: Any) -> Any:
        try:
            load_definition(definition)
        except DefinitionError as error:
            raise _aws_error("InvalidDefinition", f"Invalid State Machine Definition: {error.message}") from error
        return create(self, name, definition, *args, **kwargs)

    def start_execution(self: Any, state_machine_arn: str, name: str, execution_input: str) -> Any:
        execution = start(self, state_machine_arn, name, execution_input)
        if execution.execution_arn not in served.running:
            served.start(self.describe_state_machine(state_machine_arn), execution)
        return execution

    def stop_execution(self: Any, execution_arn: str) -> Any:
        if execution_arn in served.running:
            served.running[execution_arn][1].stop()
        return stop(self, execution_arn)

    def describe_execution(self: Any, execution_arn: str) -> Any:
        if execution_arn not in served.running:
            return describe(self, execution_arn)
        machine = self._get_state_machine_for_execution(execution_arn)
        return next(found for found in machine.executions if found.execution_arn == execution_arn)

    def get_execution_history(_backend: Any, execution_arn: str) -> dict[str, Any]:
        if execution_arn not in served.running:
            raise _aws_error("ExecutionDoesNotExist", f"Execution Does Not Exist: '{execution_arn}'")
        result = served.running[execution_arn][1].result()
        return {"events": [event.to_dict(result.start) for event in result.events]}

    return {
        "create_state_machine": create_state_machine,
        "start_execution": start_execution,
        "stop_execution": stop_execution,
        "describe_execution": describe_execution,
        "get_execution_history": get_execution_history,
    }


def _token_methods(served: Served) -> dict[str, Any]:
    def finish(backend: Any, token: str, reply: Reply) -> None:
        arn = served.answer(token, reply)
        if arn is None:
            raise _aws_error("InvalidToken", "Invalid Token: 'Invalid token'")
        served.advance(backend.describe_execution(arn))

    def send_task_success(self: Any, task_token: str, outcome: str) -> None:
        try:
            value = json.loads(outcome)
        except (TypeError, ValueError) as error:
            raise _aws_error("InvalidOutput", "Invalid Output: 'the output is not valid JSON'") from error
        finish(self, task_token, Reply(value))

    def send_task_failure(self: Any, task_token: str, error: str | None = None, cause: str | None = None) -> None:
        finish(self, task_token, Reply(failure=StateFailure(error, cause)))

    def send_task_heartbeat(_backend: Any, task_token: str) -> None:
        if not served.beat(task_token):
            raise _aws_error("InvalidToken", "Invalid Token: 'Invalid token'")

    return {
        "send_task_success": send_task_success,
        "send_task_failure": send_task_failure,
        "send_task_heartbeat": send_task_heartbeat,
    }


def _aws_error(code: str, message: str) -> Exception:
    from moto.core.exceptions import AWSError

    error: Exception = type(code, (AWSError,), {"TYPE": code, "STATUS": 400})(message)
    return error


def deploy(machine: StateMachine, mocks: Mapping[str, Any] | None) -> str:
    """Creates a machine on moto, where start_execution then runs it with these mocks; gives its ARN.

    Raises:
        DefinitionError: moto is not active, or this engine is not at work in it.
    """
    if not is_moto_active():
        raise _not_served()
    import boto3  # type: ignore[import-untyped,unused-ignore]

    client = boto3.client("stepfunctions", region_name=machine.settings.region)
    known = {found["name"]: found["stateMachineArn"] for found in client.list_state_machines()["stateMachines"]}
    served = current()
    if served is None:
        raise _not_served()
    arn = known.get(machine.name)
    if arn is None:
        arn = client.create_state_machine(
            name=machine.name,
            definition=json.dumps(machine.definition.document.value),
            roleArn=machine.settings.role_arn,
            type=machine.settings.type,
        )["stateMachineArn"]
    served.machines[arn] = machine
    served.mocks[arn] = dict(mocks or {})
    return str(arn)


def _not_served() -> DefinitionError:
    return DefinitionError(
        "there is no stub of Step Functions to deploy to",
        hint="Use the `aws` fixture in the test, or open engine_in_moto() inside of mock_aws().",
    )
