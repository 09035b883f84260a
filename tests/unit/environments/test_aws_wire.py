"""Calls over the wire: in aws.calls, held to aws.enforce, hit by faults; as those of boto3 in this process."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from changes import assert_said, each_hook, forgotten, hide
from pyarrow import fs

from pipeproof.environments.aws import AwsServer, MotoServer, open_aws, serve, start_server
from pipeproof.environments.aws.touched import MOTO_ROUTING
from pipeproof.patching import Hook


@pytest.fixture(scope="module")
def moto() -> Iterator[MotoServer]:
    with start_server() as server:
        yield server


@pytest.fixture
def server(moto: MotoServer) -> Iterator[AwsServer]:
    with open_aws() as stub, serve(stub, moto) as served:
        stub.client("s3").create_bucket(Bucket="raw")
        stub.client("s3").put_object(Bucket="raw", Key="in/a.csv", Body=b"a,b")
        stub.calls.clear()
        yield served


def allow(*actions: str) -> dict[str, Any]:
    return {"Statement": {"Effect": "Allow", "Action": list(actions), "Resource": "*"}}


def run(script: str) -> dict[str, Any]:
    """What a script in another process prints: JSON."""
    code = "import json\nimport boto3\nfrom botocore.exceptions import ClientError\n" + script
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


TRIES = """
def code_of(function):
    try:
        function()
    except ClientError as error:
        return [error.response["Error"]["Code"], error.response["Error"]["Message"]]
    return None
"""


def test_subprocess__calls_are_seen_with_actions_and_resources(server: AwsServer) -> None:
    run(
        """
s3 = boto3.client("s3")
s3.put_object(Bucket="raw", Key="out/b", Body=b"x" * 1000)
s3.list_objects_v2(Bucket="raw", Prefix="in/")
boto3.client("sqs").create_queue(QueueName="q")
boto3.client("sns", region_name="eu-west-1").list_topics()
boto3.client("dynamodb").list_tables()
print("{}")
"""
    )
    calls = server.aws.calls
    assert [(call.service, call.operation, call.status, call.region) for call in calls] == [
        ("s3", "PutObject", 200, "us-east-1"),
        ("s3", "ListObjectsV2", 200, "us-east-1"),
        ("sqs", "CreateQueue", 200, "us-east-1"),
        ("sns", "ListTopics", 200, "eu-west-1"),
        ("dynamodb", "ListTables", 200, "us-east-1"),
    ]
    assert calls[0].needs == (("s3:PutObject", "arn:aws:s3:::raw/out/b"),)
    assert calls[1].params["Prefix"] == "in/"
    assert server.aws.client("s3").get_object(Bucket="raw", Key="out/b")["ContentLength"] == 1000


def test_subprocess__is_held_to_the_policy(server: AwsServer) -> None:
    script = TRIES + (
        """
