"""What a folder of earlier reports says of each test."""

import html
from pathlib import Path

import pytest

from pipeproof.errors import InputError
from pipeproof.report.past import render_past
from pipeproof.results.commit import find_commit
from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult
from pipeproof.results.past import read_history

BOOM = Failure("call", "E", "boom")
LETTERS = {"p": Status.PASSED, "f": Status.FAILED, "e": Status.ERROR, "k": Status.FLAKY, "s": Status.SKIPPED}
DAY = 86_400


def result(name: str, letter: str, seconds: float = 0.1) -> TestResult:
    status = LETTERS[letter]
    failures = (BOOM,) if letter in "fe" else ()
    attempts = (Attempt(0.1, (BOOM,)),) if letter == "k" else ()
    return TestResult(name, None, None, status, seconds, None, failures, attempts)


def put(folder: Path, runs: dict[str, str], seconds: float = 0.1) -> None:
    """Write a report for each letter: the runs of each test, the oldest first; a blank is a run without it."""
    for number in range(max(map(len, runs.values()))):
        results = tuple(
            result(name, told[number], seconds) for name, told in runs.items() if told[number : number + 1].strip()
        )
        path = folder / f"{9 - number}" / "report.json"  # in no order of their names
        path.parent.mkdir(parents=True)
        write_ctrf(Run(results, started=(number + 1) * DAY, environment={"commit": f"{number}" * 12}), path, "t")


@pytest.mark.parametrize(
    ("told", "runs", "failed", "flaky", "since", "first"),
    [
        ("ppp", 3, 0, 0, None, "0"),
        ("pkp", 3, 0, 1, None, "0"),
        ("pff", 3, 2, 0, "1", "0"),
        ("fpf", 3, 2, 0, "2", "0"),
        ("fpp", 3, 1, 0, None, "0"),
        ("fe", 2, 2, 0, "0", "0"),
        ("fsf", 2, 2, 0, "0", "0"),
        ("fkf", 3, 2, 1, "2", "0"),
        ("  p", 1, 0, 0, None, "2"),
        ("sss", 0, 0, 0, None, "0"),
    ],
)
def test_past__counts_runs_and_finds_since_when(
    told: str, runs: int, failed: int, flaky: int, since: str | None, first: str, tmp_path: Path
) -> None:
    put(tmp_path, {"a": told})
    past = read_history(tmp_path).tests["a"]
    assert (past.runs, past.failed, past.flaky) == (runs, failed, flaky)
    assert (past.failing_since.commit[0] if past.failing_since and past.failing_since.commit else None) == since
    assert (past.first.commit or "")[0] == first


def test_past__is_told_of_tests_that_fail_or_flake(tmp_path: Path) -> None:
    put(tmp_path, {"good": "ppp", "bad": "pff", "shaky": "kpk", "mended": "fpp"})
    run = Run(
        (result("good", "p"), result("bad", "f"), result("shaky", "p"), result("mended", "p"), result("new", "f"))
    )
    rendered = html.unescape(render_past(run, read_history(tmp_path)))
    rows = [line for line in rendered.partition("Trend")[0].splitlines() if "<code>" in line]
    assert [row.split("</code>")[0].split("<code>")[1] for row in rows] == ["bad", "shaky"]
    assert "| ✓✗✗✗ | — | 2 of 3 (67 %)" in rows[0]
    assert "<code>111111111111</code> 1970-01-03" in rows[0]
    assert "| ≈✓≈✓ | 2 of 3 (67 %)" in rows[1]


def test_past__a_test_is_slower_than_its_median_of_three_runs(tmp_path: Path) -> None:
    put(tmp_path, {"a": "ppp", "b": "ppp", "c": "pp"}, seconds=2.0)
    run = Run((result("a", "p", 4.5), result("b", "p", 3.9), result("c", "p", 9.0)))
    rendered = render_past(run, read_history(tmp_path))
    assert "<code>a</code> | 2.0 s | 4.5 s" in rendered
    assert "<code>b</code>" not in rendered
    assert "<code>c</code>" not in rendered


def test_past__shows_how_the_suite_went_from_run_to_run(tmp_path: Path) -> None:
    put(tmp_path, {"a": "ppp", "b": " fk"}, seconds=1.5)
    rendered = render_past(Run((result("a", "p", 2.0), result("b", "p", 1.0))), read_history(tmp_path))
    rows = [line for line in rendered.partition("Trend")[2].splitlines() if line.startswith("| <code>")]
    assert [row.split(" | ", 1)[1] for row in rows] == [
        "1 | 0 | 0 | 1.5 s |",
        "2 | 1 | 0 | 3.0 s |",
        "2 | 0 | 1 | 3.0 s |",
    ]
    assert rendered.splitlines()[-2] == "| now | 2 | 0 | 0 | 3.0 s |"


@pytest.mark.parametrize(
    ("commits", "tests", "points"),
    [
        ("aa", ("one", "two"), [2]),
        ("aa", ("one", "one"), [1, 1]),  # the same tests again: another run of the commit
        ("ab", ("one", "two"), [1, 1]),
        ("aba", ("one", "two", "two"), [1, 1, 1]),
        ("aaa", ("one", "two", "one"), [2, 1]),
        ("  ", ("one", "two"), [1, 1]),
    ],
)
def test_history__takes_the_shards_of_a_commit_for_one_run(
    commits: str, tests: tuple[str, ...], points: list[int], tmp_path: Path
) -> None:
    for number, (commit, test) in enumerate(zip(commits, tests, strict=True)):
        path = tmp_path / f"{number}" / "report.json"
        path.parent.mkdir()
        environment = {"commit": commit * 12} if commit.strip() else {}
        write_ctrf(Run((result(test, "p"),), started=number + 1.0, environment=environment), path, "t")
    assert [point.tests for point in read_history(tmp_path).points] == points


def test_past__without_earlier_reports_is_no_section(tmp_path: Path) -> None:
    assert render_past(Run((result("a", "f"),)), read_history(tmp_path)) == ""


def test_past__a_file_that_is_no_report_is_named(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{}")
    with pytest.raises(InputError, match=r"report\.json is not a report"):
        read_history(tmp_path)


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        (
            {"GITHUB_SHA": "a", "GITHUB_REF_NAME": "3/merge", "GITHUB_HEAD_REF": "topic"},
            {"commit": "a", "branch": "topic"},
        ),
        ({"GITHUB_SHA": "a", "GITHUB_REF_NAME": "main", "GITHUB_HEAD_REF": ""}, {"commit": "a", "branch": "main"}),
        ({"CI_COMMIT_SHA": "b", "CI_COMMIT_REF_NAME": "main"}, {"commit": "b", "branch": "main"}),
        ({"BUILDKITE_COMMIT": "c"}, {"commit": "c"}),
        ({}, {}),
    ],
)
def test_commit__is_told_by_each_ci(environ: dict[str, str], found: dict[str, str]) -> None:
    assert find_commit(environ) == found
