"""The day's orders: fetched, validated, fulfilled, and turned into revenue."""

import json
from dataclasses import dataclass
from datetime import date

import boto3
from prefect import flow, get_run_logger, task, unmapped

from orders import warehouse
from orders.validation import InvalidOrder, Order, read_lines, validate


class OrdersMissing(LookupError):
    """No file of that day has come yet."""


class StillRunning(RuntimeError):
    """The execution has not ended yet: ask again later."""


@dataclass(frozen=True)
class Summary:
    fetched: int
    rejected: int
    fulfilled: int
    failed: int


@task(retries=3, retry_delay_seconds=[60, 300, 900])
def fetch_orders(bucket: str, day: date) -> list[dict]:
    """Read all files of the day; the shop's systems upload them late now and then."""
    s3 = boto3.client("s3")
    listing = s3.list_objects_v2(Bucket=bucket, Prefix=f"incoming/{day:%Y/%m/%d}/")
    records = []
    for entry in listing.get("Contents", []):
        body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        records += read_lines(body.decode())
    if not records:
        raise OrdersMissing(f"s3://{bucket} has no orders of {day}")
    return records


@task
def validate_orders(records: list[dict]) -> list[Order]:
    """Keep the valid orders, the last of each id; log why the others are not."""
    logger = get_run_logger()
    orders = {}
    for record in records:
        try:
            order = validate(record)
        except InvalidOrder as reason:
            logger.warning("rejected: %s", reason)
        else:
            orders[order.order_id] = order
    return list(orders.values())


@task(retries=2, retry_delay_seconds=5)
def start_fulfilment(state_machine_arn: str, order: Order) -> str:
    """Start the order's execution. The name makes it safe to do so twice: the same input gives the same execution."""
    execution = boto3.client("stepfunctions").start_execution(
        stateMachineArn=state_machine_arn, name=f"order-{order.order_id}", input=json.dumps(order.as_input())
    )
    return execution["executionArn"]


@task(retries=40, retry_delay_seconds=15)
def await_fulfilment(execution_arn: str) -> str:
    """Say how the execution ended; every retry asks once more."""
    status = boto3.client("stepfunctions").describe_execution(executionArn=execution_arn)["status"]
    if status == "RUNNING":
        raise StillRunning(execution_arn)
    return "fulfilled" if status == "SUCCEEDED" else "failed"


@task(retries=1, retry_delay_seconds=30)
def build_models(orders: list[Order], statuses: dict[str, str]) -> dict[str, str]:
    """Land the orders and bring the warehouse up to date."""
    warehouse.land(orders, statuses)
    return warehouse.build()


@flow(name="process-orders")
def process_orders(bucket: str, day: date, state_machine_arn: str) -> Summary:
    """Process the orders of one day."""
    records = fetch_orders(bucket, day)
    orders = validate_orders(records)
    executions = start_fulfilment.map(unmapped(state_machine_arn), orders).result()
    outcomes = await_fulfilment.map(executions).result()
    statuses = {order.order_id: outcome for order, outcome in zip(orders, outcomes, strict=True)}
    build_models(orders, statuses)
    return Summary(
        fetched=len(records),
        rejected=len(records) - len(orders),
        fulfilled=outcomes.count("fulfilled"),
        failed=outcomes.count("failed"),
    )
