"""AWS stubbed in the process: calls seen, policies enforced, faults made, data loaded."""
# ruff: noqa: E501 - a table is read by its rows

import asyncio
import contextlib
import json
import os
import sys
import threading
import types
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError, WaiterError

from pipeproof import ConditionKeyError
from pipeproof.environments.aws import (
    AsyncClientError,
    AwsStub,
    UnknownOperationError,
    UnstubbedEndpointError,
    UnstubbedOperationError,
    open_aws,
)
from pipeproof.environments.aws.botocore_hooks import acting_as
from pipeproof.environments.aws.seeding import SeedError
from pipeproof.environments.aws.waiting import waits_handed_to

HERE = "us-east-1:123456789012"
BEFORE = boto3.client("s3", region_name="us-east-1")
"""A client of before moto, with no credentials but those of the machine."""


@pytest.fixture
def stub() -> Iterator[AwsStub]:
    with open_aws() as stub:
        yield stub


@pytest.fixture
def raw(stub: AwsStub) -> AwsStub:
    """The stub with an object in the bucket raw; its calls are forgotten."""
    stub.client("s3").create_bucket(Bucket="raw")
    stub.client("s3").put_object(Bucket="raw", Key="in/a.csv", Body=b"a")
    stub.calls.clear()
    return stub


def allow(*actions: str, resource: object = "*") -> dict:
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": list(actions), "Resource": resource}}


def test_calls__each_has_actions_resources_status_and_error(raw: AwsStub) -> None:
    BEFORE.get_object(Bucket="raw", Key="in/a.csv")
    with pytest.raises(ClientError):
        raw.client("s3").get_object(Bucket="raw", Key="none")
    raw.client("s3").list_objects_v2(Bucket="raw")
    assert [(call.operation, call.actions, call.resources, call.status, call.error) for call in raw.calls] == [
        ("GetObject", ("s3:GetObject",), ("arn:aws:s3:::raw/in/a.csv",), 200, None),
        ("GetObject", ("s3:GetObject",), ("arn:aws:s3:::raw/none",), 404, "NoSuchKey"),
        ("ListObjectsV2", ("s3:ListBucket",), ("arn:aws:s3:::raw",), 200, None),
    ]
    assert {call.service for call in raw.calls} == {"s3"}


def test_calls__threads_of_a_multipart_upload__are_seen(raw: AwsStub, tmp_path: Path) -> None:
    file = tmp_path / "big"
    file.write_bytes(b"x" * (9 * 1024 * 1024))
    raw.client("s3").upload_file(str(file), "raw", "big")
    operations = sorted(call.operation for call in raw.calls)
    assert operations == ["CompleteMultipartUpload", "CreateMultipartUpload", "UploadPart", "UploadPart"]
    assert {action for call in raw.calls for action in call.actions} == {"s3:PutObject"}


def test_open_aws__nested__shares_the_state_and_the_inner_one_sees_the_calls(raw: AwsStub) -> None:
    with open_aws() as inner:
        BEFORE.get_object(Bucket="raw", Key="in/a.csv")
        assert len(inner.calls) == 1
    assert raw.calls == []
    BEFORE.get_object(Bucket="raw", Key="in/a.csv")
    assert len(raw.calls) == 1


def test_open_aws__afterwards__all_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    original, environment = BaseClient._make_api_call, dict(os.environ)
    session = boto3.DEFAULT_SESSION
    with open_aws() as stub:
        assert "AWS_PROFILE" not in os.environ
        assert boto3.client("s3").meta.endpoint_url == "https://s3.amazonaws.com"
        stub.client("s3").create_bucket(Bucket="raw")
    assert BaseClient._make_api_call is original
    assert dict(os.environ) == environment
    assert boto3.DEFAULT_SESSION is session
    with open_aws() as stub:
        assert stub.client("s3").list_buckets()["Buckets"] == []


def test_open_aws__body_raises__state_is_gone_too() -> None:
    def fail_inside() -> None:
        with open_aws() as stub:
            stub.client("s3").create_bucket(Bucket="raw")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_inside()
    with open_aws() as stub:
        assert stub.client("s3").list_buckets()["Buckets"] == []


