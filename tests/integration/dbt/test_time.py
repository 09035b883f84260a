"""The time that a test sets, in models, snapshots, Jinja and the test's own queries."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipeproof.environments.dbt.errors import DbtOptionError

NIGHT = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["current_timestamp", "now()", "transaction_timestamp()"])
def test_at__functions_of_the_database(dbt, name):
    dbt.at(NIGHT)
    assert dbt.sql(f"select {name} as seen") == [{"seen": NIGHT}]


def test_at__dates_and_local_times(dbt):
    """Columns that are named after them stay so."""
    dbt.at("2026-01-31 12:30:00")
    assert dbt.sql("select current_date") == [{"current_date": date(2026, 1, 31)}]
    assert dbt.sql("select localtimestamp as a, current_date - 1 as b") == [
        {"a": datetime(2026, 1, 31, 12, 30), "b": date(2026, 1, 30)}
    ]


def test_at__texts_and_names_are_left_alone(dbt):
    dbt.at(date(2026, 1, 31))
    query = "select 'now() current_date' as a, now as current_date, x.now as b from (select 1 as now) as x -- now()"
    assert dbt.sql(query) == [{"a": "now() current_date", "current_date": 1, "b": 1}]


def test_at__age_of_one_argument(dbt):
    dbt.at("2026-01-31")
    (row,) = dbt.sql(
        "select age(timestamp '2026-01-01') as one, age(timestamp '2026-01-03', timestamp '2026-01-01') as two"
    )
    assert row == {"one": timedelta(days=30), "two": timedelta(days=2)}


def test_at__models_and_views(dbt, raw_orders):
    """A view asks each time that it is read."""
    dbt.given("raw.orders", raw_orders)
    dbt.at("2026-01-02 10:00:00+01:00")
    dbt.run("recent_orders")
    assert dbt.rows("recent_orders") == [
        {"id": 2, "days_ago": 0, "started": "2026-01-02 09:00"},
        {"id": 1, "days_ago": 1, "started": "2026-01-02 09:00"},
    ]
    dbt.at("2026-01-05")
    dbt.expect("recent_orders", [{"id": 3, "days_ago": 2, "started": "2026-01-02 09:00"}])


def test_at__view_that_was_there_before(dbt, raw_orders):
    dbt.given("raw.orders", raw_orders)
    dbt.run("recent_orders")
    assert dbt.rows("recent_orders") == []
    dbt.at("2026-01-02 10:00")
    assert [row["days_ago"] for row in dbt.rows("recent_orders")] == [0, 1]


def test_at__view_that_is_read_after(dbt, raw_orders):
    dbt.given("raw.orders", raw_orders)
    dbt.at("2026-01-02")
    dbt.run("recent_orders")
    assert dbt.rows("recent_orders")
    dbt.at(None)
    assert dbt.rows("recent_orders") == []


def test_at__named_zone_moves_no_process(dbt):
    """The time is that of the zone, and Jinja's local time that of the machine."""
    here = datetime.now().astimezone().tzinfo
    dbt.at(datetime(2026, 1, 31, 1, tzinfo=ZoneInfo("Pacific/Auckland")))
    moment = datetime(2026, 1, 30, 12, tzinfo=UTC)
    assert dbt.sql("select now() as seen") == [{"seen": moment}]
    assert dbt.macro("local_hour") == moment.astimezone(here).strftime("%d %H")


def test_at__snapshot_over_two_days(dbt, raw_orders):
    dbt.given("raw.orders", raw_orders[:1])
    dbt.at("2026-01-01")
    dbt.snapshot("status_history")
    dbt.at("2026-01-02")
    dbt.given("raw.orders", [raw_orders[0] | {"status": "refunded"}])
    dbt.snapshot("status_history")
    dbt.expect(
        "status_history",
        [
            {"status": "paid", "dbt_valid_from": datetime(2026, 1, 1), "dbt_valid_to": datetime(2026, 1, 2)},
            {"status": "refunded", "dbt_valid_from": datetime(2026, 1, 2), "dbt_valid_to": None},
        ],
    )


def test_at__macros(dbt):
    dbt.at("2026-01-31")
    assert dbt.macro("today") == "2026-01-31"
    dbt.at("2027-01-31")
    assert dbt.macro("today") == "2027-01-31"


def test_at__none_is_the_machine_again(dbt):
    dbt.at("2001-01-01")
    dbt.at(None)
    (row,) = dbt.sql("select now() as seen")
    assert abs(row["seen"] - datetime.now(UTC)) < timedelta(hours=1)
    assert dbt.macro("today") >= "2026"


def test_at__other_tests_have_the_machines_clock(dbt):
    (row,) = dbt.sql("select now() as seen")
    assert abs(row["seen"] - datetime.now(UTC)) < timedelta(hours=1)


@pytest.mark.parametrize("moment", ["yesterday", 20260101, "2026-13-01", ""])
def test_at__what_is_no_time(dbt, moment):
    with pytest.raises(DbtOptionError, match="is not a date or a time"):
        dbt.at(moment)
