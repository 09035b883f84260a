"""What a process of the tests is told of refused connections: its own, each once, and whole."""

import json
import os
from pathlib import Path

import pytest

from pipeproof.sandbox.guard_word import Refusals, processes_opened
from pipeproof.variables import REFUSALS


def line(of: int, target: str) -> str:
    return json.dumps({"of": [of, 1], "target": target, "program": "curl"}) + "\n"


def test_refusals__of_this_process_and_each_once(tmp_path: Path) -> None:
    log = tmp_path / "refusals"
    log.write_text(line(os.getpid(), "203.0.113.1:1") + line(0, "203.0.113.2:2"))
    refusals = Refusals(log)
    assert refusals.take() == ["203.0.113.1:1 (to curl)"]
    assert refusals.take() == []


def test_refusals__a_line_that_is_being_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    log, text = tmp_path / "refusals", line(os.getpid(), "203.0.113.1:1")
    log.write_text(text[:20])
    refusals = Refusals(log)
    assert refusals.take() == []
    log.write_text(text)
    assert refusals.take() == ["203.0.113.1:1 (to curl)"]


@pytest.mark.parametrize("name", [None, "missing"])
def test_refusals__where_nobody_judges(name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name:
        monkeypatch.setenv(REFUSALS, str(tmp_path / name))
    else:
        monkeypatch.delenv(REFUSALS, raising=False)
    assert Refusals.of_this_process().take() == []


def test_processes_opened__without_a_guard_is_nothing() -> None:
    with processes_opened():
        pass
