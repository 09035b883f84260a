"""Every kind of model, on DuckDB and on PostgreSQL, with the same results."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from pipeproof import DbtFailed, DbtNothingSelected
from pipeproof.environments.dbt.errors import DbtDifferenceError, DbtNameError, DbtRowsError


def test_build__from_source_to_mart(dbt, raw_orders):
    dbt.given("raw.orders", raw_orders)
    result = dbt.build("+customer_revenue")
    assert result.nodes["customer_revenue"].status == "success"
    assert result.nodes["unique_customer_revenue_customer_id"].status == "pass"
    assert result.nodes["customers_without_orders_bring_nothing"].status == "pass"
    dbt.expect(
        "customer_revenue",
        [{"customer_id": 2, "name": "Bob", "revenue": 7.5}, {"customer_id": 1, "name": "Ann", "revenue": 10}],
    )


def test_given__stands_in_for_upstream_at_a_distance(dbt):
    dbt.given("stg_orders", [{"order_id": 1, "customer_id": 1, "status": "paid", "amount": 3}])
    dbt.given("customers", [{"id": 1, "name": "O'Hara"}, {"id": 2, "name": None}])
    result = dbt.run("+customer_revenue")
    assert set(result.nodes) == {"stg_customers", "customer_revenue"}
    dbt.expect("customer_revenue", [{"name": "O'Hara", "revenue": 3}, {"name": None, "revenue": 0}])


def test_given__ephemeral_model(dbt):
    dbt.given("int_paid_orders", [{"order_id": 1, "customer_id": 1, "amount": 4}])
    dbt.given("stg_customers", [{"customer_id": 1, "name": "Ann"}])
    dbt.run("customer_revenue")
    dbt.expect("customer_revenue", [{"customer_id": 1, "name": "Ann", "revenue": 4}])


def test_run__ephemeral_model_by_name(dbt, raw_orders):
    dbt.given("raw.orders", raw_orders)
    dbt.run("stg_orders int_paid_orders")
    dbt.expect("int_paid_orders", [{"order_id": 1}, {"order_id": 3}])


def test_rows__ephemeral_model_that_was_inlined(dbt, raw_orders):
    dbt.given("raw.orders", raw_orders)
    dbt.run("stg_orders")
    assert sorted(row["order_id"] for row in dbt.rows("int_paid_orders")) == [1, 3]


def test_run__incremental_first_and_later(dbt, raw_orders):
    dbt.given("raw.orders", raw_orders[:2])
    dbt.run("+orders")
    assert len(dbt.rows("orders")) == 2
    late = raw_orders[0] | {"id": 9}
    dbt.given("raw.orders", [late, raw_orders[2]])
    dbt.run("orders")
    assert dbt.sql("select order_id from {{ ref('orders') }} order by 1") == [
        {"order_id": 1},
        {"order_id": 2},
        {"order_id": 3},
    ]
    dbt.run("orders", full_refresh=True)
    dbt.expect("orders", [{"order_id": 9}, {"order_id": 3}])


def test_run__incremental_onto_given_rows(dbt, raw_orders):
    before = {
        "order_id": 7,
        "customer_id": 1,
        "status": "paid",
        "amount": Decimal("1.00"),
        "ordered_at": datetime(2026, 1, 2, 9),
    }
    dbt.given("orders", [before])
    dbt.given("raw.orders", raw_orders)
    dbt.run("stg_orders orders")
    dbt.expect("orders", [{"order_id": 7}, {"order_id": 3}])


def test_snapshot__first_and_later(dbt, raw_orders):
    dbt.given("raw.orders", raw_orders[:2])
    dbt.snapshot()
    dbt.given("raw.orders", [raw_orders[0], raw_orders[1] | {"status": "paid"}])
    dbt.snapshot("order_history")
    rows = dbt.sql(
        "select id, status, dbt_valid_to is null as current from {{ ref('order_history') }} order by id, dbt_valid_from"
    )
    assert [(row["id"], row["status"], row["current"]) for row in rows] == [
        (1, "paid", True),
        (2, "open", False),
        (2, "paid", True),
    ]


def test_seed(dbt):
    assert dbt.seed("customers").nodes["customers"].rows_affected in {2, None}
    dbt.expect("customers", "select 1 as id, 'Ann' as name union all select 2, 'Bob'")


def test_test__project_test_that_fails(dbt):
    dbt.given("customer_revenue", [{"customer_id": 1, "revenue": -1}, {"customer_id": 1, "revenue": 2}])
    with pytest.raises(DbtFailed) as failed:
        dbt.test("customer_revenue", args=["--exclude", "test_type:unit"])
    broken = {node.name for node in failed.value.result.nodes.values() if node.broken}
    assert broken == {"unique_customer_revenue_customer_id", "revenue_is_not_negative"}


def test_compile__says_what_would_be_sent(dbt):
    result = dbt.compile("stg_orders", vars={"minimum": 42})
    assert "amount >= 42" in result["stg_orders"].compiled


def test_vars__may_decide_what_is_parsed(dbt):
    assert dbt.run("flags", vars={"as_table": False})["flags"].materialized == "view"
    assert dbt.run("flags")["flags"].materialized == "table"


def test_environment__may_change_between_tests(dbt, monkeypatch):
    monkeypatch.setenv("SHOP_REGION", "us")
    dbt.run("flags")
    dbt.expect("flags", [{"region": "us", "target_schema": dbt.schema}])


def test_schema__custom_ones_are_the_tests_own(dbt, raw_orders):
    """`generate_schema_name` puts marts into a schema of a fixed name; a test has its own instead."""
    dbt.given("raw.orders", raw_orders)
    # of these version 2 has neither the type nor the language; `scored` is not there on PostgreSQL
    without = ["contracted", "scored"] if dbt.project.settings.embedded else ["contracted"]
    result = dbt.build(exclude=without)
    schemas = {node.relation.replace('"', "").split(".")[1] for node in result.nodes.values() if node.relation}
    assert schemas == {dbt.schema, f"{dbt.schema}_staging", f"{dbt.schema}_marketing", f"{dbt.schema}_history"}


@pytest.mark.parametrize("select", ["nothing_like_this", ["stg_customers", "tag:nobody"], "+raw_orders"])
def test_run__nothing_selected(dbt, select):
    dbt.given("customers", [{"id": 1, "name": "Ann"}])
    with pytest.raises(DbtNothingSelected, match=r"matches nothing"):
        dbt.run(select)


def test_given__unknown_name(dbt):
    with pytest.raises(DbtNameError, match="did you mean stg_orders"):
        dbt.given("stg_order", [])


def test_run__missing_source_says_what_to_give(dbt):
    with pytest.raises(DbtFailed) as failed:
        dbt.run("stg_orders")
    assert 'dbt.given("raw.orders", […])' in str(failed.value)


def test_run__unchecked(dbt):
    result = dbt.run("stg_orders", check=False)
    assert result["stg_orders"].status == "error"
    assert not result.success


def test_expect__shows_the_cells_that_differ(dbt):
    dbt.given(
        "customer_revenue",
        [{"customer_id": 1, "name": "Ann", "revenue": 1}, {"customer_id": 2, "name": "Bob", "revenue": 2}],
    )
    with pytest.raises(DbtDifferenceError) as raised:
        dbt.expect(
            "customer_revenue",
            [{"customer_id": 1, "name": "Ann", "revenue": 10}, {"customer_id": 3, "name": "Cem", "revenue": 3}],
        )
    assert str(raised.value).splitlines() == [
        "customer_revenue: 1 missing, 1 extra, 1 changed (2 expected, 2 built)",
        "                     customer_id  name   revenue",
        "  changed  expected  1            'Ann'  10",
        "           built     1            'Ann'  1*",
        "  missing  expected  3            'Cem'  3",
        "  extra    built     2            'Bob'  2",
    ]


def test_given__types_that_the_project_declares(dbt):
    """Strings and CSV values take the column types of the YAML."""
    dbt.given(
        "raw.orders",
        [{"id": 1, "customer_id": 1, "status": "paid", "amount": "10.5", "ordered_at": "2026-01-01 09:00:00"}],
    )
    dbt.run("stg_orders")
    assert dbt.rows("stg_orders")[0]["ordered_at"] == datetime(2026, 1, 1, 9)
    assert dbt.rows("stg_orders")[0]["amount"] == Decimal("10.50")


def test_given__csv_file(dbt, tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text('id,customer_id,status,amount,ordered_at\n1,7,paid,10.5,2026-01-01 09:00:00\n2,,"",1,\n')
    dbt.given("raw.orders", file)
    dbt.run("stg_orders")
    dbt.expect("stg_orders", [
        {"order_id": 1, "customer_id": 7, "status": "paid", "amount": 10.5, "ordered_at": "2026-01-01T09:00"},
        {"order_id": 2, "customer_id": None, "status": "", "amount": 1, "ordered_at": None},
    ])  # fmt: skip


def test_given__nothing(dbt):
    """No rows at all: the columns are those that the YAML names."""
    dbt.given("raw.orders", [])
    dbt.given("stg_customers", [{"customer_id": 1, "name": "Ann"}])
    dbt.given("stg_orders", "select 1 as order_id, 1 as customer_id, 'paid' as status, 2 as amount where 1 = 0")
    dbt.run("customer_revenue")
    dbt.expect("customer_revenue", [{"revenue": 0}])


def test_arrow__has_types(dbt, raw_orders):
    dbt.given("raw.orders", raw_orders)
    dbt.run("stg_orders")
    table = dbt.arrow("stg_orders")
    assert str(table.schema.field("ordered_at").type) == "timestamp[us]"
    assert str(table.schema.field("amount").type).startswith("decimal128")


@pytest.mark.parametrize("count", [3, 501])
def test_given__lists_of_any_text(dbt, count):
    """Few rows are inserted, many are copied: the same values arrive."""
    tags, grid = ["é", "a\nb", 'q"\\', "", "null", "{,}", None], [[1, 2], [3, None]]
    dbt.given("raw.orders", [{"id": at, "tags": tags, "grid": grid} for at in range(count)])
    rows = dbt.rows("raw.orders")
    assert len(rows) == count
    assert all((row["tags"], row["grid"]) == (tags, grid) for row in rows)


def test_expect__values_that_python_has_no_type_for(dbt):
    if dbt.project.adapter != "duckdb":
        pytest.skip("PostgreSQL's driver has none of these")
    query = """select '2024-01-01 00:00:00.000000001'::timestamp_ns as n, 'infinity'::timestamp as i,
        map {'a': 1} as m, interval 1 day as d, 170141183460469231731687303715884105727::hugeint as h,
        '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid as u"""
    dbt.given("raw.orders", query)
    dbt.expect("raw.orders", query)
    row = {"m": {"a": 1}, "d": timedelta(days=1), "h": 2**127 - 1, "u": "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"}
    dbt.expect("raw.orders", [row])
    with pytest.raises(DbtDifferenceError, match="infinity"):
        dbt.expect("raw.orders", [{"n": datetime(2024, 1, 1), "i": datetime(2024, 1, 1)}])


def test_given__a_file_that_is_no_table(dbt):
    for rows in ("stg_orders.xlsx", "data/orders.json"):
        with pytest.raises(DbtRowsError, match="CSV, TSV, Parquet and YAML"):
            dbt.given("stg_orders", rows)
