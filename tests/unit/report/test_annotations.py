"""Annotations: one a failure, ten at most, on the right line."""

from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.report.annotation import Annotation
from pipeproof.report.annotations import annotations
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult, Warned

Make = Callable[..., TestResult]
WORKSPACE = Path("/home/runner/work/shop")


def annotated(run: Run, mode: str = "failures", newly_failing: Collection[str] = ()) -> list[Annotation]:
    return annotations(run, mode, WORKSPACE, newly_failing)


def test_annotations__one_for_each_failure(failed: Make) -> None:
    made = annotated(Run((failed("t.py::a", at=3), failed("t.py::b", at=4))), "failures")
    assert [(a.level, a.file, a.line, a.title) for a in made] == [
        ("error", "t.py", 3, "t.py::a"),
        ("error", "t.py", 4, "t.py::b"),
    ]
    assert "boom" in made[0].message


def test_annotations__the_same_failure_on_the_same_line_is_one(failed: Make) -> None:
    (made,) = annotated(Run(tuple(failed(f"t.py::a[{n}]") for n in range(50))), "failures")
    assert made.title == "t.py::a[0] and 49 more like this"
    assert "t.py::a[49]" in made.message


def test_annotations__another_message_on_the_same_line_is_another(failed: Make) -> None:
    assert len(annotated(Run((failed("a", "one"), failed("b", "two"))), "failures")) == 2


@pytest.mark.parametrize(
    ("failures", "shown", "last"), [(10, 10, "t.py::9"), (11, 10, "and 2 more"), (5000, 10, "and 4991 more")]
)
def test_annotations__are_ten_at_most(failures: int, shown: int, last: str, failed: Make) -> None:
    made = annotated(Run(tuple(failed(f"t.py::{n}", at=n + 1) for n in range(failures))), "failures")
    assert len(made) == shown
    assert made[-1].title == last
    assert all(len(a.message) <= 4096 and len(a.title) <= 250 for a in made)


def test_annotations__the_tenth_lists_the_places_of_the_rest(failed: Make) -> None:
    made = annotated(Run(tuple(failed(f"t.py::{n}", at=n + 1) for n in range(12))), "failures")
    assert made[-1].message.splitlines()[1:] == ["t.py:10: t.py::9", "t.py:11: t.py::10", "t.py:12: t.py::11"]


def test_annotations__of_a_long_text_are_cut_where_it_shows(failed: Make) -> None:
    (made,) = annotated(Run((failed("t.py::" + "x" * 1000, "m" * 10_000),)), "failures")
    assert (len(made.title), len(made.message)) == (250, 4096)
    assert made.title.count("…") == made.message.count("…") == 1
    assert made.title.startswith("t.py::x")
    assert made.title.endswith("x")


def test_annotations__a_failure_of_the_run_comes_first(failed: Make) -> None:
    run = Run((failed(),), (Failure("session", "", "the test process ended early: SIGKILL"),))
    first, _ = annotated(run, "failures")
    assert (first.title, first.file) == ("the run failed", None)
    assert "SIGKILL" in first.message


def test_annotations__hold_no_escape_sequence(failed: Make) -> None:
    (made,) = annotated(Run((failed("t.py::a\x1b[0m", "\x1b[31mred\x1b[0m\u202e\0"),)), "failures")
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
    made = annotated(mixed, "all")
    assert [(a.level, a.line) for a in made] == [("warning", 7), ("warning", 3), ("notice", 1), ("notice", 2)]


def test_annotations__failures_alone_where_only_they_are_asked_for(mixed: Run) -> None:
    assert annotated(mixed, "failures") == []


def test_annotations__none(failed: Make) -> None:
    assert annotated(Run((failed(),)), "none") == []


