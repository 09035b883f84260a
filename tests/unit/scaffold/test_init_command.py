"""`pipeproof init`: what it writes, prints and leaves alone."""

import json
import shutil
from pathlib import Path

import pytest

from pipeproof.cli import main
from pipeproof.home import REPOSITORY, format_reference

PROJECT = Path(__file__).parents[2] / "integration" / "init" / "projects" / "machines"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT, tmp_path / "project")
    return tmp_path / "project"


def _files(folder: Path) -> dict[str, str]:
    return {str(file.relative_to(folder)): file.read_text() for file in folder.rglob("*") if file.is_file()}


def test_init__writes_once_and_overwrites_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "tests").mkdir()
    (project / "tests" / "test_polling.py").write_text("# mine\n")
    assert main(["init", "--directory", str(project)]) == 0
    first, said = _files(project), capsys.readouterr().out
    assert first["tests/test_polling.py"] == "# mine\n"
    assert "exists, and stays as it is: tests/test_polling.py" in said
    assert "wrote tests/test_approval.py: state machine approval (approval.asl.json)" in said
    assert (
        f"{REPOSITORY}/.github/workflows/pipeline-tests.yml@{format_reference()}\n"
        in first[".github/workflows/pipeline-tests.yml"]
    )

    assert main(["init", "--directory", str(project)]) == 0
    assert _files(project) == first
    assert "wrote" not in capsys.readouterr().out


def test_init__dry_run_prints_and_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = _files(project)
    assert main(["init", "--directory", str(project), "--dry-run"]) == 0
    assert _files(project) == before
    assert "would write tests/test_approval.py" in (said := capsys.readouterr().out)
    assert "    def test_approve__when_it_fails_with_states_timeout(machine):" in said


def test_init__json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "broken.asl.json").write_text('{"StartAt": "A", "States": {}}')
    assert main(["init", "--directory", str(project), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [file["path"] for file in said["files"]] == [
        ".github/workflows/pipeline-tests.yml",
        "tests/test_approval.py",
        "tests/test_polling.py",
    ]
    assert said["files"][1]["text"] == (project / "tests" / "test_approval.py").read_text()
    assert [each["what"] for each in said["left"]] == ["state machine broken (broken.asl.json)"]


def test_init__finds_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--directory", str(tmp_path)]) == 1
    assert "there is no Prefect flow, dbt project or state machine here" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_init__project_in_a_folder_of_its_repository(project: Path) -> None:
    (project.parent / ".git").mkdir()
    assert main(["init", "--directory", str(project)]) == 0
    workflow = (project.parent / ".github" / "workflows" / "pipeline-tests.yml").read_text()
    assert "      working-directory: project\n" in workflow
