"""JSON values as the service writes, measures and compares them. Payloads are never changed in place."""

import json
import marshal
import math
from random import Random
from typing import Any

MISSING: Any = object()
"""Stands for a value that is not there, where None is JSON's null."""


_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


_CONTAINERS = (dict, list)


def dump(value: Any) -> str:
    """JSON without blanks, as the service writes it into histories and messages."""
    return _ENCODER.encode(value)  # json.dumps would make an encoder for each call


def byte_size(value: Any) -> int:
    """Return how many bytes the value takes as UTF-8 JSON.

    Small containers and scalars are the rule, so the common cases avoid the encoder.
    """
    if value is None or value is True:
        return 4
    if isinstance(value, str):
        if len(value) < 1000:
            return 2 + len(value)
    elif isinstance(value, (int, float)):
        return 8
    elif not value:
        return 2
    return len(dump(value).encode("utf-8", "surrogatepass"))


def fits(value: Any, limit: int) -> bool:
    """Return whether the value takes at most `limit` bytes as UTF-8 JSON.

    Python's own binary form is written ten times as fast as JSON, and no byte of it stands for more than six bytes of
    JSON (`false` and its comma): only what may come near to the limit is measured.
    """
    try:
        if len(marshal.dumps(value, 2)) * 6 < limit:
            return True
    except ValueError:  # of a class of its own, or too deep
        pass
    return byte_size(value) <= limit


def random_uuid(random: Random) -> str:
    """Return a UUID of version 4 from a source of chance (RFC 9562)."""
    digits = f"{random.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def copy(value: Any) -> Any:
    """Return a deep copy of a JSON value, so that a handler may change what it is given."""
    if isinstance(value, dict):
        return {key: copy(item) if isinstance(item, _CONTAINERS) else item for key, item in value.items()}
    if isinstance(value, list):
        return [copy(item) if isinstance(item, _CONTAINERS) else item for item in value]
    return value


def type_name(value: Any) -> str:
    """Return the JSON type's name in the service's messages."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "function"


def is_number(value: Any) -> bool:
    """Return whether the value is a JSON number; true and false are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_integer(value: Any) -> bool:
    """Return whether the value is a JSON number without a fraction."""
    return is_number(value) and value == int(value) if is_number(value) and math.isfinite(value) else False


def equal(left: Any, right: Any) -> bool:
    """Equality of JSON values: 1 equals 1.0, and true does not equal 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)