def test_credentials__of_an_assumed_role__are_its_own(stub: AwsStub) -> None:
    role = stub.client("iam").create_role(RoleName="other", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    given = stub.client("sts").assume_role(RoleArn=role, RoleSessionName="me")["Credentials"]
    assumed = boto3.client(
        "sts",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    assert assumed.get_caller_identity()["Arn"].endswith(":assumed-role/other/me")


def test_enforce__denied_call__has_no_effect(raw: AwsStub) -> None:
    with raw.enforce(allow("s3:GetObject")) as enforced:
        with pytest.raises(ClientError) as caught:
            BEFORE.put_object(Bucket="raw", Key="in/a.csv", Body=b"changed")
        assert BEFORE.get_object(Bucket="raw", Key="in/a.csv")["Body"].read() == b"a"
    error = caught.value.response["Error"]
    assert error["Code"] == "AccessDenied"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert error["Message"] == (
        "User: arn:aws:sts::123456789012:assumed-role/policy/pipeproof is not authorized to perform: s3:PutObject on "
        'resource: "arn:aws:s3:::raw/in/a.csv" because no identity-based policy allows the s3:PutObject action'
    )
    assert enforced.missing == [("s3:PutObject", "arn:aws:s3:::raw/in/a.csv")]
    BEFORE.put_object(Bucket="raw", Key="in/a.csv", Body=b"changed")


@pytest.mark.parametrize(
    ("service", "method", "params", "code", "status"),
    [
        ("dynamodb", "list_tables", {}, "AccessDeniedException", 400),
        ("stepfunctions", "list_state_machines", {}, "AccessDeniedException", 400),
        ("secretsmanager", "get_secret_value", {"SecretId": "db"}, "AccessDeniedException", 400),
        ("lambda", "invoke", {"FunctionName": "load"}, "AccessDeniedException", 403),
        ("sqs", "send_message", {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/1/q", "MessageBody": "x"}, "AccessDenied", 400),
        ("sns", "publish", {"TopicArn": f"arn:aws:sns:{HERE}:t", "Message": "x"}, "AuthorizationError", 403),
        ("iam", "list_roles", {}, "AccessDenied", 403),
        ("ec2", "describe_instances", {}, "UnauthorizedOperation", 403),
        ("s3", "head_object", {"Bucket": "raw", "Key": "in/a.csv"}, "403", 403),
    ],
)  # fmt: skip
def test_enforce__each_protocol__says_no_as_the_service_does(
    raw: AwsStub, service: str, method: str, params: dict, code: str, status: int
) -> None:
    with raw.enforce(allow("glue:*")), pytest.raises(ClientError) as caught:
        getattr(raw.client(service), method)(**params)
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    told = [caught.value.response["Error"]["Message"], *caught.value.__notes__]
    assert any("is not authorized to perform: " in text for text in told)


def test_enforce__error_of_a_denial__tells_where_the_policy_is(raw: AwsStub, tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(
        "Resources:\n  Loader:\n    Type: AWS::IAM::Role\n    Properties:\n      RoleName: loader\n      Policies:\n"
        "        - PolicyName: p\n          PolicyDocument:\n            Statement:\n"
        "              - {Effect: Allow, Action: 's3:*', Resource: '*'}\n"
        "              - {Effect: Deny, Action: 's3:DeleteObject', Resource: '*'}\n"
    )
    with raw.enforce(template):
        with pytest.raises(ClientError, match=r"assumed-role/loader/pipeproof .* with an explicit deny in an identity"):
            BEFORE.delete_object(Bucket="raw", Key="in/a.csv")
        with pytest.raises(ClientError) as caught:
            raw.client("sqs").list_queues()
    assert caught.value.__notes__ == [
        f"template.yaml:Loader ({template}:2:3) has no statement that allows sqs:ListQueues on *"
    ]


def test_enforce__boundary_and_context(raw: AwsStub) -> None:
    told = "because no permissions boundary allows the s3:PutObject action"
    with raw.enforce(allow("s3:*"), boundary=allow("s3:Get*")), pytest.raises(ClientError, match=told):
        BEFORE.put_object(Bucket="raw", Key="b")
    policy = allow("s3:ListBucket")
    policy["Statement"]["Condition"] = {
        "StringLike": {"s3:prefix": "in/*"},
        "StringEquals": {"aws:PrincipalTag/a": "b"},
    }
    with raw.enforce(policy, context={"aws:PrincipalTag/a": "b"}):
        BEFORE.list_objects_v2(Bucket="raw", Prefix="in/2026")
        with pytest.raises(ClientError, match="s3:ListBucket"):
            BEFORE.list_objects_v2(Bucket="raw", Prefix="out/")
    with raw.enforce(policy, context={"aws:PrincipalTag/a": None}), pytest.raises(ClientError, match="s3:ListBucket"):
        BEFORE.list_objects_v2(Bucket="raw", Prefix="in/2026")
    with raw.enforce(policy), pytest.raises(ConditionKeyError, match="aws:principaltag/a"):
        BEFORE.list_objects_v2(Bucket="raw", Prefix="in/2026")


def test_enforce__nested__the_inner_policy_counts(raw: AwsStub) -> None:
    with raw.enforce(allow("s3:*")), raw.enforce(allow("sqs:*")), pytest.raises(ClientError, match="s3:GetObject"):
        BEFORE.get_object(Bucket="raw", Key="in/a.csv")


def test_enforce__object_that_is_not_there__is_told_to_who_may_list(raw: AwsStub) -> None:
    with raw.enforce(allow("s3:GetObject", "s3:ListBucket")), pytest.raises(ClientError, match="NoSuchKey"):
        BEFORE.get_object(Bucket="raw", Key="none")
    with raw.enforce(allow("s3:GetObject")), pytest.raises(ClientError, match="perform: s3:ListBucket") as caught:
        BEFORE.get_object(Bucket="raw", Key="none")
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_enforce__used_and_unused(raw: AwsStub) -> None:
    with raw.enforce(allow("s3:GetObject", "s3:Put*")) as enforced:
        BEFORE.get_object(Bucket="raw", Key="in/a.csv")
    assert [grant.action for grant in enforced.used] == ["s3:GetObject"]
    assert [grant.action for grant in enforced.unused] == ["s3:Put*"]


def test_enforce__handing_over_a_role__needs_pass_role(stub: AwsStub) -> None:
    arn = stub.client("iam").create_role(RoleName="flow", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    policy = {
        "Statement": [
            allow("states:CreateStateMachine")["Statement"],
            {
                **allow("iam:PassRole", resource=arn)["Statement"],
                "Condition": {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}},
            },
        ]
    }
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    states = stub.client("stepfunctions")
    with stub.enforce(policy):
        states.create_state_machine(name="a", definition=definition, roleArn=arn)
    with stub.enforce(allow("states:*")), pytest.raises(ClientError, match="perform: iam:PassRole on resource: " + arn):
        states.create_state_machine(name="b", definition=definition, roleArn=arn)


def test_acting_as__another_principal__is_seen_but_not_held_to_the_tests_policy(raw: AwsStub) -> None:
    role = "arn:aws:iam::123456789012:role/machine"
    with raw.enforce(allow("sqs:*")) as enforced, acting_as(role):
        BEFORE.get_object(Bucket="raw", Key="in/a.csv")
    assert raw.calls[-1].principal == role
    assert enforced.missing == []
    assert raw.least_privilege().document["Statement"] == []


def test_least_privilege__of_the_calls_so_far(raw: AwsStub) -> None:
    BEFORE.get_object(Bucket="raw", Key="in/a.csv")
    made = raw.least_privilege()
    assert made.document["Statement"] == [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::raw/in/a.csv"]}
    ]
    with raw.enforce(made.policy):
        BEFORE.get_object(Bucket="raw", Key="in/a.csv")


def test_throttle__client_tries_again_without_waiting(raw: AwsStub) -> None:
    fault = raw.throttle("s3", "GetObject", times=2)
    BEFORE.get_object(Bucket="raw", Key="in/a.csv")
    assert (raw.calls[-1].attempts, raw.calls[-1].error, fault.hits) == (3, None, 2)


@pytest.mark.parametrize(
    ("service", "method", "params", "code"),
    [
        ("s3", "list_buckets", {}, "SlowDown"),
        ("dynamodb", "list_tables", {}, "ProvisionedThroughputExceededException"),
        ("sqs", "list_queues", {}, "ThrottlingException"),
        ("lambda", "list_functions", {}, "TooManyRequestsException"),
        ("cloudwatch", "list_metrics", {}, "ThrottlingException"),
    ],
)
def test_throttle__for_good__ends_in_the_services_own_error(
    stub: AwsStub, service: str, method: str, params: dict, code: str
) -> None:
    stub.throttle(service, times=None)
    client = stub.client(service, config=Config(retries={"total_max_attempts": 2, "mode": "standard"}))
    with pytest.raises(ClientError) as caught:
        getattr(client, method)(**params)
    assert caught.value.response["Error"]["Code"] == code
    assert stub.calls[-1].attempts == 2


def test_fail__modelled_error__is_the_clients_own_class(stub: AwsStub) -> None:
    dynamodb = stub.client("dynamodb")
    stub.fail("dynamodb", "PutItem", "ConditionalCheckFailedException", message="no")
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException, match="no"):
        dynamodb.put_item(TableName="t", Item={"id": {"S": "1"}})
    with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
        dynamodb.put_item(TableName="t", Item={"id": {"S": "1"}})


def test_fail__broken_connection__is_raised_or_retried(raw: AwsStub) -> None:
    raw.fail("s3", "GetObject", ConnectTimeoutError(endpoint_url="https://s3"), times=2)
    BEFORE.get_object(Bucket="raw", Key="in/a.csv")
    raw.fail("s3", "GetObject", ConnectTimeoutError(endpoint_url="https://s3"), times=None)
    with pytest.raises(ConnectTimeoutError):
        BEFORE.get_object(Bucket="raw", Key="in/a.csv")
    assert raw.calls[-1].error == "ConnectTimeoutError"


def test_delay__beyond_the_read_timeout__times_out_at_once(raw: AwsStub) -> None:
    impatient = raw.client("s3", config=Config(read_timeout=2, retries={"max_attempts": 0}))
    raw.delay("s3", "GetObject", 3600)
    with pytest.raises(ReadTimeoutError):
        impatient.get_object(Bucket="raw", Key="in/a.csv")
    raw.delay("s3", "GetObject", 1)
    assert impatient.get_object(Bucket="raw", Key="in/a.csv")["Body"].read() == b"a"


@pytest.mark.parametrize(
    ("service", "operation", "code", "status"),
    [
        ("s3", "HeadBucket", "404", 404),
        ("s3", "HeadObject", "403", 403),
        ("s3", "HeadObject", "NotFound", 404),
        ("s3", "GetObject", "NoSuchKey", 404),
        ("s3", "GetObject", "InvalidObjectState", 403),
        ("s3", "CreateBucket", "BucketAlreadyExists", 409),
        ("iam", "GetRole", "NoSuchEntity", 404),
        ("lambda", "Invoke", "ResourceNotFoundException", 404),
        ("lambda", "Invoke", "ServiceException", 500),
        ("dynamodb", "PutItem", "ConditionalCheckFailedException", 400),
    ],
)
def test_fail__code__has_the_status_that_goes_with_it(
    stub: AwsStub, service: str, operation: str, code: str, status: int
) -> None:
    params = {
        "HeadBucket": {"Bucket": "b"}, "HeadObject": {"Bucket": "b", "Key": "k"}, "GetObject": {"Bucket": "b", "Key": "k"},
        "CreateBucket": {"Bucket": "b"}, "GetRole": {"RoleName": "r"}, "Invoke": {"FunctionName": "f"},
        "PutItem": {"TableName": "t", "Item": {"id": {"S": "1"}}},
    }  # fmt: skip
    client = stub.client(service, config=Config(retries={"total_max_attempts": 1, "mode": "standard"}))
    stub.fail(service, operation, code)
    with pytest.raises(ClientError) as caught:
        client._make_api_call(operation, params[operation])
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    expected = str(status) if operation.startswith("Head") else code
    assert caught.value.response["Error"]["Code"] == expected


@pytest.fixture
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept; nothing is."""
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr("threading.Condition.wait", lambda _, timeout=None: slept.append(timeout))
    return slept


@pytest.mark.parametrize("is_enforced", [False, True])
def test_bucket_policy__that_denies__is_access_denied_in_awss_words(raw: AwsStub, is_enforced: bool) -> None:
    s3 = raw.client("s3")
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::raw/*"}
    s3.put_bucket_policy(Bucket="raw", Policy=json.dumps({"Version": "2012-10-17", "Statement": [denial]}))
    with contextlib.ExitStack() as stack:
        if is_enforced:
            stack.enter_context(raw.enforce(allow("s3:*")))
        with pytest.raises(ClientError) as caught:
            s3.get_object(Bucket="raw", Key="in/a.csv")
    error, who = caught.value.response["Error"], "assumed-role/policy/pipeproof" if is_enforced else "user/moto"
    assert error["Code"] == "AccessDenied"
    assert error["Message"] == (
        f"User: arn:aws:sts::123456789012:{who} is not authorized to perform: s3:GetObject on resource: "
        '"arn:aws:s3:::raw/in/a.csv" with an explicit deny in a resource-based policy'
    )


def test_waiter__that_is_not_met__fails_without_sleeping(raw: AwsStub, no_sleep: list[float]) -> None:
    with pytest.raises(WaiterError, match="Max attempts exceeded"):
        raw.client("s3").get_waiter("object_exists").wait(Bucket="raw", Key="none")
    assert len(raw.calls) == 20
    raw.fail("s3", "HeadBucket", "404", times=2)
    raw.client("s3").get_waiter("bucket_exists").wait(Bucket="raw")
    raw.resource("s3").Bucket("raw").wait_until_exists()
    assert no_sleep == []


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_retries__of_each_mode__do_not_sleep(raw: AwsStub, no_sleep: list[float], mode: str) -> None:
    client = raw.client("s3", config=Config(retries={"total_max_attempts": 9, "mode": mode}))
    for _ in range(2):
        raw.throttle("s3", "GetObject", times=6)
        assert client.get_object(Bucket="raw", Key="in/a.csv")["Body"].read() == b"a"
    assert [call.attempts for call in raw.calls] == [7, 7]
    assert no_sleep == []


def test_waits__real_time__are_slept(no_sleep: list[float]) -> None:
    with open_aws(real_time=True) as stub, pytest.raises(WaiterError):
        stub.client("s3").get_waiter("bucket_exists").wait(Bucket="none", WaiterConfig={"Delay": 3, "MaxAttempts": 3})
    assert no_sleep == [3, 3]


def test_waits_handed_to__a_clock__passes_there(stub: AwsStub, no_sleep: list[float]) -> None:
    passed: list[float] = []
    with waits_handed_to(passed.append), pytest.raises(WaiterError):
        stub.client("s3").get_waiter("bucket_exists").wait(Bucket="none", WaiterConfig={"Delay": 3, "MaxAttempts": 3})
    assert (passed, no_sleep) == ([3, 3], [])


def test_fail__unknown_operation__is_refused(stub: AwsStub) -> None:
    with pytest.raises(UnknownOperationError, match=r"s3 has no operation 'GetObjct'(.|\n)*GetObject"):
        stub.fail("s3", "GetObjct", "NoSuchKey")
    with pytest.raises(UnknownOperationError, match="no service 's4'"):
        stub.throttle("s4")


def test_unknown_endpoint_of_aws__is_not_called(stub: AwsStub) -> None:
    client = boto3.client("s3", endpoint_url="https://bucket.nowhere.api.aws")
    with pytest.raises(UnstubbedEndpointError, match=r"nowhere\.api\.aws"):
        client.list_buckets()


@pytest.mark.parametrize(
    ("service", "method", "params", "said"),
    [
        (
            "glue",
            "start_blueprint_run",
            {"BlueprintName": "b", "RoleArn": "arn:aws:iam::1:role/r"},
            "glue:StartBlueprintRun",
        ),
        ("events", "update_endpoint", {"Name": "e"}, "events:UpdateEndpoint"),
        ("lambda", "get_account_settings", {}, "lambda:GetAccountSettings"),
    ],
)
def test_operation_that_moto_lacks__is_named(raw: AwsStub, service: str, method: str, params: dict, said: str) -> None:
    with pytest.raises(UnstubbedOperationError, match=f"{said}(.|\n)*Nothing was sent"):
        getattr(raw.client(service), method)(**params)


def test_services_of_moto__each_finds_what_it_imports() -> None:
    """Glue, CloudFormation, API Gateway, Cognito and X-Ray import packages that moto does not install by itself."""
    from moto.backend_index import backend_url_patterns
    from moto.backends import get_backend

    for service in sorted({name for name, _ in backend_url_patterns}):
        get_backend(service)  # type: ignore[call-overload]


def test_package_that_moto_lacks__is_named(stub: AwsStub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cfnlint", None)
    with pytest.raises(
        UnstubbedOperationError, match=r"cloudformation:ValidateTemplate: the package cfnlint.*(.|\n)*moto\["
    ):
        stub.client("cloudformation").validate_template(TemplateBody="{}")


def test_service_that_moto_lacks__is_named(stub: AwsStub) -> None:
    with pytest.raises(UnstubbedEndpointError, match=r"deadline.*ListFarms"):
        stub.client("deadline").list_farms()


def test_on_first_use__is_called_once_before_the_first_call(stub: AwsStub) -> None:
    seen: list[int] = []
    stub.on_first_use("sqs", lambda aws: seen.append(len(aws.calls)))
    stub.client("s3").list_buckets()
    stub.client("sqs").list_queues()
    stub.client("sqs").list_queues()
    assert seen == [1]


def test_calls__from_many_threads__are_all_kept(raw: AwsStub) -> None:
    def read() -> None:
        for _ in range(10):
            BEFORE.get_object(Bucket="raw", Key="in/a.csv")["Body"].read()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(raw.calls) == 40


def test_async_clients__are_told_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for aiobotocore: a client class of its own with an async `_make_api_call`."""
    module = types.ModuleType("aiobotocore.client")

    class AioBaseClient(BaseClient):
        async def _make_api_call(self, operation_name: str, api_params: dict) -> dict:
            return {}

    AioBaseClient.__module__ = "aiobotocore.client"
    module.AioBaseClient = AioBaseClient
    monkeypatch.setitem(sys.modules, "aiobotocore.client", module)
    existing = AioBaseClient.__new__(AioBaseClient)
    existing.meta = types.SimpleNamespace(endpoint_url="https://s3.us-east-1.amazonaws.com")
    with open_aws():
        with pytest.raises(AsyncClientError, match=r"aioboto3(.|\n)*aws_server"):
            asyncio.run(existing._make_api_call("ListBuckets", {}))
        existing.meta.endpoint_url = "http://127.0.0.1:5000"
        assert asyncio.run(existing._make_api_call("ListBuckets", {})) == {}


def test_load__folder__fills_the_stubs(stub: AwsStub, tmp_path: Path) -> None:
    files = {
        "s3/raw/in/a.csv": "1,2",
        "s3/raw/b": "",
        "dynamodb/orders.json": '{"key": ["id", "line"], "items": [{"id": "1", "line": 2, "price": 1.5, "tags": ["a"]}]}',
        "secretsmanager/db/main.json": '{"user": "me"}',
        "ssm/etl/stage": "dev\n",
        "ssm/plain.txt": "x",
        "sqs/jobs.json": '["a", {"b": 1}]',
        "sqs/ordered.fifo.yaml": "- x\n",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    stub.load(tmp_path)
    assert stub.calls == []
    assert BEFORE.get_object(Bucket="raw", Key="in/a.csv")["Body"].read() == b"1,2"
    (item,) = stub.resource("dynamodb").Table("orders").scan()["Items"]
    assert item == {"id": "1", "line": 2, "price": Decimal("1.5"), "tags": ["a"]}
    assert stub.client("secretsmanager").get_secret_value(SecretId="db/main")["SecretString"] == '{"user": "me"}'
    assert stub.client("ssm").get_parameter(Name="/etl/stage")["Parameter"]["Value"] == "dev"
    assert stub.client("ssm").get_parameter(Name="plain")["Parameter"]["Value"] == "x"
    url = stub.client("sqs").get_queue_url(QueueName="jobs")["QueueUrl"]
    messages = stub.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in messages] == ["a", '{"b": 1}']


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("s4/raw/a", "", "s4 means nothing here"),
        ("dynamodb/t.json", "[]", "a table is"),
        ("dynamodb/t.json", '{"items": []}', '"key" is the name of the partition key'),
        ("sqs/q.json", "{}", "a queue is a list of messages"),
    ],
)
def test_load__what_is_not_understood__says_so(
    stub: AwsStub, tmp_path: Path, name: str, text: str, message: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(SeedError, match=message):
        stub.load(tmp_path)
