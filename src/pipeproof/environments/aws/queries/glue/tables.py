"""A table of the catalogue: its columns, its partitions, the objects that hold its rows, and these in DuckDB."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeproof.environments.aws.queries.glue import formats, projection
from pipeproof.environments.aws.queries.glue.hive_types import duck_type, lazy_value
from pipeproof.scratch import scratch_folder
from pipeproof.sql.errors import FailedError, untranslatable

Client = Callable[[str], Any]
"""boto3's name of a service → a client on the stubs."""
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Place:
    """Where rows lie: a prefix in S3, how they are written, and the values of the partition's columns."""

    location: str
    serde: str
    properties: Mapping[str, str]
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table of the catalogue.

    Attributes:
        database: Its database.
        name: Its name.
        columns: The columns in the files, with DuckDB's types.
        partition_columns: Those that the places tell.
        places: Where its rows lie.
        input: The table as Glue describes it.
    """

    database: str
    name: str
    columns: tuple[tuple[str, str], ...]
    partition_columns: tuple[tuple[str, str], ...]
    places: tuple[Place, ...]
    input: Mapping[str, Any]

    @property
    def all_columns(self) -> dict[str, str]:
        """All columns, those of the partitions last."""
        return dict((*self.columns, *self.partition_columns))


def find_table(client: Client, database: str, name: str, sql: str) -> Table | None:
    """Return a table of the catalogue, or None.

    Raises:
        UntranslatableQueryError: It is a view, or has a type or a projection that is not read here.
    """
    glue = client("glue")
    try:
        found = glue.get_table(DatabaseName=database, Name=name)["Table"]
    except glue.exceptions.EntityNotFoundException:
        return None
    parameters = found.get("Parameters", {})
    kind = parameters.get("table_type", "").upper()
    if found.get("TableType") == "VIRTUAL_VIEW" or kind:
        what = f"the {kind or 'view'} {database}.{name}"
        raise untranslatable("athena", what, sql, None, "only plain tables of the catalogue are read here")
    storage = found.get("StorageDescriptor", {})
    try:
        columns = tuple(
            (part["Name"].lower(), duck_type(part.get("Type", "string"))) for part in storage.get("Columns", ())
        )
        keys = tuple(
            (part["Name"].lower(), duck_type(part.get("Type", "string"))) for part in found.get("PartitionKeys", ())
        )
    except ValueError as error:
        raise untranslatable("athena", f"the table {database}.{name}", sql, None, f"not read here: {error}") from error
    own = _place(storage, storage, parameters, ())
    places: Sequence[Place] = (own,)
    if keys and parameters.get("projection.enabled", "").lower() == "true":
        found_values = projection.partitions(client("s3"), own.location, [name for name, _ in keys], parameters, sql)
        places = [Place(location, own.serde, own.properties, values) for location, values in found_values]
    elif keys:
        pages = glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=name)
        partitions = [part for page in pages for part in page["Partitions"]]
        places = [
            _place(part.get("StorageDescriptor", {}), storage, parameters, tuple(part["Values"])) for part in partitions
        ]
    return Table(database, name, columns, keys, tuple(places), found)


def _place(
    storage: Mapping[str, Any], of_table: Mapping[str, Any], parameters: Mapping[str, str], values: tuple[str, ...]
) -> Place:
    serde = storage.get("SerdeInfo") or of_table.get("SerdeInfo") or {}
    properties = {**parameters, **serde.get("Parameters", {})}
    library = serde.get("SerializationLibrary") or formats.LAZY
    return Place(storage.get("Location") or of_table.get("Location", ""), library, properties, values)


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of `s3://bucket/key`."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key


def objects_of(s3: Any, location: str) -> Iterator[tuple[str, str]]:
    """Bucket and key of the objects under a location that Athena reads: not those whose name begins with `_` or `.`."""
    bucket, prefix = split_uri(location)
    prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for found in page.get("Contents", ()):
                if found["Size"] and not found["Key"].rpartition("/")[2].startswith(("_", ".")):
                    yield bucket, found["Key"]
    except s3.exceptions.NoSuchBucket as error:
        raise FailedError(f"HIVE_METASTORE_ERROR: The specified bucket does not exist: {bucket}") from error


def load(connection: Any, client: Client, table: Table, sql: str) -> int:
    """Put a table's rows into DuckDB; gives the bytes that were read.

    Raises:
        FailedError: An object does not hold what the catalogue says.
        UntranslatableQueryError: A format is not read here.
    """
    columns = table.all_columns
    declared = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    target = f"{quoted(table.database)}.{quoted(table.name)}"
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(table.database)}")
    connection.execute(f"CREATE TABLE {target} ({declared})")
    s3, scanned = client("s3"), 0
    with scratch_folder("sql-") as folder:
        for place in table.places:
            values = {
                name: None if text == NO_VALUE else lazy_value(text, kind)
                for (name, kind), text in zip(table.partition_columns, place.values, strict=False)
            }
            for number, (bucket, key) in enumerate(objects_of(s3, place.location)):
                content = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                scanned += len(content)
                file = folder / f"{number}"
                _insert(connection, table, place, content, values, file, f"s3://{bucket}/{key}", sql)
    return scanned


def _insert(
    connection: Any,
    table: Table,
    place: Place,
    content: bytes,
    values: Mapping[str, Any],
    file: Path,
    uri: str,
    sql: str,
) -> None:
    target = f"{quoted(table.database)}.{quoted(table.name)}"
    if place.serde == formats.PARQUET:
        file.write_bytes(content)
        fixed = [f"CAST({literal(values.get(name))} AS {kind})" for name, kind in table.partition_columns]
        chosen = ", ".join([*_parquet_columns(connection, table, file, uri), *fixed])
        connection.execute(f"INSERT INTO {target} SELECT {chosen} FROM read_parquet({literal(str(file))})")
        return
    reader = formats.text_reader(place.serde)
    if reader is None:
        name = place.serde.rpartition(".")[2]
        raise untranslatable(
            "athena", f"the SerDe {name} of {table.database}.{table.name}", sql, None, "it is not read here"
        )
    import duckdb

    kinds = [(name, duckdb.type(kind)) for name, kind in table.columns]
    rows = reader(formats.unpacked(content).decode(errors="replace"), kinds, place.properties)
    file.write_text("".join(json.dumps({**row, **values}) + "\n" for row in rows), encoding="utf-8")
    if not file.stat().st_size:
        return
    declared = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in table.all_columns.items())
    source = f"read_json({literal(str(file))}, format = 'newline_delimited', columns = {{{declared}}})"
    connection.execute(f"INSERT INTO {target} SELECT * FROM {source}")


def _parquet_columns(connection: Any, table: Table, file: Path, uri: str) -> Iterator[str]:
    """Yield a file's columns by name, as the table declares them; one that it lacks is NULL."""
    import duckdb

    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(str(file))})").fetchall()
    found = {name.lower(): (name, duckdb.type(kind)) for name, kind, *_ in described}
    for name, kind in table.columns:
        if name not in found:
            yield f"CAST(NULL AS {kind})"
            continue
        own, stored = found[name]
        if _family(str(stored)) != _family(str(duckdb.type(kind))):
            raise FailedError(
                f"HIVE_BAD_DATA: Field {name}'s type {stored} in parquet file {uri} is incompatible with type "
                f"{kind.lower()} defined in table schema"
            )
        yield f"CAST({quoted(own)} AS {kind})"


def _family(kind: str) -> str:
    if kind in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"):
        return "integer"
    if kind.startswith("TIMESTAMP"):
        return "timestamp"
    return "float" if kind in ("FLOAT", "DOUBLE") else kind.partition("(")[0]


def quoted(name: str) -> str:
    """Return a name as SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """Return a value as SQL writes it."""
    return "NULL" if value is None else "'" + str(value).replace("'", "''") + "'"
