"""Rows in whatever form a test has them, as an Arrow table."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pipeproof.environments.dbt.errors import DbtRowsError

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

_FILE = re.compile(r".+\.(?:csv|tsv|parquet|ya?ml)", re.IGNORECASE)
_OTHER_FILE = re.compile(r"[^\s;(){}'\"]+\.[a-z][a-z0-9]{1,7}", re.IGNORECASE)

JSON_FIELD = {b"pipeproof": b"json"}
"""The metadata of a column whose text is JSON."""

UUID_FIELD = {b"pipeproof": b"uuid"}
"""The metadata of a column whose text is UUIDs."""


def is_sql(rows: object) -> bool:
    """Return whether rows are given as a query: a string that is not the path of a CSV, TSV, Parquet or YAML file.

    Raises:
        DbtRowsError: It is a single word like the path of another file, which no query is.
    """
    if not isinstance(rows, str) or _FILE.fullmatch(rows.strip()):
        return False
    if _OTHER_FILE.fullmatch(rows.strip()):
        raise DbtRowsError(
            f"{rows.strip()} is not a file that rows are read from", hint="CSV, TSV, Parquet and YAML files are"
        )
    return True


def read_rows(rows: object, folders: Sequence[Path] = (), *, seed: bool = False) -> "tuple[pa.Table, bool]":
    """Rows as a table, and whether they had types of their own (a CSV file's have none: all text).

    Args:
        rows: A list of mappings, the path of a CSV, TSV, Parquet or YAML file, or a pandas, Polars or Arrow frame.
        folders: Where a relative path is looked for.
        seed: Whether a CSV file is a seed's, in which an empty field is NULL with quotes too.

    Raises:
        DbtRowsError: They are none of these, or the file is not there.
    """
    import pyarrow as pa

    if isinstance(rows, str | Path):
        return _read_file(Path(rows), folders, seed=seed)
    if isinstance(rows, pa.Table):
        return rows, True
    if isinstance(rows, Mapping):
        raise DbtRowsError("rows are a list of mappings, not one mapping", hint="write [{…}]")
    if hasattr(rows, "__arrow_c_stream__") or hasattr(rows, "__dataframe__"):
        return _read_frame(rows), True
    if isinstance(rows, Iterable):
        return make_table(list(rows)), True
    raise DbtRowsError(f"rows cannot be read from {type(rows).__name__}")


def make_table(rows: "Sequence[Mapping[str, Any]]", names: Sequence[str] = ()) -> "pa.Table":
    """A table of mappings; a key that a row lacks is NULL there. `names` are the columns where no row says them."""
    import pyarrow as pa

    for row in rows:
        if not isinstance(row, Mapping):
            raise DbtRowsError(f"rows are mappings of columns to values, not {type(row).__name__}: {row!r}")
    columns = list(dict.fromkeys(str(key) for row in rows for key in row)) or list(names)
    arrays, schema = [], []
    for name in columns:
        array, is_json = make_array(name, [row.get(name) for row in rows])
        arrays.append(array)
        schema.append(pa.field(name, array.type, metadata=JSON_FIELD if is_json else None))
    return pa.Table.from_arrays(arrays, schema=pa.schema(schema))


def mark_uuids(table: "pa.Table", types: Sequence[str]) -> "pa.Table":
    """Return a table that says of its columns of text which are UUIDs in the database; `types` are that one's."""
    import pyarrow as pa

    fields = [
        field.with_metadata(UUID_FIELD) if kind.upper() == "UUID" and pa.types.is_string(field.type) else field
        for field, kind in zip(table.schema, types, strict=True)
    ]
    return pa.Table.from_arrays(table.columns, schema=pa.schema(fields))


def make_array(name: str, values: list[Any]) -> "tuple[pa.Array, bool]":
    """Python values as an Arrow array, and whether it is JSON text: mappings are, as SQL has no other common type."""
    import pyarrow as pa

    kinds = {type(value) for value in values if value is not None}
    if any(issubclass(kind, Mapping) for kind in kinds):
        return pa.array([None if value is None else write_json(value) for value in values]), True
    if kinds == {UUID}:
        return pa.array([None if value is None else str(value) for value in values]), False
    if kinds and kinds <= {int, float, Decimal} and len(kinds) > 1:
        values = [_as_number(value, exact=float not in kinds) for value in values]
    if kinds == {datetime, date}:
        values = [datetime.combine(value, time()) if type(value) is date else value for value in values]
    if kinds == {int} and any(not -(2**63) <= value < 2**63 for value in values if value is not None):
        values = [None if value is None else Decimal(value) for value in values]
    try:
        if datetime in kinds and any(value.tzinfo for value in values if value is not None):
            return pa.array(values, type=pa.timestamp("us", tz="UTC")), False
        return pa.array(values), False
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        held = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise DbtRowsError(f"column {name!r}: values of {held} make no column: {error}") from error


def write_json(value: Any) -> str:
    """Return a value as JSON: decimals are numbers, and times with a zone are instants."""
    return json.dumps(value, default=_as_json)


def _as_json(value: Any) -> Any:
    if isinstance(value, Decimal) and value.is_finite():
        near = int(value) if value == value.to_integral_value() else float(value)
        return near if Decimal(str(near)) == value else str(value)
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    return str(value)


def _as_number(value: Any, *, exact: bool) -> Any:
    if value is None:
        return None
    return Decimal(value) if exact else float(value)


def _read_file(path: Path, folders: Sequence[Path], *, seed: bool) -> "tuple[pa.Table, bool]":
    found = next((place for folder in (*folders, Path()) if (place := folder / path.expanduser()).is_file()), None)
    if found is None:
        looked = ", ".join(str(folder) for folder in (*folders, Path.cwd()))
        raise DbtRowsError(f"there is no file {path}", hint=f"looked in {looked}")
    import pyarrow as pa

    if found.suffix.lower() == ".parquet":
        from pyarrow import parquet

        return parquet.read_table(found), True
    if found.suffix.lower() in {".yml", ".yaml"}:
        return make_table(_read_yaml(found)), True
    try:
        return _read_csv(found, seed=seed), False
    except pa.ArrowInvalid as error:
        raise DbtRowsError(f"{path} is not a table: {error}") from error


def _read_yaml(path: Path) -> list[Any]:
    """Return the rows of a YAML file: a list of mappings."""
    import yaml

    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except yaml.YAMLError as error:
        raise DbtRowsError(f"{path} is not YAML: {error}") from error
    if not isinstance(rows, list):
        raise DbtRowsError(f"{path} is not a list of rows", hint="write `- {id: 1, name: Ann}`, a line a row")
    return rows


def _read_csv(path: Path, *, seed: bool) -> "pa.Table":
    """Return a CSV file as text: what its columns mean is for the model to say; an empty unquoted field is NULL."""
    import pyarrow as pa
    from pyarrow import csv

    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    with csv.open_csv(path, parse_options=csv.ParseOptions(delimiter=delimiter)) as reader:
        names = reader.schema.names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DbtRowsError(f"{path} has the column {', '.join(map(repr, twice))} more than once")
    convert = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        strings_can_be_null=True,
        quoted_strings_can_be_null=seed,
        null_values=[""],
    )
    return csv.read_csv(
        path, parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True), convert_options=convert
    )


