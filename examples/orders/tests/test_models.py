"""The models one by one: what comes in is given, what comes out is said, on DuckDB or the team's PostgreSQL alike."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from pipeproof import DbtFailed


@pytest.fixture
def orders():
    first = {"order_id": "A-1", "customer_id": "C-1", "ordered_at": datetime(2026, 11, 20, 9), "status": "fulfilled"}
    second = {"order_id": "A-2", "customer_id": "C-2", "ordered_at": datetime(2026, 11, 20, 10), "status": "failed"}
    return [first | {"currency": "eur"}, second | {"currency": "EUR"}]


@pytest.fixture
def lines():
    return [
        {"order_id": "A-1", "sku": "TEA-ASSAM", "quantity": 2, "unit_price_cents": 450},
        {"order_id": "A-1", "sku": "CUP-BLUE", "quantity": 1, "unit_price_cents": 1200},
        {"order_id": "A-2", "sku": "TEA-ASSAM", "quantity": 9, "unit_price_cents": 450},
    ]


def test_staging__views_over_the_sources(dbt, orders, lines):
    dbt.given("raw.orders", orders)
    dbt.given("raw.order_lines", lines)

    dbt.run("staging")

    dbt.expect("stg_orders", [
        {"order_id": "A-1", "currency": "EUR", "ordered_on": date(2026, 11, 20)},
        {"order_id": "A-2", "currency": "EUR", "ordered_on": date(2026, 11, 20)},
    ])  # fmt: skip
    dbt.expect("stg_order_lines", [{"unit_price": 4.5}, {"unit_price": 12}, {"unit_price": 4.5}])


def test_int_order_totals__ephemeral(dbt, lines):
    dbt.given("raw.order_lines", lines)

    dbt.run("stg_order_lines int_order_totals")

    dbt.expect("int_order_totals", [
        {"order_id": "A-1", "pieces": 3, "amount": Decimal("21.00")},
        {"order_id": "A-2", "pieces": 9, "amount": Decimal("40.50")},
    ])  # fmt: skip


def test_fct_orders__incremental_over_two_days(dbt, orders, lines):
    dbt.given("raw.orders", orders)
    dbt.given("raw.order_lines", lines)
    dbt.run("+fct_orders")
    dbt.expect("fct_orders", [{"order_id": "A-1", "status": "fulfilled"}, {"order_id": "A-2", "status": "failed"}])

    # The day before is closed: what changes there is not taken over any more. Today's change is.
    yesterday = orders[0] | {"ordered_at": datetime(2026, 11, 19, 9), "status": "failed"}
    dbt.given("raw.orders", [yesterday, orders[1] | {"status": "fulfilled"}])
    dbt.run("fct_orders")

    dbt.expect("fct_orders", [{"order_id": "A-1", "status": "fulfilled"}, {"order_id": "A-2", "status": "fulfilled"}])


def test_daily_revenue__what_is_not_in_the_catalogue_is_unknown(dbt):
    dbt.given(
        "fct_orders", [{"order_id": "A-1", "ordered_on": date(2026, 11, 20), "currency": "EUR", "status": "fulfilled"}]
    )
    dbt.given("stg_order_lines", [
        {"order_id": "A-1", "sku": "TEA-ASSAM", "quantity": 2, "unit_price": Decimal("4.50")},
        {"order_id": "A-1", "sku": "HAT", "quantity": 1, "unit_price": Decimal("30.00")},
    ])  # fmt: skip
    dbt.seed("products")

    dbt.run("daily_revenue")

    dbt.expect("daily_revenue", [
        {"category": "tea", "orders": 1, "revenue": 9},
        {"category": "unknown", "orders": 1, "revenue": 30},
    ])  # fmt: skip


def test_order_status__snapshot_keeps_the_history(dbt, orders):
    dbt.given("raw.orders", orders)
    dbt.snapshot("order_status")
    dbt.given("raw.orders", [orders[0], orders[1] | {"status": "fulfilled"}])
    dbt.snapshot("order_status")

    history = dbt.sql("""
        select status, dbt_valid_to is null as current
        from {{ ref('order_status') }}
        where order_id = 'A-2'
        order by dbt_valid_from
    """)
    assert history == [{"status": "failed", "current": False}, {"status": "fulfilled", "current": True}]


def test_build__everything_with_the_projects_own_tests(dbt, orders, lines):
    dbt.given("raw.orders", orders)
    dbt.given("raw.order_lines", lines)

    result = dbt.build()

    assert {node.status for node in result.nodes.values()} == {"success", "pass"}
    dbt.expect("daily_revenue", [{"category": "tea", "revenue": 9}, {"category": "ware", "revenue": 12}])


def test_own_tests__find_an_unknown_status(dbt, orders):
    dbt.given("stg_orders", [{"order_id": "A-1", "status": "lost"}])

    with pytest.raises(DbtFailed, match="accepted_values_stg_orders_status"):
        dbt.test("stg_orders")
