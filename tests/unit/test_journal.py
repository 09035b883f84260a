"""What a killed run knew is not lost: a journal lies in the report's folder, and `pipeproof report` finishes it."""

import json
import signal
import subprocess
import sys
from pathlib import Path, PurePath

import pytest

from pipeproof import cli, journal
from pipeproof.redaction import Redactor

SECRET = "Zq8vT1xWn3Lk5Jh7Gf9D"
REPORT = PurePath("pipeproof-report")
SUITE = """
import os, signal, time
def test_passes(): pass
def test_fails(): assert 0, "boom"
def test_kills():
    while '"start","id":"test_a.py::test_kills"' not in open("pipeproof-report/journal.jsonl").read(): time.sleep(0.01)
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(30)
def test_after(): pass
"""


def test_report__of_a_supervisor_that_was_killed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "test_a.py").write_text(SUITE)
    command = [sys.executable, "-m", "pipeproof", "run", "--install", "none"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == -signal.SIGKILL
    assert cli.main(["report", "--directory", str(tmp_path)]) == 1
    report = json.loads((tmp_path / REPORT / "report.json").read_text())
    told = {test["name"]: test["rawStatus"] for test in report["results"]["tests"]}
    assert told == {"test_passes": "passed", "test_fails": "failed", "test_kills": "error"}
    assert "1 passed" in capsys.readouterr().out
    assert not (tmp_path / REPORT / "journal.jsonl").exists()
    assert cli.main(["report", "--directory", str(tmp_path)]) == 2
    assert "Only a run that was killed leaves one" in capsys.readouterr().err


def test_journal__is_gone_after_a_run_that_ends(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text("def test_a(): pass")
    command = [sys.executable, "-m", "pipeproof", "run", "--install", "none"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert (tmp_path / REPORT / "report.json").exists()
    assert not (tmp_path / REPORT / "journal.jsonl").exists()


def test_journal__holds_no_secret(tmp_path: Path) -> None:
    redactor = Redactor()
    with journal.kept_journal(tmp_path, REPORT, redactor) as kept:
        redactor.add(SECRET)
        kept.feed(b'{"event":"warning","message":"' + SECRET[:10].encode())
        kept.feed(SECRET[10:].encode() + b'"}\n')
    assert (tmp_path / REPORT / "journal.jsonl").read_text() == '{"event":"warning","message":"***"}\n'


@pytest.mark.parametrize("spoil", ["full", "link", "file"])
def test_journal__is_none_where_it_cannot_be(spoil: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on all the same, and nothing is written elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    spoilt = {
        "full": lambda: monkeypatch.setattr(journal, "LIMIT", 10),
        "link": lambda: (tmp_path / REPORT).symlink_to(elsewhere),
        "file": lambda: (tmp_path / REPORT).write_text(""),
    }
    spoilt[spoil]()
    with journal.kept_journal(tmp_path, REPORT, Redactor()) as kept:
        kept.feed(b"x" * 20 + b"\n")
        kept.feed(b"y\n")
    assert list(elsewhere.iterdir()) == []
