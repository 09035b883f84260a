"""Large tables are compared as small ones are, whatever types the two sides have."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import product

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.environments.dbt.comparison import large_tables as compare_large
from pipeproof.environments.dbt.comparison.columns import make_comparable, pair_columns
from pipeproof.environments.dbt.comparison.tables import compare_tables
from pipeproof.environments.dbt.rows.reading import UUID_FIELD, make_table
from pipeproof.environments.dbt.rows.values import identify

DAY = datetime(2024, 1, 1)
BIG = 2**53 + 1
UUID_TEXT = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
TEXTS = [
         "", "a", "1", "1.0", "1_000", "true", "yes", "2024-01-01", "2024-01-01T05:00:00", "2024-01-01 00:00:00+00:00",
         "infinity", "01:02:03", "garbage", "9007199254740993", "12345678901234567.89", "0.1", UUID_TEXT.upper(),
]  # fmt: skip
INFINITE = 2**63 - 1

KINDS = {
    "null": pa.array([None]),
    "bool": pa.array([True, False, None]),
    "int32": pa.array([0, 1, 1000, None], pa.int32()),
    "int64": pa.array([0, 1, 1000, 10**12, BIG, -1, None]),
    "uint64": pa.array([1, 2**64 - 1, BIG], pa.uint64()),
    "double": pa.array([0.0, -0.0, 1.0, 0.1, 1000.0, float(BIG), float("nan"), float("inf"), 1e12, 0.1 + 0.2]),
    "float": pa.array([0.0, 1.0, 0.1, None, float("nan")], pa.float32()),
    "half": pa.array([0.0, 1.0, 0.5], pa.float32()).cast(pa.float16()),  # pyarrow 17 takes no float for it
    "decimal": pa.array([Decimal("1.00"), Decimal("0.1"), Decimal("12345678901234567.9"), None], pa.decimal128(20, 2)),
    "small decimal": pa.array([Decimal("1.00"), Decimal("0.10"), None], pa.decimal128(10, 2)),
    "fine decimal": pa.array([Decimal(1), Decimal("0.1")], pa.decimal128(38, 30)),
    "huge": pa.array([Decimal(10**37), Decimal(BIG), Decimal(1)], pa.decimal128(38, 0)),
    "huger": pa.array([Decimal(2**127 - 1), Decimal(1)], pa.decimal256(39, 0)),
    "text": pa.array([*TEXTS, None]),
    "large text": pa.array(["a", "1", None], pa.large_string()),
    "text view": pa.array(["a", "1", None], pa.string_view()),
    "category": pa.array(["a", "1", None]).dictionary_encode(),
    "bytes": pa.array([b"a", b"1", b"", None]),
    "large bytes": pa.array([b"a"], pa.large_binary()),
    "fixed bytes": pa.array([b"a"], pa.binary(1)),
    "date": pa.array([date(2024, 1, 1), None]),
    "endless date": pa.array([2**31 - 1, -(2**31 - 1), 2**31 - 2], pa.int32()).cast(pa.date32()),
    "date64": pa.array([date(2024, 1, 1), None], pa.date64()),
    "timestamp": pa.array([DAY, DAY + timedelta(hours=5), None]),
    "endless": pa.array([INFINITE, -INFINITE, 0, 2**62], pa.timestamp("us")),
    "seconds": pa.array([DAY, DAY + timedelta(hours=5)], pa.timestamp("s")),
    "nanoseconds": pa.array([1704067200000000001, 1704067200000000000, None], pa.timestamp("ns")),
    "instant": pa.array([DAY.replace(tzinfo=UTC), None], pa.timestamp("us", "UTC")),
    "Berlin": pa.array([DAY.replace(tzinfo=UTC), None], pa.timestamp("ns", "Europe/Berlin")),
    "time": pa.array([time(1, 2, 3), None]),
    "time32": pa.array([time(1, 2, 3)], pa.time32("s")),
    "duration": pa.array([timedelta(days=1), None]),
    "interval": pa.array([(0, 1, 0), (1, 0, 0)], pa.month_day_nano_interval()),
    "list": pa.array([[1], [], None]),
    "struct": pa.array([{"a": 1}, None]),
    "map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
}  # fmt: skip
UNTYPED = ["text", "large text"]


def tables(built, expected):
    """Each value of one beside each of the other, numbered."""
    places = list(product(range(len(built)), range(len(expected))))
    ids = pa.array(range(len(places)))
    left, right = (column.take(pa.array([place[side] for place in places])) if "view" not in str(column.type)
                   else pa.array([column[place[side]].as_py() for place in places], column.type)
                   for side, column in enumerate((built, expected)))  # fmt: skip
    return pa.table({"id": ids, "v": left}), pa.table({"id": ids, "v": right})


def same_in_python(pair):
    held, wanted = pair.read_built(pair.built), pair.read_expected(pair.expected)
    return [identify(one) == identify(other) for one, other in zip(held, wanted, strict=True)]


def same_in_sql(pair):
    one, other = make_comparable(pair)
    assert one.type == other.type
    return [
        a == b or (a != a and b != b)  # NaN, of which SQL has one
        for a, b in zip(one.to_pylist(), other.to_pylist(), strict=True)
    ]


@pytest.mark.parametrize("built", KINDS)
def test_comparable__as_in_python(built):
    """Each value of each type against each of each other: what SQL gets to see is equal where the values are."""
    for expected, typed in [(name, True) for name in KINDS] + [(name, False) for name in UNTYPED]:
        pair = pair_columns(*tables(KINDS[built], KINDS[expected]), typed=typed)[1]
        assert same_in_sql(pair) == same_in_python(pair), expected


def both_ways(*args, **options):
    small = compare_tables(*args, **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare_large, "LARGE", 0)
        return small, compare_tables(*args, **options)


def listed(difference):
    if difference is None:
        return None
    rows = [
        *difference.missing,
        *difference.extra,
        *(row for at in difference.changed for row in (at.expected, at.built)),
    ]
    return sorted(repr(row) for row in rows), difference.more


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(list(KINDS)), st.sampled_from(list(KINDS))), min_size=1, max_size=2),
    st.booleans(), st.booleans(), st.booleans(), st.randoms(use_true_random=False),
)  # fmt: skip
def test_compare__large_as_small(kinds, same, ordered, loose, random):
    """DuckDB and all: columns of any two types, often with the same values."""
    rows = random.randrange(1, 6)
    built, expected = {}, {}
    for at, (mine, theirs) in enumerate(kinds):
        for side, kind in ((built, mine), (expected, mine if same else theirs)):
            values = [KINDS[kind][random.randrange(len(KINDS[kind]))] for _ in range(rows)]
            if "view" in kind:
                side[f"c{at}"] = pa.array([value.as_py() for value in values], KINDS[kind].type)
            else:
                places = [random.randrange(len(KINDS[kind])) for _ in values]
                side[f"c{at}"] = KINDS[kind].take(pa.array(places))
    small, large = both_ways(pa.table(built), pa.table(expected), ordered=ordered, tolerance=1 if loose else None)
    assert (small is None) == (large is None)
    if small is not None and not loose:
        assert listed(small) == listed(large)


def test_tolerance__edge():
    """1.01 is 1.0 within 0.01, though as doubles it is not."""
    built, limit = pa.table({"id": range(20), "x": [1.01] * 20}), {"x": 0.01}
    near = make_table([{"id": at, "x": 1.0} for at in range(20)])
    assert both_ways(built, near, tolerance=limit) == (None, None)
    small, large = both_ways(built, pa.table({"id": range(20), "x": [0.9999] * 20}), tolerance=limit)
    assert listed(small) == listed(large)


NUMBER = st.sampled_from([0, 0.5, 1, 1.5, 2, 2.5])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(NUMBER, NUMBER), min_size=1, max_size=4), st.data())
def test_tolerance__matching_of_several_columns(built, data):
    """Where each row has a partner there is no difference, whatever order the rows have."""
    near = st.sampled_from([-0.5, 0, 0.5])
    moved = [(one + data.draw(near), other + data.draw(near)) for one, other in built]
    shuffled = data.draw(st.permutations(moved))
    sides = [make_table([{"a": float(one), "b": float(other)} for one, other in rows]) for rows in (built, shuffled)]
    assert both_ways(*sides, tolerance=0.5) == (None, None)


def test_tolerance__pairs_that_are_not_in_order():
    built, expected = pa.table({"a": [1.00, 1.01], "b": [1.0, 5.0]}), pa.table({"a": [1.0, 1.01], "b": [5.0, 1.0]})
    assert both_ways(built, expected, tolerance=0.05) == (None, None)


def test_tolerance__what_is_equal_may_be_another_rows_partner():
    assert both_ways(pa.table({"a": [1, 2]}), pa.table({"a": [2, 3]}), tolerance=1) == (None, None)


def test_expected__map_interval_hugeint_and_uuid():
    """What no form of a test could say."""
    day, huge = pa.array([(0, 1, 0)], pa.month_day_nano_interval()), 2**127 - 1
    for built, expected in (
        (KINDS["map"].slice(0, 1), {"a": 1}), (day, timedelta(days=1)), (KINDS["huger"].slice(0, 1), huge),
    ):  # fmt: skip
        assert both_ways(pa.table({"v": built}), make_table([{"v": expected}])) == (None, None)
    field = pa.field("v", pa.string(), metadata=UUID_FIELD)
    built = pa.Table.from_arrays([pa.array([UUID_TEXT])], schema=pa.schema([field]))
    assert both_ways(built, make_table([{"v": UUID_TEXT.upper()}])) == (None, None)


def test_large__lists_and_json_are_compared_too():
    built = pa.table({"l": [[1, 2]] * 3, "j": ['{"a": 1.0}'] * 3})
    small, large = both_ways(built, make_table([{"l": [1.0, 2], "j": {"a": 1}}] * 3))
    assert small is None
    assert large is None


@pytest.mark.parametrize(
    ("built", "expected", "typed"),
    [
        (pa.array([None], pa.date32()), "not-a-date", True), (pa.array([None], pa.int64()), "garbage", False),
        (pa.array([None], pa.bool_()), "yes", False), (pa.array([1000]), "1_000", False),
        (pa.array([True]), "true", True),
        (pa.array([b"x"]), "x", True), (pa.array([date(2024, 1, 1)]), "2024-01-01T05:00:00", True),
        (pa.array([DAY]), DAY.replace(tzinfo=UTC), True), (pa.array([BIG]), float(BIG - 1), True),
        (pa.array([Decimal("12345678901234567.90")], pa.decimal128(20, 2)), "12345678901234567.89", False),
    ],
)  # fmt: skip
def test_compare__different_however_many(built, expected, typed):
    """What one database or another would cast to the same."""
    for difference in both_ways(pa.table({"v": built}), make_table([{"v": expected}]), typed=typed):
        assert len(difference.missing) == len(difference.extra) == 1
