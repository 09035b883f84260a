"""Values and types as Athena's GetQueryResults and result files write them."""

import struct
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

_NAMES = {
    "INTEGER": ("integer", 10, 0), "BIGINT": ("bigint", 19, 0), "SMALLINT": ("smallint", 5, 0),
    "TINYINT": ("tinyint", 3, 0), "DOUBLE": ("double", 17, 0), "FLOAT": ("float", 17, 0), "BOOLEAN": ("boolean", 0, 0),
    "DATE": ("date", 0, 0), "TIMESTAMP": ("timestamp", 3, 0),
    "TIMESTAMP WITH TIME ZONE": ("timestamp with time zone", 3, 0),
    "BLOB": ("varbinary", 1073741824, 0), "VARCHAR": ("varchar", 2147483647, 0), '"NULL"': ("unknown", 0, 0),
    "JSON": ("json", 0, 0),
}  # fmt: skip
_NESTED = {"list": "array", "map": "map", "struct": "row"}


def column_info(name: str, duck: Any) -> dict[str, Any]:
    """Return the ColumnInfo of a column.

    Args:
        name: Its name.
        duck: DuckDB's type of it.
    """
    if duck.id == "decimal":
        (_, precision), (_, scale) = duck.children
        kind: tuple[str, int, int] = ("decimal", precision, scale)
    else:
        kind = _NAMES.get(str(duck)) or (_NESTED.get(duck.id, "varchar"), 0, 0)
    return {
        "CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": name, "Label": name, "Type": kind[0],
        "Precision": kind[1], "Scale": kind[2], "Nullable": "UNKNOWN", "CaseSensitive": kind[0] in ("varchar", "char"),
    }  # fmt: skip


def cell_text(value: Any, duck: Any) -> str | None:
    """Return a value as text; None for NULL.

    Args:
        value: DuckDB's value in Python.
        duck: DuckDB's type of it.
    """
    if value is None:
        return None
    if duck.id == "list":
        return f"[{', '.join(_inner(item, duck.children[0][1]) for item in value)}]"
    if duck.id == "map":
        (_, key), (_, kind) = duck.children
        return f"{{{', '.join(f'{_inner(name, key)}={_inner(item, kind)}' for name, item in value.items())}}}"
    if duck.id == "struct":
        return f"{{{', '.join(f'{name}={_inner(value[name], kind)}' for name, kind in duck.children)}}}"
    return _scalar(value, str(duck))


def _inner(value: Any, duck: Any) -> str:
    text = cell_text(value, duck)
    return "null" if text is None else text


def _scalar(value: Any, duck: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return java_number(value, is_single=duck == "FLOAT")
    if isinstance(value, datetime):
        zone = " UTC" if value.tzinfo is not None else ""
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}{zone}"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.hex(" ")
    return value.isoformat() if isinstance(value, date) else str(value)


def java_number(value: float, *, is_single: bool = False) -> str:
    """Return a floating-point number as Java's `Double.toString` has it: `1.0E7`, `0.001`, `NaN`.

    Args:
        value: The number.
        is_single: It has single precision.
    """
    if value != value or value in (float("inf"), float("-inf")):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    digits = _shortest(value) if is_single else repr(value)
    number = Decimal(digits)
    if number == 0:
        return "-0.0" if str(value).startswith("-") else "0.0"
    if Decimal("1e-3") <= abs(number) < Decimal("1e7"):
        text = format(number, "f")
        return text if "." in text else f"{text}.0"
    sign, figures, _ = number.normalize().as_tuple()
    rest = "".join(map(str, figures[1:])) or "0"
    return f"{'-' if sign else ''}{figures[0]}.{rest}E{number.adjusted()}"


def _shortest(value: float) -> str:
    return next(
        text
        for places in range(1, 18)
        if struct.pack("f", float(text := f"{value:.{places}g}")) == struct.pack("f", value)
    )


def result_file(rows: Sequence[Sequence[str | None]], header: Sequence[str]) -> bytes:
    """Return the result file of a query: CSV with each value in quotes, and nothing for NULL."""
    return "".join(f"{','.join(map(_field, row))}\n" for row in (header, *rows)).encode()


def _field(text: str | None) -> str:
    return "" if text is None else '"' + text.replace('"', '""') + '"'
