"""Annotations: one a failure, ten at most, on the right line."""

from collections.abc import Callable

import pytest

from pipeproof.report.annotations import annotations
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult, Warned

Make = Callable[..., TestResult]


def test_annotations__one_for_each_failure(failed: Make) -> None:
    made = annotations(Run((failed("t.py::a", at=3), failed("t.py::b", at=4))), "failures")
    assert [(a.level, a.file, a.line, a.title) for a in made] == [
        ("error", "t.py", 3, "t.py::a"),
        ("error", "t.py", 4, "t.py::b"),
    ]
    assert "boom" in made[0].message


def test_annotations__the_same_failure_on_the_same_line_is_one(failed: Make) -> None:
    (made,) = annotations(Run(tuple(failed(f"t.py::a[{n}]") for n in range(50))), "failures")
    assert made.title == "t.py::a[0] and 49 more"
    assert "t.py::a[49]" in made.message


def test_annotations__another_message_on_the_same_line_is_another(failed: Make) -> None:
    assert len(annotations(Run((failed("a", "one"), failed("b", "two"))), "failures")) == 2


@pytest.mark.parametrize(
    ("failures", "shown", "last"), [(10, 10, "t.py::9"), (11, 10, "and 2 more"), (5000, 10, "and 4991 more")]
)
def test_annotations__are_ten_at_most(failures: int, shown: int, last: str, failed: Make) -> None:
    made = annotations(Run(tuple(failed(f"t.py::{n}", at=n + 1) for n in range(failures))), "failures")
    assert len(made) == shown
    assert made[-1].title == last
    assert all(len(a.message) <= 4096 and len(a.title) <= 250 for a in made)


def test_annotations__the_tenth_lists_the_places_of_the_rest(failed: Make) -> None:
    made = annotations(Run(tuple(failed(f"t.py::{n}", at=n + 1) for n in range(12))), "failures")
    assert made[-1].message.splitlines()[1:] == ["t.py:10: t.py::9", "t.py:11: t.py::10", "t.py:12: t.py::11"]


def test_annotations__of_a_long_text_are_cut_where_it_shows(failed: Make) -> None:
    (made,) = annotations(Run((failed("t.py::" + "x" * 1000, "m" * 10_000),)), "failures")
    assert made.title.endswith("…")
    assert made.message.endswith("…")
    assert (len(made.title), len(made.message)) == (250, 4096)


def test_annotations__a_failure_of_the_run_comes_first(failed: Make) -> None:
    run = Run((failed(),), (Failure("session", "", "the test process ended early: SIGKILL"),))
    first, _ = annotations(run, "failures")
    assert (first.title, first.file) == ("the run failed", None)
    assert "SIGKILL" in first.message


def test_annotations__hold_no_escape_sequence(failed: Make) -> None:
    (made,) = annotations(Run((failed("t.py::a\x1b[0m", "\x1b[31mred\x1b[0m\u202e\0"),)), "failures")
    assert "red" in made.message
    assert not {"\x1b", "\u202e", "\0"} & set(made.message + made.title)


@pytest.fixture
def mixed() -> Run:
    late = Failure("call", "ValueError", "late", "", "t.py", 7)
    return Run(
        (
            TestResult("t.py::skipped", "t.py", 1, Status.SKIPPED, reason="no reason"),
            TestResult("t.py::expected", "t.py", 2, Status.SKIPPED, expectation="xfailed"),
            TestResult("t.py::flaky", "t.py", 5, Status.FLAKY, attempts=(Attempt(0.1, (late,)),)),
            TestResult("t.py::passed", "t.py", 9, Status.PASSED),
        ),
        warnings=(Warned("old", "DeprecationWarning", "t.py", 3, 2),),
    )


def test_annotations__all_has_skips_flaky_tests_and_warnings(mixed: Run) -> None:
    made = annotations(mixed, "all")
    assert [(a.level, a.line) for a in made] == [("warning", 7), ("warning", 3), ("notice", 1), ("notice", 2)]


def test_annotations__failures_alone_where_only_they_are_asked_for(mixed: Run) -> None:
    assert annotations(mixed, "failures") == []


def test_annotations__none(failed: Make) -> None:
    assert annotations(Run((failed(),)), "none") == []
