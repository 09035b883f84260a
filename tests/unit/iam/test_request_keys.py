"""The condition keys that every request has, those of resources' tags, and those that are surely absent.

The facts are those of the IAM user guide's "AWS global condition context keys" and of the DynamoDB developer guide's page
on conditions for fine-grained access.
"""
# ruff: noqa: E501 - a table is read by its rows

from datetime import UTC, datetime
from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr, Key

from pipeproof.iam.calls import Call
from pipeproof.iam.context import Resources, is_determined, request_context, tags_asked

ROLE = "arn:aws:iam::123456789012:role/team/app"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"


def context(call: Call, principal: str = ROLE, **options: Any) -> dict[str, Any]:
    return request_context(call, principal, NOW, **options)


def test_every_request__has() -> None:
    call = Call("sqs", "ListQueues", {}, "eu-west-1", "999999999999")
    assert context(call) == {
        "aws:CurrentTime": "2026-01-01T00:00:00+00:00",
        "aws:EpochTime": "1767225600",
        "aws:PrincipalAccount": "123456789012",
        "aws:PrincipalArn": ROLE,
        "aws:PrincipalIsAWSService": "false",
        "aws:PrincipalType": "AssumedRole",
        "aws:RequestedRegion": "eu-west-1",
        "aws:ResourceAccount": "999999999999",
        "aws:SecureTransport": "true",
        "aws:TokenIssueTime": "2026-01-01T00:00:00+00:00",
        "aws:UserAgent": "Boto3",
        "aws:ViaAWSService": "false",
    }


def test_every_request__of_a_user_has_a_name() -> None:
    found = context(Call("sqs", "ListQueues", {}), "arn:aws:iam::123456789012:user/team/ann")
    assert (found["aws:username"], found["aws:PrincipalType"]) == ("ann", "User")


def test_every_request__is_made_now() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    found = request_context(Call("sqs", "ListQueues", {}), ROLE)
    assert before <= datetime.fromisoformat(str(found["aws:CurrentTime"])) <= datetime.now(UTC)


KNOWN: list[tuple[str, str, bool, bool]] = [
    ("aws:principalarn", "s3", False, True),
    ("aws:sourcearn", "s3", False, True),
    ("aws:multifactorauthpresent", "s3", False, True),
    ("aws:username", "s3", False, True),
    ("aws:sourcevpc", "s3", False, False),
    ("aws:principaltag/team", "s3", False, False),
    ("aws:requesttag/team", "s3", False, True),
    ("s3:requestobjecttag/team", "s3", False, True),
    ("aws:resourcetag/team", "s3", True, True),
    ("aws:resourcetag/team", "s3", False, False),
    ("s3:resourcetag/team", "s3", True, True),
    ("sqs:resourcetag/team", "s3", True, False),
    ("s3:existingobjecttag/team", "s3", True, True),
    ("s3:existingobjecttag/team", "s3", False, False),
    ("s3:buckettag/team", "s3", True, True),
    ("s3:prefix", "s3", False, True),
    ("s3:prefix", "sqs", False, False),
    ("s3:requestobjecttagkeys", "s3", False, True),
    ("kms:encryptioncontext:stage", "kms", False, True),
    ("kms:encryptioncontextkeys", "kms", False, True),
    ("kms:viaservice", "kms", False, True),
    ("ec2:instancetype", "ec2", False, False),
]


@pytest.mark.parametrize(("key", "prefix", "tags", "known"), KNOWN)
def test_determined__by_a_value_or_by_having_none(key: str, prefix: str, tags: bool, known: bool) -> None:
    assert is_determined(key, prefix, {"aws:principalarn": ROLE}, tags) is known


@pytest.mark.parametrize(
    ("keys", "asked"),
    [
        ({"aws:resourcetag/team"}, True),
        ({"s3:existingobjecttag/stage", "aws:sourcearn"}, True),
        ({"s3:buckettag/stage"}, True),
        ({"aws:requesttag/team", "aws:sourcearn"}, False),
        (set(), False),
    ],
)
def test_tags__are_asked_for(keys: set[str], asked: bool) -> None:
    assert tags_asked(frozenset(keys)) is asked


TAGS = Resources(
    tags=lambda arn: {"team": arn} if arn != "gone" else None,
    object_tags=lambda bucket, key, version: {"at": f"{bucket}/{key}/{version}"} if key != "gone" else None,
)
ASKED = frozenset({"aws:resourcetag/team"})


