"""The database's words for Arrow's types, and Arrow's types for the words of a driver that knows no Arrow.

Asked of the adapter where adapters differ.
"""

from typing import TYPE_CHECKING, Any

from pipeproof.environments.dbt.rows.reading import JSON_FIELD

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]


def name_type(field: "pa.Field[Any]", adapter: Any) -> str:
    """Return what the column of a table that holds an Arrow field is declared as.

    Args:
        field: The field.
        adapter: dbt's adapter.
    """
    if is_json(field):
        return "json"
    return _name_type(field.type, type(adapter))


def is_json(field: "pa.Field[Any]") -> bool:
    """Return whether an Arrow field of text is marked as JSON."""
    return bool(field.metadata and JSON_FIELD.items() <= field.metadata.items())


def arrow_type(word: str) -> "pa.DataType":
    """Return the Arrow type for a type that an adapter names; text where the name says nothing."""
    import pyarrow as pa

    return next((kind for part, kind in _named_types() if part in word.upper()), pa.string())


def _name_type(kind: Any, adapter: Any) -> str:
    import pyarrow as pa

    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"{_name_type(kind.value_type, adapter)}[]"
    if pa.types.is_struct(kind):
        return f"struct({', '.join(f'{field.name} {_name_type(field.type, adapter)}' for field in kind)})"
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision}, {kind.scale})"
    if pa.types.is_timestamp(kind) and kind.tz:
        return "timestamp with time zone"
    if pa.types.is_integer(kind):
        return "integer" if kind.bit_width <= 32 else "bigint"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return "bytea"
    sample = _sample()
    for test, convert in (
        (pa.types.is_boolean, adapter.convert_boolean_type),
        (pa.types.is_floating, adapter.convert_number_type),
        (pa.types.is_timestamp, adapter.convert_datetime_type),
        (pa.types.is_date, adapter.convert_date_type),
        (pa.types.is_time, adapter.convert_time_type),
    ):
        if test(kind):
            return str(convert(sample, 0))
    return str(adapter.convert_text_type(sample, 0))


def _sample() -> Any:
    """A table of one number with decimals, as an adapter is shown it; not needed where there is no such adapter."""
    try:
        import agate  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        return None
    return agate.Table([("0.5",)], ["x"], [agate.Number()])


def _named_types() -> "list[tuple[str, pa.DataType]]":
    import pyarrow as pa

    return [
        ("BOOL", pa.bool_()),
        ("INT", pa.int64()),
        ("DECIMAL", pa.decimal128(38, 9)),
        ("FLOAT", pa.float64()),
        ("DATETIME", pa.timestamp("us")),
        ("TIMESTAMP", pa.timestamp("us")),
        ("DATE", pa.date32()),
    ]
