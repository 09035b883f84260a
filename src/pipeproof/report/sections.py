"""The summary's other sections, each a pure function of a run: what changed, flaked, took long, was skipped, warned."""

from collections.abc import Iterable, Mapping
from typing import Any

from pipeproof.report.failing import headline
from pipeproof.report.links import Links
from pipeproof.report.markdown import code, details, escaped, tidy_table
from pipeproof.report.wording import counted, duration, first_line
from pipeproof.results.baseline import Comparison
from pipeproof.results.model import Run, Status, TestResult
from pipeproof.results.quarantine import QUARANTINED

_SLOWEST = 10
_LISTED = 100
_CHANGED = 20
_NAMED = 5


def render_totals(run: Run) -> str:
    """Render how many tests came to each outcome."""
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
    return tidy_table(header, [row], "r" * len(header))


def render_changes(comparison: Comparison) -> str:
    """Render what changed since the baseline."""
    parts = {
        "newly failing": [code(result.id) for result in comparison.newly_failing],
        "fixed": [code(result.id) for result in comparison.fixed],
        "newly flaky": [code(result.id) for result in comparison.newly_flaky],
        "slower": [
            f"{code(result.id)} ({duration(before)} → {duration(result.duration)})"
            for result, before in comparison.slower
        ],
    }
    rows = [(word, str(len(tests)), _listed(tests, _CHANGED)) for word, tests in parts.items() if tests]
    if not rows:
        return "Nothing changed since the baseline.\n\n"
    return f"### Since the baseline\n\n{tidy_table(('change', 'tests', 'which'), rows, 'lrl')}\n"


def render_flaky(run: Run, links: Links) -> str:
    """Render the tests that failed and then passed, with each of their attempts."""
    flaky = [result for result in run.results if result.status is Status.FLAKY]
    rows = [
        (code(result.id), _attempts(result), f"{headline(last)} {links.place(last.file, last.line)}".rstrip())
        for result in flaky[:_LISTED]
        for last in [result.attempts[-1].failures[-1]]
    ]
    if not rows:
        return ""
    more = _more(len(flaky))
    return f"### Flaky\n\n{tidy_table(('test', 'attempts', 'the last failure'), rows)}{more}\n"


def _attempts(result: TestResult) -> str:
    tries = [f"failed ({duration(attempt.duration)})" for attempt in result.attempts[:_NAMED]]
    left = len(result.attempts) - len(tries)
    tries += [f"{left} more failed"] if left else []
    return ", ".join([*tries, f"passed ({duration(result.duration)})"])


def render_quarantine(run: Run, links: Links) -> str:
    """Render what became of the tests in quarantine, those that failed first."""
    held = [result for result in run.results if result.expectation == QUARANTINED]
    held.sort(key=lambda result: not result.excused)
    rows = [
        (
            code(result.id),
            "failed" if result.excused else result.status.value,
            escaped(first_line((result.reason or "").partition("; it failed: ")[0])),
            f"{headline(result.excused[0])} {links.place(result.excused[0].file, result.excused[0].line)}".rstrip()
            if result.excused
            else "",
        )
        for result in held[:_LISTED]
    ]
    if not rows:
        return ""
    header = ("test", "now", "why it may fail", "the failure")
    return f"### Quarantine\n\n{tidy_table(header, rows)}{_more(len(held))}\n"


def render_times(run: Run, links: Links) -> str:
    """Render where the time went, and the slowest tests."""
    slowest = sorted(run.results, key=lambda result: -result.duration)[:_SLOWEST]
    rows = [
        (code(result.id), links.place(result.file, result.line), duration(result.duration))
        for result in slowest
        if result.duration >= 0.01
    ]
    if not rows:
        return ""
    return details(
        "Slowest tests, and where the time went",
        f"{tidy_table(('test', 'where', 'duration'), rows, 'llr')}\n{_spent(run)}",
    )


def _spent(run: Run) -> str:
    """The time of all tests by what it was spent on; tests that run side by side each count."""
    total = sum(result.duration for result in run.results)
    setup = sum(result.setup for result in run.results)
    teardown = sum(result.teardown for result in run.results)
    flows = _evidence_seconds(run, "prefect.flow_run")
    commands = _evidence_seconds(run, "dbt.run")
    parts = {
        "fixtures: environments and data set up": setup,
        "fixtures: torn down": teardown,
        "Prefect flow runs": flows,
        "dbt commands and their queries": commands,
        "the tests themselves, and all else": max(total - setup - teardown - flows - commands, 0.0),
    }
    rows = [
        (word, duration(seconds), f"{100 * seconds / total:.0f} %")
        for word, seconds in sorted(parts.items(), key=lambda part: -part[1])
        if seconds >= 0.01
    ]
    return tidy_table(("time of all tests", "duration", "share"), rows, "lrr") if len(rows) > 1 else ""


def _evidence_seconds(run: Run, kind: str) -> float:
    return sum(
        _seconds(record.get("data"))
        for result in run.results
        for record in result.evidence
        if record.get("kind") == kind
    )


def _seconds(data: Any) -> float:
    """Return the duration that a record tells, which the tests' process wrote: none where it is no number."""
    told = data.get("duration") if isinstance(data, Mapping) else None
    return float(told) if isinstance(told, int | float) and 0 <= told < 1e9 else 0.0


def render_skipped(run: Run) -> str:
    """Render what was skipped, by the reasons."""
    reasons: dict[str, list[str]] = {}
    for result in run.results:
        if result.status is Status.SKIPPED and result.expectation != QUARANTINED:
            word = "expected to fail: " if result.expectation == "xfailed" else ""
            reasons.setdefault(f"{word}{result.reason or 'no reason given'}", []).append(result.id)
    ordered = sorted(reasons.items(), key=lambda reason: -len(reason[1]))
    rows = [
        (escaped(first_line(reason) or "no reason given"), str(len(tests)), _listed(map(code, tests), _NAMED))
        for reason, tests in ordered[:_LISTED]
    ]
    if not rows:
        return ""
    count = sum(len(tests) for tests in reasons.values())
    return details(f"{count} skipped", tidy_table(("reason", "tests", "which"), rows, "lrl") + _more(len(reasons)))


def render_warnings(run: Run, links: Links) -> str:
    """Render what was warned of."""
    rows = [
        (
            escaped(warned.category),
            escaped(first_line(warned.message)),
            str(warned.count),
            links.place(warned.file, warned.line),
        )
        for warned in run.warnings[:_LISTED]
    ]
    if not rows:
        return ""
    count = sum(warned.count for warned in run.warnings)
    header = ("category", "message", "times", "where")
    return details(counted(count, "warning"), tidy_table(header, rows, "llrl") + _more(len(run.warnings)))


def _more(count: int) -> str:
    return f"\n… and {count - _LISTED} more\n" if count > _LISTED else ""


def _listed(names: Iterable[str], most: int) -> str:
    found = list(names)
    shown = ", ".join(found[:most])
    return f"{shown}, … and {len(found) - most} more" if len(found) > most else shown
