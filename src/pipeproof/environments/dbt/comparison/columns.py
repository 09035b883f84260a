"""Columns of what is built and what is expected, read so that the same values are equal: in Python or in a database."""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pipeproof.environments.dbt.rows.reading import JSON_FIELD, UUID_FIELD, write_json
from pipeproof.environments.dbt.rows.values import adapt, identify, read_column, spell

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa  # type: ignore[import-untyped]

BATCH = 20_000
"""How many values are held in Python at once."""

_WHOLE = 2**53
"""Up to here a double holds each whole number."""

_DIGITS = 15
"""A decimal of so many digits is the shortest that its double reads back as."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of both sides."""

    built: "pa.ChunkedArray"
    expected: "pa.ChunkedArray"
    built_field: "pa.Field[Any]"
    expected_field: "pa.Field[Any]"
    typed: bool

    @property
    def plain(self) -> bool:
        """Whether the values are what their Arrow types say."""
        return not any(b"pipeproof" in (field.metadata or {}) for field in (self.built_field, self.expected_field))

    def read_built(self, values: "pa.ChunkedArray") -> list[Any]:
        """Values of the built column as Python's."""
        held = read_column(values)
        return [_parse(value) for value in held] if self.expected_field.metadata == JSON_FIELD else held

    def read_expected(self, values: "pa.ChunkedArray") -> list[Any]:
        """Values of the expected column as Python's, as they would be in the built column."""
        wanted = read_column(values)
        if self.expected_field.metadata == JSON_FIELD:
            return [_parse(value) for value in wanted]
        if self.built_field.metadata == UUID_FIELD:
            wanted = [_as_uuid(value) for value in wanted]
        return [adapt(value, self.built.type, typed=self.typed) for value in wanted]


def pair_columns(built: "pa.Table", expected: "pa.Table", *, typed: bool) -> list[Column]:
    """Return the columns of two tables that have the same."""
    import pyarrow as pa

    pairs = []
    for at in range(expected.num_columns):
        arrays = []
        for table in (built, expected):
            array = table.column(at)
            if pa.types.is_dictionary(array.type):
                array = array.cast(array.type.value_type)
            arrays.append(_as_plain_text(array) if "string_view" in str(array.type).split("<")[0] else array)
        pairs.append(Column(arrays[0], arrays[1], built.schema.field(at), expected.schema.field(at), typed))
    return pairs


def _as_plain_text(array: "pa.ChunkedArray") -> "pa.ChunkedArray":
    import pyarrow as pa

    try:
        return array.cast(pa.large_string())
    except pa.ArrowNotImplementedError:  # pyarrow 17
        return pa.chunked_array([array.to_pylist()], pa.large_string())


def _parse(value: Any) -> Any:
    """JSON text, or what could be written as such, as what it says."""
    try:
        return json.loads(value if isinstance(value, str) else write_json(value)) if value is not None else None
    except ValueError:
        return value


def _as_uuid(value: Any) -> Any:
    try:
        return str(UUID(value)) if isinstance(value, str) else value
    except ValueError:
        return value


def make_comparable(column: Column) -> "tuple[pa.ChunkedArray, pa.ChunkedArray]":
    """Both sides as arrays of one type that SQL finds equal exactly where the values are the same.

    As they are, where their types leave no doubt; else as the text of what identifies each value.
    """
    import pyarrow as pa

    try:
        exact = _make_exact(column) if column.plain else None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        exact = None
    if exact is not None:
        return exact
    return _spell(column.built, column.read_built), _spell(column.expected, column.read_expected)


def _spell(values: "pa.ChunkedArray", read: "Callable[[pa.ChunkedArray], list[Any]]") -> "pa.ChunkedArray":
    import pyarrow as pa

    chunks = []
    for start in range(0, len(values), BATCH):
        held = read(values.slice(start, BATCH))
        texts = [None if value is None else spell(identify(value)) for value in held]
        chunks.append(pa.array(texts, pa.large_string()))
    return pa.chunked_array(chunks, pa.large_string())


