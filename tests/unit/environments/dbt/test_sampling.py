"""Samples of live databases: pseudonyms, what is hidden, what is followed, and how it is written."""

import re
from datetime import date, datetime, time
from decimal import Decimal
from types import SimpleNamespace
from uuid import UUID

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.rows.reading import infer_types, read_rows
from pipeproof.environments.dbt.sampling.anonymising import Pseudonyms
from pipeproof.environments.dbt.sampling.joins import Join, find_joins
from pipeproof.environments.dbt.sampling.reading import Sample, reading
from pipeproof.environments.dbt.sampling.rules import Rules, choose_mask
from pipeproof.environments.dbt.sampling.writing import write_fixture
from pipeproof.errors import InputError

PSEUDONYMS = Pseudonyms("a secret")


@given(st.sets(st.integers(-(2**63), 2**63 - 1) | st.integers(-300, 300), max_size=30))
def test_numbers__stay_apart_and_in_their_range(numbers):
    hidden = {number: PSEUDONYMS.hide(number) for number in numbers}
    assert len({*hidden.values()}) == len(numbers)
    for before, after in hidden.items():
        bits = next(bits for bits in (7, 15, 31, 63) if -(2**bits) <= before < 2**bits)
        assert -(2**bits) <= after < 2**bits
        assert (after < 0) == (before < 0)


def test_numbers__of_one_range_are_mapped_one_to_one():
    assert {PSEUDONYMS.hide(number) for number in range(128)} == set(range(128))
    assert [PSEUDONYMS.hide(number) for number in range(128)] != list(range(128))


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("Ann Miller", r"[a-z]{10}"),
        ("ann@acme.org", r"[a-z]{10}@example\.com"),
        (UUID(int=7), r"[0-9a-f-]{36}"),
        (str(UUID(int=7)), r"[0-9a-f-]{36}"),
        ("", ""),
        (date(1990, 5, 6), "1990-01-01"),
        (datetime(1990, 5, 6, 7, 8), "1990-01-01 00:00:00"),
        (Decimal(12), r"\d+"),
        (Decimal("1.5"), "None"),
        (1.5, "None"),
        (True, "None"),
        (b"x", "None"),
        ({"a": 1}, "None"),
        (time(1), "None"),
        (None, "None"),
    ],
)
def test_hide__a_value_of_each_kind(value, form):
    hidden = PSEUDONYMS.hide(value)
    assert re.fullmatch(form, str(hidden))
    assert hidden == PSEUDONYMS.hide(value)
    assert value in (None, "") or hidden != value


def test_hide__joins_of_other_types_and_other_keys():
    assert PSEUDONYMS.hide("12") == str(PSEUDONYMS.hide(12)) == str(PSEUDONYMS.hide(Decimal(12)))
    assert PSEUDONYMS.hide(12.0) == PSEUDONYMS.hide(12)
    assert str(PSEUDONYMS.hide(UUID(int=7))) == PSEUDONYMS.hide(str(UUID(int=7)))
    assert PSEUDONYMS.hide("Ann") != Pseudonyms("another").hide("Ann")


def source(name, *columns, meta=None, source_name="raw"):
    named = {column: SimpleNamespace(name=column, meta={}, config=None) for column in columns}
    for column, said in (meta or {}).items():
        named[column].meta = {"pipeproof": said}
    return SimpleNamespace(
        unique_id=f"source.shop.{source_name}.{name}", source_name=source_name, name=name, columns=named,
        source_meta={}, meta={}, config={},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "value", "kept"),
    [
        ("amount", 5, True),
        ("ordered_at", datetime(2026, 1, 2), True),
        ("paid", True, True),
        ("name", "Ann", False),
        ("payload", {"a": 1}, False),
        ("id", 5, False),
        ("customer_id", 5, False),
        ("customer", 5, False),
        ("date_of_birth", date(1990, 5, 6), False),
        ("birth_date", date(1990, 5, 6), False),
        ("phone", 555, False),
        ("status", "paid", True),
        ("note", "x", True),
        ("shipped", 5, False),
        ("said", "x", True),
        ("said_otherwise", 5, False),
    ],
)
def test_rules(column, value, kept):
    raw = source("orders", "said", "said_otherwise", meta={"said": "keep", "said_otherwise": "hide"})
    rules = Rules(
        keep=["*.note", "raw.orders.shipped"], hide=["RAW.ORDERS.SHIPPED"], accepted={(raw.unique_id, "status")}
    )
    mask = choose_mask(rules.decide(raw, column, joined=column == "customer"), PSEUDONYMS)
    assert (mask(value) == value) is kept


