"""The job summary: what happened, in Markdown, the worst first.

GitHub drops a step's summary whole where it is over 1 MiB, so it has a budget, and what is left out is counted.
"""

import html
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from pipeproof.report.markdown import block, code, details, escaped, table
from pipeproof.results.baseline import Comparison
from pipeproof.results.model import Failure, Run, Status, TestResult

LIMIT = 1_000_000
"""Bytes of a summary: GitHub's limit is 1,048,576 for all that a step writes."""

_SLOWEST = 10
_LISTED = 100
_CHANGED = 20
_FAILURES_OF_TEST = 20
_REST_ROOM = 20_000
"""Bytes that are kept free for the names of the failures that find no room."""
_TRACEBACK_LIMIT = 6_000
_OUTPUT_LIMIT = 3_000
_MARKS = {"success": "✅", "failure": "❌", "cancelled": "🚫"}
_WORDS = {"success": "passed", "failure": "failed", "cancelled": "cancelled"}


@dataclass(frozen=True, slots=True)
class Links:
    """Makes a place into a link where there is a page to link to.

    Attributes:
        to_line: Gives the address of a file's line; `None` where nothing can be linked to.
    """

    to_line: Callable[[str, int | None], str] | None = None

    def place(self, file: str | None, line: int | None) -> str:
        """Render a place as Markdown."""
        if not file:
            return ""
        name = code(f"{file}:{line}" if line else file)
        return f'<a href="{html.escape(self.to_line(file, line))}">{name}</a>' if self.to_line else name


def render_summary(
    run: Run,
    title: str,
    links: Links,
    *,
    notes: Sequence[str] = (),
    comparison: Comparison | None = None,
    exercised: str = "",
    limit: int = LIMIT,
) -> str:
    """Render the summary of a run, at most `limit` bytes of it.

    Args:
        run: The results.
        title: The heading.
        links: How places are linked.
        notes: Lines of plain text that stand above the results: what the reader has to know of the run.
        comparison: What changed since the baseline, where there is one.
        exercised: Markdown that says what the tests exercised.
        limit: Bytes.
    """
    head = f"## {_MARKS[run.conclusion]} {escaped(title[:200])}: {_WORDS[run.conclusion]}\n\n{_totals(run)}\n"
    head += "".join(f"> {escaped(note)}\n>\n" for note in notes) + "\n"
    head += _changes(comparison) if comparison else ""
    tail = _flaky(run, links) + exercised + _slowest(run, links) + _skipped(run) + _warnings(run)
    room = limit - len(head.encode()) - len(tail.encode())
    if room < limit // 2:  # the failures are what the reader came for
        tail, room = "", limit - len(head.encode())
    return head + _failures(run, links, room) + tail


def _totals(run: Run) -> str:
    totals = run.totals
    columns = {
        "tests": totals.tests,
        "passed": totals.passed,
        "failed": totals.failed,
        "errors": totals.errors,
        "skipped": totals.skipped,
        "flaky": totals.flaky,
    }
    if run.not_run:
        columns["not run"] = len(run.not_run)
    header = (*columns, "duration")
    row = (*(f"**{count}**" if count else "0" for count in columns.values()), duration(run.duration))
    return table(header, [row], "r" * len(header))


def _changes(comparison: Comparison) -> str:
    parts = {
        "newly failing": [code(result.id) for result in comparison.newly_failing],
        "fixed": [code(result.id) for result in comparison.fixed],
        "newly flaky": [code(result.id) for result in comparison.newly_flaky],
        "slower": [
            f"{code(result.id)} ({duration(before)} → {duration(result.duration)})"
            for result, before in comparison.slower
        ],
    }
    rows = [
        (word, str(len(tests)), ", ".join(tests[:_CHANGED]) + (", …" if len(tests) > _CHANGED else ""))
        for word, tests in parts.items()
        if tests
    ]
    if not rows:
        return "Nothing changed since the baseline.\n\n"
    return f"### Since the baseline\n\n{table(('change', 'tests', 'which'), rows, 'lrl')}\n"


def _failures(run: Run, links: Links, room: int) -> str:
    failed = [result for result in run.results if result.failures]
    if not run.failures and not failed:
        return ""
    entries = chain(
        (_session_failure(failure, links) for failure in run.failures),
        (_failed_test(result, links, open=shown < 3) for shown, result in enumerate(failed)),
    )
    shown = []
    room -= _REST_ROOM
    for entry in entries:
        room -= len(entry.encode())
        if room < 0:
            break
        shown.append(entry)
    rest = failed[max(0, len(shown) - len(run.failures)) :]
    return "".join(["### Failures\n\n", *shown, _without_details(rest) if rest else "", "\n"])


