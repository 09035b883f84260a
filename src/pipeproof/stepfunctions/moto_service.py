"""boto3's stepfunctions on moto, run by this engine: start_execution in a user's flow runs the machine.

What is touched of moto is listed in `SERVICE`: where that has changed, moto answers by itself. moto
keeps state machines, aliases, activities and tags; executions and the rules of the API are ours, in
[pipeproof.stepfunctions.service][]. Executions run at once, in virtual time, so that the first describe_execution finds
them ended; one that waits for a task token or a worker stays RUNNING until it is answered, or until the test lets
virtual time pass.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from pipeproof.environments.aws.touched import MOTO
from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.deployment import announced
from pipeproof.stepfunctions.machine import StateMachine
from pipeproof.stepfunctions.service import state
from pipeproof.stepfunctions.service.activities import schedule
from pipeproof.stepfunctions.service.errors import ServiceError
from pipeproof.stepfunctions.service.operations import answer

SERVICE = MOTO.hook(
    "state machines are answered by moto itself, which does not run them, and `deploy()` refuses to work",
    "moto.stepfunctions.responses:StepFunctionResponse.call_action(self)",
    "moto.stepfunctions.responses:StepFunctionResponse._get_action(self)",
    "moto.stepfunctions.responses:StepFunctionResponse.stepfunction_backend",
    "moto.stepfunctions.responses:StepFunctionResponse.serialized(self, action_result)",
    "moto.stepfunctions.models:stepfunctions_backends",
    "moto.core.responses:ActionResult(result)",
    "moto.core.exceptions:AWSError",
)


@contextmanager
def engine_in_moto(observer: state.Observer | None = None) -> Iterator[state.Service]:
    """Lets boto3's stepfunctions on moto run executions by this engine, as long as the context is open.

    Combine it with `mock_aws()`; the fixture `aws` opens it by itself.

    Args:
        observer: Called with each machine and execution that ended.
    """
    service = state.Service(observers=[observer] if observer is not None else [])
    with ExitStack() as stack:
        makes = {"moto.stepfunctions.responses:StepFunctionResponse.call_action": lambda it: _wrap(it, service)}
        if SERVICE.enter(stack, makes):
            stack.enter_context(announced(_MotoStub(service)))
        yield service


@dataclass(frozen=True, slots=True)
class _MotoStub:
    """What machines and their Tasks find while the context is open."""

    service: state.Service

    def deploy(self, machine: StateMachine, mocks: Mapping[str, Any] | None) -> str:
        """Creates or updates the machine on moto, where start_execution then runs it with these mocks."""
        import boto3  # type: ignore[import-untyped,unused-ignore]

        client = boto3.client("stepfunctions", region_name=machine.settings.region)
        definition = json.dumps(machine.definition.document.value)
        pages = client.get_paginator("list_state_machines").paginate()
        known = {found["name"]: found["stateMachineArn"] for page in pages for found in page["stateMachines"]}
        arn = known.get(machine.name)
        role, kind = machine.settings.role_arn, machine.settings.type
        if arn is None:
            created = client.create_state_machine(name=machine.name, definition=definition, roleArn=role, type=kind)
            arn = created["stateMachineArn"]
        elif client.describe_state_machine(stateMachineArn=arn)["definition"] != definition:
            client.update_state_machine(stateMachineArn=arn, definition=definition, roleArn=role)
        self.service.deploy(str(arn), state.Deployed(machine, definition, dict(mocks or {})))
        return str(arn)

    def schedule(self, request: Request) -> Reply | None:
        """Lets a worker take an activity's task, where the activity was created."""
        return schedule(self.service, request)


def _wrap(original: Any, service: state.Service) -> Callable[[Any], Any]:
    from moto.core.exceptions import AWSError
    from moto.core.responses import ActionResult

    def call_action(response: Any) -> Any:
        with SERVICE.known():
            operation = response._get_action()  # noqa: SLF001 - listed in SERVICE
            parameters = json.loads(response.body or "{}")
        try:
            found = answer(service, operation, parameters, lambda: response.stepfunction_backend)
        except ServiceError as error:
            raise AWSError(error.message, error.code) from error
        return original(response) if found is None else response.serialized(ActionResult(found))

    return call_action
