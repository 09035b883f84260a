"""Values as source: what is read back is the value."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.scaffold.literals import identifier, imports_of, is_written, write

_PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.dates()
    | st.datetimes()
    | st.decimals(allow_nan=False, allow_infinity=False)
)
_VALUES = st.recursive(
    _PLAIN, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


@given(_VALUES, st.integers(0, 40))
def test_write__is_the_value_again(value: Any, indent: int) -> None:
    names: dict[str, Any] = {}
    exec("\n".join(imports_of([value])), names)
    assert is_written(value)
    assert eval(write(value, indent), names) == value


def test_write__breaks_what_is_long_as_formatters_do() -> None:
    value = {"name": "x" * 60, "rows": [{"amount": Decimal("1.50"), "on": date(2026, 1, 1)}] * 3}
    assert write(value, 0).splitlines()[0] == "{"
    assert write(value, 0).splitlines()[1] == f'    "name": "{"x" * 60}",'
    assert write({"at": datetime(2026, 1, 1, 12)}) == '{"at": datetime(2026, 1, 1, 12, 0)}'


@pytest.mark.parametrize("value", [float, object(), {1, 2}, [{"a": b"x".__class__}], type("Str", (str,), {})("x")])
def test_is_written__only_of_what_needs_no_import_of_the_projects(value: object) -> None:
    assert not is_written(value)


@pytest.mark.parametrize(
    ("text", "name"),
    [("Is it large?", "is_it_large"), ("ReserveStock", "reserve_stock"), ("S3Read", "s3_read"), ("Größe", "größe")],
)
def test_identifier(text: str, name: str) -> None:
    assert identifier(text) == name
