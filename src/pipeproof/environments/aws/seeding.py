"""A folder of files, read into the stubs.

    s3/BUCKET/KEY                  an object; the bucket is made
    dynamodb/TABLE.json (.yaml)    {"key": "id"} or {"key": ["id", "line"]}, and "items": a list of plain JSON objects
    secretsmanager/NAME            a secret's text; .json and .txt are not part of its name
    ssm/PATH/NAME                  a parameter, called /PATH/NAME, or NAME at the top
    sqs/QUEUE.json (.yaml)         a list of messages: texts, or objects that are sent as JSON

What is there already (a bucket, a table, a queue) is filled, not made again.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeproof.cloudformation import load_document
from pipeproof.errors import Location, PipeproofError

ClientOf = Callable[[str], Any]


class SeedError(PipeproofError):
    """A file of a seed folder is not what its place says."""


def load_folder(folder: Path, client: ClientOf) -> None:
    """Read `folder` into the stubs; raises [SeedError][] for what it does not understand."""
    if not folder.is_dir():
        raise SeedError(f"there is no folder {folder}")
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        load = _LOADERS.get(entry.name)
        if load is None or not entry.is_dir():
            raise SeedError(f"{entry} means nothing here", hint=f"Folders are: {', '.join(_LOADERS)}.")
        load(entry, client(entry.name))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _load_s3(folder: Path, s3: Any) -> None:
    existing = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
    region = s3.meta.region_name
    for bucket in sorted(path for path in folder.iterdir() if path.is_dir()):
        if bucket.name not in existing:
            place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            s3.create_bucket(Bucket=bucket.name, **place)
        for file in _files(bucket):
            s3.put_object(Bucket=bucket.name, Key=file.relative_to(bucket).as_posix(), Body=file.read_bytes())


def _load_dynamodb(folder: Path, dynamodb: Any) -> None:
    from boto3.dynamodb.types import TypeSerializer  # type: ignore[import-untyped]

    serialize = TypeSerializer().serialize
    existing = set(dynamodb.list_tables()["TableNames"])
    for file in _files(folder):
        content = load_document(file)
        if not isinstance(content, Mapping) or not isinstance(content.get("items"), list):
            raise SeedError('a table is {"key": "id", "items": […]}', location=Location(file, 1))
        items = [{name: serialize(_decimals(value)) for name, value in item.items()} for item in content["items"]]
        if file.stem not in existing:
            _create_table(dynamodb, file, content.get("key"), items)
        for item in items:
            dynamodb.put_item(TableName=file.stem, Item=item)


def _create_table(dynamodb: Any, file: Path, key: Any, items: list[dict[str, Any]]) -> None:
    names = [key] if isinstance(key, str) else list(key or [])
    if not 1 <= len(names) <= 2:
        raise SeedError(
            '"key" is the name of the partition key, or a list of it and the sort key', location=Location(file, 1)
        )
    types = {name: next((kind for item in items for kind in item.get(name, {})), "S") for name in names}
    dynamodb.create_table(
        TableName=file.stem,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        KeySchema=[
            {"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)
        ],
    )


def _decimals(value: Any) -> Any:
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {key: _decimals(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decimals(item) for item in value]
    return value


def _name(file: Path, folder: Path) -> str:
    name = file.relative_to(folder).as_posix()
    return name.removesuffix(".json").removesuffix(".txt")


def _load_secrets(folder: Path, secrets: Any) -> None:
    for file in _files(folder):
        secrets.create_secret(Name=_name(file, folder), SecretString=file.read_text(encoding="utf-8").rstrip("\n"))


def _load_parameters(folder: Path, ssm: Any) -> None:
    for file in _files(folder):
        name = _name(file, folder)
        ssm.put_parameter(
            Name=f"/{name}" if "/" in name else name,
            Value=file.read_text(encoding="utf-8").rstrip("\n"),
            Type="String",
            Overwrite=True,
        )


def _load_queues(folder: Path, sqs: Any) -> None:
    for file in _files(folder):
        messages = load_document(file)
        if not isinstance(messages, list):
            raise SeedError("a queue is a list of messages", location=Location(file, 1))
        fifo = file.stem.endswith(".fifo")
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"} if fifo else {}
        url = sqs.create_queue(QueueName=file.stem, Attributes=attributes)["QueueUrl"]
        group = {"MessageGroupId": "seed"} if fifo else {}
        for message in messages:
            body = message if isinstance(message, str) else json.dumps(message)
            sqs.send_message(QueueUrl=url, MessageBody=body, **group)


_LOADERS: Mapping[str, Callable[[Path, Any], None]] = {
    "dynamodb": _load_dynamodb,
    "s3": _load_s3,
    "secretsmanager": _load_secrets,
    "sqs": _load_queues,
    "ssm": _load_parameters,
}