def test_rules__meta_that_says_neither():
    with pytest.raises(InputError, match=r"raw.orders.a: meta.pipeproof is 'no'\n.*keep or hide"):
        Rules().decide(source("orders", "a", meta={"a": "no"}), "a", joined=False)


def test_joins__of_tests_of_names_and_said():
    sources = {
        each.unique_id: each for each in (source("orders"), source("people"), source("shops"), source("crm_countries"))
    }
    orders, people, shops, countries = sources
    columns = {orders: ["id", "SHOP_ID", "country_id", "buyer"], people: ["id", "referrer"], shops: ["shop_id"]}
    columns[countries] = ["id"]
    test = SimpleNamespace(
        test_metadata=SimpleNamespace(name="relationships", kwargs={"field": "ID", "column_name": "buyer"}),
        attached_node=orders, depends_on=SimpleNamespace(nodes=[people, orders]),
    )  # fmt: skip
    manifest = SimpleNamespace(sources=sources, nodes={"test": test})
    assert set(find_joins(manifest, columns, ["raw.people.referrer=raw.people.id"])) == {
        Join(people, "referrer", people, "id"),
        Join(orders, "buyer", people, "id"),
        Join(orders, "SHOP_ID", shops, "shop_id"),
        Join(orders, "country_id", countries, "id"),
    }
    with pytest.raises(InputError, match=r"--join raw.people.x=raw.people.id: there is no column 'raw.people.x'"):
        find_joins(manifest, columns, ["raw.people.x=raw.people.id"])


def test_sample__has_the_rows_that_its_rows_point_to():
    with duckdb.connect() as database:
        database.execute(
            "create table people as select i as id, case when i > 900 then i - 1 end as boss from range(1000) t(i)"
        )
        database.execute("create table orders as select i as id, 999 - i as buyer from range(1000) t(i)")
        with reading(database) as read:
            sample = Sample(read, {"o": "orders", "p": "people"}, '"{}"'.format, 3)
            sample.follow([Join("o", "buyer", "p", "id"), Join("p", "boss", "p", "id")])
            with pytest.raises(duckdb.Error, match=r"(?i)read.?only"):
                read("create table x as select 1 as y")
    assert sample.rows["o"] == [(0, 999), (1, 998), (2, 997)]
    people = {row[0]: row[1] for row in sample.rows["p"]}
    assert set(people) == {0, 1, 2, *range(900, 1000)}


def test_reading__a_connection_without_a_cursor():
    with pytest.raises(DbtSetupError, match="no cursor"), reading(object()):
        pass


def test_write_fixture__csv_only_where_it_says_the_same(tmp_path):
    rows = [[1, "007", None, datetime(2026, 1, 2)], [2, "a,\n'b\"", "", datetime(2026, 1, 3, 4)]]
    file, changed = write_fixture(tmp_path, "plain", ["id", "code", "note", "at"], rows, ())
    assert (file.name, changed) == ("plain.csv", [])
    table, _ = read_rows(str(file))
    assert [list(row.values()) for row in infer_types(table, ()).to_pylist()] == rows
    rows = [[Decimal("1.50"), "1"], [None, "2"]]
    file, changed = write_fixture(tmp_path, "typed", ["amount", "code"], rows, ())
    assert (file.name, changed, (tmp_path / "typed.csv").exists()) == ("typed.parquet", ["amount", "code"], False)
    assert [list(row.values()) for row in read_rows(str(file))[0].to_pylist()] == rows
    assert write_fixture(tmp_path, "typed", ["amount", "code"], rows, ("amount", "code"))[0].name == "typed.csv"
    assert write_fixture(tmp_path, "nested", ["a"], [[[1, 2]]], ())[0].name == "nested.parquet"
    assert write_fixture(tmp_path, "none", ["a", "b"], [], ())[0].read_text() == '"a","b"\n'
