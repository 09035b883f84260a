"""Whether rows that were put into a table are what they were: a database changes what a column's type cannot hold."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pipeproof.environments.dbt.rows.values import Key, adapt, identify, read_column

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]


def find_change(given: "pa.ChunkedArray", built: "pa.ChunkedArray") -> tuple[Any, Any] | None:
    """A value that a table's column has otherwise than it was given, and what it has; `None` where all are the same.

    The same is what reads as the same: `5` and `'5'`, a date and its midnight, a time in UTC with its zone and without.
    """
    if _is_equal(given, built):
        return None
    ours, theirs = read_column(given), read_column(built)
    had = [_identify(value, built.type) for value in ours]
    has = [_identify(value, given.type) for value in theirs]
    lost, rest = Counter(has), []
    for at, key in enumerate(had):
        if lost[key]:
            lost[key] -= 1
        else:
            rest.append(at)
    if not rest:
        return None
    at = rest[0]
    other = theirs[at] if at < len(theirs) and has[at] not in had else next(iter(_values_of(lost, has, theirs)), None)
    return ours[at], other


def _values_of(keys: "Counter[Key]", has: list[Key], values: list[Any]) -> list[Any]:
    return [value for key, value in zip(has, values, strict=True) if keys[key]]


def _is_equal(given: "pa.ChunkedArray", built: "pa.ChunkedArray") -> bool:
    """Return whether two columns are the same as they stand, in order: quick, where they are."""
    import pyarrow as pa

    try:
        converted = built if given.type == built.type else built.cast(given.type)
        return bool(converted.equals(given))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        return False


def _identify(value: Any, other: "pa.DataType") -> Key:
    """Return what is equal for a value and for what a column of another type holds of it."""
    import pyarrow as pa

    if isinstance(value, bool) and pa.types.is_integer(other):
        value = int(value)
    if isinstance(value, int) and pa.types.is_boolean(other) and value in {0, 1}:
        value = bool(value)
    if isinstance(value, datetime) and value.tzinfo is not None and pa.types.is_timestamp(other) and not other.tz:
        value = value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, str) and (value[:1] in {"{", "["}):
        value = _read_json(value)
    return identify(_without_nulls(adapt(value, other, typed=False)))


def _read_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _without_nulls(value: Any) -> Any:
    """Return a struct without the fields that it lacks: a table's column has all of them."""
    if isinstance(value, Mapping):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value
