"""What the Lambda service is given by Step Functions and gives back: events, responses and errors of a function."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

from pipeproof.stepfunctions.answers.python_runtime import Payload
from pipeproof.stepfunctions.definition.resources import Resource
from pipeproof.stepfunctions.errors import StateFailure, runtime_failure
from pipeproof.stepfunctions.values import dump, random_uuid

RESPONSE_FIELDS = frozenset(
    {"ExecutedVersion", "FunctionError", "LogResult", "Payload", "SdkHttpMetadata", "SdkResponseMetadata", "StatusCode"}
)


def calls_function(resource: Resource) -> bool:
    """Return whether a Resource calls a Lambda function: by its ARN, or by one of the two integrations of Invoke."""
    return resource.kind == "lambda" or (resource.sdk_service == "lambda" and resource.action == "invoke")


def called_function(resource: Resource, payload: Any) -> str | None:
    """Return the name or ARN of the function that a Task calls, if it calls one."""
    if resource.kind == "lambda":
        return resource.arn
    if not calls_function(resource) or not isinstance(payload, dict):
        return None
    name = payload.get("FunctionName")
    return name if isinstance(name, str) else None


def read_event(resource: Resource, payload: Any) -> Any:
    """Return the event of the function that a Task calls.

    A `Payload` that is text is JSON for `lambda:invoke` where it can be read as that, and else a string.

    Raises:
        StateFailure: The service does not take such a Payload.
    """
    if resource.kind == "lambda":
        return payload
    given = payload.get("Payload")
    if given is None:
        return {}
    if isinstance(given, (bool, int, float)):
        raise runtime_failure(
            f"The Parameters '{dump(payload)}' could not be used to start the Task: [The value for the field 'Payload' "
            "must be a STRING]"
        )
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError as error:
        if resource.is_lambda_invoke:
            return given
        cause = f"Could not parse request body into json: {error} (Service: Lambda, Status Code: 400)"
        raise StateFailure("Lambda.InvalidRequestContentException", cause) from error


def request_id(random: Random) -> str:
    """Return a request's id, the same in each run with the same seed."""
    return random_uuid(random)


def function_failure(payload: Payload, *, compact: bool) -> StateFailure:
    """The failure of a Task whose function has ended with an error.

    Args:
        payload: What the runtime or the service has reported.
        compact: Without blanks, as `lambda:invoke` writes it; a function's ARN as Resource keeps the runtime's blanks.
    """
    return StateFailure(payload["errorType"], dump(payload) if compact else json.dumps(payload, ensure_ascii=False))


def is_invoke_response(value: Any) -> bool:
    """Return whether a mock's value is the whole answer of Lambda's Invoke rather than the function's result."""
    return isinstance(value, dict) and "Payload" in value and value.keys() <= RESPONSE_FIELDS and len(value) > 1


def sdk_response(text: str, *, failed: bool) -> dict[str, Any]:
    """Return the answer of `aws-sdk:lambda:invoke`, for which a function's error is no failure of the task."""
    error = {"FunctionError": "Unhandled"} if failed else {}
    return {"ExecutedVersion": "$LATEST", **error, "Payload": text, "StatusCode": 200}


def accepted(payload: Mapping[str, Any], random: Random) -> Mapping[str, Any]:
    """Return the answer where the InvocationType is Event (the function runs on its own) or DryRun (nothing runs)."""
    status = 202 if payload.get("InvocationType") == "Event" else 204
    return {**wrap_result("", random, status=status), "Payload": ""}


def wrap_result(result: Any, random: Random, *, status: int = 200) -> Mapping[str, Any]:
    """Return the answer of `lambda:invoke` for a function's result."""
    identifier = request_id(random)
    length = str(len(dump(result)))
    return {
        "ExecutedVersion": "$LATEST",
        "Payload": result,
        "SdkHttpMetadata": {
            "AllHttpHeaders": {
                "X-Amz-Executed-Version": ["$LATEST"],
                "x-amzn-Remapped-Content-Length": ["0"],
                "Connection": ["keep-alive"],
                "x-amzn-RequestId": [identifier],
                "Content-Length": [length],
                "Content-Type": ["application/json"],
            },
            "HttpHeaders": {
                "Connection": "keep-alive",
                "Content-Length": length,
                "Content-Type": "application/json",
                "X-Amz-Executed-Version": "$LATEST",
                "x-amzn-Remapped-Content-Length": "0",
                "x-amzn-RequestId": identifier,
            },
            "HttpStatusCode": status,
        },
        "SdkResponseMetadata": {"RequestId": identifier},
        "StatusCode": status,
    }