def test_tags__of_a_resource() -> None:
    found = context(Call("sqs", "SendMessage", {}), resource="q", resources=TAGS, asked=ASKED)
    assert {key: value for key, value in found.items() if "Tag/" in key} == {
        "aws:ResourceTag/team": "q", "sqs:ResourceTag/team": "q",
    }  # fmt: skip


def test_tags__of_a_bucket_and_its_object() -> None:
    call = Call("s3", "GetObject", {"Bucket": "b", "Key": "k", "VersionId": "1"})
    found = context(call, resource="b", resources=TAGS, asked=ASKED)
    assert {key: value for key, value in found.items() if "Tag/" in key} == {
        "aws:ResourceTag/team": "b", "s3:ResourceTag/team": "b", "s3:BucketTag/team": "b",
        "s3:ExistingObjectTag/at": "b/k/1",
    }  # fmt: skip


@pytest.mark.parametrize("params", [{"Bucket": "b", "Key": "gone"}, {"Bucket": "b"}, {"Key": "k"}])
def test_tags__of_what_nobody_has_are_none(params: dict[str, str]) -> None:
    found = context(Call("s3", "GetObject", params), resource="gone", resources=TAGS, asked=ASKED)
    assert not [key for key in found if "Tag/" in key]
    assert not [key for key in context(Call("s3", "GetObject", params), resource="b", resources=TAGS) if "Tag/" in key]


def test_tags__where_there_are_no_resources_to_ask() -> None:
    found = context(Call("s3", "GetObject", {"Bucket": "b", "Key": "k"}), resource="b", asked=ASKED)
    assert not [key for key in found if "Tag/" in key]


def test_tags__of_a_request_in_any_form() -> None:
    forms: list[dict[str, Any]] = [
        {"Tags": {"team": "a", "odd": 1}},
        {"TagList": [{"Key": "team", "Value": "a"}, "odd"]},
        {"tagset": [{"key": "team", "value": "a"}, {"value": "b"}]},
        {"TagsToAdd": [{"TagKey": "team", "TagValue": "a"}]},
        {"AddTags": {"team": "a"}},
        {"TagSpecifications": [{"Tags": [{"Key": "team", "Value": "a"}]}, {"ResourceType": "x"}]},
    ]
    for params in forms:
        found = context(Call("glue", "CreateJob", params))
        assert (found["aws:RequestTag/team"], found["aws:TagKeys"]) == ("a", ["team"]), params
    empty = context(Call("glue", "CreateJob", {"Tags": [{"Key": "team"}]}))
    assert empty["aws:RequestTag/team"] == ""


@pytest.mark.parametrize("name", ["TagKeys", "tagKeys", "TagKeyList", "TagsToRemove", "RemoveTags"])
def test_tags__that_are_removed_are_keys_alone(name: str) -> None:
    found = context(Call("glue", "UntagResource", {name: ["team", 1], "Tags": {"new": "x"}}))
    assert found["aws:TagKeys"] == ["new", "team"]
    assert "aws:RequestTag/team" not in found
    assert "aws:TagKeys" not in context(Call("glue", "UntagResource", {name: "team"}))


def test_parameters__of_a_keys_name_count_where_a_policy_asks() -> None:
    params = {"DatabaseName": "x", "Port": 5432, "MultiAZ": True, "Other": [1]}
    asked = frozenset({"rds:databasename", "rds:port", "rds:multiaz", "rds:other", "rds:nothing", "ec2:port"})
    found = context(Call("rds", "CreateDBInstance", params), asked=asked)
    named = {key: value for key, value in found.items() if key.startswith(("rds:", "ec2:"))}
    assert named == {"rds:databasename": "x", "rds:port": "5432", "rds:multiaz": "true"}
    assert "rds:databasename" not in context(Call("rds", "CreateDBInstance", params))


@pytest.mark.parametrize(
    ("operation", "params", "expected"),
    [
        (
            "UpdateEventSourceMapping",
            {"FunctionName": "arn:aws:lambda:r:1:function:f"},
            "arn:aws:lambda:r:1:function:f",
        ),
        ("CreateEventSourceMapping", {}, None),
        ("Invoke", {"FunctionName": "f"}, None),
    ],
)
def test_lambda__function_arn_is_that_of_a_mapping(
    operation: str, params: dict[str, str], expected: str | None
) -> None:
    assert context(Call("lambda", operation, params)).get("lambda:FunctionArn") == expected


