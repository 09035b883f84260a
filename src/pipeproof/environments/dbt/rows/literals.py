"""Values as a database reads them: literals of SQL, and the lines of PostgreSQL's `copy`."""

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pipeproof.environments.dbt.rows.reading import write_json

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]


def write_row(values: Iterable[Any], kinds: Iterable[str]) -> str:
    """Return a row of an `insert` statement: its values, each with the type of its column."""
    return f"({', '.join(write_literal(value, kind) for value, kind in zip(values, kinds, strict=True))})"


def write_literal(value: Any, kind: str) -> str:
    """Return a value as SQL."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        word = "true" if value else "false"
        return word if kind.lower().startswith("bool") else f"cast({word} as {kind})"
    if isinstance(value, bytes):
        return f"cast('\\x{value.hex()}' as {kind})"
    if isinstance(value, list):
        inner = kind.removesuffix("[]")
        return f"cast(array[{', '.join(write_literal(item, inner) for item in value)}] as {kind})"
    text = write_json(value) if isinstance(value, dict) else str(value)
    return f"cast('{text.replace(chr(39), chr(39) * 2)}' as {kind})"


def write_csv(table: "pa.Table") -> io.StringIO:
    """Rows as PostgreSQL's `copy` reads them: an unquoted empty field is NULL, a quoted one is empty text."""
    output = io.StringIO()
    for row in table.to_pylist():
        fields = ("" if value is None else _quoted(_copied(value)) for value in row.values())
        output.write(",".join(fields) + "\n")
    output.seek(0)
    return output


def _quoted(text: str) -> str:
    return f'"{text.replace(chr(34), chr(34) * 2)}"'


def _copied(value: Any) -> str:
    if isinstance(value, list):
        return "{" + ",".join(map(_item, value)) + "}"
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    return write_json(value) if isinstance(value, dict) else str(value)


def _item(value: Any) -> str:
    """Return an item of an array literal: all but NULL and lists in quotes, in which a backslash goes before itself."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return _copied(value)
    text = _copied(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
