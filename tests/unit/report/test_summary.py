"""The summary: what is in it, that it stays within its budget, and that no text breaks out of it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeproof.report.summary import LIMIT, Links, duration, render_summary
from pipeproof.results.baseline import Comparison
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult, Warned

Make = Callable[..., TestResult]
TEXTS = st.text(st.characters() | st.sampled_from("<>|`*[]()@#&\n\r\0"), max_size=30)


def balanced(markdown: str) -> bool:
    return markdown.count("<details") == markdown.count("</details>") == markdown.count("<summary>")


def test_summary__has_totals_failures_flaky_slow_and_skipped_tests(failed: Make) -> None:
    late = Failure("call", "ValueError", "late", "", "t.py", 7)
    run = Run(
        (
            failed("t.py::broken", "boom", traceback="t.py:3: ValueError"),
            TestResult("t.py::flaky", "t.py", 5, Status.FLAKY, 0.5, attempts=(Attempt(0.1, (late,)),)),
            TestResult("t.py::skipped", "t.py", 1, Status.SKIPPED, reason="no database"),
            TestResult("t.py::slow", "t.py", 9, Status.PASSED, 72.4),
        ),
        not_run=("t.py::never",),
        warnings=(Warned("old", "DeprecationWarning", "t.py", 3, 2),),
        duration=80.0,
    )
    text = MarkdownIt("commonmark", {"html": True}).enable("table").render(render_summary(run, "Orders", Links()))
    for expected in (
        "Orders: failed",
        "boom",
        "t.py:3: ValueError",
        "late",
        "no database",
        "1 min 12 s",
        "old",
        "not run",
    ):
        assert expected in text.replace("&#58;", ":").replace("&#46;", ".")


def test_summary__links_places_to_their_lines(failed: Make) -> None:
    links = Links(lambda file, line: f"https://git.example/{file}#L{line}")
    assert 'href="https://git.example/t.py#L3"' in render_summary(Run((failed(),)), "x", links)


def test_summary__of_a_huge_run_is_within_its_budget(failed: Make) -> None:
    """Of 150,000 tests 5,000 fail, with long tracebacks and much output."""
    trace = "assert <x> == 'y' & more\n" * 2000
    bad = [failed(f"t.py::test[{n}]", traceback=trace, output=(("stdout", trace),)) for n in range(5_000)]
    good = [TestResult(f"t.py::ok[{n}]", "t.py", 1, Status.PASSED, 0.01) for n in range(145_000)]
    text = render_summary(Run((*good, *bad)), "Huge", Links())
    assert len(text.encode()) <= LIMIT
    assert balanced(text)
    assert "**5000**" in text
    assert "more failures, without their details" in text


@given(count=st.integers(0, 60), size=st.integers(1, 3000), limit=st.integers(150_000, 400_000))
def test_summary__never_exceeds_its_budget(count: int, size: int, limit: int) -> None:
    failure = Failure("call", "E", "é|" * size, "<🎉>" * size, "t.py", 3)
    run = Run(
        tuple(
            TestResult(
                f"t.py::{n}" + "|é" * size, "t.py", 1, status, failures=failures, attempts=attempts, reason="&|" * size
            )
            for n in range(count)
            for status, failures, attempts in (
                (Status.FAILED, (failure,) * 3, ()),
                (Status.FLAKY, (), (Attempt(1.0, (failure,)),)),
                (Status.SKIPPED, (), ()),
            )
        ),
        failures=(failure,),
        warnings=(Warned("|" * size, "W", "t.py", 1),) * count,
    )
    text = render_summary(run, "t" * size, Links(), limit=limit)
    assert len(text.encode()) <= limit
    assert balanced(text)


def test_summary__a_test_with_many_failures_shows_the_first_of_them(failed: Make) -> None:
    many = tuple(Failure("call", "E", "m" * 300, "t" * 7000, "t.py", n, str(n)) for n in range(1, 5001))
    text = render_summary(Run((failed(failures=many),)), "x", Links())
    assert "4980 more failures of this test" in text
    assert balanced(text)


@given(TEXTS, TEXTS, TEXTS)
def test_summary__no_text_breaks_out_of_it(name: str, message: str, title: str) -> None:
    failure = Failure("setup", name, message, message, name or "f", 1, title)
    result = TestResult(name, name, 1, Status.ERROR, 2.0, None, (failure,), output=((title, message),))
    skipped = TestResult(f"{name}2", name, 1, Status.SKIPPED, reason=message)
    flaky = TestResult(f"{name}3", name, 1, Status.FLAKY, attempts=(Attempt(1.0, (failure,)),))
    run = Run((result, skipped, flaky), (failure,), warnings=(Warned(message, name, name, 1),))
    changes = Comparison((result,), (flaky,), (flaky,), ((flaky, 1.0),))
    text = render_summary(run, title or "x", Links(), notes=[message, name], comparison=changes)
    assert balanced(text)
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    tags = {part.split(">")[0].split()[0] for part in html.split("<")[1:]}
    assert {tag.strip("/") for tag in tags} <= {
        "h2",
        "h3",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "strong",
        "code",
        "pre",
        "details",
        "summary",
        "blockquote",
    }


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0.426, "0.43 s"), (12.34, "12.3 s"), (59.97, "60.0 s"), (245, "4 min 05 s"), (3600, "60 min 00 s")],
)
def test_duration__is_written_for_people(seconds: float, written: str) -> None:
    assert duration(seconds) == written


def test_summary__says_what_changed_since_the_baseline(failed: Make) -> None:
    text = render_summary(Run((failed(),)), "x", Links(), comparison=Comparison(newly_failing=(failed(),)))
    assert "newly failing" in text
    assert "Nothing changed" in render_summary(Run(), "x", Links(), comparison=Comparison())
