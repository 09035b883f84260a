"""What Lambda's runtime for Python makes of a handler: its result as JSON, what it raises as an error's payload.

The rules are those of the runtime that AWS publishes (awslambdaric), which a test runs beside this module. The errors
that the service makes itself, where the process is gone (`Runtime.ExitError`, `Sandbox.Timedout`), are here as well.
"""

import json
import math
import sys
import traceback
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import simplejson
from simplejson.raw_json import RawJSON

from pipeproof.stepfunctions.values import MISSING

_PACKAGE = Path(__file__).parents[2]
Payload = dict[str, Any]


class RuntimeFault(Exception):  # noqa: N818 - the runtime's own word
    """The runtime cannot go on with the function.

    Args:
        kind: The error's type: `Runtime.MarshalError` and so on.
        message: Its text.
        trace: Lines of its stack trace.
    """

    def __init__(self, kind: str, message: str, trace: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace


class _Encoder(simplejson.JSONEncoder):
    """simplejson as the runtime sets it up: a Decimal keeps its digits, a namedtuple is an object, NaN is `NaN`."""

    def __init__(self) -> None:
        super().__init__(use_decimal=False, allow_nan=True, ensure_ascii=False)

    def default(self, o: Any) -> Any:
        if isinstance(o, Decimal):
            return math.nan if o.is_nan() else RawJSON(str(o))
        return super().default(o)


_ENCODER = _Encoder()


def write_response(result: Any) -> str:
    """Return a handler's result as the runtime sends it: JSON, and bytes as they are.

    Raises:
        RuntimeFault: It has no form in JSON.
    """
    if isinstance(result, bytes):
        return result.decode("utf-8", "replace")
    try:
        text: str = _ENCODER.encode(result)
    except Exception as error:
        fault = RuntimeFault("Runtime.MarshalError", f"Unable to marshal response: {error}")
        if type(result).__name__ in ("coroutine", "async_generator"):
            fault.add_note(
                "Lambda's runtime for Python knows no async handlers: return asyncio.run(...) from a plain one."
            )
        raise fault from error
    return text


def read_response(text: str) -> Any:
    """Return what the service reads of a response: its JSON, or the text itself where it is none.

    Returns:
        MISSING where it has NaN or Infinity in it, which is JSON for Python but not for the service.
    """
    try:
        return _DECODER.decode(text)
    except _NotJsonError:
        return MISSING
    except ValueError:
        return text


class _NotJsonError(Exception):
    pass


def _refuse(constant: str) -> None:
    raise _NotJsonError(constant)


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def error_payload(error: Exception, request_id: str) -> Payload:
    """Return what the runtime reports for what a handler raised. Causes and contexts of the exception do not show."""
    if isinstance(error, RuntimeFault):
        return _payload(error.message, error.kind, request_id, list(error.trace))
    frames = traceback.extract_tb(error.__traceback__)
    first = next((index for index, frame in enumerate(frames) if not _is_ours(frame.filename)), 0)
    stack = [(frame.filename, frame.lineno or 0, frame.name, frame.line) for frame in frames[first:]]
    return _payload(str(error), type(error).__name__, request_id, traceback.format_list(stack))


def _is_ours(filename: str) -> bool:
    return Path(filename).is_relative_to(_PACKAGE)


def _payload(message: str, kind: str, request_id: str, trace: list[str]) -> Payload:
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": trace}


def exit_payload(error: SystemExit, request_id: str) -> Payload:
    """Return what the service reports for a process that has ended by itself."""
    code = error.code if isinstance(error.code, int) else int(error.code is not None)
    how = f"Runtime exited with error: exit status {code % 256}" if code % 256 else _NO_REASON
    return {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: {request_id} Error: {how}"}


_NO_REASON = "Runtime exited without providing a reason"


def timeout_payload(seconds: float, request_id: str) -> Payload:
    """Return what the service reports for a function that has taken longer than its timeout."""
    message = f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    return {"errorType": "Sandbox.Timedout", "errorMessage": message}


def find_handler(handler: str, import_module: Callable[[str], ModuleType]) -> Any:
    """Return the function that `package/module.name` stands for.

    Args:
        handler: The function's Handler.
        import_module: Imports a module by its dotted name.

    Raises:
        RuntimeFault: The runtime would not find it.
    """
    path, dot, name = handler.rpartition(".")
    if not dot:
        reason = "not enough values to unpack (expected 2, got 1)"
        raise RuntimeFault("Runtime.MalformedHandlerName", f"Bad handler '{handler}': {reason}")
    if path.split(".")[0] in sys.builtin_module_names:
        message = f"Cannot use built-in module {path} as a handler module"
        raise RuntimeFault("Runtime.BuiltInModuleConflict", message)
    try:
        module = import_module(path.replace("/", "."))
    except ImportError as error:
        raise RuntimeFault("Runtime.ImportModuleError", f"Unable to import module '{path}': {error}") from error
    except SyntaxError as error:
        line = f'  File "{error.filename}" Line {error.lineno}\n    {error.text}'
        raise RuntimeFault(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{path}': {error}", (line,)
        ) from error
    try:
        return getattr(module, name)
    except AttributeError as error:
        message = f"Handler '{name}' missing on module '{path}'"
        raise RuntimeFault("Runtime.HandlerNotFound", message) from error
