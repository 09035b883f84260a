"""Sharding: every job computes the same parts, and together they are the suite."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.plugin.sharding import partition

TESTS = st.lists(st.text(max_size=4), unique=True, max_size=40)
DURATIONS = st.dictionaries(st.text(max_size=4), st.floats(0, 1000), max_size=40)


@given(TESTS, DURATIONS, st.integers(1, 12))
def test_partition__is_disjoint_and_complete(tests: list[str], durations: dict[str, float], total: int) -> None:
    shards = partition(tests, durations, total)
    assert len(shards) == total
    assert sorted(test for shard in shards for test in shard) == sorted(tests)


@given(TESTS.flatmap(lambda tests: st.tuples(st.just(tests), st.permutations(tests))), DURATIONS, st.integers(1, 12))
def test_partition__is_the_same_for_any_order(
    tests: tuple[list[str], list[str]], durations: dict[str, float], total: int
) -> None:
    assert partition(tests[0], durations, total) == partition(tests[1], durations, total)


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=40), st.integers(1, 12))
def test_partition__no_two_shards_differ_by_more_than_the_longest_test(lengths: list[float], total: int) -> None:
    durations = {str(number): length for number, length in enumerate(lengths)}
    loads = [sum(durations[test] for test in shard) for shard in partition(list(durations), durations, total)]
    assert max(loads) - min(loads) <= max(lengths) + 1e-6


def test_partition__of_unknown_tests_has_as_many_in_each() -> None:
    assert [len(shard) for shard in partition([str(number) for number in range(10)], {}, 5)] == [2] * 5


def test_partition__tests_that_take_no_time_are_spread_too() -> None:
    tests = [str(number) for number in range(9)]
    assert [len(shard) for shard in partition(tests, dict.fromkeys(tests, 0.0), 3)] == pytest.approx([3, 3, 3])
