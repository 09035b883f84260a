"""When two values of a database are the same: a number is a number, a string is none, an instant is an instant."""

import json
import math
import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Key = tuple[Any, ...]
"""Something hashable and ordered that is equal for equal values."""


def identify(value: Any) -> Key:
    """What is equal for values that are the same, whatever types the two sides have.

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
        case datetime() | date():
            return _identify_time(value)
        case time():
            return ("6 time", value.isoformat())
        case bytes() | bytearray() | memoryview():
            return ("7 bytes", bytes(value))
        case Mapping():
            return ("8 map", tuple(sorted((str(name), identify(held)) for name, held in value.items())))
        case list() | tuple():
            return ("9 list", tuple(identify(item) for item in value))
        case _:
            return (f"x {type(value).__name__}", str(value))


def _identify_number(value: float | Decimal) -> Key:
    if not math.isfinite(value):
        return ("2 number special", str(float(value)))
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return ("2 number", number)


def _identify_time(value: date) -> Key:
    if not isinstance(value, datetime):
        return ("4 time", datetime.combine(value, time()))
    if value.tzinfo is None:
        return ("4 time", value)
    return ("5 instant", value.astimezone(UTC))


def is_number(value: Any) -> bool:
    """Whether a value counts as a number: a boolean does not."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def is_close(one: Any, other: Any, tolerance: float) -> bool:
    """Whether two numbers differ by no more than `tolerance`, in whatever types they come."""
    if not math.isfinite(one) or not math.isfinite(other):
        return identify(one) == identify(other)
    return abs(
        Decimal(repr(one) if isinstance(one, float) else one)
        - Decimal(repr(other) if isinstance(other, float) else other)
    ) <= Decimal(str(tolerance))


def read_column(column: "pa.ChunkedArray") -> list[Any]:
    """A column's values as Python's, 32-bit floats as the shortest number that reads back as them."""
    import pyarrow as pa

    values = column.to_pylist()
    if pa.types.is_float32(column.type):
        return [None if value is None else shorten_float32(value) for value in values]
    return list(values)


def shorten_float32(value: float) -> float:
    """The shortest decimal that is the same 32-bit float: `0.1`, not `0.10000000149011612`."""
    if not math.isfinite(value):
        return value
    packed = struct.pack("f", value)
    return next(
        (short for digits in range(1, 10) if struct.pack("f", short := float(f"{value:.{digits}g}")) == packed), value
    )


def adapt(value: Any, kind: "pa.DataType", *, typed: bool) -> Any:
    """An expected value as it would be in a column of type `kind`, where its own form cannot say.

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
        return Decimal(text)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        moment = datetime.fromisoformat(text)
        return moment.date() if pa.types.is_date(kind) and moment.time() == time() else moment
    if pa.types.is_time(kind):
        return time.fromisoformat(text)
    if pa.types.is_nested(kind):
        return json.loads(text)
    return text
