"""The action on a pull request, with an imitation of GitHub's API beside it."""

import json
from pathlib import Path
from typing import Any

import pytest
from github_api import TOKEN, GitHub

from pipeproof import cli
from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.model import Failure, Run, Status, TestResult

ENTRY = "- {{test: 'test_it.py::{name}', reason: r, owner: o, expires: 2999-12-31}}\n"
CODE = "def test_known():\n    assert 0, 'known'\n\ndef test_mine():\n    assert 0, 'mine'\n"

RED = (
    '<testsuite name="s"><testcase classname="test_it" name="test_known"><failure message="no"/></testcase></testsuite>'
)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "test_it.py").write_text(CODE)
    (folder / "q.yml").write_text(ENTRY.format(name="test_mine"))
    return folder


def test_pull_request__is_excused_by_its_base_alone_and_commented_once(runner: Any, workspace: Path) -> None:
    """What the pull request writes into its own copy excuses nothing; the token is masked and in no report."""
    with GitHub() as github:
        github.files["main", "q.yml"] = ENTRY.format(name="test_known")
        event = {"pull_request": {"number": 7, "base": {"ref": "main"}}}
        (runner.folder / "event.json").write_text(json.dumps(event))
        runner.environment |= {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_API_URL": github.url}
        given = {"quarantine": "q.yml", "pr_comment": "on-failure", "github_token": TOKEN}
        step = runner.run(workspace, install="none", **given)
    statuses = {test["name"]: test["rawStatus"] for test in step.report["results"]["tests"]}
    assert statuses == {"test_known": "skipped", "test_mine": "failed"}
    assert (step.exit_code, step.annotations) == (1, [("test_it.py", 5)])
    assert "### Quarantine" in step.summary
    statement = json.loads((workspace / step.outputs["attestation"]).read_text())
    assert statement["subject"][0]["digest"] == {"gitCommit": "0123456789abcdef0123456789abcdef01234567"}
    assert statement["predicate"]["warnedTests"] == ["test_it.py::test_known"]
    (comment,) = github.comments[7]
    assert comment["body"].startswith("<!-- pipeproof comment ")
    assert "failed, 1 of 2 tests" in comment["body"]
    assert [command.data for command in step.commands if command.name == "add-mask"] == [TOKEN]
    written = "".join(path.read_text() for path in (workspace / "pipeproof-report").rglob("*") if path.is_file())
    assert TOKEN not in step.summary + written


def test_pull_request__of_a_fork_passes_without_its_comment(runner: Any, workspace: Path) -> None:
    """Its token may only read; a notice says what the job needs."""
    (workspace / "test_it.py").write_text("def test_it(): pass\n")
    with GitHub() as github:
        github.rights = {"contents": "read"}
        (runner.folder / "event.json").write_text(json.dumps({"pull_request": {"number": 7, "base": {"ref": "main"}}}))
        runner.environment |= {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_API_URL": github.url}
        step = runner.run(workspace, install="none", pr_comment="always", github_token=TOKEN)
    assert (step.exit_code, github.comments) == (0, {})
    (notice,) = [command.data for command in step.commands if command.name == "notice"]
    assert "HTTP 403" in notice
    assert "pull-requests: write" in notice


def test_pull_request__of_a_fork_is_commented_by_a_workflow_that_follows(
    runner: Any, workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Run((TestResult("t.py::test_x", "t.py", 1, Status.FAILED, failures=(Failure("call", "E", "@octo #1"),)),))
    write_ctrf(run, workspace / "report.json", "Orders")
    event = {
        "workflow_run": {"head_branch": "fix", "head_sha": "abc", "head_repository": {"owner": {"login": "mallory"}}}
    }
    (runner.folder / "event.json").write_text(json.dumps(event))
    with GitHub() as github:
        github.pulls = [{"number": 9, "head": {"label": "mallory:fix", "sha": "abc"}}]
        environment = {"GITHUB_EVENT_NAME": "workflow_run", "GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN}
        for name, value in {**runner.environ(workspace, {}), **environment}.items():
            monkeypatch.setenv(name, value)
        assert cli.main(["comment", str(workspace / "report.json")]) == 0
        assert cli.main(["comment", str(workspace / "report.json")]) == 0
    (comment,) = github.comments[9]
    assert "Orders: failed, 1 of 1 test" in comment["body"]
    assert "@octo" not in comment["body"].replace("<pre>@octo #1</pre>", "")  # in code nobody is mentioned
    assert capsys.readouterr().out == "the comment: created\nthe comment: nothing\n"


def test_report__on_a_pull_request_is_commented_judged_by_its_base_and_ready_to_be_attested(
    workspace: Path, runner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workspace / "red.xml").write_text(RED)
    (workspace / "q.yml").write_text(ENTRY.format(name="test_known"))
    (runner.folder / "event.json").write_text(json.dumps({"pull_request": {"number": 7, "base": {"ref": "main"}}}))
    with GitHub() as github:
        github.files["main", "q.yml"] = ""
        told = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_API_URL": github.url}
        for name, value in {**runner.environ(workspace, {}), **told}.items():
            monkeypatch.setenv(name, value)
        given = ["--quarantine", "q.yml", "--pr-comment", "always", "--github-token", TOKEN]
        assert cli.main(["report", str(workspace / "red.xml"), "--directory", str(workspace), *given]) == 1
        github.files["main", "q.yml"] = (workspace / "q.yml").read_text()
        assert cli.main(["report", str(workspace / "red.xml"), "--directory", str(workspace), *given]) == 0
    (comment,) = github.comments[7]
    assert "### Quarantine" in comment["body"]
    statement = json.loads((workspace / "pipeproof-report" / "test-result.intoto.json").read_text())
    assert statement["subject"][0]["digest"] == {"gitCommit": "0123456789abcdef0123456789abcdef01234567"}
    assert statement["predicate"]["warnedTests"] == ["test_it.py::test_known"]
    assert TOKEN not in "".join(path.read_text() for path in (workspace / "pipeproof-report").iterdir())


def test_report__finds_its_baseline_by_itself(
    workspace: Path, runner: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As far as a run of the action does: without a token it says what it needs, and the report is made."""
    (workspace / "red.xml").write_text(RED.replace("failure", "skipped"))
    for name, value in runner.environ(workspace, {}).items():
        monkeypatch.setenv(name, value)
    assert cli.main(["report", str(workspace / "red.xml"), "--directory", str(workspace), "--baseline", "auto"]) == 0
    assert "`baseline: auto` needs `github-token`" in capsys.readouterr().out
