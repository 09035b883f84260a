"""From the shaped tree to closures that evaluate it.

Each part is compiled once, with its depth below the expression or the function's body that it belongs to. How deep an
evaluation is nested is counted only in a second set of closures, made where it could come to more than is allowed.
"""

from collections.abc import Callable
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata import calls, paths, selection
from pipeproof.stepfunctions.expressions.jsonata.callables import Body, Lambda, Thunk, apply
from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError
from pipeproof.stepfunctions.expressions.jsonata.functions.matching import matcher
from pipeproof.stepfunctions.expressions.jsonata.operators import BINARY, negated
from pipeproof.stepfunctions.expressions.jsonata.parser import Node
from pipeproof.stepfunctions.expressions.jsonata.running import DEPTH, Build, Env, Evaluator, overflow
from pipeproof.stepfunctions.expressions.jsonata.shaping import parse_expression
from pipeproof.stepfunctions.expressions.jsonata.transforms import transformer
from pipeproof.stepfunctions.expressions.jsonata.values import Array, Function, settle, truth
from pipeproof.stepfunctions.values import MISSING

_SETTLED = {
    "string", "number", "value", "regex", "lambda", "partial", "transform", "unary", "variable", "function",
    "condition", "block", "bind",
}  # fmt: skip
"""Kinds whose values are never sequences of one item or none: they are none, or their parts have seen to it."""


class Closures:
    """One set of closures.

    Attributes:
        careful: Whether they count their depth.
        deepest: How deep their parts are nested.
    """

    def __init__(self, careful: bool) -> None:
        self.careful = careful
        self.deepest = 0

    def __call__(self, node: Node, depth: int) -> Evaluator:
        """Return the evaluator of a part at a depth."""
        self.deepest = max(self.deepest, depth)
        work = _KINDS[node.kind](node, depth, self)
        if self.careful:
            work = _guarded(work, depth)
        for predicate in node.predicate:
            work = _followed(work, selection.item_filter(predicate, depth + 1, self))
        grouped = node.kind != "path" and node.group is not None
        if grouped:
            work = _followed(work, selection.grouping(node.group or [], depth + 1, self))
        settled = node.kind in _SETTLED or (node.kind == "binary" and node.value != "..")
        if node.keep_array or node.predicate or not (settled or grouped):
            return _settled(work, node.keep_array)
        return work


def compile_node(node: Node, careful: bool = False) -> tuple[Evaluator, int]:
    """Return the evaluator of a whole expression or a function's body, and how deep its parts are nested."""
    build = Closures(careful)
    return build(node, 1), build.deepest


def _settled(work: Evaluator, keep: bool) -> Evaluator:
    def settled(value: Any, env: Env) -> Any:
        result = work(value, env)
        return settle(result, keep) if type(result) is Array else result

    return settled


def _guarded(work: Evaluator, depth: int) -> Evaluator:
    def guarded(value: Any, env: Env) -> Any:
        if env.base + depth > DEPTH:
            raise overflow(env.base + depth)
        return work(value, env)

    return guarded


def _followed(work: Evaluator, then: Evaluator) -> Evaluator:
    return lambda value, env: then(work(value, env), env)


def _literal(node: Node, _depth: int, _build: Build) -> Evaluator:
    literal = node.value
    return lambda _value, _env: literal


def _variable(node: Node, _depth: int, _build: Build) -> Evaluator:
    name, settles = node.value, not node.goes_on
    if name == "":
        return lambda value, _env: settle(value) if settles and type(value) is Array else value

    def variable(_value: Any, env: Env) -> Any:
        scope: Env | None = env
        while scope is not None:
            if name in scope.names:
                found = scope.names[name]
                return settle(found) if settles and type(found) is Array else found
            scope = scope.parent
        return MISSING

    return variable


def _parent(node: Node, _depth: int, _build: Build) -> Evaluator:
    slot = node.slot
    return lambda _value, env: MISSING if slot is None else env.lookup(slot.label)


def _unary(node: Node, depth: int, build: Build) -> Evaluator:
    if node.value == "-":
        operand = build(node.part("lhs"), depth + 1)
        return lambda value, env: negated(operand(value, env))
    if node.value == "{":
        return selection.grouping(node.pairs, depth + 1, build)
    items = [(item.kind == "unary" and item.value == "[", build(item, depth + 1)) for item in node.items]
    cons = node.cons_array

    def array(value: Any, env: Env) -> Any:
        made = Array()
        for nested, item in items:
            found = item(value, env)
            if found is MISSING:
                continue
            if nested or not isinstance(found, list):
                made.append(found)
            else:
                made.extend(found)
        made.cons = cons
        return made

    return array


