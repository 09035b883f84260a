"""ItemReader: the items of a distributed Map from files in S3 (JSON, JSON Lines, CSV, manifests) and from listings."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pipeproof.stepfunctions.errors import StateFailure

Fetch = Callable[[Mapping[str, Any]], bytes]
"""Gets an object of S3 by `Bucket` and `Key`."""

_DELIMITERS = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
_LISTING_FIELDS = ("Etag", "Key", "LastModified", "Size", "StorageClass")


def reader_failure(cause: str) -> StateFailure:
    """The dataset cannot be read."""
    return StateFailure("States.ItemReaderFailed", cause)


def read_items(config: Mapping[str, Any], content: Any, fetch: Fetch, parameters: Mapping[str, Any]) -> Iterable[Any]:
    """The items that a reader's answer holds.

    Args:
        config: ReaderConfig.
        content: The answer: a list of items, an object's content, or a service's response.
        fetch: For the files that a manifest names.
        parameters: Where the object was.

    Raises:
        StateFailure: States.ItemReaderFailed.
    """
    if isinstance(content, list):
        return content
    if isinstance(content, dict) and "Contents" in content:
        return [_listed(entry) for entry in content["Contents"]]
    if isinstance(content, dict) and "Body" in content:
        content = content["Body"]
    data = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else None
    if data is None:
        return _iterable(content, config)
    kind = config.get("InputType", "JSON")
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    match kind:
        case "CSV":
            return _csv_items(data, config)
        case "JSONL":
            return [json.loads(line) for line in _text(data).splitlines() if line.strip()]
        case "MANIFEST":
            return _manifest_items(data, config, fetch, parameters)
        case "PARQUET":
            return _parquet_items(data)
    try:
        return _iterable(json.loads(_text(data)), config)
    except json.JSONDecodeError as error:
        raise reader_failure(f"The file is not valid JSON: {error}") from error


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise reader_failure(f"The file is not valid UTF-8: {error}") from error


def _iterable(value: Any, config: Mapping[str, Any]) -> list[Any]:
    pointer = config.get("ItemsPointer")
    for part in pointer.strip("/").split("/") if isinstance(pointer, str) and pointer.strip("/") else ():
        key = part.replace("~1", "/").replace("~0", "~")
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, list):
        return value
    raise reader_failure("Attempting to map over non-iterable node.")


def _listed(entry: Mapping[str, Any]) -> dict[str, Any]:
    known = {**entry, "Etag": entry.get("Etag", entry.get("ETag"))}
    if "LastModified" in known and hasattr(known["LastModified"], "timestamp"):
        known["LastModified"] = int(known["LastModified"].timestamp())
    return {field: known[field] for field in _LISTING_FIELDS if known.get(field) is not None}


def _csv_items(data: bytes, config: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    delimiter = _DELIMITERS.get(config.get("CSVDelimiter", "COMMA"), ",")
    rows = (row for row in csv.reader(io.StringIO(_text(data)), delimiter=delimiter) if row)
    headers = config.get("CSVHeaders")
    if config.get("CSVHeaderLocation", "FIRST_ROW") == "FIRST_ROW":
        headers = next(rows, [])
    headers = list(headers or [])
    if len(set(headers)) != len(headers):
        raise reader_failure("CSV headers cannot contain duplicates.")
    return _csv_rows(rows, headers)


def _csv_rows(rows: Iterable[list[str]], headers: list[str]) -> Iterator[dict[str, str]]:
    for row in rows:
        yield {header: row[index] if index < len(row) else "" for index, header in enumerate(headers)}


def _manifest_items(
    data: bytes, config: Mapping[str, Any], fetch: Fetch, parameters: Mapping[str, Any]
) -> Iterator[dict[str, str]]:
    """An S3 inventory's manifest.json names gzipped CSV files and their columns; Athena's names objects, one a line."""
    text = _text(data)
    if config.get("ManifestType") == "ATHENA_DATA" or not text.lstrip().startswith("{"):
        return _athena_items([line for line in text.splitlines() if line.strip()], config, fetch)
    try:
        manifest = json.loads(text)
    except json.JSONDecodeError as error:
        raise reader_failure(f"The manifest is not valid JSON: {error}") from error
    columns = [column.strip() for column in str(manifest.get("fileSchema", "")).split(",")]
    bucket = str(manifest.get("destinationBucket", "")).rsplit(":", 1)[-1] or parameters.get("Bucket")
    return _inventory_items(manifest, bucket, columns, fetch)


def _inventory_items(
    manifest: Mapping[str, Any], bucket: Any, columns: list[str], fetch: Fetch
) -> Iterator[dict[str, str]]:
    for file in manifest.get("files", ()):
        content = fetch({"Bucket": bucket, "Key": file["key"]})
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        yield from _csv_rows(csv.reader(io.StringIO(_text(content))), columns)


def _athena_items(lines: list[str], config: Mapping[str, Any], fetch: Fetch) -> Iterator[Any]:
    for line in lines:
        bucket, _, key = line.strip().removeprefix("s3://").partition("/")
        yield from read_items(
            {**config, "InputType": config.get("ManifestInputType", "CSV")},
            fetch({"Bucket": bucket, "Key": key}),
            fetch,
            {},
        )


def _parquet_items(data: bytes) -> list[Any]:
    try:
        import pyarrow.parquet as parquet  # type: ignore[import-untyped]
    except ImportError as error:
        raise reader_failure("Reading Parquet needs the package pyarrow.") from error
    try:
        rows = parquet.read_table(io.BytesIO(data)).to_pylist()
    except (OSError, ValueError) as error:
        raise reader_failure(f"The file is not valid Parquet: {error}") from error
    return json.loads(json.dumps(rows, default=str))  # type: ignore[no-any-return]
