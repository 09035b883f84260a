"""Condition keys that a call's parameters tell, and those that nothing here can tell."""

from typing import Any

import pytest
from boto3.dynamodb.conditions import Attr, Key

from pipeproof.iam import Policy, evaluate
from pipeproof.iam.calls import Call
from pipeproof.iam.context import Resources, is_determined, request_context
from pipeproof.iam.errors import ConditionKeyError

ROLE = "arn:aws:iam::123456789012:role/app"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
OTHER = "arn:aws:dynamodb:us-east-1:123456789012:table/audit"
TABLES = Resources(partition_key=lambda table, index: "owner" if index else "tenant")


def keys(
    service: str, operation: str, params: dict[str, Any], resource: str = TABLE, asked: str = ""
) -> dict[str, Any]:
    call = Call(service, operation, params)
    return request_context(call, ROLE, resource=resource, resources=TABLES, asked=frozenset(asked.lower().split()))


ITEM_CALLS = {
    "GetItem": {"Key": {"tenant": {"S": "a"}, "day": {"S": "1"}}},
    "DeleteItem": {"Key": {"tenant": "a"}},
    "UpdateItem": {"Key": {"tenant": {"S": "a"}}, "UpdateExpression": "SET #t = :t, price.net = :p REMOVE old"},
    "PutItem": {"Item": {"tenant": {"S": "a"}, "total": {"N": "5"}}},
    "Query": {"KeyConditionExpression": "#k = :k AND day > :d", "ExpressionAttributeValues": {":k": {"S": "a"}}},
}


@pytest.mark.parametrize("operation", ITEM_CALLS)
def test_leading_keys__of_calls_for_one_table(operation: str) -> None:
    names = {"#k": "tenant", "#t": "total"}
    found = keys(
        "dynamodb", operation, {"TableName": "orders", "ExpressionAttributeNames": names, **ITEM_CALLS[operation]}
    )
    assert found["dynamodb:LeadingKeys"] == ["a"]


BATCHES = {
    "BatchGetItem": {
        "orders": {"Keys": [{"tenant": {"S": "a"}}, {"tenant": {"S": "b"}}]},
        "audit": {"Keys": [{"tenant": {"S": "c"}}]},
    },
    "BatchWriteItem": {
        "orders": [{"PutRequest": {"Item": {"tenant": "a"}}}, {"DeleteRequest": {"Key": {"tenant": "b"}}}],
        "audit": [{"PutRequest": {"Item": {"tenant": "c"}}}],
    },
}


@pytest.mark.parametrize("operation", BATCHES)
def test_leading_keys__of_batches_are_those_of_each_table(operation: str) -> None:
    params = {"RequestItems": BATCHES[operation]}
    assert keys("dynamodb", operation, params)["dynamodb:LeadingKeys"] == ["a", "b"]
    assert keys("dynamodb", operation, params, OTHER)["dynamodb:LeadingKeys"] == ["c"]


def test_leading_keys__of_transactions_name_the_enclosing_operation() -> None:
    parts = [
        {"Put": {"TableName": "orders", "Item": {"tenant": {"S": "a"}}}},
        {"Delete": {"TableName": "audit", "Key": {"tenant": {"S": "z"}}}},
    ]
    found = keys("dynamodb", "TransactWriteItems", {"TransactItems": parts})
    assert (found["dynamodb:LeadingKeys"], found["dynamodb:EnclosingOperation"]) == (["a"], "TransactWriteItems")


def test_leading_keys__of_an_index_are_its_own() -> None:
    params = {
        "TableName": "orders",
        "IndexName": "by-owner",
        "KeyConditionExpression": Key("owner").eq("x") & Key("day").eq("2"),
    }
    found = keys("dynamodb", "Query", params, f"{TABLE}/index/by-owner")
    assert found["dynamodb:LeadingKeys"] == ["x"]
    assert found["dynamodb:Select"] == "ALL_PROJECTED_ATTRIBUTES"