def _binary(node: Node, depth: int, build: Build) -> Evaluator:
    left, right = build(node.part("lhs"), depth + 1), build(node.part("rhs"), depth + 1)
    if node.value in ("and", "or"):
        return _logical(node.value, left, right)
    operate = BINARY[node.value]
    return lambda value, env: operate(left(value, env), right(value, env))


def _logical(operator: str, left: Evaluator, right: Evaluator) -> Evaluator:
    ends = operator == "or"

    def logical(value: Any, env: Env) -> Any:
        found = left(value, env)
        try:
            return ends if truth(found) is ends else truth(right(value, env))
        except JsonataError as error:
            error.symbol = operator
            raise

    return logical


def _condition(node: Node, depth: int, build: Build) -> Evaluator:
    condition, then = build(node.part("condition"), depth + 1), build(node.part("then"), depth + 1)
    if node.otherwise is None:
        return lambda value, env: then(value, env) if truth(condition(value, env)) else MISSING
    otherwise = build(node.otherwise, depth + 1)
    return lambda value, env: then(value, env) if truth(condition(value, env)) else otherwise(value, env)


def _block(node: Node, depth: int, build: Build) -> Evaluator:
    parts = [build(part, depth + 1) for part in node.items]

    def block(value: Any, env: Env) -> Any:
        scope = env.inner({})
        result = MISSING
        for part in parts:
            result = part(value, scope)
        return result

    return block


def _bind(node: Node, depth: int, build: Build) -> Evaluator:
    name, right = node.part("lhs").value, build(node.part("rhs"), depth + 1)

    def bind(value: Any, env: Env) -> Any:
        env.names[name] = found = right(value, env)
        return found

    return bind


def _wildcard(_node: Node, _depth: int, _build: Build) -> Evaluator:
    return lambda value, _env: paths.wildcard(value)


def _descendant(_node: Node, _depth: int, _build: Build) -> Evaluator:
    return lambda value, env: paths.descendants(value, env.run)


def _regex(node: Node, _depth: int, _build: Build) -> Evaluator:
    function = matcher(node.value)
    return lambda _value, _env: function


def _lambda(node: Node, _depth: int, build: Build) -> Evaluator:
    inner = node.part("body")
    if node.thunk:
        called = inner.part("procedure")
        procedure, arguments = build(called, 1), [build(argument, 1) for argument in inner.items]
        name = called.value if called.kind == "variable" else None
        return lambda value, env: Thunk(procedure, arguments, value, env, name)
    parameters = [argument.value for argument in node.items]
    body = Body(parameters, node.signature, lambda careful: compile_node(inner, careful))
    return lambda value, env: Lambda(body, value, env)


def _apply_operator(node: Node, depth: int, build: Build) -> Evaluator:
    left, following = build(node.part("lhs"), depth + 1), node.part("rhs")
    if following.kind == "function":
        called = calls.call(following, depth, build)
        return lambda value, env: called(value, env, (left(value, env),))
    right = build(following, depth + 1)

    def applied(value: Any, env: Env) -> Any:
        found, function = left(value, env), right(value, env)
        if not isinstance(function, Function):
            raise JsonataError("T2006", value=function)
        if isinstance(found, Function):
            return apply(_CHAIN(None, env), [found, function], None, env, env.base + depth)
        return apply(function, [found], None, env, env.base + depth)

    return applied


def _transform(node: Node, _depth: int, build: Build) -> Evaluator:
    pattern, update = build(node.part("pattern"), 1), build(node.part("update"), 1)
    delete = build(node.delete, 1) if node.delete is not None else None
    return lambda _value, env: transformer(pattern, update, delete, env)


_KINDS: dict[str, Callable[[Node, int, Build], Evaluator]] = {
    "path": paths.path, "binary": _binary, "unary": _unary, "name": paths.name, "string": _literal, "number": _literal,
    "value": _literal, "wildcard": _wildcard, "descendant": _descendant, "parent": _parent, "condition": _condition,
    "block": _block, "bind": _bind, "regex": _regex, "function": calls.function, "variable": _variable,
    "lambda": _lambda, "partial": calls.partial, "apply": _apply_operator, "transform": _transform,
}  # fmt: skip
_CHAIN = compile_node(parse_expression("function($f, $g) { function($x){ $g($f($x)) } }"))[0]
"""What `~>` between two functions makes of them."""
