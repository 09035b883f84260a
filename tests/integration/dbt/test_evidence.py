"""What a test leaves for the report: what ran, what it added to, what was compared."""

from contextlib import closing
from datetime import datetime

import pytest

from pipeproof.environments.dbt import engine


@pytest.fixture
def recorded(_dbt_project):
    """A scenario, and its records."""
    records = []
    with closing(engine.open_scenario(_dbt_project, lambda kind, data: records.append((kind, data)))) as dbt:
        yield dbt, records


def increments(records):
    runs = [data for kind, data in records if kind == "dbt.run"]
    return [node["incremental"] for run in runs for node in run["nodes"] if node["name"] == "orders"]


def test_evidence__which_runs_of_an_incremental_model_added_to_it(recorded, raw_orders):
    dbt, records = recorded
    dbt.given("raw.orders", raw_orders[:2])
    dbt.run("stg_orders orders")
    dbt.run("orders")
    dbt.run("orders", full_refresh=True)
    assert increments(records) == [False, True, False]
    others = {
        node["name"]: node["incremental"] for _, data in records for node in data["nodes"] if "incremental" in node
    }
    assert others["stg_orders"] is None


def test_evidence__given_rows_are_added_to(recorded, raw_orders):
    dbt, records = recorded
    dbt.given("raw.orders", raw_orders)
    dbt.given(
        "orders", [{"order_id": 7, "customer_id": 1, "status": "paid", "amount": 1, "ordered_at": datetime(2026, 1, 1)}]
    )
    dbt.run("stg_orders orders")
    assert increments(records) == [True]


def test_evidence__what_was_compared(recorded, raw_orders):
    dbt, records = recorded
    dbt.given("raw.orders", raw_orders[:1])
    dbt.run("stg_orders")
    dbt.expect("stg_orders", [{"order_id": 1, "status": "paid"}])
    dbt.expect("stg_orders", "select * from {{ ref('stg_orders') }}", columns=["amount"])
    compared = [data for kind, data in records if kind == "dbt.expect"]
    assert compared == [
        {"id": "model.shop.stg_orders", "columns": ["order_id", "status"]},
        {"id": "model.shop.stg_orders", "columns": ["amount"]},
    ]


def test_evidence__columns_and_tests_of_the_project(dbt):
    """A column as its YAML names it; a test with the model and the column that it looks at."""
    nodes = {node["name"]: node for node in dbt.project.nodes}
    assert "customer_id" in nodes["customer_revenue"]["columns"]
    checks = {check["name"]: check for check in dbt.project.checks}
    unique = checks["unique_customer_revenue_customer_id"]
    assert (unique["node"], unique["column"]) == ("model.shop.customer_revenue", "customer_id")
