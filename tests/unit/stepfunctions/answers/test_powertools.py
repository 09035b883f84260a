"""The decorators of aws-lambda-powertools, in a function that a template describes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeproof import StateMachine
from pipeproof.environments.aws import AwsStub, open_aws

pytest.importorskip("aws_lambda_powertools")

APP = """
import os
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent
from aws_xray_sdk.core import patch_all

patch_all()
logger = Logger(service="orders")
tracer = Tracer(service="orders")
metrics = Metrics(namespace="Orders", service="orders")
store = DynamoDBPersistenceLayer(table_name=os.environ["TABLE"])
CALLS = []


@tracer.capture_method
def price(order):
    tracer.put_annotation("id", order["id"])
    return len(CALLS)


@logger.inject_lambda_context(correlation_id_path="id")
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
@idempotent(config=IdempotencyConfig(event_key_jmespath="id"), persistence_store=store)
def lambda_handler(event, context):
    CALLS.append(1)
    logger.info("pricing")
    metrics.add_metric(name="Priced", unit=MetricUnit.Count, value=1)
    return {"id": event["id"], "price": price(event)}
"""
TEMPLATE = """\
Resources:
  Price:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: price
      Runtime: python3.12
      CodeUri: src
      Handler: app.lambda_handler
      Environment: {Variables: {TABLE: !Ref Seen}}
      Policies:
        - DynamoDBCrudPolicy: {TableName: !Ref Seen}
  Seen:
    Type: AWS::DynamoDB::Table
    Properties: {TableName: seen}
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionSubstitutions: {Price: !GetAtt Price.Arn}
      Definition:
        StartAt: First
        States:
          First: {Type: Task, Resource: "${Price}", ResultPath: $.first, Next: Second}
          Second: {Type: Task, Resource: "${Price}", ResultPath: $.second, End: true}
"""


@pytest.fixture
def aws() -> Iterator[AwsStub]:
    with open_aws() as stub:
        stub.client("dynamodb").create_table(
            TableName="seen",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        yield stub


@pytest.mark.filterwarnings("ignore:No application metrics to publish")
def test_powertools__logger_tracer_metrics_and_idempotency_work(
    aws: AwsStub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "app.py").write_text(APP)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    output = StateMachine(tmp_path / "template.yaml").run({"id": "1"}).output
    assert output["first"] == output["second"] == {"id": "1", "price": 1}, "the second call is answered from the table"
    logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    entry = next(line for line in logged if line.get("message") == "pricing")
    assert (entry["function_name"], entry["correlation_id"], entry["cold_start"]) == ("price", "1", True)
    assert entry["function_arn"] == "arn:aws:lambda:us-east-1:123456789012:function:price"
    assert [call.operation for call in aws.calls if call.principal] == ["PutItem", "UpdateItem", "PutItem"]
