"""ItemReader in a distributed Map, from the developer guide's page on it; S3 is a mock that holds objects."""

import gzip
import io
import json
from datetime import UTC, datetime
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from pipeproof import MockError, StateMachine, returns

GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"
CONTEXT = {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "s.$": "$$.Map.Item.Source"}


def machine(resource: str, config: Any, parameters: Any = None, **fields: Any) -> StateMachine:
    parameters = {"Bucket": "b", "Key": "k"} if parameters is None else parameters
    reader = {"Resource": resource, "Parameters": parameters, **({"ReaderConfig": config} if config else {})}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P"}
    processor["States"] = {"P": {"Type": "Pass", "End": True}}
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True, **fields}
    return StateMachine({"StartAt": "Map", "States": {"Map": state}})


def bucket(objects: dict[str, Any], page: int = 1000) -> dict[str, Any]:
    """S3 as mocks: objects by key, listed in pages."""

    def fetch(where: dict[str, Any]) -> Any:
        return {"Body": objects[where["Key"]]}

    def listing(where: dict[str, Any]) -> Any:
        keys = sorted(
            key for key in objects if key.startswith(where.get("Prefix", "")) and key > where.get("StartAfter", "")
        )
        start = int(where.get("ContinuationToken", 0))
        contents = [{"Key": key, "Size": len(objects[key])} for key in keys[start : start + page]]
        more = start + page < len(keys)
        return {
            "Contents": contents,
            "IsTruncated": more,
            **({"NextContinuationToken": str(start + page)} if more else {}),
        }

    return {GET: fetch, LIST: listing}


def test_listing__all_pages_are_read() -> None:
    mocks = bucket({f"{number:05}": b"" for number in range(2_500)})
    output = machine(LIST, None, {"Bucket": "b"}).run({}, mocks).output
    assert [item["Key"] for item in output] == [f"{number:05}" for number in range(2_500)]


@pytest.mark.parametrize(
    ("parameters", "config", "keys"),
    [
        ({}, None, ["a/1", "a/2", "b/1"]),
        ({"Prefix": "a/"}, None, ["a/1", "a/2"]),
        ({"Prefix.$": "$.prefix"}, None, ["b/1"]),
        ({"StartAfter": "a/1"}, None, ["a/2", "b/1"]),
        ({"Prefix": "none"}, None, []),
        ({}, {"MaxItems": 2}, ["a/1", "a/2"]),
        ({}, {"Transformation": "NONE"}, ["a/1", "a/2", "b/1"]),
    ],
)
def test_listing__parameters(parameters: Any, config: Any, keys: list[str]) -> None:
    mocks = bucket({"a/1": b"x", "a/2": b"x", "b/1": b"x"}, page=1)
    output = machine(LIST, config, {"Bucket": "b", **parameters}).run({"prefix": "b"}, mocks).output
    assert [item["Key"] for item in output] == keys


def test_listing__items_have_the_documented_fields() -> None:
    entry = {
        "Key": "a",
        "ETag": '"x"',
        "LastModified": datetime(2026, 1, 1, tzinfo=UTC),
        "Size": 0,
        "StorageClass": "STANDARD",
        "Owner": {},
    }
    mocks = {LIST: returns({"Contents": [entry, {**entry, "LastModified": "2026-01-01T00:00:00.5Z"}]})}
    item = {"Etag": '"x"', "Key": "a", "LastModified": 1767225600, "Size": 0, "StorageClass": "STANDARD"}
    output = machine(LIST, None, {"Bucket": "b"}).run({}, mocks).output
    assert output == [item, {**item, "LastModified": 1767225600.5}]


def test_listing__an_empty_bucket_gives_no_items() -> None:
    assert machine(LIST, None, {"Bucket": "b"}).run({}, {LIST: returns({"KeyCount": 0})}).output == []


def test_listing__a_mock_that_never_ends_is_an_error() -> None:
    page = {"Contents": [], "IsTruncated": True, "NextContinuationToken": "t"}
    with pytest.raises(MockError, match="the same page again and again"):
        machine(LIST, None, {"Bucket": "b"}).run({}, {LIST: returns(page)})


