"""Sharding: every job computes the same parts, they are the suite, and none is much longer than it has to be."""

import os
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.sharding import partition

ALONE = ("", "", "", "")
NAMES = st.sampled_from(["", "x", "y"])
TESTS = st.dictionaries(st.text(max_size=4), st.tuples(NAMES, NAMES, NAMES, NAMES), max_size=40)
DURATIONS = st.dictionaries(st.text(max_size=4), st.floats(0, 1000), max_size=40)


def make_suite(
    seed: int, spread: float, modules: int, sharing: float
) -> tuple[dict[str, tuple[str, ...]], dict[str, float]]:
    """Make 3,000 tests in modules of very different sizes, some of which share fixtures, and their seconds."""
    chance = random.Random(seed)
    shares = [chance.random() < sharing for _ in range(modules)]
    tests, durations = {}, {}
    for number in range(3000):
        module = int(modules * chance.random() ** 2)
        server, file = "server" if module % 4 == 0 else "", f"tests/test_{module}.py"
        test = f"{file}::test_{number}"
        tests[test] = (server, "", file if shares[module] else "", "")
        durations[test] = chance.lognormvariate(-2, spread)
    return tests, durations


@given(TESTS, DURATIONS, st.integers(1, 12))
def test_partition__is_disjoint_and_complete(
    tests: dict[str, tuple[str, ...]], durations: dict[str, float], total: int
) -> None:
    shards = partition(tests, durations, total)
    assert len(shards) == total
    assert sorted(test for shard in shards for test in shard) == sorted(tests)


@given(TESTS, DURATIONS, st.integers(1, 12), st.randoms(use_true_random=False))
def test_partition__is_the_same_for_any_order(
    tests: dict[str, tuple[str, ...]], durations: dict[str, float], total: int, chance: random.Random
) -> None:
    shuffled = list(tests.items())
    chance.shuffle(shuffled)
    assert partition(tests, durations, total) == partition(dict(shuffled), durations, total)


@settings(max_examples=6)
@given(
    seed=st.integers(0, 10**6),
    spread=st.floats(0.1, 2),
    modules=st.sampled_from([1, 12, 150]),
    sharing=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_partition__the_longest_of_1_to_40_shards_is_near_the_ideal(
    seed: int, spread: float, modules: int, sharing: float
) -> None:
    """The ideal is an equal part, or the longest test where that alone takes longer."""
    tests, durations = make_suite(seed, spread, modules, sharing)
    for total in (1, 2, 3, 7, 16, 31, 40):
        shards = partition(tests, durations, total)
        assert sorted(test for shard in shards for test in shard) == sorted(tests)
        ideal = max(sum(durations.values()) / total, max(durations.values()))
        assert max(sum(durations[test] for test in shard) for shard in shards) <= 1.15 * ideal


def test_partition__every_number_of_shards_from_1_to_40() -> None:
    tests, durations = make_suite(1, 1.0, 60, 0.7)
    for total in range(1, 41):
        shards = partition(tests, durations, total)
        assert sorted(test for shard in shards for test in shard) == sorted(tests)
        ideal = max(sum(durations.values()) / total, max(durations.values()))
        assert max(sum(durations[test] for test in shard) for shard in shards) <= 1.15 * ideal


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=40), st.integers(1, 12))
def test_partition__no_two_shards_differ_by_more_than_the_longest_test(lengths: list[float], total: int) -> None:
    durations = {str(number): length for number, length in enumerate(lengths)}
    tests = dict.fromkeys(durations, ALONE)
    loads = [sum(durations[test] for test in shard) for shard in partition(tests, durations, total)]
    assert max(loads) - min(loads) <= max(lengths) + 1e-6


def test_partition__of_unknown_tests_has_as_many_in_each() -> None:
    tests = dict.fromkeys(map(str, range(10)), ALONE)
    assert [len(shard) for shard in partition(tests, {}, 5)] == [2] * 5


def test_partition__tests_that_take_no_time_are_spread_too() -> None:
    tests = dict.fromkeys(map(str, range(9)), ALONE)
    assert [len(shard) for shard in partition(tests, dict.fromkeys(tests, 0.0), 3)] == [3, 3, 3]


def test_partition__a_new_test_counts_as_the_others_of_its_file() -> None:
    tests = dict.fromkeys(["slow.py::a", "slow.py::new", *(f"fast.py::{n}" for n in range(10))], ALONE)
    durations = {"slow.py::a": 10.0} | {f"fast.py::{n}": 1.0 for n in range(10)}
    shards = partition(tests, durations, 3)
    assert sorted(map(len, shards)) == [1, 1, 10]


def test_partition__modules_that_share_a_fixture_stay_whole_where_they_fit() -> None:
    tests = {f"{module}.py::{n}": ("", "", f"{module}.py", "") for module in "abcdef" for n in range(10)}
    for total in (2, 3, 6):
        for shard in partition(tests, {}, total):
            assert len(shard) == 60 // total
            assert len({test[0] for test in shard}) == 6 // total


def test_partition__as_few_modules_as_possible_are_divided() -> None:
    """Of 41 equal modules on 40 shards one has to be."""
    tests = {f"{module}.py::{n}": ("", "", f"{module}.py", "") for module in range(41) for n in range(32)}
    shards = partition(tests, {}, 40)
    homes: dict[str, set[int]] = {}
    for number, shard in enumerate(shards):
        for test in shard:
            homes.setdefault(tests[test][2], set()).add(number)
    assert sum(1 for numbers in homes.values() if len(numbers) > 1) == 1


def test_partition__a_server_is_divided_between_modules_rather_than_in_one() -> None:
    tests = {f"{module}.py::{n}": ("server", "", f"{module}.py", "") for module in "abcd" for n in range(6)}
    for shard in partition(tests, {}, 2):
        assert len({test[0] for test in shard}) == 2


@pytest.mark.parametrize("seed", ["1", "77"])
def test_partition__does_not_hang_on_the_seed_of_hashes(seed: str) -> None:
    code = (
        "from pipeproof.sharding import partition\n"
        "tests = {f'{m}.py::{n}': (f's{m % 2}', '', f'{m}.py', '') for m in range(9) for n in range(m + 3)}\n"
        "print([sorted(shard) for shard in partition(tests, {}, 4)])\n"
    )
    script = [sys.executable, "-c", code]
    told = subprocess.run(
        script, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
    )
    tests = {f"{m}.py::{n}": (f"s{m % 2}", "", f"{m}.py", "") for m in range(9) for n in range(m + 3)}
    assert told.stdout.strip() == str([sorted(shard) for shard in partition(tests, {}, 4)])
