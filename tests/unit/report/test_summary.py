"""The summary: what is in it, that it stays within its budget, and that no text breaks out of it."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeproof.report.summary import LIMIT, Links, duration, render_headline, render_summary
from pipeproof.results.baseline import Comparison
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult, Warned

Make = Callable[..., TestResult]


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
    bad = [failed(f"t.py::test[{n}]", f"boom {n}", traceback=trace, output=(("stdout", trace),)) for n in range(5_000)]
    good = [TestResult(f"t.py::ok[{n}]", "t.py", 1, Status.PASSED, 0.01) for n in range(145_000)]
    text = render_summary(Run((*good, *bad)), "Huge", Links())
    assert len(text.encode()) <= LIMIT
    assert balanced(text)
    assert "**5000**" in text
    assert "without their details" in text


@settings(max_examples=25)
@given(count=st.integers(0, 60), size=st.integers(1, 1500), limit=st.integers(20_000, 400_000))
def test_summary__never_exceeds_its_budget(count: int, size: int, limit: int) -> None:
    failure = Failure("call", "E", "é|" * size, "<🎉>" * size, "t.py", 3 + size)
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


def test_summary__of_many_causes_shows_the_first_and_lists_the_rest(failed: Make) -> None:
    many = tuple(Failure("call", "E", "m" * 300, "t" * 7000, "t.py", n, str(n)) for n in range(1, 5001))
    text = render_summary(Run((failed(failures=many),)), "x", Links())
    assert re.search(r"\d+ more causes of failures, without their details", text)
    assert re.search(r"- … and \d+ more", text)
    assert balanced(text)


def test_summary__puts_the_same_failure_of_many_tests_together(failed: Make) -> None:
    alike = [failed(f"t.py::price[{n}]", "no price", traceback="the traceback") for n in range(60)]
    run = Run((*alike, failed("t.py::fresh", "no stock", at=9)))
    text = render_summary(run, "x", Links(), comparison=Comparison(newly_failing=(run.results[-1],)))
    assert text.count("the traceback") == 1
    assert "60 times: ValueError" in text
    assert "- … and 10 more" in text
    assert text.index("no stock") < text.index("no price")


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (Run((TestResult("a", "t.py", 1, Status.PASSED),), duration=1.0), "✅ Orders: passed, 1 test in 1.0 s"),
        (Run(failures=(Failure("session", "", "SIGKILL"),)), "❌ Orders: failed, 0 tests in 0.00 s, SIGKILL"),
        (Run(cancelled=True, not_run=("a", "b")), "🚫 Orders: cancelled, 0 tests in 0.00 s, 2 not run"),
    ],
)
def test_headline__says_how_it_ended(run: Run, told: str) -> None:
    assert render_headline(run, "Orders") == told


def test_headline__is_enough_by_itself(failed: Make) -> None:
    wrong = [failed(f"t.py::p[{n}]", "no price") for n in range(3)]
    run = Run((*wrong, TestResult("b", "t.py", 1, Status.PASSED)), duration=80.0)
    changes = Comparison(newly_failing=tuple(wrong[:2]), fixed=run.results[-1:])
    assert render_headline(run, "Orders", changes).replace("&#58;", ":") == (
        "❌ Orders: failed, 3 of 4 tests in 1 min 20 s, 1 cause, 2 newly failing, 1 fixed, ValueError: no price"
    )
    run = Run((failed("t.py::a", "one"), failed("t.py::b", "two")))
    assert "2 of 2 tests in 0.00 s, first&#58; ValueError&#58; one" in render_headline(run, "Orders")


def test_summary__says_where_the_time_went() -> None:
    dbt = {"kind": "dbt.run", "data": {"duration": 3.0}}
    junk = {"kind": "dbt.run", "data": {"duration": "long"}}
    result = TestResult(
        "a", "t.py", 1, Status.PASSED, 10.0, setup=5.0, teardown=1.0, evidence=(dbt, junk, {"kind": "dbt.run"})
    )
    text = render_summary(Run((result,)), "x", Links())
    for row in (
        "set up | 5.0 s | 50&nbsp;% |",
        "queries | 3.0 s | 30&nbsp;% |",
        "torn down | 1.0 s | 10&nbsp;% |",
        "else | 1.0 s | 10&nbsp;% |",
    ):
        assert row in text


class Rendered(HTMLParser):
    """What a browser would have: tags, the cells of each row, links, and the text outside of code."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.tables: list[list[int]] = []
        self.addresses: list[str] = []
        self.prose = ""
        self._code = 0
        self.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._code += tag in ("code", "pre")
        self.addresses += [value or "" for name, value in attrs if name == "href"]
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append(0)
        if tag in ("td", "th"):
            self.tables[-1][-1] += 1

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.prose += data

    def handle_comment(self, data: str) -> None:
        self.tags.add("!--")


HOSTILE = st.lists(
    st.sampled_from([
        "<b>", "</pre>", "</code>", "</details>", "<!--", "**", "_", "`", "```", "~~", "|", "[a](http://x)",
        "[a]: http://x",
        "https://x.example", "www.x.example", "a@b.example", "@octo", "#1", "GH-1", "o/r#2", "# ", "- ",
        "1. ", "> ", "---", "    ",
        "\n", "\n\n", "\r", "&amp;", "\\", ":tada:", "$x$", "\u2028", "\x1b[31m", "\0", "\u202e",
        "::error::", "##[error]", "\"", "x",
    ])
    | st.characters(),
    max_size=8,
).map("".join)  # fmt: skip
TAGS = {
    "h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "strong", "em", "code", "pre", "details", "summary",
    "blockquote", "ul", "li", "a",
}  # fmt: skip


@settings(max_examples=50)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_summary__no_text_in_any_field_is_more_than_text(one: str, two: str, three: str) -> None:
    """No markup, no mention, no reference, no link but ours, and each row has as many cells as its table's head."""
    failure = Failure("setup", one, two, three, one or "f", 1, three)
    evidence = (
        {"kind": "aws.policy", "data": {"policy": one, "place": two, "missing": [{"action": three, "resource": one}]}},
    )
    result = TestResult(one, two, 1, Status.ERROR, 2.0, None, (failure,), output=((three, two),), evidence=evidence)
    skipped = TestResult(f"{one}2", two, 1, Status.SKIPPED, reason=two)
    flaky = TestResult(f"{one}3", two, 1, Status.FLAKY, attempts=(Attempt(1.0, (failure,)),), setup=0.5)
    session = Failure("session", two, three, one, two, 3)
    run = Run((result, skipped, flaky), (session,), warnings=(Warned(two, one, three, 1),))
    changes = Comparison((result,), (flaky,), (flaky,), ((flaky, 1.0),))
    links = Links(lambda file, line: f"https://git.example/{quote(file, errors='replace')}#L{line}")
    text = render_summary(run, three or "x", links, workspace=Path("/w"), notes=[two, one], comparison=changes)
    assert balanced(text)
    found = Rendered(text)
    assert found.tags <= TAGS
    assert all(address.startswith("https://git.example/") for address in found.addresses)
    assert not re.search(r"[@#]\w|gh-\d|://|www\.", found.prose, re.IGNORECASE)
    assert not {"\u202e", "\x1b", "\0"} & set(text)
    # The totals, and what changed; flaky, slow, skipped and warned of, and the time by what it was spent on.
    assert len(found.tables) == 7
    assert all(len(set(rows)) == 1 for rows in found.tables)


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