def _without_details(failed: Sequence[TestResult]) -> str:
    """List failures that there is no room for; within `_REST_ROOM`."""
    names, room = [], _REST_ROOM - 200
    for result in failed[:_LISTED]:
        name = f"- {code(result.id)}\n"
        room -= len(name.encode())
        if room < 0:
            break
        names.append(name)
    left = len(failed) - len(names)
    more = f"- … and {left} more\n" if left else ""
    return f"{len(failed)} more failures, without their details:\n\n{''.join(names)}{more}\n"


def _session_failure(failure: Failure, links: Links) -> str:
    body = block(failure.traceback or failure.message, _TRACEBACK_LIMIT)
    return details(f"❌ {_headline(failure)} {links.place(failure.file, failure.line)}", body, open=True)


def _failed_test(result: TestResult, links: Links, *, open: bool) -> str:  # noqa: A002 - HTML's word
    bodies = []
    for failure in result.failures[:_FAILURES_OF_TEST]:
        phase = {"call": "", "crash": "", "collect": ""}.get(failure.phase, f"in {failure.phase} ")
        subtest = f"in subtest {code(failure.subtest)} " if failure.subtest else ""
        head = f"{phase}{subtest}{links.place(failure.file, failure.line)}".strip()
        bodies.append(f"{head}\n\n{block(failure.traceback or failure.message, _TRACEBACK_LIMIT)}")
    if len(result.failures) > _FAILURES_OF_TEST:
        bodies.append(f"… and {len(result.failures) - _FAILURES_OF_TEST} more failures of this test.")
    if result.attempts:
        bodies.append(f"Failed {len(result.attempts) + 1} times.")
    bodies.extend(
        details(f"{escaped(name)}", block(text, _OUTPUT_LIMIT)) for name, text in result.output if text.strip()
    )
    return details(f"❌ {code(result.id)} {_headline(result.failures[0])}", "\n\n".join(bodies), open=open)


def _headline(failure: Failure) -> str:
    headline = failure.headline
    return escaped(headline if len(headline) <= 200 else f"{headline[:199]}…")


def _flaky(run: Run, links: Links) -> str:
    flaky = [result for result in run.results if result.status is Status.FLAKY]
    rows = [
        (
            code(result.id),
            str(len(result.attempts)),
            f"{_headline(last)} {links.place(last.file, last.line)}",
        )
        for result in flaky[:_LISTED]
        for last in [result.attempts[-1].failures[-1]]
    ]
    return f"### Flaky\n\n{table(('test', 'failed attempts', 'the last failure'), rows, 'lrl')}\n" if rows else ""


def _slowest(run: Run, links: Links) -> str:
    slowest = sorted(run.results, key=lambda result: -result.duration)[:_SLOWEST]
    rows = [
        (code(result.id), links.place(result.file, result.line), duration(result.duration))
        for result in slowest
        if result.duration >= 0.01
    ]
    if not rows:
        return ""
    return details("Slowest tests", table(("test", "where", "duration"), rows, "llr"))


def _skipped(run: Run) -> str:
    reasons: dict[str, list[str]] = {}
    for result in run.results:
        if result.status is Status.SKIPPED:
            word = "expected to fail: " if result.expectation == "xfailed" else ""
            reasons.setdefault(f"{word}{result.reason or 'no reason given'}", []).append(result.id)
    rows = [(escaped(reason), str(len(tests)), _some(tests)) for reason, tests in list(reasons.items())[:_LISTED]]
    if not rows:
        return ""
    count = sum(len(tests) for tests in reasons.values())
    return details(f"{count} skipped", table(("reason", "tests", "which"), rows, "lrl"))


def _warnings(run: Run) -> str:
    rows = [
        (escaped(warned.category), escaped(_first_line(warned.message)), str(warned.count), code(_place_of(warned)))
        for warned in run.warnings[:_LISTED]
    ]
    if not rows:
        return ""
    count = sum(warned.count for warned in run.warnings)
    return details(_counted(count, "warning"), table(("category", "message", "times", "where"), rows, "llrl"))


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _place_of(warned: object) -> str:
    file, line = getattr(warned, "file", None), getattr(warned, "line", None)
    return f"{file}:{line}" if file and line else file or ""


def _first_line(text: str) -> str:
    line = next(iter(text.strip().splitlines()), "")
    return line if len(line) <= 300 else f"{line[:299]}…"


def _some(tests: Iterable[str]) -> str:
    names = list(tests)
    shown = ", ".join(code(name) for name in names[:5])
    return f"{shown}, …" if len(names) > 5 else shown


def duration(seconds: float) -> str:
    """Write a duration for people: `0.43 s`, `12.3 s`, `4 min 05 s`."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"
