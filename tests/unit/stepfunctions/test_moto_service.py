"""start_execution on the stubs, and service integrations that reach moto."""

import gzip
import io
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from pipeproof import StateMachine, returns
from pipeproof.stepfunctions.answers.mocks import callback
from pipeproof.stepfunctions.errors import TaskNotHandled
from pipeproof.stepfunctions.moto_service import engine_in_moto
from pipeproof.stepfunctions.service.state import Service

ROLE = "arn:aws:iam::123456789012:role/r"


@pytest.fixture
def moto_aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws(), engine_in_moto() as served:
        yield served


def task(resource: str, parameters: Any, **more: Any) -> dict[str, Any]:
    state = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True, **more}
    return {"StartAt": "Call", "States": {"Call": state}}


DOUBLE = {"StartAt": "Double", "States": {"Double": {"Type": "Task", "Resource": "x:y", "End": True}}}
DOUBLE["States"]["Double"]["Resource"] = "arn:aws:lambda:us-east-1:123456789012:function:double"


def test_start_execution__runs_a_deployed_machine(moto_aws: Service) -> None:
    machine = StateMachine(DOUBLE, name="double", lambdas={"double": lambda event: {"n": event["n"] * 2}})
    arn = machine.deploy()
    client = boto3.client("stepfunctions")
    started = client.start_execution(stateMachineArn=arn, name="one", input='{"n": 21}')
    described = client.describe_execution(executionArn=started["executionArn"])
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", {"n": 42})
    assert machine.executions[-1].path == ["Double"]


def test_start_execution__runs_what_the_user_created(moto_aws: Service) -> None:
    client = boto3.client("stepfunctions")
    definition = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": {"a": 1}, "End": True}}}
    arn = client.create_state_machine(name="m", definition=json.dumps(definition), roleArn=ROLE)["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    history = client.get_execution_history(executionArn=execution)["events"]
    assert [event["type"] for event in history] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert json.loads(history[2]["stateExitedEventDetails"]["output"]) == {"a": 1}


def test_start_execution__reports_failures(moto_aws: Service) -> None:
    definition = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Bad", "Cause": "on purpose"}}}
    arn = StateMachine(definition, name="failing").deploy()
    client = boto3.client("stepfunctions")
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    described = client.describe_execution(executionArn=execution)
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "Bad", "on purpose")


def test_start_execution__is_loud_about_unhandled_tasks(moto_aws: Service) -> None:
    arn = StateMachine(DOUBLE, name="double").deploy()
    with pytest.raises(TaskNotHandled, match="double"):
        boto3.client("stepfunctions").start_execution(stateMachineArn=arn)


def test_create_state_machine__refuses_what_the_service_refuses(moto_aws: Service) -> None:
    with pytest.raises(ClientError, match="InvalidDefinition"):
        boto3.client("stepfunctions").create_state_machine(name="m", definition='{"StartAt": "x"}', roleArn=ROLE)


def test_observer__sees_executions_of_the_stubs(moto_aws: Service) -> None:
    seen: list[str] = []
    moto_aws.observers.append(lambda machine, execution: seen.append(f"{machine.name}:{execution.status}"))
    arn = StateMachine(DOUBLE, name="double").deploy(mocks={"Double": returns(1)})
    boto3.client("stepfunctions").start_execution(stateMachineArn=arn)
    assert seen == ["double:SUCCEEDED"]


