"""The functions on lists, objects and values of any kind."""

from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError
from pipeproof.stepfunctions.expressions.jsonata.signatures import letter
from pipeproof.stepfunctions.expressions.jsonata.values import (
    Array,
    Function,
    append,
    equal,
    is_number,
    is_sequence,
    sequence,
    truth,
)
from pipeproof.stepfunctions.expressions.jsonata.values import keys as names_of
from pipeproof.stepfunctions.expressions.jsonata.values import lookup as find
from pipeproof.stepfunctions.values import MISSING


def boolean(value: Any) -> Any:
    """$boolean."""
    return MISSING if value is MISSING else truth(value)


def not_(value: Any) -> Any:
    """$not."""
    return MISSING if value is MISSING else not truth(value)


def exists(value: Any) -> Any:
    """$exists."""
    return value is not MISSING


def type_(value: Any) -> Any:
    """$type: null, number, string, boolean, array, object or function."""
    if value is MISSING:
        return MISSING
    if value is None:
        return "null"
    if is_number(value):
        return "number"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "function" if isinstance(value, Function) else "object"


def keys(value: Any) -> Any:
    """Return the names of an object's fields, or of all objects in a list, each once."""
    if isinstance(value, list):
        merged: dict[str, None] = {}
        for item in value:
            merged.update(dict.fromkeys(keys(item)))
        return Array(names_of(merged), sequence=True)
    return Array(names_of(value) if isinstance(value, dict) else (), sequence=True)


def lookup(value: Any, name: Any) -> Any:
    """$lookup: the field of an object, or of each object in a list."""
    return find(value, name)


def append_(one: Any, other: Any) -> Any:
    """$append: both in one list."""
    return append(one, other)


def spread(value: Any) -> Any:
    """One object for each field."""
    if isinstance(value, list):
        found: Any = sequence()
        for item in value:
            found = append(found, spread(item))
        return found
    if isinstance(value, dict):
        return Array(({key: value[key]} for key in names_of(value)), sequence=True)
    return value


def merge(objects: Any) -> Any:
    """$merge: all fields in one object; the last one of a name counts."""
    if objects is MISSING:
        return MISSING
    merged: dict[str, Any] = {}
    for item in objects:
        merged.update({key: item[key] for key in names_of(item)})
    return merged


def reverse(items: Any) -> Any:
    """$reverse."""
    return items if items is MISSING or len(items) <= 1 else Array(reversed(items))


def zip_(*lists: Any) -> Any:
    """$zip: the first items, the second items, …; as many as the shortest list has."""
    if not all(isinstance(items, list) for items in lists):
        return Array()
    return Array(list(row) for row in zip(*lists, strict=False))


def distinct(value: Any) -> Any:
    """Return each item once; the first stays."""
    if not isinstance(value, list) or len(value) <= 1:
        return value
    found = Array(sequence=is_sequence(value))
    seen: set[tuple[str, Any]] = set()
    for item in value:
        if isinstance(item, (str, int, float)) and item == item:
            mark = (letter(item), item)
            if mark not in seen:
                seen.add(mark)
                found.append(item)
        elif not any(equal(item, other) for other in found):
            found.append(item)
    return found


def error(message: Any) -> Any:
    """$error: fails with a message (D3137)."""
    raise JsonataError("D3137", message if message not in (MISSING, "") else "$error() function evaluated")


def assert_(condition: Any, message: Any) -> Any:
    """$assert: fails with a message (D3141) unless the condition holds."""
    if condition is True:
        return MISSING
    raise JsonataError("D3141", message if message not in (MISSING, "") else "$assert() statement failed")
