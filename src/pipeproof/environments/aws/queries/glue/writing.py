"""Rows of a query as objects in S3: what CREATE TABLE AS, INSERT INTO and UNLOAD write."""

import gzip
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pipeproof.environments.aws.queries.glue.formats import LAZY, OPEN_CSV, OPENX_JSON, PARQUET
from pipeproof.environments.aws.queries.glue.tables import NO_VALUE, literal, quoted, split_uri
from pipeproof.scratch import scratch_folder

SERDES: Mapping[str, str] = {
    "PARQUET": PARQUET, "JSON": OPENX_JSON, "TEXTFILE": LAZY,
}  # fmt: skip
"""Formats that are written, with the SerDe that reads them."""
WRITTEN = (PARQUET, OPENX_JSON, LAZY, OPEN_CSV)
"""The SerDes of tables that rows are written for."""
HIVE_FORMATS: Mapping[str, tuple[str, str]] = {
    PARQUET: (
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    ),
}
TEXT_FORMATS = (
    "org.apache.hadoop.mapred.TextInputFormat",
    "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
)
STAGED = "pipeproof_written"
"""The temporary table in DuckDB that holds what is to be written."""


def write(
    connection: Any, s3: Any, location: str, serde: str, separator: str, partition_columns: Sequence[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Write the staged rows under a location, a file for each partition.

    Yields the URI of each object, and the values of its partition.
    """
    described = connection.execute(f"SELECT * FROM {STAGED} LIMIT 0").description
    columns = [column[0] for column in described if column[0] not in partition_columns]
    if not partition_columns:
        groups: list[tuple[Any, ...]] = [()]
    else:
        names = ", ".join(map(quoted, partition_columns))
        groups = connection.execute(f"SELECT DISTINCT {names} FROM {STAGED} ORDER BY ALL").fetchall()
    for group in groups:
        values = tuple(NO_VALUE if value is None else text_of(value) for value in group)
        folders = "".join(f"{name}={value}/" for name, value in zip(partition_columns, values, strict=True))
        condition = " AND ".join(
            f"{quoted(name)} IS NOT DISTINCT FROM {literal(value)}"
            for name, value in zip(partition_columns, group, strict=True)
        )
        chosen = f"SELECT {', '.join(map(quoted, columns))} FROM {STAGED}{f' WHERE {condition}' if condition else ''}"
        content, suffix = _content(connection, chosen, serde, separator)
        if content:
            bucket, prefix = split_uri(location.rstrip("/") + "/" + folders)
            key = f"{prefix}{uuid.uuid4().hex}{suffix}"
            s3.put_object(Bucket=bucket, Key=key, Body=content)
            yield f"s3://{bucket}/{key}", values


def _content(connection: Any, chosen: str, serde: str, separator: str) -> tuple[bytes, str]:
    if serde == PARQUET:
        if not connection.execute(f"SELECT count(*) FROM ({chosen})").fetchone()[0]:
            return b"", ""
        with scratch_folder("sql-") as folder:
            file = folder / "rows.parquet"
            connection.execute(f"COPY ({chosen}) TO {literal(str(file))} (FORMAT parquet)")
            return file.read_bytes(), ".parquet"
    cursor = connection.execute(chosen)
    names = [column[0] for column in cursor.description]
    rows = cursor.fetchall()
    if serde == OPENX_JSON:
        lines = [json.dumps({name: value for name, value in zip(names, row, strict=True) if value is not None},
                            default=text_of) for row in rows]  # fmt: skip
    elif serde == OPEN_CSV:
        lines = [separator.join(_csv_field(value) for value in row) for row in rows]
    else:
        lines = [separator.join("\\N" if value is None else text_of(value) for value in row) for row in rows]
    return (gzip.compress("".join(f"{line}\n" for line in lines).encode(), mtime=0) if rows else b""), ".gz"


def _csv_field(value: Any) -> str:
    text = "" if value is None else text_of(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def text_of(value: Any) -> str:
    """A value as Hive's text formats have it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    if isinstance(value, (date, Decimal)):
        return str(value)
    return json.dumps(value, default=text_of) if isinstance(value, (dict, list)) else str(value)
