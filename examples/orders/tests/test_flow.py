"""The flow as a whole, run by Prefect's engine; S3 is moto's, and fulfilment is stood in for."""

import json
from datetime import date
from types import SimpleNamespace

import boto3
import pytest

from orders import flow as pipeline
from orders.flow import OrdersMissing, Summary, process_orders

DAY = date(2026, 11, 20)
STATE_MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:fulfilment"


class Fulfilment:
    """Stands in for Step Functions: each execution runs for a while, and ends as it is told to."""

    def __init__(self, outcomes, polls=2):
        self.outcomes, self.polls = outcomes, dict.fromkeys(outcomes, polls)

    def start_execution(self, *, stateMachineArn, name, input):  # noqa: N803, A002 - AWS's names
        return {"executionArn": name.removeprefix("order-")}

    def describe_execution(self, *, executionArn):  # noqa: N803 - AWS's name
        self.polls[executionArn] -= 1
        return {"status": "RUNNING" if self.polls[executionArn] >= 0 else self.outcomes[executionArn]}


@pytest.fixture
def landed(monkeypatch):
    """What the flow gives to the warehouse; its models have tests of their own."""
    landed = {}
    monkeypatch.setattr(pipeline.warehouse, "land", lambda orders, statuses: landed.update(statuses))
    monkeypatch.setattr(pipeline.warehouse, "build", lambda: {"daily_revenue": "success"})
    return landed


@pytest.fixture
def bucket(aws):
    aws.client("s3").create_bucket(Bucket="shop")
    return "shop"


@pytest.fixture
def fulfilment(monkeypatch):
    """Have executions end as a test says: `fulfilment({"A-1001": "SUCCEEDED"})`."""

    def stand_in(outcomes):
        step_functions = Fulfilment(outcomes)
        client = boto3.client
        clients = SimpleNamespace(client=lambda name: step_functions if name == "stepfunctions" else client(name))
        monkeypatch.setattr(pipeline, "boto3", clients)

    return stand_in


def test_process_orders__from_files_to_summary(run_flow, aws, bucket, fulfilment, landed, record):
    fulfilment({"A-1001": "SUCCEEDED", "A-1002": "FAILED"})
    records = [record, record | {"order_id": "A-1002"}, record | {"order_id": "nonsense"}]
    body = "\n".join(map(json.dumps, records))
    aws.client("s3").put_object(Bucket=bucket, Key="incoming/2026/11/20/09.jsonl", Body=body)

    result = run_flow(process_orders, bucket, DAY, STATE_MACHINE)

    assert result.value == Summary(fetched=3, rejected=1, fulfilled=1, failed=1)
    assert landed == {"A-1001": "fulfilled", "A-1002": "failed"}
    assert "rejected: 'nonsense' is no order id" in result.logs.text
    # Each execution was asked three times, a quarter of a minute apart: none of it was waited for.
    assert [run.attempts for run in result.task_runs["await_fulfilment"]] == [3, 3]


def test_process_orders__waits_for_late_files(run_flow, bucket):
    result = run_flow(process_orders, bucket, DAY, STATE_MACHINE, check=False)

    assert isinstance(result.error, OrdersMissing)
    (fetch,) = result.task_runs["fetch_orders"]
    started = [state.timestamp for state in fetch.states if state.is_running()]
    minutes = [round((later - started[0]).total_seconds() / 60) for later in started]
    assert minutes == [0, 1, 6, 21]
