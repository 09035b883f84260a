"""The functions that take functions, and those that look at time and chance."""

from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.callables import Call, Host, Passed
from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError, internal_error
from pipeproof.stepfunctions.expressions.jsonata.values import (
    Array,
    are_numbers,
    are_texts,
    keys,
    merge_sort,
    script_truth,
    sequence,
    truth,
    units,
)
from pipeproof.stepfunctions.values import MISSING


def map_(call: Call, items: Any, function: Any) -> Any:
    """$map: what a function makes of each item."""
    if items is MISSING:
        return MISSING
    found = sequence()
    for index, item in enumerate(items):
        result = call.each(function, item, index, items)
        if result is not MISSING:
            found.append(result)
    return found


def filter_(call: Call, items: Any, function: Any) -> Any:
    """$filter: the items that a function says true to."""
    if items is MISSING:
        return MISSING
    kept = [item for index, item in enumerate(items) if truth(call.each(function, item, index, items))]
    return Array(kept, sequence=True)


def single(call: Call, items: Any, function: Any) -> Any:
    """Return the one item that fits.

    Raises:
        JsonataError: D3138 or D3139, there are more or none.
    """
    if items is MISSING:
        return MISSING
    found: list[Any] = []
    for index, item in enumerate(items):
        if function is MISSING or truth(call.each(function, item, index, items)):
            if found:
                raise JsonataError("D3138")
            found.append(item)
    if not found:
        raise JsonataError("D3139")
    return found[0]


def reduce(call: Call, items: Any, function: Any, initial: Any) -> Any:
    """$reduce: one value of all items, from the first on or from an initial value."""
    if items is MISSING:
        return MISSING
    if function.arity < 2:
        raise JsonataError("D3050")
    start = 1 if initial is MISSING and items else 0
    result = items[0] if start else initial
    for index in range(start, len(items)):
        result = call.apply(function, (result, items[index], index, items)[: max(2, min(function.arity, 4))])
    return result


def each(call: Call, value: Any, function: Any) -> Any:
    """$each: what a function makes of each field's value and name."""
    found = sequence()
    for key in keys(value) if isinstance(value, dict) else ():
        result = call.each(function, value[key], key, value)
        if result is not MISSING:
            found.append(result)
    return found


def sift(call: Call, value: Any, function: Any) -> Any:
    """$sift: the fields that a function says true to; nothing if there are none."""
    if value is MISSING:
        return MISSING
    if function is MISSING:
        raise internal_error("$sift was given no function")
    kept = {key: value[key] for key in keys(value) if truth(call.each(function, value[key], key, value))}
    return kept or MISSING


def sort(call: Call, items: Any, comparator: Any) -> Any:
    """Sorted: numbers or strings ascending, or as a comparator says (true: the first comes after the second)."""
    if items is MISSING or len(items) <= 1:
        return items
    call.run.spend(len(items))
    if comparator is not MISSING:
        if not isinstance(comparator, (Host, Passed)):
            raise internal_error(
                "the reference implementation cannot call the comparator of a $sort that is the last call of a "
                "function's body; bind the result first: ($sorted := $sort(…); $sorted)"
            )
        return Array(merge_sort(list(items), lambda one, other: script_truth(call.apply(comparator, (one, other)))))
    if are_numbers(items):
        return Array(sorted(items))
    if are_texts(items):
        return Array(sorted(items) if all(map(str.isascii, items)) else sorted(items, key=units))
    raise JsonataError("D3070")


def shuffle(call: Call, items: Any) -> Any:
    """$shuffle, by the execution's chance."""
    if items is MISSING or len(items) <= 1:
        return items
    return Array(call.run.world.random.sample(items, len(items)))


def millis(call: Call) -> Any:
    """$millis: the virtual time."""
    return call.run.world.millis
