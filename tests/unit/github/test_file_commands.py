"""The file commands: put back whatever was done to them, and written so that a value stays a value."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from actions_runner import parse_file_command
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.github.file_commands import Snapshot, append_output, closed_folders


@pytest.mark.parametrize(
    "attack",
    [
        "path.write_text('EVIL=1')",
        "path.open('a').write('EVIL=1')",
        "__import__('shutil').rmtree(path.parent)",
        "path.unlink()",
        "path.unlink(); path.symlink_to('/etc/hostname')",
        "path.unlink(); os.mkfifo(path)",
        "path.unlink(); path.mkdir(); (path / 'x').touch()",
        "path.parent.rename(path.parent.with_name('moved')); path.parent.mkdir()",
        "os.link(path, path.with_name('other')); path.write_text('EVIL=1')",
    ],
)
def test_snapshot__puts_back_what_a_process_did(attack: str, tmp_path: Path) -> None:
    path = tmp_path / "commands" / "set_env_1"
    path.parent.mkdir()
    path.write_text("BEFORE=1\n")
    snapshot = Snapshot.take({"GITHUB_ENV": str(path), "GITHUB_PATH": str(tmp_path / "none"), "GITHUB_OUTPUT": ""})
    assert snapshot.restore() == ()
    exec(attack, {"path": path, "os": os})
    assert snapshot.restore() == ("GITHUB_ENV",)
    assert path.read_text() == "BEFORE=1\n"
    assert not path.is_symlink()
    assert path.stat().st_nlink == 1
    assert snapshot.restore() == ()


def test_snapshot__replaces_a_link_and_leaves_what_it_leads_to(tmp_path: Path) -> None:
    path, other = tmp_path / "set_env_1", tmp_path / "other"
    path.write_text("A=1\n")
    other.write_text("A=1\n")
    snapshot = Snapshot.take({"GITHUB_ENV": str(path)})
    path.unlink()
    path.symlink_to(other)
    assert snapshot.restore() == ("GITHUB_ENV",)
    assert other.read_text() == "A=1\n"
    assert not path.is_symlink()


def test_snapshot__puts_the_event_back(tmp_path: Path) -> None:
    """It belongs to the workspace's owner on a real runner, and later steps read it."""
    path = tmp_path / "event.json"
    path.write_text("{}")
    snapshot = Snapshot.take({"GITHUB_EVENT_PATH": str(path)})
    path.write_text('{"pull_request": {}}')
    assert snapshot.restore() == ("GITHUB_EVENT_PATH",)
    assert path.read_text() == "{}"
    assert snapshot.commands == {}


def test_snapshot__a_folder_that_became_a_link_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "commands" / "set_env_1"
    path.parent.mkdir()
    path.write_text("")
    snapshot = Snapshot.take({"GITHUB_ENV": str(path)})
    path.parent.rename(tmp_path / "moved")
    path.parent.symlink_to(tmp_path / "moved")
    with pytest.raises(OSError, match="commands"):
        snapshot.restore()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can keep others out of their own folder")
def test_closed_folders__cannot_be_entered_moved_or_emptied_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workspace's owner has all of it before and after, and the temporary folder all the time."""
    temporary = tmp_path / "temp"
    for name in ("_github_home", "_github_workflow", "_runner_file_commands"):
        (temporary / name).mkdir(parents=True)
    tmp_path.chmod(0o755)
    for path in (temporary, *temporary.rglob("*")):
        os.chown(path, 54321, 54321)
    environment = {
        "HOME": str(temporary / "_github_home"),
        "RUNNER_TEMP": str(temporary),
        "GITHUB_ENV": str(temporary / "_runner_file_commands" / "set_env_1"),
    }

    def tries(act: Callable[[], object]) -> bool:
        os.seteuid(54321)
        try:
            act()
        except PermissionError:
            return False
        finally:
            os.seteuid(0)
        return True

    monkeypatch.chdir(temporary)
    before = {path: (path.stat().st_uid, path.stat().st_mode) for path in (temporary, *temporary.rglob("*"))}
    names = [path.name for path in temporary.iterdir()]
    with closed_folders(environment):
        assert not tries(lambda: Path("_github_home/.gitconfig").write_text("evil"))
        assert not any(tries(lambda name=name: Path(name).rename("away")) for name in names)
        assert tries(lambda: Path("own").write_text("the test's"))
        assert tries(lambda: Path("own").unlink())
    assert {path: (path.stat().st_uid, path.stat().st_mode) for path in before} == before


@given(st.lists(st.text("ab<=#", max_size=5)).map("\n".join))
def test_append_output__any_value_is_read_back(value: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "output"
        append_output(path, "one", value)
        append_output(path, "two", "2\nEVIL=1\nthree<<x")
        assert parse_file_command(path.read_text()) == {"one": value, "two": "2\nEVIL=1\nthree<<x"}