@pytest.mark.parametrize(
    ("service", "operation", "params", "absent"),
    [
        ("s3", "GetObject", {"Bucket": "b", "Key": "k"}, "s3:prefix"),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k"}, "s3:RequestObjectTagKeys"),
        (
            "s3",
            "PutBucketTagging",
            {"Bucket": "b", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
            "s3:RequestObjectTagKeys",
        ),
        ("kms", "Encrypt", {"KeyId": "k"}, "kms:EncryptionContextKeys"),
        ("kms", "Encrypt", {"KeyId": "k"}, "kms:RequestAlias"),
        ("ssm", "GetParameter", {"Name": "a"}, "ssm:Overwrite"),
        ("ssm", "GetParameter", {"Name": "a"}, "ssm:Recursive"),
        ("sts", "AssumeRole", {"RoleArn": ROLE}, "sts:TransitiveTagKeys"),
        ("lambda", "CreateFunction", {"FunctionName": "f"}, "lambda:Layer"),
        ("events", "PutEvents", {"Entries": [{}, "odd"]}, "events:source"),
        ("sqs", "SendMessage", {"Prefix": "a"}, "s3:prefix"),
    ],
)
def test_service__keys_that_a_call_does_not_have(
    service: str, operation: str, params: dict[str, Any], absent: str
) -> None:
    assert absent not in context(Call(service, operation, params))


@pytest.mark.parametrize(
    ("operation", "params", "key", "value"),
    [
        ("ListObjectsV2", {"Bucket": "b", "Prefix": "a/"}, "s3:prefix", "a/"),
        ("ListObjectVersions", {"Bucket": "b"}, "s3:prefix", ""),
        ("ListObjectsV2", {"Bucket": "b", "MaxKeys": 5}, "s3:max-keys", "5"),
        ("PutObject", {"Bucket": "b", "Key": "k", "Tagging": "a=&b=1"}, "s3:RequestObjectTagKeys", ["a", "b"]),
        ("CopyObject", {"CopySource": "/raw/a"}, "s3:x-amz-copy-source", "/raw/a"),
    ],
)
def test_s3__keys(operation: str, params: dict[str, Any], key: str, value: Any) -> None:
    assert context(Call("s3", operation, params))[key] == value


def dynamodb(operation: str, params: dict[str, Any], resource: str = TABLE) -> dict[str, Any]:
    tables = Resources(partition_key=lambda table, index: {"orders": "owner" if index else "tenant"}.get(table))
    found = context(Call("dynamodb", operation, {"TableName": "orders", **params}), resource=resource, resources=tables)
    return {key.removeprefix("dynamodb:"): value for key, value in found.items() if key.startswith("dynamodb:")}


SELECTED: list[tuple[str, dict[str, Any], str | None]] = [
    ("Scan", {}, "ALL_ATTRIBUTES"),
    ("Query", {"IndexName": "i"}, "ALL_PROJECTED_ATTRIBUTES"),
    ("Query", {"ProjectionExpression": "a"}, "SPECIFIC_ATTRIBUTES"),
    ("Scan", {"AttributesToGet": ["a"], "IndexName": "i"}, "SPECIFIC_ATTRIBUTES"),
    ("Scan", {"Select": "COUNT", "IndexName": "i"}, "COUNT"),
    ("GetItem", {"Key": {}}, None),
]


@pytest.mark.parametrize(("operation", "params", "selected"), SELECTED)
def test_dynamodb__select(operation: str, params: dict[str, Any], selected: str | None) -> None:
    assert dynamodb(operation, params).get("Select") == selected


def test_dynamodb__returned_values() -> None:
    found = dynamodb("PutItem", {"Item": {}, "ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL"})
    assert found == {"ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL"}


LEADING: list[tuple[str, dict[str, Any], list[str] | None]] = [
    ("GetItem", {"Key": {"tenant": "a"}}, ["a"]),
    ("GetItem", {"Key": {"tenant": {"N": "5"}}}, ["5"]),
    ("GetItem", {"Key": {"tenant": {"B": b"x"}}}, ["x"]),
    ("GetItem", {"Key": {"tenant": {"M": {}}}}, ["{'M': {}}"]),
    ("GetItem", {"Key": {"other": "a"}}, None),
    ("GetItem", {"TableName": TABLE, "Key": {"tenant": "a"}}, ["a"]),
    ("GetItem", {"TableName": "audit", "Key": {"tenant": "a"}}, None),
    ("Query", {"KeyConditions": {"tenant": {"AttributeValueList": [{"S": "a"}]}}}, ["a"]),
    ("Query", {"KeyConditions": {"tenant": {}}}, None),
    ("Query", {"KeyConditionExpression": "tenant = :t", "ExpressionAttributeValues": {":t": "a"}}, ["a"]),
    ("Query", {"KeyConditionExpression": "tenant > :t", "ExpressionAttributeValues": {":t": "a"}}, None),
    ("Query", {"KeyConditionExpression": "tenant = :t"}, None),
    ("Query", {"KeyConditionExpression": Key("tenant").eq("a")}, ["a"]),
    ("Query", {"KeyConditionExpression": Key("tenant").gt("a")}, None),
    ("Query", {"KeyConditionExpression": Key("day").eq("1") & Key("tenant").eq("a")}, ["a"]),
    ("Query", {"KeyConditionExpression": 5}, None),
    ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "orders", "Key": {"tenant": "a"}}}] * 2}, ["a"]),
    ("TransactGetItems", {"TransactItems": None}, None),
    ("TransactGetItems", {"TransactItems": [{"Get": {"Key": {"tenant": "a"}}}]}, None),
    ("BatchGetItem", {"RequestItems": {"orders": {}}}, None),
    ("BatchGetItem", {"RequestItems": {TABLE: {"Keys": [{"tenant": "a"}]}}}, ["a"]),
]


