"""The past of each test and of the suite, out of a folder of earlier `report.json` files: rates, first commits, trends.

Each file is an observation of the tests in it, so it does not matter whether a run has left one, or one for each shard.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from pipeproof.results.baseline import BAD, baseline_files
from pipeproof.results.ctrf import read_document
from pipeproof.results.model import Run, Status

_MOST = 100
"""Files that are read, the newest."""
_LAST = 10
"""Outcomes of a test that are kept, the newest."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A report of the past: when its run began (seconds since the epoch), and its commit, where it tells one."""

    started: float
    commit: str | None


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of one test.

    Attributes:
        runs: In how many reports it ran: passed, failed or was flaky.
        failed: In how many it failed.
        flaky: In how many it was flaky.
        failing_since: The report since which it has failed in each, up to the last; `None` where it did not fail last.
        first: The report in which it is seen first.
        seconds: The median of its durations where it passed; `None` where it never did.
        last: Its last outcomes, the newest at the end.
    """

    runs: int
    failed: int
    flaky: int
    failing_since: Moment | None
    first: Moment
    seconds: float | None
    last: tuple[Status, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """What an earlier run came to: of one report, or of the reports of its shards; `seconds` of all its tests."""

    moment: Moment
    tests: int
    failed: int
    flaky: int
    seconds: float


@dataclass(frozen=True, slots=True)
class History:
    """What a folder of reports tells: of each test by its node id, and of each run, the oldest first."""

    tests: Mapping[str, Past] = field(default_factory=dict)
    points: tuple[Point, ...] = ()


def read_history(folder: Path) -> History:
    """Read what a folder's reports tell.

    Raises:
        InputError: A file is no `report.json` of pipeproof.
    """
    documents = [_told(read_document(file)) for file in baseline_files(folder)]
    documents.sort(key=lambda document: document[0].started)
    seen: dict[str, list[tuple[Moment, Status, float]]] = {}
    for moment, tests in documents[-_MOST:]:
        for name, status, seconds in tests:
            seen.setdefault(name, []).append((moment, status, seconds))
    return History({name: _past(moments) for name, moments in seen.items()}, tuple(_points(documents[-_MOST:])))


def _points(documents: Iterable["_Document"]) -> Iterator[Point]:
    """Yield a point a run: reports of one commit that follow each other and share no test are its shards."""
    last: Point | None = None
    names: set[str] = set()
    for moment, tests in documents:
        own = {name for name, _, _ in tests}
        statuses = [status for _, status, _ in tests]
        found = Point(
            moment,
            len(tests),
            sum(status in BAD for status in statuses),
            statuses.count(Status.FLAKY),
            sum(seconds for _, _, seconds in tests),
        )
        if last and moment.commit and moment.commit == last.moment.commit and names.isdisjoint(own):
            last = Point(
                last.moment,
                last.tests + found.tests,
                last.failed + found.failed,
                last.flaky + found.flaky,
                last.seconds + found.seconds,
            )
            names |= own
            continue
        if last:
            yield last
        last, names = found, own
    if last:
        yield last


_Document = tuple[Moment, list[tuple[str, Status, float]]]


def _told(document: Mapping[str, Any]) -> _Document:
    """Return of a report what is kept, so that one document is held at a time."""
    results = document["results"]
    summary, environment = results.get("summary"), results.get("environment")
    start = summary.get("start") if isinstance(summary, Mapping) else None
    commit = environment.get("commit") if isinstance(environment, Mapping) else None
    moment = Moment(
        start / 1000 if isinstance(start, int | float) else 0.0, commit if isinstance(commit, str) and commit else None
    )
    tests = ((test["extra"]["id"], Status(test["rawStatus"]), test["duration"] / 1000) for test in results["tests"])
    return moment, list(tests)


def _past(moments: Iterable[tuple[Moment, Status, float]]) -> Past:
    told = list(moments)
    ran = [one for one in told if one[1] is not Status.SKIPPED]
    since: Moment | None = None
    for moment, status, _ in ran:
        since = (since or moment) if status in BAD else None
    passed = [seconds for _, status, seconds in ran if status is Status.PASSED]
    return Past(
        runs=len(ran),
        failed=sum(status in BAD for _, status, _ in ran),
        flaky=sum(status is Status.FLAKY for _, status, _ in ran),
        failing_since=since,
        first=told[0][0],
        seconds=median(passed) if passed else None,
        last=tuple(status for _, status, _ in ran[-_LAST:]),
    )


def notable(run: Run, past: Mapping[str, Past]) -> list[str]:
    """Return the node ids of tests whose past says something of this run: they fail, flake, or have flaked before.

    Those that fail now come first, then those that flake most often.
    """
    now = {result.id: result.status for result in run.results}

    def rank(name: str) -> tuple[bool, float]:
        known = past[name]
        return now[name] not in BAD, -known.flaky / max(known.runs, 1)

    named = [
        name
        for name, status in now.items()
        if name in past and past[name].runs and (status in BAD or status is Status.FLAKY or past[name].flaky)
    ]
    return sorted(named, key=rank)
