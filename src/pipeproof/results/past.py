"""The past of each test, out of a folder of earlier `report.json` files: how often it flaked, and since when it fails.

Each file is an observation of the tests in it, so it does not matter whether a run has left one, or one for each shard.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from pipeproof.results.baseline import BAD, baseline_files
from pipeproof.results.ctrf import read_document
from pipeproof.results.model import Run, Status

_MOST = 100
"""Files that are read, the newest."""


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
    """

    runs: int
    failed: int
    flaky: int
    failing_since: Moment | None
    first: Moment
    seconds: float | None


def read_past(folder: Path) -> dict[str, Past]:
    """Read the past of the tests in a folder's reports, by node id.

    Raises:
        InputError: A file is no `report.json` of pipeproof.
    """
    documents = [_told(read_document(file)) for file in baseline_files(folder)]
    documents.sort(key=lambda document: document[0].started)
    seen: dict[str, list[tuple[Moment, Status, float]]] = {}
    for moment, tests in documents[-_MOST:]:
        for name, status, seconds in tests:
            seen.setdefault(name, []).append((moment, status, seconds))
    return {name: _past(moments) for name, moments in seen.items()}


def _told(document: Mapping[str, Any]) -> tuple[Moment, list[tuple[str, Status, float]]]:
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
