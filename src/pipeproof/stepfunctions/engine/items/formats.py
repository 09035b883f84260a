"""The files that ItemReader reads: JSON, JSON Lines, delimited text and Parquet, plain or compressed by gzip.

The rules are those of the developer guide's page on ItemReader.
"""

import base64
import codecs
import gzip
import io
import json
import math
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from pipeproof.stepfunctions.engine.items.datasets import entries_of, reader_failure

_GZIP = b"\x1f\x8b"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
_POINTER_INDEX = re.compile(r"0|[1-9]\d*")
NOT_ITERABLE = "Attempting to map over non-iterable node."


def unpack(data: bytes) -> bytes:
    """Return the bytes without their compression."""
    if data[:2] == _GZIP:
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise reader_failure(f"The file is not valid gzip: {error}") from error
    if data[:4] == _ZSTANDARD:
        raise reader_failure("The file is compressed by Zstandard, which is not read here: compress it by gzip.")
    return data


def decode(data: bytes) -> str:
    """Return the text of a file: UTF-8, or what its byte order mark says.

    Raises:
        StateFailure: States.ItemReaderFailed, where it is neither.
    """
    data = unpack(data)
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise reader_failure(f"The file is not valid UTF-8: {error}") from error


def read_json(text: str, pointer: Any = None) -> tuple[list[Any], bool]:
    """Return the items of a JSON document: an array's, or an object's entries.

    Args:
        text: The document.
        pointer: ItemsPointer: the JSON Pointer (RFC 6901) of the array or object.

    Returns:
        The items, and whether they are an object's entries.
    """
    value = parse_json(text, "The file is not valid JSON")
    if isinstance(pointer, str):
        value = _follow(value, pointer)
    if isinstance(value, list):
        return value, False
    if isinstance(value, dict):
        return entries_of(value), True
    raise reader_failure(NOT_ITERABLE)


def as_json_bytes(value: Any) -> bytes:
    """Return a JSON value as a file would hold it, for a mock that gives the value itself."""
    return json.dumps(value).encode()


def parse_json(text: str, complaint: str) -> Any:
    """Return a JSON text's value; `complaint` begins the cause where it is none."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise reader_failure(f"{complaint}: {error}") from error


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a JSON value")


def _follow(value: Any, pointer: str) -> Any:
    if pointer and not pointer.startswith("/"):
        raise reader_failure(f"ItemsPointer {pointer!r} is not a JSON Pointer: it starts with '/'.")
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and _POINTER_INDEX.fullmatch(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            raise reader_failure(NOT_ITERABLE)
    return value


def read_json_lines(text: str) -> Iterator[Any]:
    """Yield the items of JSON Lines: one a line; blank lines are skipped."""
    for number, line in enumerate(re.split(r"\r?\n", text), 1):
        if line.strip():
            yield parse_json(line, f"Line {number} of the file is not valid JSON")


def read_delimited(text: str, config: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Return the items of delimited text: an object a record, all its values text.

    Missing fields are empty, further ones are left out.

    Raises:
        StateFailure: States.ItemReaderFailed, where two headers have one name.
    """
    name = config.get("CSVDelimiter", "COMMA")
    if name not in _DELIMITERS:
        raise reader_failure(f"CSVDelimiter {name!r} is none of {', '.join(_DELIMITERS)}.")
    records = split_records(text, _DELIMITERS[name])
    given = config.get("CSVHeaders")
    headers = list(given or ())
    if config.get("CSVHeaderLocation", "GIVEN" if headers else "FIRST_ROW") == "FIRST_ROW":
        headers = next(records, [])
    if len(set(headers)) != len(headers):
        raise reader_failure("CSV headers cannot contain duplicates.")
    return as_objects(records, headers)


def as_objects(records: Iterable[list[str]], headers: list[str]) -> Iterator[dict[str, str]]:
    """Records as objects under their headers."""
    width = len(headers)
    for record in records:
        missing = [""] * (width - len(record))
        yield dict(zip(headers, [*record, *missing] if missing else record, strict=False))


def split_records(text: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the records of delimited text, empty lines left out.

    A field in double quotes may hold delimiters and line breaks; a doubled quote is a quote; a backslash escapes a
    quote, a delimiter or a backslash, and is dropped before anything else.
    """
    if '"' not in text and "\\" not in text:
        for line in re.split(r"\r?\n", text):
            if line:
                yield line.split(delimiter)
        return
    field = _field(delimiter)
    record: list[str] = []
    position = 0
    while True:
        found = field.match(text, position)
        if found is None:  # a quote that is never closed: what is left is one field
            record.append(_unescape(text[position + 1 :], delimiter))
            yield record
            return
        quoted, plain, end = found.groups()
        record.append(_unescape((quoted or "") + (plain or ""), delimiter))
        position = found.end()
        if end == delimiter:
            continue
        if record != [""] or quoted is not None:
            yield record
        record = []
        if position >= len(text):
            return


@lru_cache(maxsize=8)
def _field(delimiter: str) -> re.Pattern[str]:
    plain = rf'(?:[^"\\\r\n{re.escape(delimiter)}]|\\[^\r\n]|\\(?=[\r\n]|\Z)|""|\r(?!\n))'
    quoted = r'"((?:[^"\\]|\\.|"")*)"(?!")'
    return re.compile(rf'(?:{quoted})?({plain}(?:{plain}|")*)?({re.escape(delimiter)}|\r?\n|\Z)', re.DOTALL)


def _unescape(value: str, delimiter: str) -> str:
    if '"' not in value and "\\" not in value:
        return value
    return _escapes(delimiter).sub(lambda found: found.group(1) or ('"' if found.group() == '""' else ""), value)


@lru_cache(maxsize=8)
def _escapes(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf'\\(["\\{re.escape(delimiter)}])|\\|""')


def read_parquet(data: bytes) -> Iterator[Any]:
    """Yield the rows of a Parquet file as JSON objects."""
    try:
        import pyarrow.parquet as parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise reader_failure("Reading Parquet needs the package pyarrow.") from error
    try:
        file = parquet.ParquetFile(io.BytesIO(unpack(data)))
        columns = [(field.name, field.type) for field in file.schema_arrow]
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                yield {name: _plain(row[name], kind) for name, kind in columns}
    except (OSError, ValueError) as error:
        raise reader_failure(f"The file is not valid Parquet: {error}") from error


def _plain(value: Any, kind: Any) -> Any:
    """A Parquet value as JSON has it: dates and times as ISO 8601, decimals as numbers, bytes as text or base64."""
    match value:
        case dict():
            return {
                kind.field(index).name: _plain(item, kind.field(index).type)
                for index, item in enumerate(value.values())
            }
        case list() if hasattr(kind, "item_type"):  # a map, which pyarrow gives as pairs
            return {str(key): _plain(item, kind.item_type) for key, item in value}
        case list():
            return [_plain(item, kind.value_type) for item in value]
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case float():
            return value if math.isfinite(value) else None  # NaN and infinities have no form in JSON
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                return base64.b64encode(value).decode()
        case None | bool() | int() | str():
            return value
        case _:
            return str(value)
