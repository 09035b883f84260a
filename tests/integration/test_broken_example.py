"""The broken example through the entrypoint: each failure has one place, and every report has the same totals."""

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from junitparser import JUnitXml

from pipeproof.results.model import TestResult
from pipeproof.results.reading.reports import read_reports
from pipeproof.results.reading.sources import Sources

EXAMPLE = Path(__file__).parents[2] / "examples" / "broken"
FAILING = ("call", "setup", "teardown", "collection", "subtest", "xpass", "timeout", "flaky")
_MARK = re.compile(r"# <- (?P<word>[a-z]+)(?: x(?P<times>\d+))?$")


def marked_lines(*folders: str, words: tuple[str, ...] = FAILING) -> Counter[tuple[str, int]]:
    """Read the table of failures out of the example: how many blame each line."""
    found: Counter[tuple[str, int]] = Counter()
    for folder in folders:
        for file in (EXAMPLE / folder).rglob("*.py"):
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
                match = _MARK.search(line)
                if match and match["word"] in words:
                    found[file.relative_to(EXAMPLE).as_posix(), number] += int(match["times"] or 1)
    return found


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "workspace", ignore=shutil.ignore_patterns("__pycache__")))


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Any:
    """One run of the whole example, which the tests below look at."""
    runner_class = request.getfixturevalue("runner_class")
    folder = tmp_path_factory.mktemp("broken")
    workspace = Path(shutil.copytree(EXAMPLE, folder / "workspace", ignore=shutil.ignore_patterns("__pycache__")))
    (folder / "runner").mkdir()
    return runner_class(folder / "runner").run(workspace, install="none")


def failures_of(report: dict[str, Any]) -> Counter[tuple[str, int]]:
    return Counter(
        (failure["file"], failure["line"])
        for test in report["results"]["tests"]
        for failure in test["extra"].get("failures", ())
    )


def test_broken__each_failure_is_on_its_marked_line(whole_run: Any) -> None:
    assert failures_of(whole_run.report) == marked_lines("tests", "shop")


def test_broken__fails_with_the_exit_code_of_failed_tests(whole_run: Any) -> None:
    assert whole_run.exit_code == 1
    assert whole_run.outputs["conclusion"] == "failure"


def test_broken__annotates_nine_failures_and_counts_the_rest(whole_run: Any) -> None:
    errors = [command for command in whole_run.commands if command.name == "error"]
    assert len(errors) == 10
    marked = marked_lines("tests", "shop")
    assert all((error.properties["file"], int(error.properties["line"])) in marked for error in errors[:9])
    assert re.match(r"and \d+ more", errors[9].properties["title"])


@pytest.mark.parametrize("name", ["test_outcomes.py", "test_subtests.py", "test_import.py", "test_timeout.py"])
def test_broken__each_failure_of_a_file_has_exactly_one_annotation(name: str, runner: Any, workspace: Path) -> None:
    step = runner.run(workspace, tests=f"tests/{name}", install="none")
    failures = {
        (failure["file"], failure["line"], failure["message"])
        for test in step.report["results"]["tests"]
        for failure in test["extra"].get("failures", ())
    }
    assert failures
    assert Counter(step.annotations) == Counter((file, line) for file, line, _ in failures)


def test_broken__totals_agree_in_all_reports(whole_run: Any) -> None:
    outputs, report = whole_run.outputs, whole_run.report
    totals = report["extra"]["totals"]
    assert {key: int(outputs[key]) for key in totals} == totals
    summary = report["results"]["summary"]
    assert summary["tests"] == totals["tests"] == len(report["results"]["tests"])
    assert summary["failed"] == totals["failed"] + totals["errors"]
    assert summary["passed"] == totals["passed"] + totals["flaky"]
    junit = JUnitXml.fromfile(str(whole_run.workspace / outputs["junit-xml"]))
    assert (junit.tests, junit.failures, junit.errors, junit.skipped) == (
        totals["tests"],
        totals["failed"],
        totals["errors"],
        totals["skipped"],
    )
    row = next(line for line in whole_run.summary.splitlines() if line.startswith("| **"))
    assert [int(cell) for cell in re.findall(r"\b\d+\b", row)[:6]] == list(totals.values())


