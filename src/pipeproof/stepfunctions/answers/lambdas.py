"""Lambda functions run in this process: how the runtime for Python answers, and how the service wraps it."""

import json
import traceback
import uuid
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

from pipeproof.stepfunctions.errors import MockError, StateFailure
from pipeproof.stepfunctions.values import dump

RESPONSE_FIELDS = frozenset(
    {"ExecutedVersion", "FunctionError", "LogResult", "Payload", "SdkHttpMetadata", "SdkResponseMetadata", "StatusCode"}
)


def load_handler(name: str, handler: str | Callable[..., Any]) -> Callable[..., Any]:
    """A function's handler, from the `package.module:handler` that stands for it.

    Raises:
        MockError: There is no such module or handler.
    """
    if callable(handler):
        return handler
    module_name, separator, attribute = handler.partition(":")
    if not separator:
        module_name, _, attribute = handler.rpartition(".")
    try:
        found: Any = import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise MockError(
            f"the handler {handler!r} of the function {name!r} cannot be loaded: {error}",
            hint='Write it as "package.module:handler", importable from where the tests run.',
        ) from error
    if not callable(found):
        raise MockError(f"{handler!r}, the handler of {name!r}, is not callable")
    return found  # type: ignore[no-any-return]


def error_payload(error: BaseException, random: Random) -> dict[str, Any]:
    """What the runtime reports for an exception that a handler raised."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).parent != Path(__file__).parent
    ]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id(random),
        "stackTrace": [
            f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n    {frame.line}\n' for frame in frames
        ]
        or ["  (no Python frame)\n"],
    }


def request_id(random: Random) -> str:
    """A request's id, the same in each run with the same seed."""
    return str(uuid.UUID(int=random.getrandbits(128), version=4))


def error_failure(error: BaseException, random: Random, *, compact: bool) -> StateFailure:
    """The failure that an exception becomes.

    Args:
        error: What the handler raised.
        random: For the request's id.
        compact: Without blanks, as `lambda:invoke` writes it; a function's ARN as Resource keeps the runtime's blanks.
    """
    payload = error_payload(error, random)
    return StateFailure(type(error).__name__, dump(payload) if compact else json.dumps(payload, ensure_ascii=False))


def read_result(result: Any) -> Any:
    """A handler's result as JSON: bytes are JSON already, all else is written and read.

    Raises:
        TypeError: It has no form in JSON, which the runtime reports as Runtime.MarshalError.
    """
    if isinstance(result, (bytes, bytearray)):
        text = bytes(result).decode()
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return json.loads(json.dumps(result))


def is_invoke_response(value: Any) -> bool:
    """Whether a mock's value is the whole answer of Lambda's Invoke rather than the function's result."""
    return isinstance(value, dict) and "Payload" in value and value.keys() <= RESPONSE_FIELDS and len(value) > 1


def wrap_result(result: Any, random: Random) -> Mapping[str, Any]:
    """The answer of `lambda:invoke` for a function's result."""
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
            "HttpStatusCode": 200,
        },
        "SdkResponseMetadata": {"RequestId": identifier},
        "StatusCode": 200,
    }
