"""Temporary folders, and those that killed runs have left."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeproof import scratch
from pipeproof.cli import main
from pipeproof.scratch import Scratch, remove_dead, scratch_folder

HOUR = 3600


def age(path: Path, seconds: int = HOUR) -> Path:
    """Make a folder look as if it had last been changed so long ago."""
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))
    return path


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Path]:
    scratch = Scratch.make("run-", tmp_path)
    yield age(scratch.path)
    scratch.remove()


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """The folder of a process that was killed."""
    code = "import sys; from pipeproof.scratch import Scratch; made = Scratch.make(root=sys.argv[1]); print(made.path)"
    code += "; (made.path / 'left').mkdir(); sys.stdout.flush(); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    path = Path(process.stdout.readline().strip())
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return age(path)


def test_scratch__is_gone_afterwards_whatever_happens(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), scratch_folder("x-", tmp_path) as folder:
        folder.mkdir()  # is there
    assert list(tmp_path.iterdir()) == []


def test_dead__are_removed_and_the_living_stay(tmp_path: Path, living: Path, dead: Path) -> None:
    assert list(remove_dead(root=tmp_path)) == [dead]
    assert list(tmp_path.iterdir()) == [living]


def test_dead__that_are_young_stay(tmp_path: Path, dead: Path) -> None:
    assert list(remove_dead(timedelta(hours=2), tmp_path)) == []
    fresh = Path(tmp_path / "pipeproof-just-made")
    fresh.mkdir()
    assert list(remove_dead(root=tmp_path)) == [dead]


def test_others__are_left_alone(tmp_path: Path) -> None:
    """A link leads elsewhere, a file is no folder, and another name is another program's."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "pipeproof-link").symlink_to(elsewhere)
    (tmp_path / "pipeproof-file").touch()
    for name in ("elsewhere", "pipeproof-file"):
        age(tmp_path / name)
    assert list(remove_dead(root=tmp_path)) == []
    assert {path.name for path in tmp_path.iterdir()} == {"elsewhere", "pipeproof-link", "pipeproof-file"}


def test_clean__says_which_it_removed(
    tmp_path: Path, dead: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert main(["clean", "--directory", str(tmp_path)]) == 0
    assert f"removed folder {dead}\n" in capsys.readouterr().out


def test_scratch__is_how_pipeproof_makes_its_temporary_folders() -> None:
    """Another one has no lock, and `pipeproof clean` would take it from whoever uses it."""
    source = Path(scratch.__file__).parent
    made = re.compile(r"(TemporaryDirectory|mkdtemp)\((?![^)]*dir=)")
    others = [file for file in source.rglob("*.py") if made.search(file.read_text(encoding="utf-8"))]
    assert [file.name for file in others if file != Path(scratch.__file__)] == []