def test_broken__nothing_that_the_tests_print_becomes_a_command(whole_run: Any) -> None:
    """Only our own commands are in the log: groups and the ten errors."""
    names = Counter(command.name for command in whole_run.commands)
    assert names["error"] == 10
    assert set(names) == {"group", "endgroup", "error"}


def test_broken__a_test_that_passes_when_run_again_is_flaky(runner: Any, workspace: Path) -> None:
    step = runner.run(workspace, tests="tests/test_outcomes.py", reruns="1", install="none")
    flaky = [test["name"] for test in step.report["results"]["tests"] if test["rawStatus"] == "flaky"]
    assert step.outputs["flaky"] == str(len(flaky)) == "1"
    junit = JUnitXml.fromfile(str(workspace / step.outputs["junit-xml"]))
    assert [case.name for suite in junit for case in suite if case._elem.find("flakyFailure") is not None] == flaky


def marked(file: Path, mark: str) -> int:
    (number,) = (number for number, line in enumerate(file.read_text().splitlines(), start=1) if mark in line)
    return number


@pytest.mark.parametrize(
    ("file", "test", "ended"),
    [
        ("crash/test_abort.py", "test_aborts", "SIGABRT"),
        ("crash/test_kill.py", "test_is_killed", "SIGKILL"),
        ("crash/test_exit.py", "test_leaves", "exit status 0"),
    ],
)
def test_broken__a_crash_names_its_test_and_keeps_what_ran_before(
    file: str, test: str, ended: str, runner: Any, workspace: Path
) -> None:
    step = runner.run(workspace, tests=file, install="none")
    assert step.exit_code == 1
    by_name = {entry["name"]: entry for entry in step.report["results"]["tests"]}
    assert list(by_name) == ["test_before", test]
    assert by_name[test]["rawStatus"] == "error"
    assert ended in by_name[test]["message"]
    assert step.report["extra"]["notRun"] == [f"{file}::test_never_reached"]
    if ended == "SIGABRT":  # of which alone the interpreter knows before it ends
        assert step.annotations == [(file, marked(workspace / file, "# <- crash"))]


def test_broken__a_crash_of_a_worker_names_its_test(runner: Any, workspace: Path) -> None:
    step = runner.run(workspace, tests="crash/test_kill.py", workers="2", install="none")
    by_name = {entry["name"]: entry for entry in step.report["results"]["tests"]}
    assert by_name["test_is_killed"]["rawStatus"] == "error"
    assert by_name["test_before"]["rawStatus"] == "failed"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_broken__a_test_that_hangs_past_its_timeout_is_ended_and_named(
    workers: str, runner: Any, workspace: Path
) -> None:
    step = runner.run(workspace, tests="hang/test_hang.py", test_timeout="1", workers=workers, install="none")
    by_name = {entry["name"]: entry for entry in step.report["results"]["tests"]}
    assert by_name["test_before"]["rawStatus"] == "passed"
    assert by_name["test_hangs"]["rawStatus"] == "error"
    assert "past its timeout" in by_name["test_hangs"]["message"]
    assert ("hang/test_hang.py", marked(workspace / "hang" / "test_hang.py", "# <- hang")) in step.annotations


def test_broken__its_failures_have_their_lines_from_pytests_junit_alone(workspace: Path, tmp_path: Path) -> None:
    """All but one: of `pytest.fail(…, pytrace=False)` pytest tells no line, so it stands at the test's `def`."""
    junit = tmp_path / "junit.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:pipeproof", f"--junitxml={junit}", "tests"]
    subprocess.run(command, cwd=workspace, capture_output=True, check=False)
    told = [item for item in read_reports([junit], Sources(workspace)) if isinstance(item, TestResult)]
    found = Counter((failure.file, failure.line) for result in told for failure in result.failures)
    marked = marked_lines("tests", "shop")
    by_hand = next(line for line in marked if "pytrace=False" in line_of(workspace, *line))
    assert marked - found == Counter([by_hand])
    assert all(line for _, line in found)


def line_of(workspace: Path, file: str, line: int) -> str:
    return (workspace / file).read_text(encoding="utf-8").splitlines()[line - 1]
