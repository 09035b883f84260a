"""The file commands: put back whatever was done to them, and written so that a value stays a value."""

import os
from pathlib import Path

import pytest
from actions_runner import parse_file_command
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.github.file_commands import Snapshot, append_output


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
        "os.link(path, path.with_name('other')); path.write_text('EVIL=1')",
    ],
)
def test_snapshot__puts_back_what_a_process_did(attack: str, tmp_path: Path) -> None:
    path = tmp_path / "set_env_1"
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


@given(st.lists(st.text("ab<=#", max_size=5)).map("\n".join))
def test_append_output__any_value_is_read_back(value: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "output"
        append_output(path, "one", value)
        append_output(path, "two", "2\nEVIL=1\nthree<<x")
        assert parse_file_command(path.read_text()) == {"one": value, "two": "2\nEVIL=1\nthree<<x"}
