"""Paths: steps over sequences."""

from collections.abc import Callable
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.bindings import TupleStep, tuple_step
from pipeproof.stepfunctions.expressions.jsonata.errors import internal_error
from pipeproof.stepfunctions.expressions.jsonata.parser import Node
from pipeproof.stepfunctions.expressions.jsonata.running import Build, Env, Evaluator, Run
from pipeproof.stepfunctions.expressions.jsonata.selection import grouping, item_filter, sorting
from pipeproof.stepfunctions.expressions.jsonata.values import (
    Array,
    append,
    is_sequence,
    keys,
    lookup,
    sequence,
    settle,
    units,
)
from pipeproof.stepfunctions.values import MISSING

Step = Callable[[list[Any], Env], list[Any]]


def name(node: Node, _depth: int, _build: Build) -> Evaluator:
    """Return the evaluator of a field's name."""
    wanted = node.value
    return lambda value, _env: value.get(wanted, MISSING) if isinstance(value, dict) else lookup(value, wanted)


def path(node: Node, depth: int, build: Build) -> Evaluator:
    """Return the evaluator of a path."""
    if any(step.tuple for step in node.items):
        walk = _tuple_path(node, depth, build)
    else:
        walk = _plain_path(node, depth, build)
        if not build.careful and not node.keep_singleton and node.group is None:
            return _field_path(node, walk)
    group = None if node.group is None else grouping(node.group, depth + 1, build)
    keep = node.keep_singleton

    def evaluate(value: Any, env: Env) -> Any:
        found, tuples = walk(value, env)
        if keep:
            found = _kept(found)
        return found if group is None else group(tuples if tuples is not None else found, env)

    return evaluate


Walk = Callable[[Any, Env], tuple[Any, Array | None]]


def _kept(found: Any) -> Any:
    if isinstance(found, Array):
        if found.cons and not found.sequence:
            found = sequence(found)
        found.keep = True
    return found


def _plain_path(node: Node, depth: int, build: Build) -> Walk:
    first, last = node.items[0], node.items[-1]
    steps = [_step(step, depth + 1, build, step is last) for step in node.items]
    whole = build(first, depth + 1) if first.cons_array else None
    from_variable = first.kind == "variable"

    def walk(value: Any, env: Env) -> tuple[Any, Array | None]:
        found = value if isinstance(value, list) and not from_variable else sequence(value)
        for index, step in enumerate(steps):
            found = _items(whole(found, env)) if index == 0 and whole is not None else step(found, env)
            if not found:
                break
        return found, None

    return walk


def _items(found: Any) -> Any:
    """What the next step walks over, where an array constructor with a filter gave no array: a text's characters."""
    if isinstance(found, list):
        return found
    if found is None:
        raise internal_error("a path goes on from null that a filter left of an array constructor")
    return sequence(*units(found)) if isinstance(found, str) else sequence()


def _field_path(node: Node, walk: Walk) -> Evaluator:
    """`$variable.field.field` over objects, without sequences in between; anything else as it is generally done."""
    first, *fields = node.items
    simple = not first.stages and not first.predicate and first.group is None
    if not simple or first.kind != "variable" or first.value in ("", "$") or not all(map(_is_field, fields)):
        return lambda value, env: walk(value, env)[0]
    variable, names = first.value, [step.value for step in fields]

    def evaluate(_value: Any, env: Env) -> Any:
        found = env.lookup(variable)
        for index, field in enumerate(names):
            if type(found) is not dict:
                return _fields(found, names, index, env)
            found = found.get(field, MISSING)
        return found

    return evaluate


def _is_field(step: Node) -> bool:
    plain = not step.stages and not step.predicate and not step.keep_array
    return plain and step.kind == "name" and step.group is None


def _fields(found: Any, names: list[str], start: int, env: Env) -> Any:
    """Return the rest of a path of fields, from where it comes upon something else than an object."""
    items = found if isinstance(found, list) and not (isinstance(found, Array) and found.cons) else sequence(found)
    for index in range(start, len(names)):
        if not items:
            return MISSING
        items = _field_step(items, names[index], env, index == len(names) - 1)
    return items


