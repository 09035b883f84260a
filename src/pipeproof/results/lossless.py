"""Records as JSON and back, with nothing lost: what a shard hands to the job that merges.

What is read may be anybody's file: whatever is not in the form that a record's annotations say is refused.
"""

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Record = TypeVar("Record")


def to_json(record: object) -> str:
    """Write a frozen dataclass, and those in it, as one line of JSON."""
    return json.dumps(record, default=_members)


def _members(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return str(value)


def from_json(kind: type[Record], text: str | bytes) -> Record:
    """Read what [to_json][] wrote; a member that is missing has its default.

    Raises:
        ValueError, TypeError, RecursionError: where it is none.
    """
    record: Record = _read(kind, json.loads(text))
    return record


_hints = cache(get_type_hints)


def _read(kind: Any, value: Any) -> Any:
    if kind is Any:
        return value
    if is_dataclass(kind) and isinstance(kind, type):
        members = _of(dict, value)
        return kind(**{name: _read(hint, members[name]) for name, hint in _hints(kind).items() if name in members})
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None and type(None) in arguments:
            return None
        return _read(next(one for one in arguments if one is not type(None)), value)
    if origin is tuple:
        items = _of(list, value)
        parts = [arguments[0]] * len(items) if arguments[-1] is Ellipsis else arguments
        return tuple(_read(part, item) for part, item in zip(parts, items, strict=True))
    if origin is Mapping:
        return _of(dict, value)
    if issubclass(kind, Enum):
        return kind(value)
    if kind is float and type(value) is int:
        return float(value)
    return _of(kind, value)


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r:.40} is no {kind.__name__}")
    return value