ATTRIBUTES: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "GetItem",
        {"Key": {"tenant": "a"}, "ProjectionExpression": "total, #d.street, lines[0].sku"},
        ["tenant", "total", "address", "lines"],
    ),
    ("GetItem", {"Key": {"tenant": "a"}, "AttributesToGet": ["total"]}, ["tenant", "total"]),
    (
        "UpdateItem",
        {"Key": {"tenant": "a"}, "UpdateExpression": "SET a = if_not_exists(b, :z), c.d = :y ADD e :one REMOVE f[1]"},
        ["tenant", "a", "b", "c", "e", "f"],
    ),
    ("UpdateItem", {"Key": {"tenant": "a"}, "AttributeUpdates": {"total": {}}}, ["tenant", "total"]),
    (
        "PutItem",
        {"Item": {"tenant": "a", "total": 5}, "ConditionExpression": "attribute_not_exists(tenant)"},
        ["tenant", "total"],
    ),
    ("Scan", {"FilterExpression": Attr("price.net").gt(5)}, ["price"]),
]


@pytest.mark.parametrize(("operation", "params", "expected"), ATTRIBUTES)
def test_attributes__are_the_top_level_ones_that_a_call_names(
    operation: str, params: dict[str, Any], expected: list[str]
) -> None:
    params = {"TableName": "orders", "ExpressionAttributeNames": {"#d": "address"}, **params}
    assert keys("dynamodb", operation, params)["dynamodb:Attributes"] == expected


OF_PARAMETERS: list[tuple[str, str, dict[str, Any], str, Any]] = [
    ("ssm", "PutParameter", {"Name": "/a", "Overwrite": True}, "ssm:Overwrite", "true"),
    ("ssm", "PutParameter", {"Name": "/a"}, "ssm:Overwrite", "false"),
    ("ssm", "GetParametersByPath", {"Path": "/a"}, "ssm:Recursive", "false"),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "ExternalId": "x", "RoleSessionName": "s"}, "sts:ExternalId", "x"),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "s"}, "sts:RoleSessionName", "s"),
    ("s3", "PutObject", {"Bucket": "b", "Key": "k", "Tagging": "team=a%20b"}, "s3:RequestObjectTag/team", "a b"),
    ("s3", "ListObjectsV2", {"Bucket": "b"}, "s3:prefix", ""),
    (
        "s3",
        "PutObjectTagging",
        {"Bucket": "b", "Key": "k", "Tagging": {"TagSet": [{"Key": "team", "Value": "a"}]}},
        "s3:RequestObjectTag/team",
        "a",
    ),
    (
        "s3",
        "PutObjectTagging",
        {"Bucket": "b", "Key": "k", "Tagging": {"TagSet": [{"Key": "team", "Value": "a"}]}},
        "s3:RequestObjectTagKeys",
        ["team"],
    ),
    ("s3", "CopyObject", {"CopySource": {"Bucket": "raw", "Key": "a"}}, "s3:x-amz-copy-source", "/raw/a"),
    ("kms", "Encrypt", {"KeyId": "k", "EncryptionContext": {"stage": "prod"}}, "kms:EncryptionContext:stage", "prod"),
    ("kms", "Encrypt", {"KeyId": "k", "EncryptionContext": {"stage": "prod"}}, "kms:EncryptionContextKeys", ["stage"]),
    ("kms", "Encrypt", {"KeyId": "arn:aws:kms:us-east-1:1:alias/etl"}, "kms:RequestAlias", "alias/etl"),
    ("ssm", "GetParametersByPath", {"Path": "/a", "Recursive": True}, "ssm:Recursive", "true"),
    ("sts", "AssumeRole", {"RoleArn": ROLE, "TransitiveTagKeys": ["team"]}, "sts:TransitiveTagKeys", ["team"]),
    ("lambda", "UpdateFunctionConfiguration", {"FunctionName": "f", "Layers": ["l:1"]}, "lambda:Layer", ["l:1"]),
    ("events", "PutEvents", {"Entries": [{"Source": "etl", "DetailType": "done"}]}, "events:source", ["etl"]),
    ("events", "PutEvents", {"Entries": [{"Source": "etl", "DetailType": "done"}]}, "events:detail-type", ["done"]),
    (
        "lambda",
        "CreateEventSourceMapping",
        {"FunctionName": "f"},
        "lambda:FunctionArn",
        "arn:aws:lambda:us-east-1:123456789012:function:f",
    ),
    ("sqs", "CreateQueue", {"QueueName": "q", "tags": {"team": "a"}}, "aws:RequestTag/team", "a"),
    (
        "dynamodb",
        "CreateTable",
        {"TableName": "t", "Tags": [{"Key": "team", "Value": "a"}]},
        "aws:RequestTag/team",
        "a",
    ),
    *(
        (service, operation, params, key, value)
        for service, operation, params in [
            ("glue", "CreateJob", {"Name": "j", "Tags": {"team": "a"}}),
            ("batch", "SubmitJob", {"jobName": "j", "tags": {"team": "a"}}),
            ("ecs", "RunTask", {"taskDefinition": "t", "tags": [{"key": "team", "value": "a"}]}),
            ("stepfunctions", "TagResource", {"resourceArn": "r", "tags": [{"key": "team", "value": "a"}]}),
            ("kms", "CreateKey", {"Tags": [{"TagKey": "team", "TagValue": "a"}]}),
            ("iam", "CreateRole", {"RoleName": "r", "Tags": [{"Key": "team", "Value": "a"}]}),
            (
                "ec2",
                "RunInstances",
                {"TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "team", "Value": "a"}]}]},
            ),
        ]
        for key, value in [("aws:RequestTag/team", "a"), ("aws:TagKeys", ["team"])]
    ),
    ("stepfunctions", "UntagResource", {"resourceArn": "r", "tagKeys": ["team"]}, "aws:TagKeys", ["team"]),
]