def test_task_token__is_answered_through_boto3(moto_aws: Service) -> None:
    queue = boto3.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    parameters = {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}}
    arn = StateMachine(task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", parameters), name="waits").deploy()
    client = boto3.client("stepfunctions")
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    assert client.describe_execution(executionArn=execution)["status"] == "RUNNING"
    body = boto3.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"]
    client.send_task_heartbeat(taskToken=json.loads(body)["token"])
    client.send_task_success(taskToken=json.loads(body)["token"], output='{"ok": true}')
    described = client.describe_execution(executionArn=execution)
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", {"ok": True})


def test_task_token__unknown_is_refused(moto_aws: Service) -> None:
    client = boto3.client("stepfunctions")
    client.list_state_machines()
    for call in (
        lambda: client.send_task_success(taskToken="no", output="{}"),
        lambda: client.send_task_failure(taskToken="no"),
        lambda: client.send_task_heartbeat(taskToken="no"),
    ):
        with pytest.raises(ClientError, match="InvalidToken"):
            call()


def test_stop_execution__aborts_what_waits(moto_aws: Service) -> None:
    queue = boto3.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    parameters = {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}}
    arn = StateMachine(task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", parameters), name="waits").deploy()
    client = boto3.client("stepfunctions")
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    client.stop_execution(executionArn=execution)
    assert client.describe_execution(executionArn=execution)["status"] == "ABORTED"


def test_callback__answers_with_what_the_queue_got(moto_aws: Service) -> None:
    queue = boto3.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    parameters = {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}}
    machine = StateMachine(task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", parameters))

    def worker(payload: Any, context: Any) -> Any:
        body = json.loads(boto3.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"])
        return {"same": body["token"] == context.token}

    execution = machine.run(mocks={"Call": callback(worker, after=3600)})
    assert (execution.output, execution.elapsed) == ({"same": True}, 3600)


def test_integrations__reach_moto(moto_aws: Service) -> None:
    boto3.client("s3").create_bucket(Bucket="bucket")
    put = task("arn:aws:states:::aws-sdk:s3:putObject", {"Bucket": "bucket", "Key": "k", "Body": {"a": 1}})
    assert "ETag" in StateMachine(put).run().output
    get = task("arn:aws:states:::aws-sdk:s3:getObject", {"Bucket": "bucket", "Key": "k"})
    assert StateMachine(get).run().output["Body"] == '{"a":1}'


def test_integrations__optimized_ones_carry_metadata(moto_aws: Service) -> None:
    topic = boto3.client("sns").create_topic(Name="t")["TopicArn"]
    output = StateMachine(task("arn:aws:states:::sns:publish", {"TopicArn": topic, "Message": {"a": 1}})).run().output
    assert output["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert output["MessageId"]


@pytest.mark.parametrize(
    ("resource", "parameters", "error"),
    [
        ("dynamodb:getItem", {"TableName": "no", "Key": {"a": {"S": "1"}}}, "DynamoDB.ResourceNotFoundException"),
        (
            "aws-sdk:dynamodb:getItem",
            {"TableName": "no", "Key": {"a": {"S": "1"}}},
            "DynamoDb.ResourceNotFoundException",
        ),
        ("aws-sdk:s3:getObject", {"Bucket": "no", "Key": "k"}, "S3.NoSuchBucketException"),
        ("dynamodb:putItem", {"TableName": "no", "Item": None}, "DynamoDB.AmazonDynamoDBException"),
    ],
)
def test_integrations__name_errors_as_the_service_does(
    moto_aws: Service, resource: str, parameters: Any, error: str
) -> None:
    execution = StateMachine(task(f"arn:aws:states:::{resource}", parameters)).run(check=False)
    assert (execution.status, execution.error) == ("FAILED", error)


def test_distributed_map__reads_csv_and_writes_results(moto_aws: Service) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="in.csv", Body="id,name\n1,one\n2,two\n3,three\n")
    processor = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    where = {"Bucket": "bucket", "Prefix": "out"}
    state = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            "Parameters": {"Bucket": "bucket", "Key": "in.csv"},
        },
        "ItemProcessor": processor,
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": where},
        "End": True,
    }
    output = StateMachine({"StartAt": "M", "States": {"M": state}}).run().output
    manifest = json.loads(s3.get_object(Bucket="bucket", Key=output["ResultWriterDetails"]["Key"])["Body"].read())
    key = manifest["ResultFiles"]["SUCCEEDED"][0]["Key"]
    records = json.loads(s3.get_object(Bucket="bucket", Key=key)["Body"].read())
    assert [json.loads(record["Output"])["name"] for record in records] == ["one", "two", "three"]