@pytest.mark.parametrize(
    ("kind", "objects", "items"),
    [
        ("JSON", {"1.json": "[1, 2]", "2.json": "[3]"}, [1, 2, 3]),
        ("JSONL", {"1": "1\n2", "2": gzip.compress(b"3")}, [1, 2, 3]),
        ("CSV", {"1": "a\n1\n", "2": "b\n2\n"}, [{"a": "1"}, {"b": "2"}]),
        ("JSON", {"1.json": "[1]", "folder/": b"", "folder/2.json": "[2]"}, [1, 2]),
    ],
)
def test_load_and_flatten__reads_each_object(kind: str, objects: Any, items: list[Any]) -> None:
    config = {"InputType": kind, "Transformation": "LOAD_AND_FLATTEN"}
    assert machine(LIST, config, {"Bucket": "b"}).run({}, bucket(objects, page=1)).output == items


def test_load_and_flatten__stops_at_max_items() -> None:
    config = {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN", "MaxItems": 3}
    objects = {"1": "[1, 2]", "2": "[3, 4]", "3": "not read"}
    assert machine(LIST, config, {"Bucket": "b"}).run({}, bucket(objects)).output == [1, 2, 3]


ROWS = '"b","one","5"\n"b","two","6"\n'
INVENTORY = {
    "destinationBucket": "arn:aws:s3:::b",
    "fileFormat": "CSV",
    "fileSchema": "Bucket, Key, Size",
    "files": [{"key": "data.csv.gz"}],
}
INVENTORY_ITEMS = [{"Bucket": "b", "Key": "one", "Size": "5"}, {"Bucket": "b", "Key": "two", "Size": "6"}]


@pytest.mark.parametrize(
    "config",
    [
        {"InputType": "MANIFEST"},
        {"InputType": "MANIFEST", "ManifestType": "S3_INVENTORY"},
        {"ManifestType": "S3_INVENTORY"},
    ],
)
@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())], ids=["plain", "gzip"])
def test_inventory__rows_are_items(config: Any, pack: Any) -> None:
    objects = {"k": pack(json.dumps(INVENTORY)), "data.csv.gz": pack(ROWS)}
    assert machine(GET, config).run({}, bucket(objects)).output == INVENTORY_ITEMS


@pytest.mark.parametrize(
    ("manifest", "cause"),
    [
        ("", "The manifest is not valid"),
        ("[]", "The manifest is not valid"),
        ("{}", "The manifest is not valid: KeyError: 'fileSchema'"),
        (json.dumps({**INVENTORY, "fileFormat": "ORC"}), "An inventory in the format ORC is not read"),
    ],
)
def test_inventory__failures(manifest: str, cause: str) -> None:
    execution = machine(GET, {"InputType": "MANIFEST"}).run({}, bucket({"k": manifest, "data.csv.gz": ""}), check=False)
    assert execution.error == "States.ItemReaderFailed"
    assert execution.cause.startswith(cause)


@pytest.mark.parametrize(
    ("config", "contents", "items"),
    [
        ({"InputType": "CSV", "CSVHeaders": ["x"]}, ["1\n2\n", "3\n"], [{"x": "1"}, {"x": "2"}, {"x": "3"}]),
        ({"InputType": "JSONL"}, ['{"x": 1}', '{"x": 2}'], [{"x": 1}, {"x": 2}]),
        ({"InputType": "CSV", "CSVHeaders": ["x"], "MaxItems": 2}, ["1\n2\n", "3\n"], [{"x": "1"}, {"x": "2"}]),
    ],
)
def test_athena__files_of_the_manifest_are_read(config: Any, contents: list[str], items: list[Any]) -> None:
    objects = {f"out/{number}.gz": gzip.compress(text.encode()) for number, text in enumerate(contents)}
    objects["k"] = "".join(f'"s3://b/{key}"\n' for key in objects).encode()
    assert machine(GET, {**config, "ManifestType": "ATHENA_DATA"}).run({}, bucket(objects)).output == items


def test_athena__what_is_no_uri_is_named() -> None:
    config = {"InputType": "CSV", "ManifestType": "ATHENA_DATA"}
    execution = machine(GET, config).run({}, bucket({"k": "b/one\n"}), check=False)
    assert (execution.error, "'b/one' is not a URI" in execution.cause) == ("States.ItemReaderFailed", True)


