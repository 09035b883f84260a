"""When two values of a database are the same: a number is a number, a string is none, an instant is an instant."""

import json
import math
import re
import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pipeproof.environments.dbt.rows.moments import Moment, read_moments

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Key = tuple[Any, ...]
"""Something hashable and ordered that is equal for equal values."""

_EXACT = Context(prec=1_000_000, Emax=MAX_EMAX, Emin=MIN_EMIN)


def identify(value: Any) -> Key:
    """Return what is equal for values that are the same, whatever types the two sides have.

    `1`, `1.0` and `Decimal("1.00")` are; `"1"` and `True` are not. A float counts as the shortest decimal that reads
    back as it. Times with a zone are the same when the instant is; a date is its midnight. NaN is itself, NULL too.
    """
    match value:
        case None:
            return ("0 null",)
        case bool():
            return ("1 bool", value)
        case int() | float() | Decimal():
            return _identify_number(value)
        case str() | UUID():
            return ("3 text", str(value))
        case date() | time() | timedelta() | Moment():  # a datetime is a date
            return _identify_time(value)
        case bytes() | bytearray() | memoryview():
            return ("7 bytes", bytes(value))
        case Mapping():
            return ("8 map", tuple(sorted((str(name), identify(held)) for name, held in value.items())))
        case list():
            return ("9 list", tuple(identify(item) for item in value))
        case tuple():
            return _identify_tuple(value)
        case _:
            return (f"x {type(value).__name__}", str(value))


def spell(key: Key) -> str:
    """Return a key as text that is the same for the same key alone, as a database can compare it."""
    parts = []
    for part in key:
        if isinstance(part, tuple):
            parts.append(spell(part))
        elif isinstance(part, Decimal):
            parts.append(str(part.normalize(_EXACT)) if part else "0")
        else:
            parts.append(repr(part))
    return f"({','.join(parts)})"


def _identify_number(value: float | Decimal) -> Key:
    if not math.isfinite(value):
        return ("2 number special", str(float(value)))
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return ("2 number", number)


def _identify_time(value: date | time | timedelta | Moment) -> Key:
    match value:
        case Moment():
            return ("5 instant" if value.aware else "4 time", "beyond", value.nanoseconds)
        case timedelta():
            return ("a interval", 0, (value.days * 86_400 + value.seconds) * 10**9 + value.microseconds * 1_000)
        case time():
            return ("6 time", value.isoformat())
        case datetime() if value.tzinfo is not None:
            return ("5 instant", value.astimezone(UTC))
        case datetime():
            return ("4 time", value)
        case _:
            return ("4 time", datetime.combine(value, time()))


def _identify_tuple(value: Any) -> Key:
    """Return a list's items; or what Arrow has for an interval: months, of which nobody knows the length, and time."""
    if hasattr(value, "months"):
        return ("a interval", value.months, value.days * 86_400 * 10**9 + value.nanoseconds)
    return ("9 list", tuple(identify(item) for item in value))


def is_number(value: Any) -> bool:
    """Return whether a value counts as a number: a boolean does not."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def is_close(one: Any, other: Any, tolerance: float) -> bool:
    """Return whether two numbers differ by no more than `tolerance`, in whatever types they come."""
    if not math.isfinite(one) or not math.isfinite(other):
        return identify(one) == identify(other)
    return abs(
        Decimal(repr(one) if isinstance(one, float) else one)
        - Decimal(repr(other) if isinstance(other, float) else other)
    ) <= Decimal(str(tolerance))


def read_column(column: "pa.ChunkedArray") -> list[Any]:
    """Return a column's values as Python's, 32-bit floats as the shortest number that reads back as them."""
    import pyarrow as pa

    if pa.types.is_temporal(column.type) and not pa.types.is_interval(column.type):
        return read_moments(column)
    values = column.to_pylist()
    if pa.types.is_float32(column.type):
        return [None if value is None else shorten_float32(value) for value in values]
    if "map<" in str(column.type):
        return [_unmap(value, column.type) for value in values]
    return list(values)


def _unmap(value: Any, kind: "pa.DataType") -> Any:
    """Return a value with its maps, which Arrow gives as lists of pairs, as mappings."""
    import pyarrow as pa

    if value is None:
        return None
    if pa.types.is_map(kind):
        return {name: _unmap(item, kind.item_type) for name, item in value}
    if pa.types.is_struct(kind):
        return {field.name: _unmap(value[field.name], field.type) for field in kind}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return [_unmap(item, kind.value_type) for item in value]
    return value


def shorten_float32(value: float) -> float:
    """Return the shortest decimal that is the same 32-bit float: `0.1`, not `0.10000000149011612`."""
    if not math.isfinite(value):
        return value
    packed = struct.pack("f", value)
    return next(
        (short for digits in range(1, 10) if struct.pack("f", short := float(f"{value:.{digits}g}")) == packed), value
    )


def adapt(value: Any, kind: "pa.DataType", *, typed: bool) -> Any:
    """Return an expected value as it would be in a column of type `kind`, where its own form cannot say.

    A string stands for a time where the column holds times; where rows had no types (a CSV file), for whatever the
    column holds. A time without a zone is UTC where the column has zones. What cannot be read stays as it is, and
    differs.
    """
    import pyarrow as pa

    try:
        if isinstance(value, str):
            value = _read_text(value, kind) if not typed or pa.types.is_temporal(kind) else value
        if pa.types.is_timestamp(kind) and type(value) is date:
            value = datetime.combine(value, time())
        if pa.types.is_timestamp(kind) and kind.tz and isinstance(value, datetime) and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
    except (ValueError, InvalidOperation):
        return value
    return value


def _read_text(text: str, kind: "pa.DataType") -> Any:
    import pyarrow as pa

    if pa.types.is_boolean(kind):
        return {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}.get(text.lower(), text)
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind):
        return text if "_" in text else Decimal(text)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        if text in {"infinity", "-infinity"}:
            return Moment(float(text), aware=pa.types.is_timestamp(kind) and kind.tz is not None)
        if re.search(r"\.\d{6}\d*[1-9]", text):  # finer than what Python has times for
            return text
        moment = datetime.fromisoformat(text)
        return moment.date() if pa.types.is_date(kind) and moment.time() == time() else moment
    if pa.types.is_time(kind):
        return time.fromisoformat(text)
    if pa.types.is_nested(kind):
        return json.loads(text)
    return text
