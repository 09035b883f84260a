"""Manifests: files that name the files which hold the items (an S3 inventory's, or that of Athena's UNLOAD)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeproof.stepfunctions.engine.items import formats
from pipeproof.stepfunctions.engine.items.datasets import reader_failure

ATHENA_DATA = "ATHENA_DATA"
S3_INVENTORY = "S3_INVENTORY"


def manifest_type(config: Mapping[str, Any]) -> str | None:
    """The kind of manifest that a ReaderConfig speaks of; an InputType of MANIFEST alone is an S3 inventory's."""
    kind = config.get("ManifestType")
    if kind in (ATHENA_DATA, S3_INVENTORY):
        return str(kind)
    return S3_INVENTORY if config.get("InputType") == "MANIFEST" else None


def athena_files(text: str) -> Iterator[tuple[str, str]]:
    """Bucket and key of each file that an Athena manifest names: one URI of S3 a line."""
    for line in text.splitlines():
        uri = line.strip().strip('"')
        if not uri:
            continue
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not uri.startswith("s3://") or not key:
            raise reader_failure(f"The manifest is not valid: {uri!r} is not a URI of an object in S3.")
        yield bucket, key


def inventory_files(text: str, bucket: Any) -> tuple[list[tuple[str, str]], str, list[str]]:
    """Return what an S3 inventory's `manifest.json` says.

    Args:
        text: The manifest.
        bucket: Where it was, for a manifest that names no destination bucket.

    Returns:
        Bucket and key of each file, the files' format, and the columns.
    """
    try:
        manifest = json.loads(text)
        where = str(manifest.get("destinationBucket") or bucket).rsplit(":", 1)[-1]
        columns = [column.strip() for column in str(manifest["fileSchema"]).split(",")]
        files = [(where, str(file["key"])) for file in manifest["files"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise reader_failure(f"The manifest is not valid: {type(error).__name__}: {error}") from error
    return files, str(manifest.get("fileFormat", "CSV")).upper(), columns


def inventory_items(data: bytes, kind: str, columns: list[str]) -> Iterable[Any]:
    """Return the rows of one of an inventory's files."""
    if kind == "PARQUET":
        return formats.read_parquet(data)
    if kind != "CSV":
        raise reader_failure(f"An inventory in the format {kind} is not read; choose CSV or Parquet.")
    return formats.as_objects(formats.split_records(formats.decode(data), ","), columns)
