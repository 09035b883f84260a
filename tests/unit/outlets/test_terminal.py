"""The terminal at a person's laptop."""

import io
from pathlib import Path

import pytest

from pipeproof.outlets.terminal import Terminal
from pipeproof.results.model import Failure, Run, Status, TestResult


class Screen(io.StringIO):
    """A terminal that keeps what is drawn."""

    def isatty(self) -> bool:
        return True


def test_totals__end_with_a_line_for_each_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test printed may fill the screen: what failed, and where, is said once more behind it."""
    monkeypatch.chdir(tmp_path)
    failure = Failure("call", "KeyError", "'sku'", "the traceback", "shop/flow.py", 16)
    broken = TestResult("test_a.py::test_a", "test_a.py", 1, Status.FAILED, failures=(failure,), output=(("log", "…"),))
    passed = TestResult("test_a.py::test_b", "test_a.py", 2, Status.PASSED)
    screen = Screen()

    Terminal(tmp_path, screen).draw_totals(Run((broken, passed)), "report")

    *_, line, totals = screen.getvalue().splitlines()
    assert "shop/flow.py:16: test_a.py::test_a: KeyError: 'sku'" in line
    assert "1 failed" in totals