@pytest.mark.parametrize(("operation", "params", "leading"), LEADING)
def test_dynamodb__leading_keys(operation: str, params: dict[str, Any], leading: list[str] | None) -> None:
    assert dynamodb(operation, params).get("LeadingKeys") == leading


def test_dynamodb__leading_keys_without_a_resource_are_those_of_all_parts() -> None:
    tables = Resources(partition_key=lambda table, index: "tenant")
    call = Call("dynamodb", "GetItem", {"TableName": "audit", "Key": {"tenant": "a"}})
    assert context(call, resources=tables)["dynamodb:LeadingKeys"] == ["a"]
    assert "dynamodb:LeadingKeys" not in context(call)


ATTRIBUTES: list[tuple[str, dict[str, Any], list[str] | None]] = [
    ("Scan", {"FilterExpression": Attr("total").gt(5)}, ["total"]),
    ("Scan", {"FilterExpression": Attr("a.b.c").gt(5) | ~Attr("lines[0].sku").exists()}, ["a", "lines"]),
    ("Scan", {"FilterExpression": "size(a) > :x AND begins_with(b, :y) and not c between :x and :y"}, ["a", "b", "c"]),
    ("Scan", {"ScanFilter": {"a": {}}, "Expected": {"b": {}}}, ["a", "b"]),
    ("Query", {"QueryFilter": {"a": {}}, "KeyConditions": {"tenant": {}}}, ["a", "tenant"]),
    ("Scan", {"ProjectionExpression": "#a.b, #unknown, _c", "ExpressionAttributeNames": {"#a": "first"}}, ["first", "#unknown", "_c"]),
    ("UpdateItem", {"UpdateExpression": "SET a = list_append(a, :x) DELETE d :y"}, ["a", "d"]),
    ("BatchGetItem", {"RequestItems": {"orders": {"Keys": [{"tenant": "a"}], "ProjectionExpression": "total"}}}, ["tenant", "total"]),
    ("GetItem", {"Key": 5}, None),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "params", "attributes"), ATTRIBUTES)
def test_dynamodb__attributes(operation: str, params: dict[str, Any], attributes: list[str] | None) -> None:
    found = dynamodb(operation, params).get("Attributes")
    assert (sorted(found) if found else found) == (sorted(attributes) if attributes else attributes)


def test_dynamodb__keys_of_an_index_are_its_own() -> None:
    condition = {"IndexName": "i", "KeyConditionExpression": Key("owner").eq("x")}
    assert dynamodb("Query", condition, f"{TABLE}/index/i")["LeadingKeys"] == ["x"]
    assert "LeadingKeys" not in dynamodb("Query", condition)
