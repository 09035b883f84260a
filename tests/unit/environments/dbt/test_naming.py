"""Names of test schemas."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.environments.dbt.run_names import LIMIT, is_inside, name_run, place_schema, read_name
from pipeproof.errors import InputError


def clock():
    return datetime(2026, 11, 21, 9, 14, 0, tzinfo=UTC)


def test_name_run__says_when_and_which():
    run = name_run("pipeproof", "gw3", clock)
    schema = run.schema(12)
    assert schema == f"pipeproof_20261121091400_{run.token}_gw3_12"
    found = read_name(schema, "pipeproof")
    assert (found.time, found.token) == (clock(), run.token)


@pytest.mark.parametrize("prefix", ["", "Upper", "9lives", "a" * 16, "with-dash", "x; drop schema public"])
def test_name_run__bad_prefix(prefix):
    with pytest.raises(InputError, match="dbt-schema-prefix"):
        name_run(prefix)


@pytest.mark.parametrize(
    "schema",
    [
        "pipeproof",
        "pipeproof_data",
        "public",
        "pipeproof_20261399000000_abc123_w0_1",
        "other_20261121091400_abc123_w0_1",
    ],
)
def test_read_name__none_of_ours(schema):
    assert read_name(schema, "pipeproof") is None


def test_read_name__a_longer_prefix_is_another():
    assert read_name(name_run("pipeproof_b", "w0", clock).schema(1), "pipeproof") is None


@given(
    prefix=st.from_regex(r"[a-z][a-z0-9_]{0,14}", fullmatch=True),
    worker=st.text(max_size=8),
    number=st.integers(1, 99999),
    original=st.text(min_size=1, max_size=80),
)
def test_place_schema__stays_inside_and_within_the_limit(prefix, worker, number, original):
    run = name_run(prefix, worker, clock)
    test = run.schema(number)
    placed = place_schema(original, "target", test)
    assert is_inside(placed, test)
    assert len(placed.encode()) <= LIMIT
    assert read_name(placed, prefix).token == run.token


def test_is_inside__not_the_test_with_a_longer_number():
    assert not is_inside("pp_1_12", "pp_1_1")
    assert is_inside("PP_1_1_staging", "pp_1_1")


def test_place_schema__long_endings_stay_apart():
    one, other = (place_schema(f"target_{'x' * 60}{end}", "target", "pp_20261121091400_abcdef_w0_1") for end in "ab")
    assert one != other
