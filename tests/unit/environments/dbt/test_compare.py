"""Comparison by value."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.environments.dbt.comparison import large_tables as compare_large
from pipeproof.environments.dbt.comparison.difference import render_difference
from pipeproof.environments.dbt.comparison.tables import compare_tables
from pipeproof.environments.dbt.errors import DbtRowsError
from pipeproof.environments.dbt.rows.reading import infer_types, make_table, read_rows
from pipeproof.environments.dbt.rows.values import identify, shorten_float32

CEST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, Decimal("1.00")),
        (0.1, Decimal("0.10")),
        (float("nan"), Decimal("NaN")),
        (datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, 14, tzinfo=CEST)),
        (date(2026, 1, 1), datetime(2026, 1, 1)),
        ([1, 2.0], [1.0, 2]),
        ({"a": 1, "b": None}, {"b": None, "a": Decimal(1)}),
        (b"x", memoryview(b"x")),
        ("0e984725-c51c-4bf4-9960-e1c80e27aba0", UUID("0e984725-c51c-4bf4-9960-e1c80e27aba0")),
    ],
)
def test_identify__same(one, other):
    assert identify(one) == identify(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, "1"),
        (True, 1),
        (None, float("nan")),
        (None, ""),
        (0, None),
        (datetime(2026, 1, 1, 12), datetime(2026, 1, 1, 12, tzinfo=UTC)),
        ([1, 2], [2, 1]),
        ("a", "a "),
    ],
)
def test_identify__different(one, other):
    assert identify(one) != identify(other)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_shorten_float32__is_the_same_float(value):
    assert pa.array([shorten_float32(value)], pa.float32()).to_pylist() == [value]


def differ(built, expected, **options):
    return compare_tables(make_table(built), make_table(expected), **options)


CELL = st.one_of(st.none(), st.integers(-3, 3))
ROWS = st.lists(st.fixed_dictionaries({"a": CELL, "b": st.sampled_from(["x", "y", None])}), min_size=1, max_size=8)


@given(ROWS, st.randoms())
def test_compare__order_does_not_count(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert differ(rows, shuffled) is None


@given(ROWS, ROWS)
def test_compare__equal_as_bags_or_different(built, expected):
    def bag(rows):
        return sorted(repr(sorted(row.items())) for row in rows)

    assert (differ(built, expected) is None) == (bag(built) == bag(expected))


@settings(max_examples=20, deadline=None)
@given(ROWS, ROWS, st.booleans(), st.booleans())
def test_compare__large_tables_as_small_ones(built, expected, loose, ordered):
    """DuckDB takes away the same rows as Python."""
    tolerance = 1 if loose else None
    small = differ(built, expected, tolerance=tolerance, ordered=ordered)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare_large, "LARGE", 0)
        large = differ(built, expected, tolerance=tolerance, ordered=ordered)
    assert (small is None) == (large is None)


def test_compare__duplicates_in_large_tables(monkeypatch):
    """As many are left as one side has more of."""
    monkeypatch.setattr(compare_large, "LARGE", 0)
    difference = differ([{"a": 1}] * 5 + [{"a": 2}, {"a": None}], [{"a": 1}] * 3 + [{"a": None}] * 3)
    assert sorted(difference.extra, key=str) == [(1,), (1,), (2,)]
    assert difference.missing == [(None,), (None,)]


def test_compare__duplicates_count():
    difference = differ([{"a": 1}, {"a": 1}], [{"a": 1}])
    assert difference.extra == [(1,)]


def test_compare__ordered():
    assert differ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 2}], ordered=True) is None
    assert differ([{"a": 2}, {"a": 1}], [{"a": 1}, {"a": 2}], ordered=True) is not None


def test_compare__tolerance_by_column():
    built, expected = [{"a": 1.04, "b": 1.0}, {"a": 2.0, "b": 2.0}], [{"a": 1, "b": 1}, {"a": 1.96, "b": 2}]
    assert differ(built, expected, tolerance={"a": 0.05}) is None
    assert differ(built, expected, tolerance={"b": 0.05}) is not None
    with pytest.raises(DbtRowsError, match="not compared"):
        differ(built, expected, tolerance={"c": 1})


def test_compare__columns_of_the_expected_rows_alone():
    assert differ([{"a": 1, "b": 2}], [{"a": 1}]) is None
    assert differ([{"a": 1, "b": 2}], [{"a": 1, "b": 3}], columns=["a"]) is None
    with pytest.raises(DbtRowsError, match="built rows have no column 'c'"):
        differ([{"a": 1}], [{"c": 1}])


def test_compare__nothing_expected():
    assert compare_tables(make_table([], ["a"]), make_table([])) is None
    assert differ([{"a": 1}], []) is not None


def test_compare__times_as_text_and_without_zone():
    built = pa.table({"at": pa.array([datetime(2026, 1, 1, 12)], pa.timestamp("us", "UTC")), "on": [date(2026, 1, 1)]})
    for expected in (
        {"at": "2026-01-01T14:00+02:00", "on": "2026-01-01"},
        {"at": datetime(2026, 1, 1, 12), "on": date(2026, 1, 1)},
    ):
        assert compare_tables(built, make_table([expected])) is None


def test_compare__json():
    built = pa.table({"doc": ['{"b": [1, 2.0], "a": null}']})
    assert compare_tables(built, make_table([{"doc": {"a": None, "b": [1, 2]}}])) is None


def test_compare__structs_and_arrays():
    built = pa.table({"s": [{"x": 1, "y": "a"}], "l": [[1, 2]]})
    assert compare_tables(built, pa.table({"s": [{"x": 1.0, "y": "a"}], "l": [[1, 2]]})) is None
    assert compare_tables(built, pa.table({"s": [{"x": 1, "y": "b"}], "l": [[1, 2]]})) is not None


def test_compare__values_inside_of_mappings():
    """What JSON has no form for is a number or an instant there too."""
    at = datetime(2026, 1, 1, 12, tzinfo=UTC)
    built = pa.table({"s": [{"x": Decimal("1.50"), "at": at, "on": date(2026, 1, 1)}]})
    expected = {"x": 1.5, "at": at.astimezone(CEST), "on": date(2026, 1, 1)}
    assert compare_tables(built, make_table([{"s": expected}])) is None
    assert compare_tables(built, make_table([{"s": expected | {"x": Decimal("1.51")}}])) is not None


def test_compare__names_that_differ_in_case():
    assert differ([{"AMOUNT": 1}], [{"amount": 1}]) is None


def test_compare__csv_takes_the_built_types(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text('n,t,d,b\n1.50,007,2026-01-01,true\n,"",,\n')
    expected, typed = read_rows(file)
    built = pa.table({
        "n": pa.array([Decimal("1.5"), None], pa.decimal128(10, 1)), "t": ["007", ""],
        "d": pa.array([date(2026, 1, 1), None]), "b": [True, None],
    })  # fmt: skip
    assert not typed
    assert compare_tables(built, expected, typed=typed) is None


def test_infer_types__of_a_csv(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text(
        'zip,n,d,at,empty,na,q\n01234,1,2026-01-01,2026-01-01 10:00:00,,NA,""\n'
        "56789,2,2026-01-02,2026-01-02 10:00:00,,x,\n"
    )
    table = infer_types(read_rows(file)[0], [])
    assert {field.name: str(field.type) for field in table.schema} == {
        "zip": "string", "n": "int64", "d": "date32[day]", "at": "timestamp[s]", "empty": "string", "na": "string",
        "q": "string",
    }  # fmt: skip
    assert table.column("q").to_pylist() == ["", None]


def test_rows__of_frames_and_files(tmp_path):
    from pyarrow import parquet

    table = pa.table({"a": [1, 2]})
    parquet.write_table(table, tmp_path / "x.parquet")
    assert read_rows("x.parquet", [tmp_path]) == (table, True)
    assert read_rows(table) == (table, True)
    with pytest.raises(DbtRowsError, match="no file"):
        read_rows("y.parquet", [tmp_path])
    with pytest.raises(DbtRowsError, match="not one mapping"):
        read_rows({"a": 1})
    with pytest.raises(DbtRowsError, match="column 'a'"):
        read_rows([{"a": 1}, {"a": "x"}])


def test_compare__a_million_rows():
    """Bounded: DuckDB works on Arrow's columns; only what differs comes back to Python."""
    count = 1_000_000
    built = pa.table({"id": pa.array(range(count)), "v": pa.array([at / 4 for at in range(count)])})
    changed = built.set_column(1, "v", pa.array([-1.0 if at == 77 else at / 4 for at in range(count)]))
    assert compare_tables(built, built.take(pa.array(range(count - 1, -1, -1)))) is None
    difference = compare_tables(changed, built, key=["id"])
    assert [(change.expected, change.built) for change in difference.changed] == [((77, 19.25), (77, -1.0))]
    assert compare_tables(built, built, ordered=True) is None
    ordered = compare_tables(changed, built.slice(0, count - 1), ordered=True)
    assert [(change.expected, change.built) for change in ordered.changed] == [((77, 19.25), (77, -1.0))]
    assert ordered.extra == [(count - 1, (count - 1) / 4)]


def test_render__small_table_with_marks():
    difference = differ(
        [{"id": 1, "v": "b"}, {"id": 3, "v": None}], [{"id": 1, "v": "a"}, {"id": 2, "v": "c"}], key=["id"]
    )
    assert render_difference("t", difference).splitlines() == [
        "t: 1 missing, 1 extra, 1 changed (2 expected, 2 built)",
        "                     id  v",
        "  changed  expected  1   'a'",
        "           built     1   'b'*",
        "  missing  expected  2   'c'",
        "  extra    built     3   NULL",
    ]


def test_render__counts_what_it_does_not_show():
    difference = differ([{"id": at} for at in range(300)], [{"id": -1}])
    text = render_difference("t", difference)
    assert "1 missing, 300 extra" in text
    assert "… and 290 more extra" in text
    assert len(text.splitlines()) < 20
