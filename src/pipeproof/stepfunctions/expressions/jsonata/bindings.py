"""Paths with bindings: `@` and `#` name an item or its place, `%` is the object that an item was found in.

A binding is a dict of what the steps so far have named, the value itself at `@`.
"""

from collections.abc import Callable
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.parser import Node
from pipeproof.stepfunctions.expressions.jsonata.running import Build, Env
from pipeproof.stepfunctions.expressions.jsonata.selection import item_filter, sorting
from pipeproof.stepfunctions.expressions.jsonata.values import Array, sequence
from pipeproof.stepfunctions.values import MISSING

TupleStep = Callable[[list[Any], Array | None, Env], Array]


def tuple_step(node: Node, depth: int, build: Build) -> TupleStep:
    """Return a step of a path with bindings: from bindings to bindings, or from the first items to them."""
    stages = [stage if isinstance(stage, str) else item_filter(stage, depth, build) for stage in node.stages]
    make = _sort_tuples(node, depth, build) if node.kind == "sort" else _bind_tuples(node, depth, build)

    def step(items: list[Any], tuples: Array | None, env: Env) -> Array:
        found = make(items, tuples, env)
        for stage in stages:
            if isinstance(stage, str):
                for index, bindings in enumerate(found):
                    bindings[stage] = index
            else:
                found = stage(found, env)
        return found

    return step


def _sort_tuples(node: Node, depth: int, build: Build) -> TupleStep:
    sort = sorting(node, depth, build)

    def step(items: list[Any], tuples: Array | None, env: Env) -> Any:
        if tuples is not None:
            return sort(tuples, env)
        found = _tuples()
        for index, item in enumerate(sort(items, env)):
            bindings = {"@": item}
            if node.index is not None:
                bindings[node.index] = index
            found.append(bindings)
        return found

    return step


def _tuples() -> Array:
    made = sequence()
    made.tuples = True
    return made


def _bind_tuples(node: Node, depth: int, build: Build) -> TupleStep:
    evaluate = build(node, depth)

    def step(items: list[Any], tuples: Array | None, env: Env) -> Array:
        found = _tuples()
        before: list[Any] = [{"@": item} for item in items] if tuples is None else tuples
        env.run.spend(len(before))
        for bindings in before:
            result = evaluate(bindings["@"], env.inner(dict(bindings)))
            if result is MISSING:
                continue
            inner = isinstance(result, Array) and result.tuples
            for index, item in enumerate(result if isinstance(result, list) else [result]):
                found.append({**bindings, **(item if inner else _bindings(node, bindings, item, index))})
        return found

    return step


def _bindings(node: Node, before: dict[str, Any], item: Any, index: int) -> dict[str, Any]:
    made: dict[str, Any] = {"@": item}
    if node.focus is not None:
        made = {node.focus: item, "@": before["@"]}
    if node.index is not None:
        made[node.index] = index
    if node.ancestor is not None:
        made[node.ancestor.label] = before["@"]
    return made
