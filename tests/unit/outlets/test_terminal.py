"""The terminal at a person's laptop."""

import io
from pathlib import Path

import pytest

from pipeproof.outlets.terminal import Terminal
from pipeproof.results.collector import Collector
from pipeproof.results.model import Failure, Run, Status, TestResult, Warned


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


@pytest.mark.parametrize(
    ("report", "end"), [("report", "; report in report"), (None, "; the report's files could not be written")]
)
def test_totals__say_where_the_report_is_if_it_is_anywhere(tmp_path: Path, report: str | None, end: str) -> None:
    screen = Screen()
    Terminal(tmp_path, screen).draw_totals(Run(), report)
    assert screen.getvalue().splitlines()[-1].endswith(end)


def test_totals__a_file_without_a_line_is_named_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JUnit of other tools often names a class alone, and so a file."""
    monkeypatch.chdir(tmp_path)
    failure = Failure("call", "", "late", "late", "shop/Late.java", None)
    broken = TestResult("shop.Late::first", "shop/Late.java", None, Status.FAILED, failures=(failure,))
    screen = Screen()

    Terminal(tmp_path, screen).draw_totals(Run((broken,)), "report")

    assert "shop/Late.java: shop.Late::first" in screen.getvalue()
    assert "None" not in screen.getvalue()


PYTEST_SAID = """\
============================= test session starts ==============================
collected 1 item
test_a.py . [100%]
=============================== warnings summary ===============================
test_a.py: 12 warnings
================================ tests coverage ================================
_______________ coverage: platform linux, python 3.12.1-final-0 ________________
TOTAL 7 1 86%
============================= slowest 1 durations ==============================
0.10s call test_a.py::test_a
=========================== short test summary info ============================
FAILED test_a.py::test_b
========================= 1 passed, 12 warnings in 0.12s =========================
""".splitlines()


def test_totals__show_what_an_ini_file_asked_pytest_for_and_the_warnings(tmp_path: Path) -> None:
    screen = Screen()
    terminal = Terminal(tmp_path, screen)
    for line in PYTEST_SAID:
        terminal.pass_on(line)
    terminal.draw_totals(
        Run((), warnings=(Warned("unknown mark\nmore", "PytestUnknownMarkWarning", None, None, 2),)), "r"
    )
    shown = screen.getvalue()
    assert "TOTAL 7 1 86%" in shown
    assert "0.10s call" in shown
    assert "warning: PytestUnknownMarkWarning: unknown mark (2 times)" in shown
    assert not any(word in shown for word in ("test session", "FAILED", "12 warnings", "collected"))


@pytest.mark.parametrize("flag", ["-s", "-v", "-vv", "-rA", "--durations=3", "--cov-report=term", "--capture=no"])
def test_output__that_was_asked_for_is_shown_as_it_comes(flag: str, tmp_path: Path) -> None:
    screen = Screen()
    terminal = Terminal(tmp_path, screen)
    terminal.expect_output(["-q", flag])
    terminal.pass_on("what pytest says")
    assert "what pytest says" in screen.getvalue()


@pytest.mark.parametrize("flag", ["-q", "-x", "-k", "smoke", "--maxfail=2", "--strict-markers"])
def test_output__that_was_not_asked_for_is_held(flag: str, tmp_path: Path) -> None:
    screen = Screen()
    terminal = Terminal(tmp_path, screen)
    terminal.expect_output([flag])
    terminal.pass_on("what pytest says")
    assert screen.getvalue() == ""


@pytest.mark.parametrize(
    ("environ", "screen", "painted"),
    [
        ({}, Screen(), True),
        ({"NO_COLOR": "1"}, Screen(), False),
        ({"NO_COLOR": ""}, Screen(), True),
        ({"TERM": "dumb"}, Screen(), False),
        ({}, io.StringIO(), False),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, Screen(), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, Screen(), False),
    ],
)
def test_color__follows_the_environment(
    environ: dict[str, str], screen: io.StringIO, painted: bool, tmp_path: Path
) -> None:
    Terminal(tmp_path, screen, environ).draw_totals(Run(), "report")
    assert ("\x1b[" in screen.getvalue()) == painted


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_progress__is_drawn_from_the_first_moment_where_lines_can_be_drawn_over(term: str, tmp_path: Path) -> None:
    screen = Screen()
    Terminal(tmp_path, screen, {"TERM": term}).show_progress(Collector(tmp_path), None)
    assert ("collecting the tests" in screen.getvalue()) == (term == "xterm")


def test_progress__says_that_the_last_test_has_ended(tmp_path: Path) -> None:
    collector, screen = Collector(tmp_path), Screen()
    collector.take({"event": "collected", "tests": [["a", None, None]]})
    collector.take({"event": "phase", "id": "a", "when": "teardown", "outcome": "passed", "duration": 0.1})
    Terminal(tmp_path, screen).show_progress(collector, None)
    assert "1/1  finishing" in screen.getvalue()
