"""`pipeproof report FILE …`: the whole report of what another tool ran."""

import html
import json
import re
import sys
from pathlib import Path

import pytest
from junitparser import JUnitXml

from pipeproof.cli import main

GREEN = '<testsuite name="s"><testcase classname="orders" name="one" time="0.5"/></testsuite>'
RED = (
    '<testsuite name="s" failures="1"><testcase classname="orders" name="two" time="1"><failure message="no">'
    "orders.py:3: ValueError</failure><system-out>what it said</system-out></testcase></testsuite>"
)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.py").touch()
    (tmp_path / "in").mkdir()
    return tmp_path


def put(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / "in" / f"{name}.xml").write_text(text)


def report_of(folder: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads((folder / "pipeproof-report" / "report.json").read_text())
    return document


def test_report__of_a_folder_has_all_files_and_the_exit_code_of_failures(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(workspace, green=GREEN, red=RED)
    assert main(["report", "in", "--title", "Both"]) == 1
    folder = workspace / "pipeproof-report"
    assert sorted(file.name for file in folder.iterdir()) == [
        ".gitignore",
        "failures.sarif",
        "junit.xml",
        "report.html",
        "report.json",
        "summary.md",
    ]
    assert "Both: failed, 1 of 2 tests" in (folder / "summary.md").read_text()
    assert "what it said" in (folder / "summary.md").read_text()
    assert "orders.py:3:" in capsys.readouterr().out
    junit = JUnitXml.fromfile(str(folder / "junit.xml"))
    assert (junit.tests, junit.failures) == (2, 1)


def test_report__of_a_folder_with_junit_and_ctrf_loses_neither(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The failure in the one file could be left out, or the tests that both have be counted twice: who runs it says."""
    put(workspace, green=GREEN)
    failed = {"results": {"tests": [{"name": "late", "status": "failed", "duration": 1}]}}
    (workspace / "in" / "ctrf.json").write_text(json.dumps(failed))
    (workspace / "in" / "package.json").write_text('{"name": "CTRF"}')
    assert main(["report", "in"]) == 2
    assert "in holds JUnit XML (in/green.xml) and CTRF (in/ctrf.json)" in capsys.readouterr().err
    assert main(["report", "in/green.xml", "in/ctrf.json"]) == 1
    assert [test["name"] for test in report_of(workspace)["results"]["tests"]] == ["one", "late"]  # type: ignore[index]


def test_report__of_a_report_folder_reads_its_tests_once(workspace: Path) -> None:
    put(workspace, green=GREEN, red=RED)
    assert main(["report", "in"]) == 1
    assert main(["report", "pipeproof-report", "--report-dir", "again"]) == 1
    assert json.loads((workspace / "again" / "report.json").read_text())["results"]["summary"]["tests"] == 2


def test_report__with_a_history_says_since_when(workspace: Path) -> None:
    put(workspace, red=RED)
    assert main(["report", "in", "--report-dir", "then/1"]) == 1
    assert main(["report", "in", "--history", "then"]) == 1
    assert "earlier run" in (workspace / "pipeproof-report" / "summary.md").read_text()


def test_report__of_one_junit_file_leaves_it_as_it_is(workspace: Path) -> None:
    put(workspace, green=GREEN)
    assert main(["report", "in/green.xml"]) == 0
    assert (workspace / "pipeproof-report" / "junit.xml").read_text() == GREEN


def test_report__of_its_own_report_and_a_baseline_says_what_changed(workspace: Path) -> None:
    put(
        workspace,
        then=RED.replace("<failure", "<skipped/><!--").replace("</failure>", "-->").replace('failures="1"', ""),
    )
    assert main(["report", "in", "--report-dir", "then"]) == 0
    put(workspace, then=RED)
    assert main(["report", "in", "--baseline", "then/report.json", "--fail-on", "regressions"]) == 1
    assert "newly failing" in (workspace / "pipeproof-report" / "summary.md").read_text()
    assert main(["report", "pipeproof-report/report.json", "--report-dir", "again"]) == 1
    again = json.loads((workspace / "again" / "report.json").read_text())
    assert again["results"]["tests"] == report_of(workspace)["results"]["tests"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("files", "words", "code"),
    [
        ({}, "a folder without a report", 2),
        ({"none": "<testsuites/>"}, "have no test", 5),
        ({"cut": "<testsuites>\n<testsuite>"}, "in/cut.xml:2:", 2),
    ],
)
def test_report__of_nothing_is_no_pass(
    files: dict[str, str], words: str, code: int, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(workspace, **files)
    assert main(["report", "in"]) == code
    assert words in capsys.readouterr().err
    assert not (workspace / "pipeproof-report").exists()


def test_report__of_no_tests_passes_where_that_is_allowed(workspace: Path) -> None:
    put(workspace, none="<testsuites/>")
    assert main(["report", "in", "--allow-empty", "true"]) == 0


def test_report__into_a_file_ends_in_what_to_do(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(workspace, green=GREEN)
    (workspace / "taken").touch()
    assert main(["report", "in", "--report-dir", "taken"]) == 2
    assert "report-dir: 'taken' cannot be a folder, as 'taken' is a file" in capsys.readouterr().err
    assert main(["report", "in", "--report-dir", "taken/below"]) == 2
    assert "report-dir: 'taken/below' cannot be a folder, as 'taken' is a file" in capsys.readouterr().err


def test_report__to_a_full_disk_ends_in_one_line(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(workspace, green=GREEN)
    with Path("/dev/full").open("w") as full, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", full)
        assert main(["report", "in"]) == 1
    assert capsys.readouterr().err == "pipeproof: its output could not be written: No space left on device\n"


def test_report__on_github_annotates_and_sets_outputs(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(workspace, red=RED)
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        (workspace / name).touch()
        monkeypatch.setenv(name, str(workspace / name))
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert main(["report", "in"]) == 1
    assert "::error file=orders.py,line=3,title=orders.py%3A%3Atwo::no" in capsys.readouterr().out
    assert re.search("failed(=|<<).*1", (workspace / "GITHUB_OUTPUT").read_text(), re.DOTALL)
    assert "### Failures" in (workspace / "GITHUB_STEP_SUMMARY").read_text()


QUARANTINE = "- {{test: 'orders.py::{name}', reason: the vendor is down, owner: me, expires: {until}}}\n"


@pytest.mark.parametrize("alone", [True, False])
def test_report__excuses_what_stands_in_the_quarantine(workspace: Path, *, alone: bool) -> None:
    """In each file of the report, also where the JUnit that is read would else be taken as it is."""
    put(workspace, red=RED)
    (workspace / "q.yml").write_text(QUARANTINE.format(name="two", until="2999-12-31"))
    if not alone:
        put(workspace, green=GREEN)
    assert main(["report", "in/red.xml" if alone else "in", "--quarantine", "q.yml"]) == 0
    folder = workspace / "pipeproof-report"
    assert "### Quarantine" in (folder / "summary.md").read_text()
    assert "the vendor is down" in (folder / "report.html").read_text()
    (case,) = [case for suite in JUnitXml.fromfile(str(folder / "junit.xml")) for case in suite if case.name == "two"]
    assert case.is_skipped
    (test,) = [test for test in report_of(workspace)["results"]["tests"] if test["name"] == "two"]  # type: ignore[index]
    assert (test["status"], test["extra"]["excused"][0]["message"]) == ("skipped", "no")


def test_report__fails_for_an_entry_that_is_over_and_tells_of_one_without_a_test(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(workspace, green=GREEN)
    entries = QUARANTINE.format(name="one", until="2020-01-01") + QUARANTINE.format(name="none", until="2999-12-31")
    (workspace / "q.yml").write_text(entries)
    assert main(["report", "in", "--quarantine", "q.yml"]) == 1
    assert "q.yml:2: there is no test orders.py::none" in capsys.readouterr().out
    summary = html.unescape((workspace / "pipeproof-report" / "summary.md").read_text())
    assert "the quarantine of orders.py::one ended on 2020-01-01" in summary
    assert "there is no test orders.py::none" in summary