@pytest.mark.parametrize(
    ("resource", "config", "objects", "sources"),
    [
        (GET, {"InputType": "JSON"}, {"k": "[1, 2]"}, ["s3://b/k", "s3://b/k"]),
        (LIST, None, {"x": b"", "y": b""}, ["s3://b", "s3://b"]),
        (
            LIST,
            {"InputType": "JSON", "Transformation": "LOAD_AND_FLATTEN"},
            {"x": "[1]", "y": "[2]"},
            ["s3://b/x", "s3://b/y"],
        ),
        (GET, {"InputType": "MANIFEST"}, {"k": json.dumps(INVENTORY), "data.csv.gz": ROWS}, ["s3://b/data.csv.gz"] * 2),
        (
            GET,
            {"InputType": "JSONL", "ManifestType": "ATHENA_DATA"},
            {"k": "s3://b/x\n", "x": "1\n2"},
            ["s3://b/x"] * 2,
        ),
    ],
)
def test_context__source_of_each_item(resource: str, config: Any, objects: Any, sources: list[str]) -> None:
    parameters = {"Bucket": "b"} if resource == LIST else None
    output = machine(resource, config, parameters, ItemSelector=CONTEXT).run({}, bucket(objects)).output
    assert [item["s"] for item in output] == sources
    assert [item["i"] for item in output] == [0, 1]


def test_context__an_objects_entries_have_keys() -> None:
    selector = {**CONTEXT, "k.$": "$$.Map.Item.Key"}
    output = (
        machine(GET, {"InputType": "JSON"}, ItemSelector=selector).run({}, bucket({"k": '{"x": 1, "y": [2]}'})).output
    )
    assert output == [{"k": "x", "v": 1, "i": 0, "s": "s3://b/k"}, {"k": "y", "v": [2], "i": 1, "s": "s3://b/k"}]


def test_context__without_a_reader_the_source_is_the_state() -> None:
    definition = machine(GET, {}, ItemSelector=CONTEXT).definition.document.value
    del definition["States"]["Map"]["ItemReader"]
    for mode in ("DISTRIBUTED", "INLINE"):
        definition["States"]["Map"]["ItemProcessor"]["ProcessorConfig"]["Mode"] = mode
        output = StateMachine(definition).run([7]).output
        assert output == [{"v": 7, "i": 0, "s": "STATE_DATA"}]


@pytest.mark.parametrize(
    ("config", "content", "cause"),
    [
        ({"InputType": "JSONL"}, '{"a": 1}\n{', "Line 2 of the file is not valid JSON"),
        ({"InputType": "CSV"}, b"a\n\xff\n", "The file is not valid UTF-8"),
        ({"InputType": "PARQUET"}, "text", "The file is not valid Parquet"),
    ],
)
def test_failures__are_of_the_reader(config: Any, content: Any, cause: str) -> None:
    execution = machine(GET, config).run({"text": "x"}, bucket({"k": content}), check=False)
    events = [event.type for event in execution.events]
    assert execution.error == "States.ItemReaderFailed"
    assert execution.cause.startswith(cause)
    assert events[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_failures__can_be_caught() -> None:
    catch = [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "Rescue"}]
    reader = {"Resource": GET, "Parameters": {"Bucket": "b", "Key": "k"}}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P"}
    processor["States"] = {"P": {"Type": "Pass", "End": True}}
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "Catch": catch, "End": True}
    definition = {"StartAt": "Map", "States": {"Map": state, "Rescue": {"Type": "Succeed"}}}
    assert StateMachine(definition).run({}, bucket({"k": "7"})).path == ["Map", "Rescue"]


def test_listing__a_mock_may_give_text_and_both_spellings_of_the_tag() -> None:
    page = json.dumps({"Contents": [{"Key": "a", "Etag": "1"}, {"Key": "b", "ETag": "2"}]})
    output = machine(LIST, None, {"Bucket": "b"}).run({}, {LIST: returns(page)}).output
    assert output == [{"Etag": "1", "Key": "a"}, {"Etag": "2", "Key": "b"}]


def test_inventory__in_parquet() -> None:
    table = pyarrow.table({"bucket": ["b", "b"], "size": [1, 2]})
    data = io.BytesIO()
    parquet.write_table(table, data)
    manifest = {**INVENTORY, "fileFormat": "Parquet"}
    objects = {"k": json.dumps(manifest), "data.csv.gz": data.getvalue()}
    output = machine(GET, {"InputType": "MANIFEST"}).run({}, bucket(objects)).output
    assert output == [{"bucket": "b", "size": 1}, {"bucket": "b", "size": 2}]
