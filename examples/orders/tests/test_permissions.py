"""The pipeline's role: it may do what the tasks do, and no more.

The role is read from the template that deploys it. A task that needs what the role does not allow fails here, as it
would in production, with AWS's own words.
"""

import json
from datetime import date
from pathlib import Path

import pytest

from orders.flow import OrdersMissing, await_fulfilment, fetch_orders, start_fulfilment
from orders.validation import validate

TEMPLATE = Path(__file__).parents[1] / "template.yaml"
BUCKET = "shop"
DAY = date(2026, 11, 20)


@pytest.fixture
def fulfilment(aws, state_machine) -> str:
    """The state machine of the template, deployed; its executions have a role of their own."""
    return state_machine(TEMPLATE).deploy()


@pytest.fixture
def role(aws, record, fulfilment):
    """The pipeline's role enforced, over a bucket in which the orders of one day have come."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="incoming/2026/11/20/09.jsonl", Body=json.dumps(record))
    aws.calls.clear()
    with aws.enforce(TEMPLATE, role="PipelineRole", names={"Incoming": BUCKET}) as role:
        yield role


def test_fetch_orders__may_list_and_read_what_came_in(role, record):
    assert fetch_orders.fn(BUCKET, DAY) == [record]


def test_fetch_orders__nothing_came__is_told_so(role):
    with pytest.raises(OrdersMissing):
        fetch_orders.fn(BUCKET, date(2026, 11, 21))


def test_fulfilment__may_be_started_and_awaited(role, record, fulfilment):
    execution = start_fulfilment.fn(fulfilment, validate(record))
    assert await_fulfilment.fn(execution) == "fulfilled"


def test_role__allows_no_more_than_the_pipeline_needs(aws, role, record, fulfilment):
    fetch_orders.fn(BUCKET, DAY)
    await_fulfilment.fn(start_fulfilment.fn(fulfilment, validate(record)))
    assert not role.missing
    assert not role.unused
    assert not aws.least_privilege().difference(TEMPLATE, role="PipelineRole", names={"Incoming": BUCKET})