def infer_types(table: "pa.Table", known: Iterable[str], *, seed: bool = False) -> "pa.Table":
    """Text columns (of a CSV file) as the types that their values look like, save for those whose type is known.

    Those of a seed are what dbt makes of them, for which `007` is a number, and nothing at all too.
    """
    import io

    import pyarrow as pa
    from pyarrow import csv

    kept = set(known)
    for at, name in enumerate(table.column_names):
        if name in kept:
            continue
        column = io.BytesIO()
        csv.write_csv(table.select([at]), column, csv.WriteOptions(include_header=False))
        if table.num_rows and table.column(at).null_count < table.num_rows:
            column.seek(0)
            options = csv.ReadOptions(column_names=[name])
            skipping = csv.ParseOptions(ignore_empty_lines=False, newlines_in_values=True)
            nulls = csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""])
            read = csv.read_csv(column, options, skipping, nulls)
            if read.num_rows == table.num_rows and not pa.types.is_null(read.schema.field(0).type):
                table = table.set_column(at, name, _decide(table.column(at), read.column(0), seed=seed))
        elif seed and table.num_rows:
            table = table.set_column(at, name, table.column(at).cast(pa.int32()))
    return table


def empty_table(name: str, types: Mapping[str, str]) -> "pa.Table":
    """No rows, in the columns that are known.

    Raises:
        DbtRowsError: None are.
    """
    import pyarrow as pa

    if not types:
        raise DbtRowsError(
            f"there are no rows to tell the columns of {name} from, and its YAML names none",
            hint='name them in its YAML, or give a query without rows: "select 1 as id where 1 = 0"',
        )
    return pa.table({name: pa.array([], pa.string()) for name in types})


def _decide(text: "pa.ChunkedArray", read: "pa.ChunkedArray", *, seed: bool) -> "pa.ChunkedArray":
    """Return what Arrow read, unless that loses something: `007` is no number, save in a seed."""
    import pyarrow as pa
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    if seed and pa.types.is_integer(read.type):
        most = pc.max(pc.abs(read)).as_py()
        return read.cast(pa.int32()) if most < 2**31 else read
    if pa.types.is_integer(read.type) and not pc.all(pc.equal(pc.cast(read, pa.string()), text)).as_py():
        return text
    return text if pa.types.is_time(read.type) else read


def _read_frame(frame: Any) -> "pa.Table":
    import pyarrow as pa

    if type(frame).__module__.startswith("pandas"):
        return pa.Table.from_pandas(frame, preserve_index=False)
    if hasattr(frame, "__arrow_c_stream__"):
        return pa.table(frame)
    from pyarrow.interchange import from_dataframe  # type: ignore[import-untyped]

    return from_dataframe(frame)
