"""Comparison over all types at once: equal as bags of values or different, by an oracle of its own; large as small."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.environments.dbt.comparison import large_tables as compare_large
from pipeproof.environments.dbt.comparison.tables import compare_tables
from pipeproof.environments.dbt.rows.reading import make_table

CEST = timezone(timedelta(hours=2))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

SCHEMA = pa.schema({
    "amount": pa.decimal128(10, 2), "ratio": pa.float64(), "count": pa.int32(), "at": pa.timestamp("us", "UTC"),
    "day": pa.date32(), "flag": pa.bool_(), "text": pa.string(), "list": pa.list_(pa.int64()),
    "struct": pa.struct({"x": pa.int64(), "y": pa.string()}), "json": pa.string(),
})  # fmt: skip
FLAT = [name for name in SCHEMA.names if name not in {"list", "struct", "json"}]


def cells(*values):
    return st.none() | st.sampled_from(values)


BUILT = {
    "amount": cells(Decimal("1.00"), Decimal("-2.50")),
    "ratio": cells(0.1, 1.0, -2.5),
    "count": cells(0, 1),
    "at": cells(NOON, NOON + timedelta(hours=2)),
    "day": cells(date(2026, 1, 1), date(2026, 1, 2)),
    "flag": st.none() | st.booleans(),
    "text": cells("", "1", "a"),
    "list": cells([], [1], [1, None]),
    "struct": cells({"x": 1, "y": None}, {"x": 1, "y": "a"}),
    "json": cells('{"a": 1.0, "b": [true, null]}', "{}"),
}
EXPECTED = {
    "amount": cells(1, 1.0, Decimal("1.000"), -2.5),
    "ratio": cells(Decimal("0.10"), 1, -2.5),
    "count": cells(0.0, Decimal(1), 1),
    "at": cells(NOON.astimezone(CEST), NOON + timedelta(hours=2), datetime(2026, 1, 1, 12, tzinfo=CEST)),
    "day": BUILT["day"],
    "flag": BUILT["flag"],
    "text": BUILT["text"],
    "list": cells([], [1.0], [1, None]),
    "struct": cells({"y": None, "x": 1}, {"x": Decimal(1), "y": "a"}),
    "json": cells({"b": [True, None], "a": 1}, {}),
}


def canonical(value):
    """What a value is, whatever form it has."""
    if isinstance(value, str) and value.startswith("{"):
        import json

        value = json.loads(value)
    if isinstance(value, dict):
        return frozenset((key, canonical(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(canonical(item) for item in value)
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if isinstance(value, bool | None):
        return repr(value)
    return Fraction(str(value)) if isinstance(value, int | float | Decimal) else value


def bag(rows, names):
    return Counter(tuple(canonical(row[name]) for name in names) for row in rows)


@st.composite
def two_tables(draw, names=tuple(SCHEMA.names)):
    """Some columns, and rows for both sides that are often the same, in another order and in other forms."""
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    built = draw(st.lists(st.fixed_dictionaries({name: BUILT[name] for name in chosen}), min_size=1, max_size=5))
    if draw(st.booleans()):
        expected = draw(st.permutations(built + draw(st.lists(st.sampled_from(built), max_size=1))))
    else:
        rows = st.fixed_dictionaries({name: EXPECTED[name] for name in chosen})
        expected = draw(st.lists(rows, min_size=1, max_size=5))
    return chosen, built, expected


def compare(chosen, built, expected, **options):
    table = pa.Table.from_pylist(built, schema=pa.schema([SCHEMA.field(name) for name in chosen]))
    return compare_tables(table, make_table(expected), columns=chosen, **options)


def compare_as_large(*tables, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare_large, "LARGE", 0)
        return compare(*tables, **options)


@settings(max_examples=150)
@given(two_tables())
def test_compare__all_types_equal_as_bags_or_different(tables):
    chosen, built, expected = tables
    assert (compare(*tables) is None) == (bag(built, chosen) == bag(expected, chosen))


@settings(max_examples=25)
@given(two_tables(FLAT))
def test_compare__all_types_large_as_small(tables):
    """Nested types, which SQL cannot tell apart as Python does, never go the large way."""
    chosen, built, expected = tables
    assert (compare_as_large(*tables) is None) == (bag(built, chosen) == bag(expected, chosen))


RATIO = st.sampled_from([None, -1.0, 0.0, 0.4, 0.9, 1.3, 2.0])
NUMBERS = st.lists(st.tuples(st.sampled_from("ab"), RATIO), min_size=1, max_size=5)


@settings(max_examples=30)
@given(NUMBERS, NUMBERS)
def test_compare__within_a_tolerance(built, expected):
    """Numbers of one column can be matched in their order, if they can be matched at all."""

    def rows(pairs):
        return [{"text": text, "ratio": ratio} for text, ratio in pairs]

    def numbers(pairs, text):
        return sorted((ratio is not None, ratio or 0.0) for at, ratio in pairs if at == text)

    def close(text):
        ones, others = numbers(built, text), numbers(expected, text)
        fit = all(
            one[0] == other[0] and abs(one[1] - other[1]) <= 0.5 for one, other in zip(ones, others, strict=False)
        )
        return len(ones) == len(others) and fit

    tables = ["text", "ratio"], rows(built), rows(expected)
    fits = all(close(text) for text in "ab")
    assert (compare(*tables, tolerance={"ratio": 0.5}) is None) == fits
    assert (compare_as_large(*tables, tolerance={"ratio": 0.5}) is None) == fits
