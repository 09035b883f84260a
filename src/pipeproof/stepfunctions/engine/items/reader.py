"""ItemReader: the items of a distributed Map from files in S3, from manifests of files, and from listings.

The rules are those of the developer guide's page on ItemReader.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pipeproof.stepfunctions.definition.resources import parse_resource
from pipeproof.stepfunctions.engine.items import formats, manifests
from pipeproof.stepfunctions.engine.items.datasets import Dataset, reader_failure
from pipeproof.stepfunctions.errors import MockError
from pipeproof.stepfunctions.timestamps import parse_timestamp

Ask = Callable[[str, Mapping[str, Any]], Any]
"""Calls a Resource with parameters; gives what it answers, bytes as bytes."""

GET_OBJECT = "arn:aws:states:::s3:getObject"
LOAD_AND_FLATTEN = "LOAD_AND_FLATTEN"
_LISTING_FIELDS = ("Etag", "Key", "LastModified", "Size", "StorageClass")
_PASSED_ON = ("ExpectedBucketOwner", "RequestPayer")
_FORMATS = ("CSV", "JSON", "JSONL", "PARQUET")


def read_items(
    resource: str, parameters: Mapping[str, Any], config: Mapping[str, Any], limit: int | None, ask: Ask
) -> Dataset:
    """Reads the items that an ItemReader names.

    Args:
        resource: Its Resource.
        parameters: Its Parameters or Arguments, filled in.
        config: Its ReaderConfig, filled in.
        limit: MaxItems, or None.
        ask: Makes its calls.

    Raises:
        StateFailure: States.ItemReaderFailed: something cannot be read.
    """
    dataset = Dataset(limit=limit)
    bucket, key = str(parameters.get("Bucket", "")), str(parameters.get("Key", ""))
    passed_on = {name: parameters[name] for name in _PASSED_ON if name in parameters}

    def fetch(where: str, name: str) -> Any:
        return ask(GET_OBJECT, {"Bucket": where, "Key": name, **passed_on})

    if parse_resource(resource).action == "listObjectsV2":
        pages = _pages(resource, parameters, ask)
        if config.get("Transformation") == LOAD_AND_FLATTEN:
            _load_listed(pages, bucket, config, fetch, dataset)
        else:
            dataset.add(f"s3://{bucket}", (_listed(entry) for entry in _entries(pages)))
        return dataset
    kind = manifests.manifest_type(config)
    content = ask(resource, parameters)
    if kind is None or isinstance(content, list):
        _add_file(content, f"s3://{bucket}/{key}", config, dataset)
    elif kind == manifests.ATHENA_DATA:
        for where, name in manifests.athena_files(formats.decode(_bytes(content))):
            _add_file(fetch(where, name), f"s3://{where}/{name}", config, dataset)
    else:
        files, form, columns = manifests.inventory_files(formats.decode(_bytes(content)), bucket)
        for where, name in files:
            items = manifests.inventory_items(_bytes(fetch(where, name)), form, columns)
            dataset.add(f"s3://{where}/{name}", items)
    return dataset


def _pages(resource: str, parameters: Mapping[str, Any], ask: Ask) -> Iterator[Any]:
    """Yield the pages of a listing, as many as there are."""
    token = None
    while True:
        page = ask(resource, {**parameters, **({"ContinuationToken": token} if token else {})})
        yield page
        before, token = token, page.get("NextContinuationToken") if isinstance(page, dict) else None
        if not token or not page.get("IsTruncated"):
            return
        if token == before:
            raise MockError(
                f"the mock of {resource} gives the same page again and again",
                hint="Let it look at ContinuationToken, or leave IsTruncated out of what it returns.",
            )


def _entries(pages: Iterator[Any]) -> Iterator[Any]:
    for given in pages:
        page = formats.parse_json(given, "The listing is not valid JSON") if isinstance(given, str) else given
        yield from page if isinstance(page, list) else page.get("Contents") or ()


def _load_listed(
    pages: Iterator[Any], bucket: str, config: Mapping[str, Any], fetch: Callable[[str, str], Any], dataset: Dataset
) -> None:
    for entry in _entries(pages):
        name = str(entry.get("Key", ""))
        if dataset.is_full:
            return
        if not name.endswith("/"):  # what the console makes for a folder holds nothing
            _add_file(fetch(bucket, name), f"s3://{bucket}/{name}", config, dataset)


def _listed(entry: Any) -> Any:
    """An object as a listing's item has it; the date is a number of seconds since 1970."""
    if not isinstance(entry, Mapping):
        return entry
    known = {**entry, "Etag": entry.get("Etag", entry.get("ETag"))}
    changed = known.get("LastModified")
    seconds = changed.timestamp() if isinstance(changed, datetime) else parse_timestamp(changed)
    if seconds is not None:
        known["LastModified"] = int(seconds) if seconds == int(seconds) else seconds
    return {field: known[field] for field in _LISTING_FIELDS if known.get(field) is not None}


def _add_file(content: Any, source: str, config: Mapping[str, Any], dataset: Dataset) -> None:
    """Adds the items of one object's content; a mock may give the items themselves."""
    if dataset.is_full:
        return
    kind = config.get("InputType", "JSON")
    if isinstance(content, list):
        dataset.add(source, content)
        return
    data = _bytes(content)
    if kind == "PARQUET":
        dataset.add(source, formats.read_parquet(data))
        return
    text = formats.decode(data)
    if kind == "CSV":
        dataset.add(source, formats.read_delimited(text, config))
    elif kind == "JSONL":
        dataset.add(source, formats.read_json_lines(text))
    elif kind == "JSON":
        items, keyed = formats.read_json(text, config.get("ItemsPointer"))
        dataset.add(source, items, keyed=keyed)
    else:
        raise reader_failure(f"InputType {kind!r} is none of {', '.join(_FORMATS)}.")


def _bytes(content: Any) -> bytes:
    """Return what an answer of `s3:getObject` holds."""
    if isinstance(content, Mapping) and "Body" in content:
        content = content["Body"]
    if isinstance(content, (bytes, bytearray)):
        return bytes(content)
    if isinstance(content, str):
        return content.encode()
    return formats.as_json_bytes(content)