@pytest.mark.parametrize(("service", "operation", "params", "key", "value"), OF_PARAMETERS)
def test_request_context__has_what_parameters_tell(
    service: str, operation: str, params: dict[str, Any], key: str, value: Any
) -> None:
    assert keys(service, operation, params)[key] == value


def test_request_context__takes_a_parameter_of_the_keys_name() -> None:
    assert keys("rds", "CreateDBInstance", {"DatabaseName": "x"}, asked="rds:DatabaseName")["rds:databasename"] == "x"


def allow(condition: dict[str, Any], effect: str = "Allow") -> dict[str, Any]:
    return {"Sid": "Mine", "Effect": effect, "Action": "s3:GetObject", "Resource": "*", "Condition": condition}


def decide(statements: list[dict[str, Any]], context: dict[str, Any] | None = None) -> bool:
    policy = Policy.parse({"Version": "2012-10-17", "Statement": statements}, name="app")

    def known(key: str) -> bool:
        return is_determined(key, "s3", {}, resource_tags=False)

    return evaluate(policy, "s3:GetObject", "arn:aws:s3:::b/k", context, is_known=known).allowed


VPC = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}


def test_evaluate__an_answer_that_hangs_on_an_unknown_key_is_an_error() -> None:
    with pytest.raises(ConditionKeyError, match=r"app \(Mine\) allows s3:GetObject .* hangs on aws:sourcevpce"):
        decide([allow(VPC)])
    with pytest.raises(ConditionKeyError, match="denies"):
        decide([allow({}), allow(VPC, "Deny")])


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([allow(VPC), allow({})], True),
        ([allow(VPC), allow({}, "Deny")], False),
        ([allow({**VPC, "StringLike": {"s3:prefix": "x"}})], False),
        ([allow({"StringEquals": {"aws:RequestTag/team": "a"}})], False),
    ],
    ids=["allowed anyway", "denied anyway", "another condition fails", "a key that is surely absent"],
)
def test_evaluate__an_unknown_key_that_decides_nothing_is_no_error(
    statements: list[dict[str, Any]], allowed: bool
) -> None:
    assert decide(statements) is allowed


def test_evaluate__the_test_gives_a_key_or_says_that_there_is_none() -> None:
    assert decide([allow(VPC)], {"aws:SourceVpce": "vpce-1"})
    assert not decide([allow(VPC)], {"aws:SourceVpce": None})
    assert decide([allow({"Null": {"aws:SourceVpce": "true"}})], {"aws:SourceVpce": None})


def test_evaluate__an_unknown_policy_variable_is_an_error() -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:PrincipalTag/team}*"}
    with pytest.raises(ConditionKeyError, match="aws:principaltag/team"):
        decide([statement])
    assert decide([statement], {"aws:PrincipalTag/team": "k"})
