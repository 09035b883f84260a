"""What the tests ask to be run: a flow with its parameters, or a function; and what is said where it is neither."""

import inspect
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeproof.errors import PipeproofError
from pipeproof.text import closest

if TYPE_CHECKING:
    from prefect.flows import Flow


class TargetError(PipeproofError, TypeError):
    """What is to be run is no flow, or nothing that can be called."""


class FlowParametersError(PipeproofError, TypeError):
    """The flow does not take these arguments."""


def require_flow(target: Any) -> "Flow[..., Any]":
    """Return the flow that it is.

    Raises:
        TargetError: It is something else.
    """
    from prefect import Flow, Task

    if isinstance(target, Flow):
        return target
    if isinstance(target, Task):
        hint = f"call the task in a flow and run that, or test its function alone: call_fn({target.fn.__name__}, …)"
        raise TargetError(f"run_flow takes a flow, and this is the task {target.name!r}", hint=hint)
    if inspect.iscoroutine(target):
        target.close()  # or Python warns that it was never awaited
    elif callable(target):
        name = getattr(target, "__qualname__", repr(target))
        hint = "decorate it with @flow, or call it as it is"
        raise TargetError(f"run_flow takes a flow, and {name} is a plain function or class", hint=hint)
    hint = "pass the flow itself, and its arguments after it: run_flow(my_flow, 1, day='monday')"
    raise TargetError(f"run_flow takes a flow, and this is of type {type(target).__name__}", hint=hint)


def require_function(target: Any) -> Any:
    """Return the function underneath a flow or task, or the function that it is.

    Raises:
        TargetError: It cannot be called.
    """
    function = getattr(target, "fn", target)
    if callable(function):
        return function
    if inspect.iscoroutine(target):
        target.close()
    hint = "pass the flow or task itself, and its arguments after it: call_fn(my_task, 1)"
    raise TargetError(
        f"call_fn takes a flow, a task or a function, and this is of type {type(target).__name__}", hint=hint
    )


def bind_parameters(
    flow: "Flow[..., Any]", arguments: tuple[Any, ...], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the flow's parameters by name, defaults included.

    Raises:
        FlowParametersError: It does not take these, or not all that it needs are there.
    """
    from prefect.exceptions import ParameterBindError
    from prefect.utilities.callables import get_call_parameters

    try:
        return get_call_parameters(flow.fn, arguments, dict(parameters))
    except ParameterBindError:
        signature = inspect.signature(flow.fn)
        try:
            signature.bind(*arguments, **parameters)
        except TypeError as wrong:
            reason = str(wrong)
        else:  # pragma: no cover - Prefect binds as Python does
            raise
        hint = f"its signature is {flow.fn.__name__}{signature}{_advice(signature, parameters)}"
        raise FlowParametersError(f"flow {flow.name!r} cannot be called so: {reason}", hint=hint) from None


def too_large(
    flow: "Flow[..., Any]", parameters: Mapping[str, Any], error: BaseException | None
) -> FlowParametersError | None:
    """Return the error for parameters that Prefect's server has refused for their size; None where that is not it."""
    from prefect.exceptions import PrefectHTTPStatusError

    if not isinstance(error, PrefectHTTPStatusError):
        return None
    limit = re.search(r"parameters must be less than ([\d,]+) bytes", error.response.text)
    if limit is None:
        return None
    sizes = {name: len(json.dumps(value)) for name, value in flow.serialize_parameters(dict(parameters)).items()}
    largest = max(sizes, key=lambda name: sizes[name])
    return FlowParametersError(
        f"flow {flow.name!r} cannot be run: its parameter {largest!r} has {sizes[largest]:,} bytes as JSON, and"
        f" Prefect's server takes {limit[1]} for all parameters of a run",
        hint="pass the path or the key of large data, and have the flow read it",
    )


def _advice(signature: inspect.Signature, parameters: Mapping[str, Any]) -> str:
    for name in parameters:
        if name in signature.parameters:
            continue
        if name == "return_state":
            return "; run_flow(…, check=False) gives the state, as `.state` of the result"
        if close := closest(name, signature.parameters):
            return f"; did you mean {close}?"
    if "check" in signature.parameters:
        return "; `check=` is run_flow's own, so give the flow's by its position"
    return ""
