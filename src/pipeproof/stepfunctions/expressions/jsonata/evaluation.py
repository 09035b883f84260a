"""Compiles and evaluates expressions."""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.additions import ADDED
from pipeproof.stepfunctions.expressions.jsonata.callables import Body
from pipeproof.stepfunctions.expressions.jsonata.compiler import compile_node
from pipeproof.stepfunctions.expressions.jsonata.errors import (
    STACK,
    JsonataError,
    JsonataSyntaxError,
    ResultTypeError,
    internal_error,
)
from pipeproof.stepfunctions.expressions.jsonata.functions import BUILT_IN
from pipeproof.stepfunctions.expressions.jsonata.parser import Node
from pipeproof.stepfunctions.expressions.jsonata.running import DEPTH, Env, Run, World
from pipeproof.stepfunctions.expressions.jsonata.shaping import parse_expression
from pipeproof.stepfunctions.expressions.jsonata.texts import number_text
from pipeproof.stepfunctions.expressions.jsonata.values import Function
from pipeproof.stepfunctions.values import MISSING

_FUNCTIONS: dict[str, Any] = {**BUILT_IN, **ADDED}


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """Return the tree of an expression (without its marks).

    Raises:
        JsonataSyntaxError: It does not parse.
    """
    try:
        return parse_expression(text)
    except RecursionError as error:
        raise JsonataSyntaxError("", "the expression is nested too deep") from error


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Body:
    """Return an expression (without its marks), ready to be evaluated.

    Raises:
        JsonataSyntaxError: It does not parse.
    """
    node = parse(text)
    try:
        return Body((), None, lambda careful: compile_node(node, careful))
    except RecursionError as error:
        raise JsonataSyntaxError("", "the expression is nested too deep") from error


def evaluate(text: str, variables: Mapping[str, Any], world: World) -> Any:
    """Evaluates an expression (without its marks).

    Args:
        text: The expression.
        variables: By name without `$`; `states` among them.
        world: Time and chance.

    Returns:
        A JSON value, or MISSING where the expression gives nothing (undefined). Infinity and NaN are the texts that
        JavaScript writes for them, as the service has it.

    Raises:
        JsonataError: It failed, or gives what JSON has no form for.
        JsonataSyntaxError: It does not parse.
    """
    body = compile_expression(text)
    run = Run(world)
    env = Env(dict(variables), Env(_FUNCTIONS, None, run, 0), run, 0)
    try:
        return _plain(body.at(0)(MISSING, env))
    except JsonataError:
        raise
    except RecursionError as error:
        raise JsonataError(None, STACK.format(depth=DEPTH + 1, limit=DEPTH)) from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A value of another type than a function of the language counts on: the reference breaks in its own way.
        raise internal_error(f"{type(error).__name__}: {error}") from error


def _number(value: float) -> int | float | str:
    text = number_text(value)
    if not math.isfinite(value):
        return text
    return int(text) if value.is_integer() and "e" not in text else value


def _is_plain(value: Any) -> bool:
    """Return whether the value is one of JSON already, so that it can be handed on as it is."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return True
    if kind is dict:
        return all(map(_is_plain, value.values()))
    if kind is list:
        return all(map(_is_plain, value))
    return kind is float and math.isfinite(value) and not value.is_integer()


def _plain(value: Any) -> Any:
    """Return a JSON value of lists, dicts, strings, ints and floats."""
    if _is_plain(value):
        return value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not MISSING}
    if isinstance(value, list):
        return [None if item is MISSING else _plain(item) for item in value]
    if type(value) is float:
        return _number(value)
    if isinstance(value, Function):
        raise ResultTypeError
    return value
