"""Sharding: run one part of the suite, so that several jobs share it.

Every job computes the same partition from the collected tests and the durations of an earlier run, so none has to be
told of the others. The longest test goes first, each to the shard that has least to do (Graham's LPT rule); a test of
unknown duration counts as a middling one.
"""

import heapq
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from pipeproof.errors import InputError


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("pipeproof")
    group.addoption("--pipeproof-shard", metavar="INDEX/TOTAL", help="run this part of the suite, as in 2/5")
    group.addoption(
        "--pipeproof-durations", metavar="PATH", help="balance by the durations in this report.json, or folder of them"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of this shard, in their order."""
    shard = config.getoption("--pipeproof-shard")
    if not shard:
        return
    index, total = _parse(shard)
    source = config.getoption("--pipeproof-durations")
    known = read_durations(Path(source)) if source else {}
    chosen = partition([item.nodeid for item in items], known, total)[index - 1]
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in chosen])
    items[:] = [item for item in items if item.nodeid in chosen]


def partition(tests: Sequence[str], durations: Mapping[str, float], total: int) -> list[frozenset[str]]:
    """Divide tests into `total` sets of about equal duration; the same for any order of `tests`.

    Args:
        tests: Node ids.
        durations: Seconds by node id, where known.
        total: How many sets to make.
    """
    from statistics import median

    known = [durations[test] for test in tests if test in durations]
    assumed = median(known) if known else 1.0
    by_length = sorted(set(tests), key=lambda test: (-durations.get(test, assumed), test))
    loads = [(0.0, number) for number in range(total)]
    shards: list[set[str]] = [set() for _ in range(total)]
    for test in by_length:
        load, number = heapq.heappop(loads)
        shards[number].add(test)
        # A test that takes no time still counts, or they would all end in one shard.
        heapq.heappush(loads, (load + max(durations.get(test, assumed), 1e-6), number))
    return [frozenset(shard) for shard in shards]


def read_durations(path: Path) -> dict[str, float]:
    """Read the seconds that each test took from a `report.json`, or a folder of them.

    Raises:
        pytest.UsageError: where it cannot be read as one.
    """
    from pipeproof.results.baseline import read_baseline

    try:
        return {test: earlier.duration for test, earlier in read_baseline(path).items()}
    except InputError as error:
        raise pytest.UsageError(f"--pipeproof-durations: {error}") from error


def _parse(shard: str) -> tuple[int, int]:
    index, _, total = shard.partition("/")
    if not (index.isdecimal() and total.isdecimal() and 1 <= int(index) <= int(total)):
        raise pytest.UsageError(f"--pipeproof-shard: {shard!r} is not INDEX/TOTAL, as in 2/5")
    return int(index), int(total)
