"""What stands after a step: filters `[…]`, groups `{…}` and sorting `^(…)`."""

from collections.abc import Callable
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError, internal_error
from pipeproof.stepfunctions.expressions.jsonata.parser import Node
from pipeproof.stepfunctions.expressions.jsonata.running import Build, Env, Evaluator
from pipeproof.stepfunctions.expressions.jsonata.values import (
    Array,
    append,
    are_numbers,
    floor,
    is_any_number,
    is_number,
    keys,
    less,
    merge_sort,
    same,
    sequence,
    truth,
)
from pipeproof.stepfunctions.values import MISSING


def item_filter(node: Node, depth: int, build: Build) -> Evaluator:
    """`[…]`: which items of a sequence stay; a number is an index, and so is each of several."""
    evaluate = build(node, depth)
    if node.kind == "number":
        wanted = floor(node.value)
        return lambda value, _env: _at(value, int(wanted))

    def filtered(value: Any, env: Env) -> Any:
        tuples = isinstance(value, Array) and value.tuples
        items = value if isinstance(value, list) else sequence(value)
        found = sequence()
        found.tuples = tuples
        env.run.spend(len(items))
        for index, item in enumerate(items):
            scope = env.inner(dict(item)) if tuples else env
            result = evaluate(item["@"] if tuples else item, scope)
            if result is True:
                found.append(item)
            elif is_number(result) or are_numbers(result):
                indexes = result if isinstance(result, list) else [result]
                found.extend(item for one in indexes if (floor(one) + len(items) if one < 0 else floor(one)) == index)
            elif truth(result):
                found.append(item)
        return found

    return filtered


def _at(value: Any, index: int) -> Any:
    items = value if isinstance(value, list) else [value]
    found = sequence()
    found.tuples = isinstance(value, Array) and value.tuples
    if -len(items) <= index < len(items):
        item = items[index]
        if isinstance(item, list):
            return item
        if item is not MISSING:
            found.append(item)
    return found


def grouping(pairs: list[tuple[Node, Node]], depth: int, build: Build) -> Evaluator:
    """`{…}`: an object of the items, or of one value.

    Raises (when evaluated):
        JsonataError: T1003 or D1009.
    """
    compiled = [(build(key, depth), build(value, depth)) for key, value in pairs]

    def group(value: Any, env: Env) -> Any:
        tuples = isinstance(value, Array) and value.tuples
        items = (value if isinstance(value, list) else [value]) or [MISSING]
        groups: dict[str, tuple[Any, int]] = {}
        if tuples and not value:
            raise internal_error("a group of bindings that found nothing")
        for item in items:
            scope = env.inner(dict(item)) if tuples else env
            for index, (key_of, _) in enumerate(compiled):
                key = key_of(item["@"] if tuples else item, scope)
                if key is MISSING:
                    continue
                if not isinstance(key, str):
                    raise JsonataError("T1003", value=key)
                if key not in groups:
                    groups[key] = (item, index)
                elif groups[key][1] != index:
                    raise JsonataError("D1009", value=key)
                else:
                    groups[key] = (append(groups[key][0], item), index)
        made: dict[str, Any] = {}
        for key in keys(groups):
            data, index = groups[key]
            found = compiled[index][1](*(_reduced(data, env) if tuples else (data, env)))
            if found is not MISSING:
                made[key] = found
        return made

    return group


def _reduced(data: Any, env: Env) -> tuple[Any, Env]:
    """Several bindings as one, whose values are lists."""
    if not isinstance(data, list):
        return data["@"], env.inner(dict(data))
    merged = dict(data[0])
    for bindings in data[1:]:
        for key, value in bindings.items():
            merged[key] = append(merged.get(key, MISSING), value)
    return merged.pop("@", MISSING), env.inner(merged)


def sorting(node: Node, depth: int, build: Build) -> Callable[[Any, Env], Any]:
    """`^(…)`: the items sorted by terms, the second where the first is equal.

    Raises (when evaluated):
        JsonataError: T2007 or T2008.
    """
    terms = [(descending, build(term, depth)) for descending, term in node.terms]

    def sort(items: list[Any], env: Env) -> Any:
        if len(items) <= 1:
            return items
        tuples = isinstance(items, Array) and items.tuples
        env.run.spend(len(items) * 4)
        known: list[list[Any]] = [[] for _ in items]

        def term(position: int, index: int) -> Any:
            values = known[position]
            while len(values) <= index:
                item = items[position]
                scope, context = (env.inner(dict(item)), item["@"]) if tuples else (env, item)
                values.append(terms[len(values)][1](context, scope))
            return values[index]

        def after(one: int, other: int) -> bool:
            for index, (descending, _) in enumerate(terms):
                order = _order(term(one, index), term(other, index), descending)
                if order:
                    return order > 0
            return False

        found = Array(items[position] for position in merge_sort(list(range(len(items))), after))
        found.tuples = tuples
        return found

    return sort


def _order(one: Any, other: Any, descending: bool) -> int:
    """1 if one comes after the other; nothing comes last."""
    if one is MISSING or other is MISSING:
        return (one is MISSING) - (other is MISSING)
    if not (_sortable(one) and _sortable(other)):
        raise JsonataError("T2008", value=other if _sortable(one) else one)
    if isinstance(one, str) is not isinstance(other, str):
        raise JsonataError("T2007", value=one, value2=other)
    if same(one, other):
        return 0
    order = -1 if less(one, other) else 1
    return -order if descending else order


def _sortable(value: Any) -> bool:
    return isinstance(value, str) or is_any_number(value)