def test_annotations__rank_new_failures_then_unlike_ones_then_repeats(failed: Make) -> None:
    """Of parametrised tests that all fail on one line, each with numbers of its own, one goes before another line."""
    run = Run(
        (
            failed("t.py::sum[0]", "assert 0 == 1", at=3),
            failed("t.py::sum[1]", "assert 1 == 2", at=3),
            failed("t.py::sum[2]", "assert 0 == 1", at=30),
            failed("t.py::price", "no price", at=9),
            failed("t.py::fresh", "no stock", at=12),
        )
    )
    titles = [made.title for made in annotated(run, newly_failing={"t.py::fresh"})]
    assert titles == ["new: t.py::fresh", "t.py::sum[0]", "t.py::price", "t.py::sum[1]", "t.py::sum[2]"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("<Order object at 0x7f01aa> is late", "<Order object at 0x7f9bcd> is late"),
        ("run 0b36e1f4-7e5c-4b8e-9d1a-0f4f5a3c2b1d", "run 9b36e1f4-7e5c-4b8e-9d1a-0f4f5a3c2b1e"),
        ("at 2026-11-30T12:00:01.123Z", "at 2026-11-30T12:00:02.456Z"),
        ("no file /tmp/pytest-of-me/pytest-1/test_a0/x.csv", "no file /tmp/pytest-of-me/pytest-1/test_b0/x.csv"),
    ],
)
def test_annotations__what_differs_in_passing_is_no_other_cause(one: str, other: str, failed: Make) -> None:
    (made,) = annotated(Run((failed("t.py::a", one), failed("t.py::b", other))))
    assert made.title == "t.py::a and 1 more like this"
    assert made.message.endswith("The same in 1 more test:\nt.py::b")


def test_annotations__the_tenth_counts_failures_and_not_causes(failed: Make) -> None:
    many = [failed(f"t.py::{n}", at=n + 1) for n in range(10)]
    alike = [failed(f"t.py::z[{n}]", at=99) for n in range(40)]
    made = annotated(Run((*many, *alike)))
    assert made[-1].title == "and 41 more"


def test_annotations__an_assertion_says_its_own_words_first_and_both_sides_of_what_it_compares(failed: Make) -> None:
    numbers = ", ".join(map(str, range(2000)))
    difference = "\n".join(f"        {n}," if n != 700 else "  -     700,\n  +     701," for n in range(2000))
    text = f"orders are lost\nassert [{numbers}] == [{numbers}, 1]\n  \n  At index 700 diff: 1 != 2\n  \n  Full diff:\n"
    wrong = failed(message=text + difference, failures=(Failure("call", "AssertionError", text + difference),))
    (made,) = annotated(Run((wrong,)))
    lines = made.message.splitlines()
    assert lines[0] == "orders are lost"
    assert lines[1].startswith("assert [0, 1, ")
    assert "…" in lines[1].partition(" == ")[0]
    assert lines[1].endswith("1999, 1]")
    assert "  At index 700 diff: 1 != 2" in lines
    assert {"  -     700,", "  +     701,", "  [… 698 that agree …]"} <= set(lines)
    assert len(made.message) < 2500


def test_annotations__name_files_from_the_workspace(failed: Make) -> None:
    (made,) = annotated(Run((failed(message=f"no file {WORKSPACE}/data/x.csv, nor {WORKSPACE}2/x.csv"),)))
    assert made.message == f"ValueError: no file data/x.csv, nor {WORKSPACE}2/x.csv"


def test_annotations__of_a_file_elsewhere_stand_on_no_line_and_name_it() -> None:
    failure = Failure("session", "E", "boom", file="/usr/lib/x.py", line=3)
    (made,) = annotated(Run(failures=(failure,)))
    assert (made.file, made.line, made.message) == (None, None, "E: boom\n\nat /usr/lib/x.py:3")


TEXTS = st.text(st.characters() | st.sampled_from("\n\r\u202e\x1b🎉x "), max_size=20)


@given(TEXTS, st.integers(1, 700), TEXTS, st.integers(1, 30))
def test_annotations__never_exceed_what_the_runner_keeps(text: str, times: int, name: str, tests: int) -> None:
    """It counts in UTF-16, in which an emoji is two."""
    failure = Failure("call", "E", text * times, file=name, line=1)
    one = tuple(TestResult(name * times + str(n), name, 1, Status.FAILED, failures=(failure,)) for n in range(tests))
    for made in annotated(Run(one, failures=(failure,)), newly_failing={one[0].id}):
        assert len(made.message.encode("utf-16-le")) <= 2 * 4096
        assert len(made.title.encode("utf-16-le")) <= 2 * 250
