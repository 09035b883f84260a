"""The models, built for real on DuckDB in a file of the test's own."""

from dataclasses import replace

import duckdb
import pytest

from orders import warehouse
from orders.validation import validate


@pytest.fixture
def query(tmp_path, monkeypatch):
    """Ask the warehouse; the connection is closed again, as DuckDB lets only one process write."""
    monkeypatch.setenv("ORDERS_DUCKDB", str(tmp_path / "orders.duckdb"))
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "target"))
    monkeypatch.setenv("DBT_LOG_PATH", str(tmp_path / "logs"))

    def query(sql):
        with duckdb.connect(tmp_path / "orders.duckdb") as connection:
            return connection.sql(sql).fetchall()

    return query


def test_build__from_orders_to_revenue(query, record):
    first = validate(record)
    second = replace(first, order_id="A-1002")
    warehouse.land([first, second], {"A-1001": "fulfilled", "A-1002": "failed"})

    nodes = warehouse.build()

    assert nodes["daily_revenue"] == "success"
    assert set(nodes.values()) == {"success", "pass"}
    assert query("select category, orders, cast(revenue as varchar) from analytics.daily_revenue order by 1") == [
        ("tea", 1, "9.00"),
        ("ware", 1, "12.00"),
    ]

    # The next run: what failed was fulfilled after all, and the history says so.
    warehouse.land([second], {"A-1002": "fulfilled"})
    warehouse.build()

    assert query("select status from analytics.fct_orders where order_id = 'A-1002'") == [("fulfilled",)]
    assert query(
        "select status, dbt_valid_to is null from analytics.order_status"
        " where order_id = 'A-1002' order by dbt_valid_from"
    ) == [("failed", False), ("fulfilled", True)]


def test_build__says_which_test_of_the_models_failed(query, record):
    warehouse.land([validate(record)], {"A-1001": "lost"})

    with pytest.raises(warehouse.BuildFailed, match="accepted_values_stg_orders_status"):
        warehouse.build()
