"""The comment on a pull request: what it says, within what GitHub takes."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.report.comment import LIMIT, make_marker, render_comment
from pipeproof.report.links import Links
from pipeproof.results.baseline import Comparison
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult

Make = Callable[..., TestResult]
MARKER = make_marker("pipeline", "test", "Orders")


def test_marker__is_one_a_workflow_job_and_title() -> None:
    assert make_marker("pipeline", "test", "Orders") == MARKER
    others = {
        make_marker("x", "test", "Orders"),
        make_marker("pipeline", "x", "Orders"),
        make_marker("pipeline", "test", "x"),
    }
    assert len(others | {MARKER}) == 4
    assert make_marker("a", "b--><b>", "\n").count(">") == 1


def test_comment__begins_with_its_marker_and_says_the_main_things(failed: Make) -> None:
    late = Attempt(0.1, (Failure("call", "E", "late"),))
    run = Run((failed(traceback="the traceback"), TestResult("b", "t.py", 1, Status.FLAKY, attempts=(late,))))
    text = render_comment(
        run, "Orders", MARKER, Links(), notes=["a note"], comparison=Comparison(newly_failing=run.results[:1]),
        run_url='https://git.example/runs/1?a="b"',
    )  # fmt: skip
    assert text.splitlines()[0] == MARKER
    for part in ("❌ Orders: failed", "newly failing", "the traceback", "### Flaky", "a note"):
        assert part in text
    assert text.endswith('<a href="https://git.example/runs/1?a=&quot;b&quot;">The whole report</a>\n')


@settings(max_examples=6)
@given(count=st.integers(0, 120), size=st.integers(1, 800))
def test_comment__always_fits(count: int, size: int) -> None:
    failure = Failure("call", "E", "é|" * size, "<🎉>" * size, "t.py", 3)
    results = [
        TestResult(
            f"t.py::{n}" + "|é" * size, "t.py", n + 1, status, failures=bad, attempts=tries, expectation="quarantined"
        )
        for n in range(count)
        for status, bad, tries in (
            (Status.FAILED, (Failure("call", "E", f"{n}" + "é|" * size, "<🎉>" * size, "t.py", n),), ()),
            (Status.FLAKY, (), (Attempt(1.0, (failure,)),)),
        )
    ]
    changes = Comparison(tuple(results), tuple(results), tuple(results))
    text = render_comment(
        Run(tuple(results), (failure,)), "t" * size, MARKER, Links(), notes=["n" * size] * 30, comparison=changes
    )
    assert len(text.encode()) <= LIMIT
    assert text.count("<details") == text.count("</details>")
