"""A sample as fixtures: CSV where that is read back as what it was, else Parquet."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeproof.environments.dbt.rows.reading import infer_types, make_table, read_rows

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]


def write_fixture(
    folder: Path, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], declared: Collection[str]
) -> tuple[Path, list[str]]:
    """Write a table's rows.

    Args:
        folder: Where to.
        name: The table's name.
        columns: Its columns.
        rows: Their values.
        declared: The columns whose type the project's YAML declares, which come out right of any file.

    Returns:
        The file, and the columns for which it is no CSV file.
    """
    from pyarrow import parquet

    folder.mkdir(parents=True, exist_ok=True)
    table = make_table([dict(zip(columns, row, strict=True)) for row in rows], columns)
    file = folder / f"{name}.csv"
    changed = _write_csv(table, file, declared)
    if changed:
        file.unlink(missing_ok=True)
        file = file.with_suffix(".parquet")
        parquet.write_table(table, file)
    return file, changed


def _write_csv(table: "pa.Table", file: Path, declared: Collection[str]) -> list[str]:
    """Write a CSV file; return the columns that are read back as something else."""
    import pyarrow as pa
    from pyarrow import csv

    nested = [field.name for field in table.schema if pa.types.is_nested(field.type) or pa.types.is_binary(field.type)]
    if nested:
        return nested
    csv.write_csv(table, file, csv.WriteOptions(quoting_style="needed"))
    text, _ = read_rows(file)
    back = infer_types(text, declared)
    known = {name.lower() for name in declared}
    return [
        name for name in table.column_names
        if name.lower() not in known and _shown(table.column(name)) != _shown(back.column(name))
    ]  # fmt: skip


def _shown(column: "pa.ChunkedArray") -> list[tuple[str, Any]]:
    """Return values with their types: 1 is not 1.0."""
    return [(type(value).__name__, value) for value in column.to_pylist()]