def parquet(rows: list[dict[str, Any]]) -> bytes:
    table = pa.Table.from_pylist(rows)
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


CSV = "id,name\n1,Zoë\n2,b\n"
ROWS = [{"id": "1", "name": "Zoë"}, {"id": "2", "name": "b"}]


@pytest.mark.parametrize(
    ("kind", "body", "items"),
    [
        ("CSV", gzip.compress(CSV.encode()), ROWS),
        ("CSV", CSV.encode("utf-8-sig"), ROWS),
        ("JSON", gzip.compress(json.dumps(ROWS).encode()), ROWS),
        ("JSON", json.dumps(ROWS, ensure_ascii=False).encode("utf-8-sig"), ROWS),
        ("JSONL", gzip.compress("\n".join(map(json.dumps, ROWS)).encode()), ROWS),
        ("PARQUET", parquet(ROWS), ROWS),
    ],
    ids=["csv.gz", "csv-bom", "json.gz", "json-bom", "jsonl.gz", "parquet"],
)
def test_distributed_map__reads_bytes_as_they_lie_on_the_stubs(
    moto_aws: Service, kind: str, body: bytes, items: Any
) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="in", Body=body)
    config = {"InputType": kind} | ({"CSVHeaderLocation": "FIRST_ROW"} if kind == "CSV" else {})
    assert read({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config,
                 "Parameters": {"Bucket": "bucket", "Key": "in"}}) == items  # fmt: skip


def test_distributed_map__reads_an_inventory_on_the_stubs(moto_aws: Service) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="data.csv.gz", Body=gzip.compress(b'"shop","a.txt"\n"shop","b.txt"\n'))
    manifest = {
        "sourceBucket": "shop",
        "destinationBucket": "arn:aws:s3:::bucket",
        "fileFormat": "CSV",
        "fileSchema": "Bucket, Key",
        "files": [{"key": "data.csv.gz", "size": 1, "MD5checksum": "x"}],
    }
    s3.put_object(Bucket="bucket", Key="manifest.json", Body=json.dumps(manifest))
    config = {"InputType": "MANIFEST", "ManifestType": "S3_INVENTORY"}
    items = read({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config,
                  "Parameters": {"Bucket": "bucket", "Key": "manifest.json"}})  # fmt: skip
    assert items == [{"Bucket": "shop", "Key": "a.txt"}, {"Bucket": "shop", "Key": "b.txt"}]


def test_distributed_map__lists_more_than_a_page_on_the_stubs(moto_aws: Service) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    for number in range(1001):
        s3.put_object(Bucket="bucket", Key=f"{number:04}", Body=b"")
    items = read({"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "bucket"}})
    assert [item["Key"] for item in items] == [f"{number:04}" for number in range(1001)]


def read(reader: Any) -> Any:
    """The items that an ItemReader gives."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "End": True}},
    }
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True}
    return StateMachine({"StartAt": "M", "States": {"M": state}}).run().output


def test_distributed_map__lists_objects(moto_aws: Service) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="bucket")
    for key in ("a", "c"):
        s3.put_object(Bucket="bucket", Key=key, Body="x")
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "OutputPath": "$.Key", "End": True}},
    }
    reader = {"Resource": "arn:aws:states:::s3:listObjectsV2", "Parameters": {"Bucket": "bucket"}}
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True}
    assert StateMachine({"StartAt": "M", "States": {"M": state}}).run().output == ["a", "c"]


def test_nested__sync_on_the_stubs(moto_aws: Service) -> None:
    child = StateMachine(DOUBLE, name="child").deploy(mocks={"Double": returns({"n": 4})})
    parameters = {"StateMachineArn": child, "Input": {"n": 2}}
    parent = StateMachine(task("arn:aws:states:::states:startExecution.sync:2", parameters, OutputPath="$.Output"))
    assert parent.run().output == {"n": 4}