def _make_exact(column: Column) -> "tuple[pa.ChunkedArray, pa.ChunkedArray] | None":
    import pyarrow as pa

    built, expected = column.built, column.expected
    mine, theirs = built.type, expected.type
    if is_numeric(mine) and is_numeric(theirs):
        return _make_exact_numbers(built, expected)
    if pa.types.is_timestamp(mine) and pa.types.is_timestamp(theirs) and (mine.tz or not theirs.tz):
        if mine.unit != theirs.unit:
            built, expected = (side.cast(pa.timestamp("us", side.type.tz)) for side in (built, expected))
        return built.cast(pa.int64()), expected.cast(pa.int64())
    for test, kind in (
        (_is_text, pa.large_string()),
        (_is_binary, pa.large_binary()),
        (pa.types.is_boolean, pa.bool_()),
        (pa.types.is_date32, pa.int32()),
        (_is_micro_time, pa.int64()),
    ):
        if test(mine) and test(theirs):
            return built.cast(kind), expected.cast(kind)
    return None


def _make_exact_numbers(
    built: "pa.ChunkedArray", expected: "pa.ChunkedArray"
) -> "tuple[pa.ChunkedArray, pa.ChunkedArray] | None":
    import pyarrow as pa
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    sides = (built, expected)
    doubles = [pa.types.is_float64(side.type) for side in sides]
    if any(doubles):
        if not all(double or _fits_double(side) for side, double in zip(sides, doubles, strict=True)):
            return None
        both = [_as_double(side) for side in sides]
        return pc.add(both[0], 0.0), pc.add(both[1], 0.0)  # there is one zero
    if built.type.equals(expected.type) and not pa.types.is_decimal256(built.type):
        return (built, expected) if not pa.types.is_float16(built.type) else None
    if not all(pa.types.is_integer(side.type) or pa.types.is_decimal128(side.type) for side in sides):
        return None
    shapes = [_shape(side.type) for side in sides]
    whole, scale = (max(shape[at] for shape in shapes) for at in (0, 1))
    if scale == 0 and not any(pa.types.is_uint64(side.type) or pa.types.is_decimal(side.type) for side in sides):
        return built.cast(pa.int64()), expected.cast(pa.int64())
    if whole + scale > 38 or min(shape[1] for shape in shapes) < 0:
        return None
    kind = pa.decimal128(whole + scale, scale)
    return built.cast(kind), expected.cast(kind)


def _shape(kind: "pa.DataType") -> tuple[int, int]:
    """Return how many digits a number has before and after its point."""
    import pyarrow as pa

    if pa.types.is_decimal(kind):
        return kind.precision - kind.scale, kind.scale
    return {8: 3, 16: 5, 32: 10, 64: 20}[kind.bit_width], 0


def _fits_double(numbers: "pa.ChunkedArray") -> bool:
    """Return whether doubles hold these numbers so that two are equal only if they print the same."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_integer(numbers.type):
        limit: int = _WHOLE
    elif pa.types.is_decimal128(numbers.type) and 0 <= numbers.type.scale <= _DIGITS:
        limit = 10 ** (_DIGITS - numbers.type.scale)
    else:
        return False
    ends = pc.min_max(numbers).as_py()
    return ends["min"] is None or -limit < ends["min"] <= ends["max"] < limit


def _as_double(numbers: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """Numbers as doubles; decimals by way of their text, which is rounded as Python rounds it."""
    import pyarrow as pa

    return (numbers.cast(pa.string()) if pa.types.is_decimal(numbers.type) else numbers).cast(pa.float64())


def is_numeric(kind: "pa.DataType") -> bool:
    """Return whether an Arrow type is one of numbers."""
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind))


def _is_text(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_binary(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _is_micro_time(kind: "pa.DataType") -> bool:
    import pyarrow as pa

    return bool(pa.types.is_time64(kind) and kind.unit == "us")
