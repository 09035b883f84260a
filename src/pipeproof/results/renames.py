"""Renames: which test of an earlier run a test is, where its node id has changed since.

A wrong answer hides a regression, so a test is another's successor only where that is certain: its source is gone from
where it was and its name stands in one other place, or it fails with the very words of one that is gone.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeproof.results.causes import words_of
from pipeproof.results.model import Status, TestResult
from pipeproof.untrusted import read_text

_WORST = (Status.ERROR, Status.FAILED, Status.FLAKY, Status.PASSED, Status.SKIPPED)
_SOURCE_LIMIT = 1 << 22


@dataclass(frozen=True, slots=True)
class Earlier:
    """A test of the earlier run; `duration` in seconds.

    Attributes:
        file: Where it was defined, from the workspace.
        words: What each of its failures said.
        evidence: The records of which the coverage of that run is made.
    """

    status: Status
    duration: float
    file: str | None = field(default=None, compare=False)
    words: tuple[str, ...] = field(default=(), compare=False)
    evidence: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)


def find_earlier(
    results: Iterable[TestResult], earlier: Mapping[str, Earlier], workspace: Path | None
) -> dict[str, Earlier]:
    """Give each test its earlier self, by its node id of now; a test that has none is new.

    Args:
        results: The tests of now.
        earlier: Those of the earlier run by their node ids then.
        workspace: Where sources are looked up; without it a test whose id changed is new.
    """
    results = tuple(results)
    found = {result.id: earlier[result.id] for result in results if result.id in earlier}
    rest = [result for result in results if result.id not in found]
    if not rest:
        return found
    by_function: dict[str, list[Earlier]] = {}
    for test, then in earlier.items():
        by_function.setdefault(without_parameters(test), []).append(then)
    for result in rest:
        function = without_parameters(result.id)
        was_whole = function in earlier
        if function in by_function and (was_whole or result.id == function):
            found[result.id] = _together(by_function[function])
    rest = [result for result in rest if result.id not in found]
    if rest and workspace is not None:
        current = {result.id for result in results}
        candidates = {test: then for test, then in earlier.items() if test not in current}
        found |= _moved(rest, candidates, TestSources(workspace))
        found |= _renamed([result for result in rest if result.id not in found], candidates, TestSources(workspace))
    return found


def _together(parts: Collection[Earlier]) -> Earlier:
    """A test with parameters and the same without are held against each other by the worst; never by their times."""
    worst = min(parts, key=lambda then: _WORST.index(then.status))
    return Earlier(worst.status, float("inf"), worst.file, worst.words)


def _moved(rest: Iterable[TestResult], candidates: Mapping[str, Earlier], sources: "TestSources") -> dict[str, Earlier]:
    """Tests whose name is as it was, in another file or class, where it is in one place only."""
    by_name: dict[str, list[str]] = {}
    for test in candidates:
        by_name.setdefault(_last(test), []).append(test)
    found = {}
    for result in rest:
        same = [
            test
            for test in by_name.get(_last(result.id), ())
            if without_parameters(test) != without_parameters(result.id)
            and not sources.have(test, candidates[test].file)
        ]
        if len(same) == 1:
            found[result.id] = candidates[same[0]]
    return found


def _renamed(
    rest: Iterable[TestResult], candidates: Mapping[str, Earlier], sources: "TestSources"
) -> dict[str, Earlier]:
    """Tests that fail with the words of one that is gone: of the same file, or the same function's other parameters."""
    failing = {test: then for test, then in candidates.items() if then.words}
    found = {}
    for result in rest:
        words = tuple(words_of(failure) for failure in result.failures)
        for test, then in failing.items():
            same_function = without_parameters(test) == without_parameters(result.id)
            same_file = then.file == result.file and not sources.have(test, then.file)
            if words and then.words == words and (same_function or same_file):
                found[result.id] = then
                del failing[test]
                break
    return found


class TestSources:
    """Looks up whether a test is still defined where it was."""

    __test__ = False  # for pytest: this is no test class

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._text = lru_cache(maxsize=64)(self._read)

    def have(self, test: str, file: str | None) -> bool:
        """Return whether the file still names all parts of a node id: its classes and its function."""
        text = self._text(file or test.partition("::")[0])
        names = without_parameters(test).split("::")[1:]
        return bool(text) and all(re.search(rf"\b{re.escape(name)}\b", text) for name in names)

    def _read(self, file: str) -> str:
        try:
            return read_text(self._workspace / file, root=self._workspace, limit=_SOURCE_LIMIT)
        except (OSError, ValueError):
            return ""


def without_parameters(test: str) -> str:
    """Return the node id without its parameters."""
    file, colons, rest = test.partition("::")
    return f"{file}{colons}{rest.partition('[')[0]}"


def _last(test: str) -> str:
    """Return the function with its parameters, without file and classes."""
    names, bracket, parameters = test.partition("::")[2].partition("[")
    return f"{names.rpartition('::')[2]}{bracket}{parameters}"
