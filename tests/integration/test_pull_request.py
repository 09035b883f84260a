"""The action on a pull request, with an imitation of GitHub's API beside it."""

import json
from pathlib import Path
from typing import Any

import pytest
from github_api import TOKEN, GitHub

ENTRY = "- {{test: 'test_it.py::{name}', reason: r, owner: o, expires: 2999-12-31}}\n"
CODE = "def test_known():\n    assert 0, 'known'\n\ndef test_mine():\n    assert 0, 'mine'\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "test_it.py").write_text(CODE)
    (folder / "q.yml").write_text(ENTRY.format(name="test_mine"))
    return folder


def test_pull_request__is_excused_by_its_base_alone(runner: Any, workspace: Path) -> None:
    """What the pull request writes into its own copy excuses nothing; the token is masked and in no report."""
    with GitHub() as github:
        github.files["main", "q.yml"] = ENTRY.format(name="test_known")
        event = {"pull_request": {"number": 7, "base": {"ref": "main"}}}
        (runner.folder / "event.json").write_text(json.dumps(event))
        runner.environment |= {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_API_URL": github.url}
        step = runner.run(workspace, install="none", quarantine="q.yml", github_token=TOKEN)
    statuses = {test["name"]: test["rawStatus"] for test in step.report["results"]["tests"]}
    assert statuses == {"test_known": "skipped", "test_mine": "failed"}
    assert (step.exit_code, step.annotations) == (1, [("test_it.py", 5)])
    assert "### Quarantine" in step.summary
    assert [command.data for command in step.commands if command.name == "add-mask"] == [TOKEN]
    written = "".join(path.read_text() for path in (workspace / "pipeproof-report").rglob("*") if path.is_file())
    assert TOKEN not in step.summary + written
