"""Files are placed in the workspace without following a link that the tests may have left."""

import os
import subprocess
from pathlib import Path, PurePath

import pytest

from pipeproof.sandbox.files import place_files, rewrite_files
from pipeproof.untrusted import remove_tree


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "made"
    folder.mkdir()
    (folder / "report.json").write_text("{}")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def test_place_files__makes_the_folders_on_the_way(made: Path, workspace: Path) -> None:
    place_files(made, workspace, PurePath("build/report"))
    assert (workspace / "build" / "report" / "report.json").read_text() == "{}"


def test_place_files__keeps_a_folder_that_it_makes_out_of_git(made: Path, workspace: Path) -> None:
    """All of it, and nothing of the folders on the way, which may be the user's own soon."""
    subprocess.run(["git", "init", "-q", workspace], check=True)
    place_files(made, workspace, PurePath("build/report"))
    status = ["git", "-C", workspace, "status", "--porcelain", "--untracked-files=all"]
    assert subprocess.run(status, check=True, capture_output=True, text=True).stdout == ""
    assert not (workspace / "build" / ".gitignore").exists()


@pytest.mark.parametrize("content", [None, "*.log\n"])
def test_place_files__leaves_git_to_the_owner_of_a_folder(made: Path, workspace: Path, content: str | None) -> None:
    own = workspace / "report" / ".gitignore"
    own.parent.mkdir()
    if content is not None:
        own.write_text(content)
    for _run in range(2):
        place_files(made, workspace, PurePath("report"))
    assert (own.read_text() if own.exists() else None) == content


def test_place_files__fills_the_workspace_itself(made: Path, workspace: Path) -> None:
    place_files(made, workspace, PurePath())
    assert [path.name for path in workspace.iterdir()] == ["report.json"]


def test_place_files__replaces_a_file(made: Path, workspace: Path) -> None:
    (workspace / "report").mkdir()
    (workspace / "report" / "report.json").write_text("old")
    place_files(made, workspace, PurePath("report"))
    assert (workspace / "report" / "report.json").read_text() == "{}"
    assert [path.name for path in (workspace / "report").iterdir()] == ["report.json"]


def test_place_files__replaces_a_link_and_leaves_what_it_leads_to(made: Path, workspace: Path, tmp_path: Path) -> None:
    target = tmp_path / "github_env"
    target.write_text("")
    (workspace / "report").mkdir()
    (workspace / "report" / "report.json").symlink_to(target)
    place_files(made, workspace, PurePath("report"))
    assert target.read_text() == ""
    assert not (workspace / "report" / "report.json").is_symlink()


@pytest.mark.parametrize("where", ["report", "build"])
def test_place_files__refuses_a_folder_that_is_a_link(made: Path, workspace: Path, tmp_path: Path, where: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (workspace / where).symlink_to(elsewhere)
    with pytest.raises(OSError, match=where):
        place_files(made, workspace, PurePath(where) / ("inner" if where == "build" else ""))
    assert list(elsewhere.iterdir()) == []


def test_place_files__refuses_a_file_in_the_place_of_the_folder(made: Path, workspace: Path) -> None:
    (workspace / "report").write_text("a file")
    with pytest.raises(NotADirectoryError):
        place_files(made, workspace, PurePath("report"))


def _upper(data: bytes) -> bytes:
    return data.replace(b"secret", b"***")


def test_rewrite_files__every_file_below_the_folder(workspace: Path) -> None:
    (workspace / "report/a").mkdir(parents=True)
    (workspace / "report/a/log.txt").write_bytes(b"\xffsecret\n")
    (workspace / "report/other.txt").write_text("nothing")
    (workspace / "beside.txt").write_text("secret")
    assert rewrite_files(workspace, PurePath("report"), _upper) == []
    assert (workspace / "report/a/log.txt").read_bytes() == b"\xff***\n"
    assert (workspace / "report/other.txt").read_text() == "nothing"
    assert (workspace / "beside.txt").read_text() == "secret"


def test_rewrite_files__follows_no_link_and_waits_for_no_pipe(workspace: Path) -> None:
    outside = workspace / "outside.txt"
    outside.write_text("secret")
    folder = workspace / "report"
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    (folder / "up").symlink_to(workspace)
    os.link(outside, folder / "second-name")
    os.mkfifo(folder / "pipe")
    assert rewrite_files(workspace, PurePath("report"), _upper) == [PurePath("report/second-name")]
    assert outside.read_text() == "secret"


def test_rewrite_files__a_folder_that_is_a_link_is_left(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_text("secret")
    (workspace / "report").symlink_to(tmp_path / "elsewhere")
    assert rewrite_files(workspace, PurePath("report"), _upper) == []
    assert (tmp_path / "elsewhere" / "file").read_text() == "secret"


def test_rewrite_files__says_what_is_too_large_or_too_deep(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeproof.sandbox.files.LIMIT", 5)
    (workspace / "report").mkdir()
    (workspace / "report" / "large").write_text("secret")
    folder = os.open(workspace / "report", os.O_RDONLY)
    for _ in range(1200):  # a path of them would be longer than a path can be
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    left = rewrite_files(workspace, PurePath("report"), _upper)
    assert left[1:] == [PurePath("report/large")]
    assert set(left[0].parts) == {"report", "d"}
    remove_tree(workspace / "report")
    assert not (workspace / "report").exists()
