"""What a model's SQL says of the rows that it needs."""

import pytest

from pipeproof.scaffold.models.reading import Reading, read_sql
from pipeproof.scaffold.models.rows import make_rows


def _read(sql: str, *tables: str) -> Reading:
    return read_sql("model.shop.it", sql, {f"raw.{name}": ("main", name) for name in tables}, {}, "duckdb")


def test_columns__just_those_that_are_read() -> None:
    sql = """
        with source as (select * from main.orders),
        renamed as (select id as order_id, lower(status) as status from source)
        select order_id, status from renamed where status = 'paid'
    """
    reading = _read(sql, "orders")
    assert list(reading.columns["raw.orders"]) == ["id", "status"]
    assert reading.values["raw.orders", "status"] == ["paid", "not paid"]


@pytest.mark.parametrize(
    ("condition", "values"),
    [
        ("amount > 10", [11, 10]),
        ("amount >= 10", [10, 9]),
        ("10 > amount", [9, 10]),
        ("amount != 10", [11, 10]),
        ("amount between 5 and 7", [5, 7, 4, 8]),
        ("amount in (1, 2)", [1, 2, 3]),
        ("upper(amount) = 'A'", ["A", "not A", "a"]),
        ("trim(amount) = 'a'", ["a", "not a", " a "]),
        ("case amount when 3 then 1 end = 1", [3, 4]),
    ],
)
def test_values__on_both_sides_of_a_comparison(condition: str, values: list[object]) -> None:
    reading = _read(f"select id from main.orders where {condition}", "orders")
    assert reading.values["raw.orders", "amount"] == values


def test_rows__share_keys_and_have_a_stranger() -> None:
    sql = """
        select c.id, sum(o.amount) as total
        from main.customers as c left join main.orders as o on c.id = o.customer_id group by 1
    """
    rows = make_rows(_read(sql, "customers", "orders"))
    assert [row["id"] for row in rows["raw.customers"]] == [1, 2, 1, 9]
    assert [(row["customer_id"], row["amount"]) for row in rows["raw.orders"]] == [(1, 10), (2, 20), (1, 30)]


def test_reading__what_hangs_on_the_day() -> None:
    reading = _read("with a as (select id, current_date as d from main.orders) select id, d as built from a", "orders")
    assert reading.changing == {"d", "built"}
    assert not reading.unstable
    assert _read("select id from main.orders where placed_on > current_date", "orders").unstable
