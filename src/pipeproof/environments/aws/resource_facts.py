"""What policies ask of resources, read from the stubs: tags of resources and objects, and tables' partition keys."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pipeproof.environments.aws.botocore_hooks import unobserved
from pipeproof.environments.aws.encryption import encryption_needs, exact_need
from pipeproof.iam.context import Resources, Tags

Client = Callable[[str, str], Any]
"""A service and a region → a client of boto3's on the stubs."""


def resources_of(client: Client, region: str) -> Resources:
    """Return what is known of the resources on the stubs; tables and objects are looked for in the region."""
    return Resources(
        tags=partial(_tags, client, region),
        object_tags=partial(_object_tags, client, region),
        partition_key=partial(_partition_key, client, region),
        exact=partial(exact_need, partial(_ask_raw, client)),
        encryption=partial(encryption_needs, partial(_ask_raw, client)),
    )


_ARN: Mapping[str, tuple[str, str, str, str]] = {
    "athena": ("athena", "list_tags_for_resource", "ResourceARN", "Tags"),
    "batch": ("batch", "list_tags_for_resource", "resourceArn", "tags"),
    "dynamodb": ("dynamodb", "list_tags_of_resource", "ResourceArn", "Tags"),
    "ecs": ("ecs", "list_tags_for_resource", "resourceArn", "tags"),
    "events": ("events", "list_tags_for_resource", "ResourceARN", "Tags"),
    "glue": ("glue", "get_tags", "ResourceArn", "Tags"),
    "kinesis": ("kinesis", "list_tags_for_resource", "ResourceARN", "Tags"),
    "kms": ("kms", "list_resource_tags", "KeyId", "Tags"),
    "lambda": ("lambda", "list_tags", "Resource", "Tags"),
    "logs": ("logs", "list_tags_for_resource", "resourceArn", "tags"),
    "secretsmanager": ("secretsmanager", "describe_secret", "SecretId", "Tags"),
    "sns": ("sns", "list_tags_for_resource", "ResourceArn", "Tags"),
    "states": ("stepfunctions", "list_tags_for_resource", "resourceArn", "tags"),
}
"""By IAM's prefix: the client, its method, the parameter that takes an ARN, and the field of the answer."""


def _tags(client: Client, region: str, arn: str) -> Tags | None:
    """Return the tags of the resource that an ARN names; none where it does not exist, None where nobody can tell."""
    if not arn.startswith("arn:"):
        return {}
    _, _, service, place, _, name = arn.split(":", 5)
    if service == "s3":
        return {} if "/" in name else _ask(client, "s3", region, "get_bucket_tagging", "TagSet", Bucket=name)
    if service == "sqs":
        url = _ask_raw(client, "sqs", place or region, "get_queue_url", QueueName=name).get("QueueUrl")
        return _ask(client, "sqs", place or region, "list_queue_tags", "Tags", QueueUrl=url) if url else {}
    if service == "ssm":
        parameter = name.removeprefix("parameter").removeprefix("/")
        of_parameter = partial(_ask, client, "ssm", place or region, "list_tags_for_resource", "TagList")
        of_parameter = partial(of_parameter, ResourceType="Parameter")
        return of_parameter(ResourceId=parameter) or of_parameter(ResourceId=f"/{parameter}")
    if service not in _ARN or "*" in arn:
        return None
    called, method, parameter, field = _ARN[service]
    if service == "dynamodb":
        arn = arn.partition("/index/")[0]
    return _ask(client, called, place or region, method, field, **{parameter: arn})


def _object_tags(client: Client, region: str, bucket: str, key: str, version: str | None) -> Tags | None:
    given = {"Bucket": bucket, "Key": key} | ({"VersionId": version} if version else {})
    return _ask(client, "s3", region, "get_object_tagging", "TagSet", **given)


def _partition_key(client: Client, region: str, table: str, index: str | None) -> str | None:
    if not table:
        return None
    found = _ask_raw(client, "dynamodb", region, "describe_table", TableName=table).get("Table", {})
    indexes = [*found.get("GlobalSecondaryIndexes", ()), *found.get("LocalSecondaryIndexes", ())]
    schema = found.get("KeySchema", ())
    if index:
        schema = next((one["KeySchema"] for one in indexes if one["IndexName"] == index), ())
    return next((str(part["AttributeName"]) for part in schema if part["KeyType"] == "HASH"), None)


def _ask(client: Client, service: str, region: str, method: str, field: str, **given: Any) -> dict[str, str]:
    tags = _ask_raw(client, service, region, method, **given).get(field) or {}
    if isinstance(tags, Mapping):
        return {str(name): str(value) for name, value in tags.items()}
    lowered = [{name.lower().removeprefix("tag"): value for name, value in tag.items()} for tag in tags]
    return {str(tag["key"]): str(tag.get("value", "")) for tag in lowered}


def _ask_raw(client: Client, service: str, region: str, method: str, **given: Any) -> dict[str, Any]:
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    with unobserved():
        try:
            answer: dict[str, Any] = getattr(client(service, region), method)(**given)
        except ClientError:
            return {}
    return answer
