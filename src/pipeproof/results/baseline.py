"""The baseline: what changed since an earlier run."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeproof.errors import InputError
from pipeproof.results.causes import words_of
from pipeproof.results.ctrf import read_tests
from pipeproof.results.model import Failure, Run, Status, TestResult
from pipeproof.results.quarantine import QUARANTINED
from pipeproof.results.renames import Earlier, find_earlier

__all__ = ["Comparison", "Earlier", "baseline_files", "compare", "find_flaked", "gather_earlier", "read_baseline"]

_SLOWER_FACTOR = 2.0
_SLOWER_SECONDS = 1.0
_COVERING = ("stepfunctions.execution", "dbt.project", "dbt.run", "dbt.expect")
"""The kinds of evidence of which the coverage of a run is made."""
BAD = (Status.FAILED, Status.ERROR)
"""The statuses of a test that is broken."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed.

    Attributes:
        newly_failing: Tests that fail now and did not, or were not there.
        fixed: Tests that pass now and failed.
        newly_flaky: Tests that are flaky now and were not.
        slower: Tests that take more than twice as long and a second more; each with its seconds then.
    """

    newly_failing: tuple[TestResult, ...] = ()
    fixed: tuple[TestResult, ...] = ()
    newly_flaky: tuple[TestResult, ...] = ()
    slower: tuple[tuple[TestResult, float], ...] = ()


def find_flaked(comparison: Comparison | None, fail_on: str) -> Iterator[Failure]:
    """Say that tests are newly flaky, where the run is to fail for that; those in quarantine do not count."""
    if comparison is None or fail_on != "new-flaky":
        return
    flaked = [result.id for result in comparison.newly_flaky if result.expectation != QUARANTINED]
    if flaked:
        more = f" and {len(flaked) - 3} more" if len(flaked) > 3 else ""
        told = (
            f"newly flaky against the baseline, for which `fail-on: new-flaky` fails the run: {', '.join(flaked[:3])}"
        )
        yield Failure("session", "", told + more)


def read_baseline(path: Path) -> dict[str, Earlier]:
    """Read an earlier run: a `report.json`, or a folder of them (the shards of one run), by node id.

    Raises:
        InputError: where a file is no `report.json`, or the folder holds none.
    """
    files = list(baseline_files(path))
    if not files:
        raise InputError(f"baseline: {path} holds no report.json", hint="Give the earlier run's report-dir.")
    return gather_earlier(test for file in files for test in read_tests(file))


def gather_earlier(tests: Iterable[Mapping[str, Any]]) -> dict[str, Earlier]:
    """Give the tests of a run's `report.json`, or of all its shards', by node id."""
    earlier: dict[str, Earlier] = {}
    for test in tests:
        found, known = _read_earlier(test), earlier.get(test["extra"]["id"])
        if known is not None:
            # What ran in two shards failed where it failed in one; each has covered what it has.
            kept = found if found.status in BAD else known
            found = replace(kept, evidence=known.evidence + found.evidence)
        earlier[test["extra"]["id"]] = found
    return earlier


def _read_earlier(test: Mapping[str, Any]) -> Earlier:
    failures = test["extra"].get("failures")
    told = [failure for failure in failures if isinstance(failure, dict)] if isinstance(failures, list) else []
    words = tuple(words_of(Failure("call", str(one.get("type", "")), str(one.get("message", "")))) for one in told)
    file = test.get("filePath")
    told = test["extra"].get("evidence")
    evidence = tuple(one for one in told if _covers(one)) if isinstance(told, list) else ()
    return Earlier(
        status=Status(test["rawStatus"]),
        duration=test["duration"] / 1000,
        file=file if isinstance(file, str) else None,
        words=words,
        evidence=evidence,
    )


def _covers(record: object) -> bool:
    return isinstance(record, dict) and record.get("kind") in _COVERING


def baseline_files(path: Path) -> Iterator[Path]:
    """Give the reports that a baseline consists of."""
    if path.is_dir():
        yield from sorted(path.rglob("report.json"))
    else:
        yield path


def compare(run: Run, earlier: Mapping[str, Earlier], workspace: Path | None = None) -> Comparison:
    """Compare a run with an earlier one.

    Args:
        run: The results.
        earlier: The tests of the earlier run by their node ids.
        workspace: Where the sources of tests are looked up that were moved or renamed since.
    """
    found = find_earlier(run.results, earlier, workspace)

    def was(result: TestResult) -> Status | None:
        known = found.get(result.id)
        return known.status if known else None

    def slower(result: TestResult) -> bool:
        known = found.get(result.id)
        if known is None or result.status is not Status.PASSED or known.status is not Status.PASSED:
            return False
        limit = max(known.duration * _SLOWER_FACTOR, known.duration + _SLOWER_SECONDS)
        return result.duration > limit

    return Comparison(
        newly_failing=tuple(r for r in run.results if r.status in BAD and was(r) not in BAD),
        fixed=tuple(r for r in run.results if r.status is Status.PASSED and was(r) in BAD),
        newly_flaky=tuple(r for r in run.results if r.status is Status.FLAKY and was(r) is not Status.FLAKY),
        slower=tuple((r, found[r.id].duration) for r in run.results if slower(r)),
    )
