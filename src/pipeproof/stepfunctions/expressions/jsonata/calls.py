"""Calls and partial applications, compiled."""

from collections.abc import Callable
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.callables import OPEN, Lambda, Native, PartialNative, Passed, apply
from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError, internal_error
from pipeproof.stepfunctions.expressions.jsonata.parser import Node
from pipeproof.stepfunctions.expressions.jsonata.running import Build, Env, Evaluator
from pipeproof.stepfunctions.expressions.jsonata.values import Array, Function, settle
from pipeproof.stepfunctions.values import MISSING


def function(node: Node, depth: int, build: Build) -> Evaluator:
    """Return the evaluator of `$name(…)`."""
    called, settles = call(node, depth, build), not node.goes_on

    def evaluate(value: Any, env: Env) -> Any:
        result = called(value, env, ())
        return settle(result) if settles and type(result) is Array else result

    return evaluate


def call(node: Node, depth: int, build: Build) -> Callable[[Any, Env, tuple[Any, ...]], Any]:
    """Evaluates a call; the last argument holds what `~>` puts before the call's own arguments."""
    procedure_node = node.part("procedure")
    procedure, name = build(procedure_node, depth + 1), _named(procedure_node)
    arguments = [build(argument, depth + 1) for argument in node.items]

    def called(value: Any, env: Env, first: tuple[Any, ...]) -> Any:
        target = procedure(value, env)
        if target is MISSING and _forgot_dollar(procedure_node, env):
            raise JsonataError("T1005", symbol=name, name=name)
        given = list(first)
        for argument in arguments:
            found = argument(value, env)
            given.append(Passed(found) if isinstance(found, Function) else found)
        if target is None:
            raise internal_error("null was called")
        try:
            return apply(target, given, value, env, env.base + depth)
        except JsonataError as error:
            error.symbol = error.symbol or name
            raise

    return called


def partial(node: Node, depth: int, build: Build) -> Evaluator:
    """Return the evaluator of `$name(?, …)`."""
    procedure_node = node.part("procedure")
    procedure, name = build(procedure_node, depth + 1), _named(procedure_node)
    arguments = [None if argument.kind == "operator" else build(argument, depth + 1) for argument in node.items]

    def evaluate(value: Any, env: Env) -> Any:
        given = [OPEN if argument is None else argument(value, env) for argument in arguments]
        target = procedure(value, env)
        if isinstance(target, Lambda):
            return target.partially(given)
        if isinstance(target, Native):
            return PartialNative(target, given)
        if isinstance(target, Function):
            # The reference writes a function's parameters into an expression, and cannot do so for one handed on.
            raise JsonataError("S0202", symbol="..", value=")")
        if target is MISSING and _forgot_dollar(procedure_node, env):
            raise JsonataError("T1007", symbol=name, name=name)
        raise JsonataError("T1008", symbol=name)

    return evaluate


def _named(node: Node) -> Any:
    """Return what the procedure of a call is called in messages."""
    if node.kind == "path":
        return node.items[0].value
    return None if node.kind in ("block", "lambda", "condition", "transform") else node.value


def _forgot_dollar(procedure: Node, env: Env) -> bool:
    """Return whether `name(…)` was written where `$name(…)` is a function."""
    if procedure.kind != "path":
        return False
    name = procedure.items[0].value
    return isinstance(name, str) and env.lookup(name) not in (MISSING, None, "", 0, False)
