"""The baseline: what changed since an earlier run."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeproof.errors import InputError
from pipeproof.results.ctrf import read_tests
from pipeproof.results.model import Run, Status, TestResult

_SLOWER_FACTOR = 2.0
_SLOWER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Earlier:
    """A test of the earlier run; `duration` in seconds."""

    status: Status
    duration: float


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


def read_baseline(path: Path) -> dict[str, Earlier]:
    """Read an earlier run: a `report.json`, or a folder of them (the shards of one run), by node id.

    Raises:
        InputError: where a file is no `report.json`, or the folder holds none.
    """
    files = list(baseline_files(path))
    if not files:
        raise InputError(f"baseline: {path} holds no report.json", hint="Give the earlier run's report-dir.")
    return {
        test["extra"]["id"]: Earlier(Status(test["rawStatus"]), test["duration"] / 1000)
        for file in files
        for test in read_tests(file)
    }


def baseline_files(path: Path) -> Iterator[Path]:
    """Give the reports that a baseline consists of."""
    if path.is_dir():
        yield from sorted(path.rglob("report.json"))
    else:
        yield path


def compare(run: Run, earlier: dict[str, Earlier]) -> Comparison:
    """Compare a run with an earlier one."""
    bad = (Status.FAILED, Status.ERROR)

    def was(result: TestResult) -> Status | None:
        known = earlier.get(result.id)
        return known.status if known else None

    def slower(result: TestResult) -> bool:
        known = earlier.get(result.id)
        if known is None or result.status is not Status.PASSED or known.status is not Status.PASSED:
            return False
        limit = max(known.duration * _SLOWER_FACTOR, known.duration + _SLOWER_SECONDS)
        return result.duration > limit

    return Comparison(
        newly_failing=tuple(r for r in run.results if r.status in bad and was(r) not in bad),
        fixed=tuple(r for r in run.results if r.status is Status.PASSED and was(r) in bad),
        newly_flaky=tuple(r for r in run.results if r.status is Status.FLAKY and was(r) is not Status.FLAKY),
        slower=tuple((r, earlier[r.id].duration) for r in run.results if slower(r)),
    )
