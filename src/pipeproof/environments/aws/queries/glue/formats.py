"""The bytes of an object as a table's rows, by the SerDe that the catalogue names.

What each takes: https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html
"""

import bz2
import csv
import gzip
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pipeproof.environments.aws.queries.glue.hive_types import json_value, lazy_value, strict_value
from pipeproof.sql.errors import FailedError

LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
OPENX_JSON = "org.openx.data.jsonserde.JsonSerDe"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_JSON = (OPENX_JSON, "org.apache.hive.hcatalog.data.JsonSerDe", "org.apache.hadoop.hive.serde2.JsonSerDe")

Column = tuple[str, Any]
"""A column's name and DuckDB's type of it."""
Reader = Callable[[str, Sequence[Column], Mapping[str, str]], Iterator[dict[str, Any]]]
"""Text, the columns in the file, and the SerDe's properties → rows for DuckDB's JSON reader."""


def text_reader(serde: str) -> Reader | None:
    """Return the reader of a SerDe for text; None of any other."""
    if serde == LAZY:
        return _lazy_rows
    if serde == OPEN_CSV:
        return _csv_rows
    return _json_rows if serde in _JSON else None


def unpacked(content: bytes) -> bytes:
    """Return an object's bytes without gzip or bzip2."""
    if content[:2] == b"\x1f\x8b":
        return gzip.decompress(content)
    return bz2.decompress(content) if content[:3] == b"BZh" else content


def _lines(text: str, properties: Mapping[str, str]) -> list[str]:
    skipped = int(properties.get("skip.header.line.count", 0))
    lines = text.split("\n")
    lines = lines[:-1] if lines and not lines[-1] else lines
    return [line.removesuffix("\r") for line in lines[skipped:]]


def _lazy_rows(text: str, columns: Sequence[Column], properties: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    separator = properties.get("field.delim") or properties.get("serialization.format") or "\x01"
    separator = "\x01" if separator == "1" else separator
    escape, null = properties.get("escape.delim"), properties.get("serialization.null.format", "\\N")
    for line in _lines(text, properties):
        fields = _fields(line, separator, escape)
        yield {
            name: None if field == null else lazy_value(field, str(kind))
            for (name, kind), field in zip(columns, fields, strict=False)
        }


def _fields(line: str, separator: str, escape: str | None) -> list[str]:
    if not escape:
        return line.split(separator)
    fields, signs = [""], iter(line)
    for sign in signs:
        if sign == separator:
            fields.append("")
        else:
            following = next(signs, "") if sign == escape else sign
            fields[-1] += "\\N" if sign == escape and following == "N" else following
    return fields


def _csv_rows(text: str, columns: Sequence[Column], properties: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    lines = _lines(text, properties)
    options: Any = {
        "delimiter": properties.get("separatorChar", ","),
        "quotechar": properties.get("quoteChar", '"'),
        "escapechar": properties.get("escapeChar", "\\"),
    }
    for line in lines:
        fields = next(csv.reader([line], **options), [])
        yield {
            name: strict_value(field, str(kind), index)
            for index, ((name, kind), field) in enumerate(zip(columns, fields, strict=False))
        }


def _json_rows(text: str, columns: Sequence[Column], properties: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    is_lenient = properties.get("ignore.malformed.json", "").lower() == "true"
    mapped = {
        name.removeprefix("mapping.").lower(): key for name, key in properties.items() if name.startswith("mapping.")
    }
    for line in _lines(text, properties):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_float=str)
            if not isinstance(row, dict):
                raise ValueError(line)
            folded = {key.lower(): value for key, value in row.items()}
            yield {name: json_value(folded.get(mapped.get(name, name).lower()), kind) for name, kind in columns}
        except ValueError as error:
            if not is_lenient:
                said = "HIVE_CURSOR_ERROR: Row is not a valid JSON Object"
                raise FailedError(f"{said}: {line[:100]}") from error
            yield {}
