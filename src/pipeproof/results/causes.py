"""Causes: failures that are one and the same, told once, those that the reader should see first in front."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeproof.results.model import Failure, Run, Same, TestResult

_PASSING = re.compile(
    r"0x[0-9a-fA-F]{4,}"
    r"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"|/pytest-of-[^/\s]+/pytest-\d+/[^/\s'\"]+"
)
"""What differs from one run of a test to the next: addresses, UUIDs, times, and the folders of pytest's `tmp_path`."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A failure, and all that are like it.

    Attributes:
        members: The tests that failed so, each with its failure, in the order of the run; never empty.
        new: Whether one of them is newly failing.
    """

    members: tuple[tuple[TestResult, Failure], ...]
    new: bool = False

    @property
    def failure(self) -> Failure:
        """The first failure, which speaks for all."""
        return self.members[0][1]

    @property
    def result(self) -> TestResult:
        """The test of the first failure."""
        return self.members[0][0]


def group_causes(run: Run, newly_failing: Collection[str] = ()) -> Sequence[Cause]:
    """Put the failures of a run's tests together by their cause: the same words on the same line.

    What tests that newly fail have comes first; then what is unlike all before it, in its line and in its words; then
    the rest, each in the order of the run.

    Args:
        run: The results.
        newly_failing: Node ids of the tests that did not fail in the baseline.
    """
    return _group(Same(run.results), frozenset(newly_failing))


@lru_cache(maxsize=1)
def _group(run: Same, newly_failing: frozenset[str]) -> Sequence[Cause]:
    groups: dict[tuple[str | None, int | None, str], list[tuple[TestResult, Failure]]] = {}
    for result in run.results:
        for failure in result.failures:
            groups.setdefault((failure.file, failure.line, words_of(failure)), []).append((result, failure))
    new = {
        key
        for key, members in groups.items()
        if newly_failing and any(result.id in newly_failing for result, _ in members)
    }
    places: set[object] = set()
    words: set[str] = set()
    ranks: dict[tuple[str | None, int | None, str], int] = {}
    for key in [*(key for key in groups if key in new), *(key for key in groups if key not in new)]:
        file, line, said = key
        place = (file, line)
        ranks[key] = (0 if key in new else 2) + (place in places or said in words)
        places.add(place)
        words.add(said)
    ordered = sorted(ranks, key=ranks.__getitem__)
    del places, words, ranks  # of many causes they take as much memory as the causes
    return tuple(Cause(tuple(groups.pop(key)), key in new) for key in ordered)


def words_of(failure: Failure) -> str:
    """Give what a failure says in one line, without what differs from run to run."""
    said = failure.headline
    return _PASSING.sub("…", said) if "-" in said or "0x" in said else said
