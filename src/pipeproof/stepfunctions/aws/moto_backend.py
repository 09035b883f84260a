"""What service integrations reach when no mock answers: AWS stubbed by moto, where that is active."""

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipeproof.environments.aws.botocore_hooks import acting_as, is_observed
from pipeproof.environments.aws.sending import UnstubbedEndpointError, UnstubbedOperationError
from pipeproof.environments.aws.touched import ACTIVE
from pipeproof.stepfunctions import deployment
from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.aws import emr
from pipeproof.stepfunctions.aws import names as aws_names
from pipeproof.stepfunctions.aws.jobs import wait_for_job
from pipeproof.stepfunctions.aws.shapes import from_response, to_parameters
from pipeproof.stepfunctions.errors import StateFailure, TaskNotHandled
from pipeproof.stepfunctions.values import random_uuid

if TYPE_CHECKING:
    from pipeproof.stepfunctions.answers.dispatch import Backend

_MISSING = re.compile(r'Missing required parameter in input: "(\w+)"')
NOT_OPERATIONS = frozenset({"http", "apigateway"})
"""Integrations that are no operation of a service's API."""


def active_backends(region: str, role_arn: str) -> "tuple[Backend, ...]":
    """Return the backends that are active now, for a machine that has the role."""
    return (MotoBackend(region, role_arn),) if is_moto_active() else ()


def is_moto_active() -> bool:
    """Return whether moto's mock answers boto3 in this process."""
    if "moto.core.models" not in sys.modules:
        return False
    return bool(ACTIVE.find("moto.core.models:MockAWS._mocks_active")) if ACTIVE.usable() else is_observed()


def call_stepfunctions(region: str) -> bool:
    """Calls Step Functions once, where moto's mock is active; says whether it is.

    The first call of the service is what opens the engine on the stubs of the `aws` fixture.
    """
    if is_moto_active():
        import boto3  # type: ignore[import-untyped]

        boto3.client("stepfunctions", region_name=region).list_activities()
    return is_moto_active()


class MotoBackend:
    """Calls services through boto3, which moto answers.

    Args:
        region: The region.
        role_arn: The role that makes the calls.
    """

    def __init__(self, region: str, role_arn: str) -> None:
        self._region = region
        self._role_arn = role_arn
        self._clients: dict[str, Any] = {}

    def client(self, name: str) -> Any:
        """boto3's client of a service."""
        import boto3

        if name not in self._clients:
            self._clients[name] = boto3.client(name, region_name=self._region)
        return self._clients[name]

    def call(self, request: Request) -> Reply | None:
        """Makes the call that a Resource names; None where it names none that boto3 knows."""
        resource = request.resource
        if resource.kind == "activity":
            return _activity(request)
        if resource.kind != "integration" or resource.is_lambda_invoke or resource.service in NOT_OPERATIONS:
            return None
        name = aws_names.boto_name(resource.sdk_service)
        if name is None:
            return None
        model = aws_names.service_model(name)
        operation, payload, shaped = _translated(request, model)
        if operation is None:
            return None
        try:
            response = shaped(self.invoke(name, operation, payload, plain=not request.is_task))
        except _client_errors() as error:
            return Reply(failure=_failure(error, resource.service, model, request), exception=error)
        except _parameter_errors() as error:
            return Reply(failure=_unmade(error, resource.service, model, request), exception=error)
        except (UnstubbedOperationError, UnstubbedEndpointError) as error:
            raise TaskNotHandled(
                f"nothing handles the Task {request.state!r} ({resource.arn}): {error.message}",
                hint=f"Pass mocks={{{request.state!r}: returns(...)}} or a callable to run() or deploy().",
                location=request.location,
            ) from error
        if resource.pattern == "waitForTaskToken":
            return Reply(submitted=response, waits=True)
        if resource.pattern:
            return wait_for_job(self.invoke, resource, response, request)
        if not resource.service.startswith("aws-sdk:"):
            response.update(_metadata(request))
        return Reply(response)

    def invoke(self, name: str, operation: str, payload: Any, *, plain: bool = False) -> dict[str, Any]:
        """Calls an operation with Step Functions' parameters; gives its response in Step Functions' form.

        Args:
            name: boto3's name of the service.
            operation: The operation's name in the service's model.
            payload: The parameters.
            plain: Leave bytes and dates in the response as they are.
        """
        from botocore import xform_name  # type: ignore[import-untyped]

        model = aws_names.service_model(name).operation_model(operation)
        parameters = to_parameters(payload, model.input_shape) if model.input_shape is not None else {}
        client = self.client(name)
        with acting_as(self._role_arn):
            response = getattr(client, xform_name(operation))(**(parameters if isinstance(parameters, dict) else {}))
        response.pop("ResponseMetadata", None)
        found: dict[str, Any] = from_response(response, model.output_shape, plain=plain)
        return found


def _activity(request: Request) -> Reply | None:
    """The reply to an activity's task, which a worker takes by get_activity_task, where the activity was created."""
    stub = deployment.current()
    return stub.schedule(request) if stub is not None else None


def _translated(request: Request, model: Any) -> tuple[str | None, Any, Callable[[dict[str, Any]], dict[str, Any]]]:
    """Return the operation that a Resource means, its parameters, and what makes the task's result of its response."""
    resource, payload = request.resource, request.payload
    action = emr.ACTIONS.get(resource.action) if resource.service == "elasticmapreduce" else None
    if action is None:
        return aws_names.operation_name(model, resource.action), payload, lambda response: response
    return action.operation, action.parameters(payload if isinstance(payload, dict) else {}), action.response


def _client_errors() -> type[Exception]:
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    found: type[Exception] = ClientError
    return found


def _parameter_errors() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError

    return (BotoCoreError, TypeError)


def _failure(error: Any, service: str, model: Any, request: Request) -> StateFailure:
    code = str(error.response["Error"].get("Code", "Unknown"))
    message = str(error.response["Error"].get("Message", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400))
    identifier = random_uuid(request.random)
    shape = type(error).__name__  # of an error that the model knows; botocore makes a class of it
    return StateFailure(
        aws_names.error_name(service, code if shape == "ClientError" else shape, model),
        aws_names.error_cause(service, code, message, status, identifier, model),
    )


def _unmade(error: Exception, service: str, model: Any, request: Request) -> StateFailure:
    """Return the failure of a call whose parameters boto3 does not take; the service itself would have refused them."""
    missing = _MISSING.search(str(error))
    message = f"The request could not be made: {error}"
    if missing:
        name = missing.group(1)
        message = (
            f"1 validation error detected: Value null at '{name[:1].lower() + name[1:]}' failed to satisfy constraint: "
            "Member must not be null"
        )
    code = "ValidationException"
    identifier = random_uuid(request.random)
    cause = aws_names.error_cause(service, code, message, 400, identifier, model)
    return StateFailure(aws_names.error_name(service, code, model), cause)


def _metadata(request: Request) -> dict[str, Any]:
    """Return what optimized integrations add to a response."""
    identifier = random_uuid(request.random)
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": identifier}
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": identifier},
    }
