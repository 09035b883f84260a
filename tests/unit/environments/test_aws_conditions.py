"""Condition keys that only the resources on the stubs tell."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeproof.environments.aws import open_aws
from pipeproof.environments.aws.stub import AwsStub
from pipeproof.iam.errors import ConditionKeyError


@pytest.fixture
def aws() -> Iterator[AwsStub]:
    with open_aws() as stub:
        yield stub


@pytest.fixture
def table(aws: AwsStub) -> Any:
    client = aws.client("dynamodb")
    client.create_table(
        TableName="orders",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "tenant", "KeyType": "HASH"}, {"AttributeName": "day", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("tenant", "day")],
        Tags=[{"Key": "team", "Value": "sales"}],
    )
    return aws.resource("dynamodb").Table("orders")


def policy(action: str, condition: dict[str, Any]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": condition}
    return {"Version": "2012-10-17", "Statement": [statement]}


TENANT = policy("dynamodb:*", {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a"]}})
CALLS: dict[str, Any] = {
    "get_item": lambda table, tenant: table.get_item(Key={"tenant": tenant, "day": "1"}),
    "put_item": lambda table, tenant: table.put_item(Item={"tenant": tenant, "day": "1"}),
    "delete_item": lambda table, tenant: table.delete_item(Key={"tenant": tenant, "day": "1"}),
    "update_item": lambda table, tenant: table.update_item(
        Key={"tenant": tenant, "day": "1"},
        UpdateExpression="SET price = :t",
        ExpressionAttributeValues={":t": 5},
    ),
    "query": lambda table, tenant: table.query(
        KeyConditionExpression="tenant = :k AND #d = :d",
        ExpressionAttributeNames={"#d": "day"},
        ExpressionAttributeValues={":k": tenant, ":d": "1"},
    ),
    "batch_writer": lambda table, tenant: _write_batch(table, tenant),
}


def _write_batch(table: Any, tenant: str) -> None:
    with table.batch_writer() as batch:
        batch.put_item(Item={"tenant": "a", "day": "2"})
        batch.put_item(Item={"tenant": tenant, "day": "3"})


@pytest.mark.parametrize("name", CALLS)
def test_leading_keys__hold_a_tenant_to_its_own_items(aws: AwsStub, table: Any, name: str) -> None:
    with aws.enforce(TENANT):
        CALLS[name](table, "a")
        with pytest.raises(ClientError, match="AccessDenied"):
            CALLS[name](table, "b")


@pytest.mark.parametrize("name", ["get_item", "put_item", "query"])
def test_leading_keys__are_one_value_where_the_call_has_one(aws: AwsStub, table: Any, name: str) -> None:
    """An operator without `ForAllValues` takes it as any other key."""
    with aws.enforce(policy("dynamodb:*", {"StringEquals": {"dynamodb:LeadingKeys": "a"}})):
        CALLS[name](table, "a")
        with pytest.raises(ClientError, match="AccessDenied"):
            CALLS[name](table, "b")


def test_attributes__hold_a_reader_to_columns(aws: AwsStub, table: Any) -> None:
    columns = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["tenant", "day", "price"]}}
    with aws.enforce(policy("dynamodb:*", columns)):
        table.get_item(Key={"tenant": "a", "day": "1"}, ProjectionExpression="price")
        with pytest.raises(ClientError, match="AccessDenied"):
            table.get_item(Key={"tenant": "a", "day": "1"}, ProjectionExpression="salary")


def test_overwrite__of_a_parameter_is_what_the_call_says(aws: AwsStub) -> None:
    with aws.enforce(policy("ssm:PutParameter", {"Bool": {"ssm:Overwrite": "false"}})):
        aws.client("ssm").put_parameter(Name="rate", Value="1", Type="String", Overwrite=False)
        with pytest.raises(ClientError, match="AccessDenied"):
            aws.client("ssm").put_parameter(Name="rate", Value="2", Type="String", Overwrite=True)


def test_external_id__is_what_the_call_says(aws: AwsStub) -> None:
    role = {"RoleArn": "arn:aws:iam::123456789012:role/loader", "RoleSessionName": "session"}
    with aws.enforce(policy("sts:AssumeRole", {"StringEquals": {"sts:ExternalId": "shop"}})):
        aws.client("sts").assume_role(**role, ExternalId="shop")
        for other in ({"ExternalId": "other"}, {}):
            with pytest.raises(ClientError, match="AccessDenied"):
                aws.client("sts").assume_role(**role, **other)


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/*"}}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:user/*"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": "123456789012"}}, True),
        ({"Bool": {"aws:ViaAWSService": "true"}}, False),
        ({"ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}}, False),
        ({"Null": {"aws:CalledVia": "true"}}, True),
    ],
)
def test_global_keys__are_told_by_the_call(aws: AwsStub, condition: dict[str, Any], *, allowed: bool) -> None:
    queues = aws.client("sqs", region_name="eu-west-1")
    with aws.enforce(policy("sqs:ListQueues", condition)):
        if allowed:
            queues.list_queues()
        else:
            with pytest.raises(ClientError, match="AccessDenied"):
                queues.list_queues()


def test_resource_tags__of_a_table_are_read(aws: AwsStub, table: Any) -> None:
    with aws.enforce(policy("dynamodb:*", {"StringEquals": {"aws:ResourceTag/team": "sales"}})):
        table.get_item(Key={"tenant": "a", "day": "1"})
    of_others = policy("dynamodb:*", {"StringEquals": {"aws:ResourceTag/team": "hr"}})
    with aws.enforce(of_others), pytest.raises(ClientError, match="AccessDenied"):
        table.get_item(Key={"tenant": "a", "day": "1"})


def test_existing_object_tag__is_read(aws: AwsStub) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="shop-data")
    s3.put_object(Bucket="shop-data", Key="open", Body=b"1", Tagging="class=public")
    s3.put_object(Bucket="shop-data", Key="shut", Body=b"1", Tagging="class=secret")
    with aws.enforce(policy("s3:GetObject", {"StringEquals": {"s3:ExistingObjectTag/class": "public"}})):
        s3.get_object(Bucket="shop-data", Key="open")
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.get_object(Bucket="shop-data", Key="shut")
    assert [call.operation for call in aws.calls][-2:] == ["GetObject", "GetObject"]


def test_enforce__names_a_key_that_only_aws_knows(aws: AwsStub) -> None:
    aws.client("s3").create_bucket(Bucket="shop-data")
    only_inside = policy("s3:*", {"StringEquals": {"aws:SourceVpce": "vpce-1"}})
    with aws.enforce(only_inside), pytest.raises(ConditionKeyError, match="aws:sourcevpce"):
        aws.client("s3").list_objects_v2(Bucket="shop-data")
    with aws.enforce(only_inside, context={"aws:SourceVpce": "vpce-1"}):
        aws.client("s3").list_objects_v2(Bucket="shop-data")
