"""The tasks that talk to AWS, against moto alone, and without the engine of Prefect."""

import json
from datetime import date

import boto3
import pytest
from moto import mock_aws

from orders.flow import OrdersMissing, fetch_orders

DAY = date(2026, 11, 20)


@pytest.fixture
def s3(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="shop")
        yield client


def test_fetch_orders__reads_all_files_of_the_day(s3, record):
    for hour in ("09", "10"):
        s3.put_object(Bucket="shop", Key=f"incoming/2026/11/20/{hour}.jsonl", Body=json.dumps(record))
    s3.put_object(Bucket="shop", Key="incoming/2026/11/21/09.jsonl", Body="not of that day")

    assert fetch_orders.fn("shop", DAY) == [record, record]


def test_fetch_orders__nothing_came(s3):
    with pytest.raises(OrdersMissing, match="s3://shop has no orders of 2026-11-20"):
        fetch_orders.fn("shop", DAY)