s3, sqs = boto3.client("s3"), boto3.client("sqs")
print(json.dumps([
    code_of(lambda: s3.get_object(Bucket="raw", Key="in/a.csv")),
    code_of(lambda: s3.put_object(Bucket="raw", Key="out", Body=b"")),
    code_of(lambda: sqs.create_queue(QueueName="q")),
    code_of(lambda: s3.get_object(Bucket="raw", Key="none")),
]))
"""
    )
    with server.aws.enforce(allow("s3:GetObject")) as role:
        read, written, made, hidden = run(script)
    assert read is None
    assert written[0] == made[0] == hidden[0] == "AccessDenied"
    assert "is not authorized to perform: s3:PutObject on resource" in written[1]
    assert "s3:ListBucket" in hidden[1]
    assert [action for action, _ in role.missing] == ["s3:PutObject", "sqs:CreateQueue", "s3:ListBucket"]
    assert [call.error for call in server.aws.calls] == [None, "AccessDenied", "AccessDenied", "AccessDenied"]
    assert "Contents" in server.aws.client("s3").list_objects_v2(Bucket="raw", Prefix="in/")
    assert server.aws.client("s3").list_objects_v2(Bucket="raw", Prefix="out").get("KeyCount") == 0


def test_faults__hit_calls_over_the_wire(server: AwsServer) -> None:
    server.aws.fail("s3", "GetObject", "NoSuchKey")
    script = TRIES + "print(json.dumps(code_of(lambda: boto3.client('s3').get_object(Bucket='raw', Key='in/a.csv'))))"
    assert run(script)[0] == "NoSuchKey"  # type: ignore[index]


def test_arrow__is_seen_and_refused(server: AwsServer) -> None:
    s3 = fs.S3FileSystem(
        endpoint_override=f"{server.host}:{server.port}", scheme="http", access_key="testing", secret_key="testing",
        region=server.region,
    )  # fmt: skip
    with s3.open_input_stream("raw/in/a.csv") as file:
        assert file.read() == b"a,b"
    assert "s3:GetObject" in {action for call in server.aws.calls for action in call.actions}
    with server.aws.enforce(allow("s3:PutObject")), pytest.raises(OSError, match=r"(?i)access.?denied|403"):
        s3.open_input_stream("raw/in/a.csv").read()


def test_boto3_of_this_process__over_the_wire__is_seen_once(server: AwsServer) -> None:
    server.client("s3").list_buckets()
    assert [call.operation for call in server.aws.calls] == ["ListBuckets"]


def test_operation_that_moto_lacks__is_an_error_that_names_it(server: AwsServer) -> None:
    script = TRIES + "print(json.dumps(code_of(lambda: boto3.client('events').update_endpoint(Name='e'))))"
    code, message = run(script)
    assert code == "UnstubbedOperationError"
    assert "events:UpdateEndpoint" in message
    assert server.aws.calls[-1].attempts == 1
    script = (
        TRIES
        + "arn = 'arn:aws:rds:us-east-1:123456789012:cluster:c'\n"
        + "ask = lambda: boto3.client('rds-data').execute_statement(resourceArn=arn, secretArn=arn, sql='select 1')\n"
        + "print(json.dumps(code_of(ask)))"
    )
    code, message = run(script)
    assert code == "UnansweredQueryError"
    assert "aws.query_results" in message


def test_request__that_is_no_operation__is_refused_while_a_policy_is_enforced(server: AwsServer) -> None:
    def ask() -> int:
        request = urllib.request.Request(f"{server.endpoint_url}/raw/in/a.csv", method="LOCK")
        request.add_header("Authorization", "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/nothing/aws4_request, X")
        try:
            with urllib.request.urlopen(request) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    with server.aws.enforce(allow("s3:*")):
        assert ask() == 403
    assert ask() != 403
    assert server.aws.calls == []


def test_variables__let_other_clients_speak_plain_http(server: AwsServer) -> None:
    for variables in (os.environ, server.environment):
        assert variables["AWS_ENDPOINT_URL"] == server.endpoint_url
        assert variables["AWS_ALLOW_HTTP"] == "true"


def test_s3fs__forgets_what_it_has_listed(server: AwsServer, monkeypatch: pytest.MonkeyPatch, moto: MotoServer) -> None:
    """s3fs keeps file systems by their address, which is the same for the next test."""
    from types import SimpleNamespace

    cleared: list[str] = []
    module = SimpleNamespace(S3FileSystem=SimpleNamespace(clear_instance_cache=lambda: cleared.append("yes")))
    monkeypatch.setitem(sys.modules, "s3fs", module)
    with serve(server.aws, moto):
        assert cleared == ["yes"]
    assert cleared == ["yes", "yes"]


@pytest.mark.parametrize("hook", each_hook(MOTO_ROUTING))
def test_moto_without_routing__answers_and_warns_and_refuses_under_a_policy(
    monkeypatch: pytest.MonkeyPatch, hook: Hook
) -> None:
    with forgotten(MOTO_ROUTING):
        hide(monkeypatch, *hook.names)
        with warnings.catch_warnings(record=True) as caught, start_server() as moto, open_aws() as stub:
            warnings.simplefilter("always")
            with serve(stub, moto) as server:
                stub.client("s3").create_bucket(Bucket="raw")
                stub.calls.clear()
                assert urllib.request.urlopen(f"{server.endpoint_url}/raw").status == 200
                with stub.enforce(allow("s3:*")), pytest.raises(urllib.error.HTTPError, match="403"):
                    urllib.request.urlopen(f"{server.endpoint_url}/raw")
                assert list(stub.calls) == []
        assert_said(caught, hook, hook.names[0])