def _field_step(items: list[Any], name: str, env: Env, last: bool) -> list[Any]:
    env.run.spend(len(items))
    results = []
    for item in items:
        found = item.get(name, MISSING) if type(item) is dict else settle(lookup(item, name))
        if found is not MISSING:
            results.append(found)
    return _flattened(results, last)


def _flattened(results: list[Any], last: bool) -> list[Any]:
    """Return what a step found as one sequence; the last step of a path leaves a single list as it is."""
    if last and len(results) == 1 and isinstance(results[0], list) and not is_sequence(results[0]):
        return results[0]
    flat = sequence()
    for found in results:
        if isinstance(found, list) and not (isinstance(found, Array) and found.cons):
            flat.extend(found)
        else:
            flat.append(found)
    return flat


def _step(node: Node, depth: int, build: Build, last: bool) -> Step:
    if node.kind == "sort":
        sort, stages = sorting(node, depth, build), [item_filter(stage, depth, build) for stage in _filters(node)]

        def sort_step(items: list[Any], env: Env) -> Any:
            found = sort(items, env)
            for stage in stages:
                found = stage(found, env)
            return found

        return sort_step
    if not build.careful and _is_field(node):
        build.deepest = max(build.deepest, depth)
        return lambda items, env: _field_step(items, node.value, env, last)
    evaluate, filters = build(node, depth), [item_filter(stage, depth, build) for stage in _filters(node)]

    def step(items: list[Any], env: Env) -> list[Any]:
        env.run.spend(len(items))
        results = []
        for item in items:
            found = evaluate(item, env)
            for stage in filters:
                found = stage(found, env)
            if found is not MISSING:
                results.append(found)
        return _flattened(results, last)

    return step


def _filters(node: Node) -> list[Node]:
    return [stage for stage in node.stages if isinstance(stage, Node)]


def _tuple_path(node: Node, depth: int, build: Build) -> Walk:
    first, last = node.items[0], node.items[-1]
    plain: list[Step | None] = []
    bound: list[TupleStep | None] = []
    started = False
    for index, step in enumerate(node.items):
        started = started or step.tuple
        whole = index == 0 and step.cons_array
        plain.append(None if started and not whole else _step(step, depth + 1, build, step is last))
        bound.append(tuple_step(step, depth + 1, build) if started and not whole else None)
    constructed = build(first, depth + 1) if first.cons_array else None
    from_variable, keeps = first.kind == "variable", node.tuple

    def walk(value: Any, env: Env) -> tuple[Any, Array | None]:
        items: Any = value if isinstance(value, list) and not from_variable else sequence(value)
        found: Any = items
        tuples: Array | None = None
        for index, step in enumerate(node.items):
            one, other = plain[index], bound[index]
            if index == 0 and constructed is not None:
                found = constructed(items, env)
            elif other is not None:
                tuples = other(items, tuples, env)
            elif one is not None:
                found = one(items, env)
                if not found:
                    break
            if step.focus is None:
                items = found
        if tuples is None:
            tuples = sequence()
        return (tuples if keeps else Array((item["@"] for item in tuples), sequence=True)), tuples

    return walk


def wildcard(value: Any) -> Any:
    """`*`: the values of an object or a list, lists in them flattened."""
    found = sequence()
    if not isinstance(value, (dict, list)):
        return found
    for item in [value[key] for key in keys(value)] if isinstance(value, dict) else value:
        if isinstance(item, list):
            found = append(found, _flat(item))
        else:
            found.append(item)
    return found


def _flat(value: list[Any]) -> list[Any]:
    found: list[Any] = []
    for item in value:
        found.extend(_flat(item) if isinstance(item, list) else [item])
    return found


def descendants(value: Any, run: Run) -> Any:
    """`**`: the value and all that is in it."""
    if value is MISSING:
        return MISSING
    found = sequence()
    _descend(value, found, run)
    return found[0] if len(found) == 1 else found


def _descend(value: Any, found: Array, run: Run) -> None:
    if isinstance(value, list):
        run.spend(len(value))
        for item in value:
            _descend(item, found, run)
        return
    found.append(value)
    if isinstance(value, dict):
        run.spend(len(value))
        for key in keys(value):
            _descend(value[key], found, run)
