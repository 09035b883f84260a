"""What changed since an earlier run."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeproof.errors import InputError
from pipeproof.results.baseline import Comparison, Earlier, compare, find_flaked, read_baseline
from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult

BOOM = Failure("call", "E", "boom")


def result(name: str, status: Status, duration: float = 0.1) -> TestResult:
    attempts = (Attempt(0.1, (BOOM,)),) if status is Status.FLAKY else ()
    failures = (BOOM,) if status in (Status.FAILED, Status.ERROR) else ()
    return TestResult(name, "t.py", 1, status, duration, None, failures, attempts)


def names(results: tuple[TestResult, ...]) -> list[str]:
    return [found.id for found in results]


def test_compare__tells_what_is_new() -> None:
    earlier = {
        name: Earlier(status, 1.0)
        for name, status in {
            "broke": Status.PASSED,
            "still": Status.FAILED,
            "mended": Status.ERROR,
            "wobbles": Status.PASSED,
            "wobbled": Status.FLAKY,
            "half": Status.FAILED,
            "woke": Status.SKIPPED,
        }.items()
    }
    run = Run(
        (
            result("broke", Status.FAILED),
            result("still", Status.ERROR),
            result("mended", Status.PASSED),
            result("wobbles", Status.FLAKY),
            result("wobbled", Status.FLAKY),
            result("half", Status.FLAKY),
            result("new", Status.FAILED),
            result("woke", Status.FAILED),
        )
    )
    found = compare(run, earlier)
    assert names(found.newly_failing) == ["broke", "new", "woke"]
    assert names(found.fixed) == ["mended"]
    assert names(found.newly_flaky) == ["wobbles", "half"]


def test_find_flaked__says_which_and_leaves_out_what_is_in_quarantine() -> None:
    flaky = [result(f"t{number}", Status.FLAKY) for number in range(5)]
    held = replace(result("held", Status.FLAKY), expectation="quarantined")
    (failure,) = find_flaked(Comparison(newly_flaky=(held, *flaky)), "new-flaky")
    assert failure.message.endswith("`fail-on: new-flaky` fails the run: t0, t1, t2 and 2 more")
    assert list(find_flaked(Comparison(newly_flaky=(held,)), "new-flaky")) == []
    assert list(find_flaked(Comparison(newly_flaky=(held, *flaky)), "failures")) == []
    assert list(find_flaked(None, "new-flaky")) == []


@pytest.mark.parametrize(
    ("before", "now", "slower"),
    [(0.1, 1.0, False), (0.1, 1.2, True), (5.0, 9.9, False), (5.0, 10.1, True), (0.0, 1.1, True)],
)
def test_compare__a_test_is_slower_by_factor_and_seconds(before: float, now: float, *, slower: bool) -> None:
    found = compare(Run((result("x", Status.PASSED, now),)), {"x": Earlier(Status.PASSED, before)})
    assert bool(found.slower) is slower


def test_compare__a_test_that_failed_then_is_not_slower_now() -> None:
    assert not compare(Run((result("x", Status.PASSED, 9),)), {"x": Earlier(Status.FAILED, 0.1)}).slower


def test_read_baseline__reads_a_file_or_a_folder_of_shards(tmp_path: Path) -> None:
    for shard, name in (("1", "a"), ("2", "b")):
        (tmp_path / shard).mkdir()
        write_ctrf(Run((result(name, Status.PASSED, 1.5),)), tmp_path / shard / "report.json", "x")
    assert read_baseline(tmp_path) == {"a": Earlier(Status.PASSED, 1.5), "b": Earlier(Status.PASSED, 1.5)}
    assert read_baseline(tmp_path / "1" / "report.json") == {"a": Earlier(Status.PASSED, 1.5)}


def test_read_baseline__a_folder_without_a_report_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no report"):
        read_baseline(tmp_path)
