"""What a report tells beside its failures, each a table of a run: what changed, flaked, took long, was skipped."""

from collections.abc import Iterable, Mapping
from typing import Any

from pipeproof.report.links import Links
from pipeproof.report.markdown import details, tidy_table
from pipeproof.report.tables import (
    Cell,
    Code,
    Listed,
    Piece,
    Place,
    Seconds,
    Share,
    Table,
    first_rows,
    fold_table,
    render_table,
)
from pipeproof.report.wording import counted, duration, first_line, tell
from pipeproof.results.baseline import Comparison
from pipeproof.results.model import Failure, Run, Status, TestResult
from pipeproof.results.quarantine import QUARANTINED

_SLOWEST = 10
_LISTED = 100
_CHANGED = 20
_NAMED = 5


def render_totals(run: Run) -> str:
    """Render how many tests came to each outcome."""
    columns = count_outcomes(run)
    header = (*columns, "duration")
    row = (*(f"**{count}**" if count else "0" for count in columns.values()), duration(run.duration))
    return tidy_table(header, [row], "r" * len(header))


def count_outcomes(run: Run) -> dict[str, int]:
    """Count the tests by their outcomes, those that did not run where there are any."""
    totals = run.totals
    counts = {
        "tests": totals.tests,
        "passed": totals.passed,
        "failed": totals.failed,
        "errors": totals.errors,
        "skipped": totals.skipped,
        "flaky": totals.flaky,
    }
    return counts | ({"not run": len(run.not_run)} if run.not_run else {})


def render_changes(comparison: Comparison) -> str:
    """Render what changed since the baseline."""
    table = list_changes(comparison)
    return f"### Since the baseline\n\n{render_table(table)}\n" if table else "Nothing changed since the baseline.\n\n"


def list_changes(comparison: Comparison) -> Table | None:
    """List what changed since the baseline; None where nothing did."""
    parts: dict[str, tuple[Piece | tuple[Piece, ...], ...]] = {
        "newly failing": tuple(Code(result.id) for result in comparison.newly_failing),
        "fixed": tuple(Code(result.id) for result in comparison.fixed),
        "newly flaky": tuple(Code(result.id) for result in comparison.newly_flaky),
        "slower": tuple(
            (Code(result.id), f"({duration(before)} → {duration(result.duration)})")
            for result, before in comparison.slower
        ),
    }
    rows = tuple((word, len(tests), Listed(tests, _CHANGED)) for word, tests in parts.items() if tests)
    return Table("Since the baseline", ("change", "tests", "which"), rows) if rows else None


def render_flaky(run: Run, links: Links) -> str:
    """Render the tests that failed and then passed, with each of their attempts."""
    return _under_heading(list_flaky(run), links)


def list_flaky(run: Run, most: int = _LISTED) -> Table | None:
    """List the tests that failed and then passed, with each of their attempts; None where there are none."""
    rows = [
        (Code(result.id), _attempts(result), _said(result.attempts[-1].failures[-1]))
        for result in run.results
        if result.status is Status.FLAKY
    ]
    return _table("Flaky", ("test", "attempts", "the last failure"), rows, most)


def _said(failure: Failure) -> tuple[Piece, ...]:
    return (tell(failure), Place(failure.file, failure.line))


def _attempts(result: TestResult) -> str:
    tries = [f"failed ({duration(attempt.duration)})" for attempt in result.attempts[:_NAMED]]
    left = len(result.attempts) - len(tries)
    tries += [f"{left} more failed"] if left else []
    return ", ".join([*tries, f"passed ({duration(result.duration)})"])


def render_quarantine(run: Run, links: Links) -> str:
    """Render what became of the tests in quarantine."""
    return _under_heading(list_quarantine(run), links)


def list_quarantine(run: Run, most: int = _LISTED) -> Table | None:
    """List what became of the tests in quarantine, those that failed first; None where there are none."""
    held = [result for result in run.results if result.expectation == QUARANTINED]
    held.sort(key=lambda result: not result.excused)
    rows: list[tuple[Cell, ...]] = [
        (
            Code(result.id),
            "failed" if result.excused else result.status.value,
            first_line((result.reason or "").partition("; it failed: ")[0]),
            _said(result.excused[0]) if result.excused else "",
        )
        for result in held
    ]
    return _table("Quarantine", ("test", "now", "why it may fail", "the failure"), rows, most)


def render_times(run: Run, links: Links) -> str:
    """Render where the time went, and the slowest tests."""
    slowest, spent = list_slowest(run), list_spent(run)
    if not slowest:
        return ""
    body = f"{render_table(slowest, links)}\n{render_table(spent) if spent else ''}"
    return details("Slowest tests, and where the time went", body)


def list_slowest(run: Run) -> Table | None:
    """List the slowest tests; None where all were quick."""
    slow = [result for result in run.results if result.duration >= 0.01]
    slow.sort(key=lambda result: -result.duration)
    rows = tuple(
        (Code(result.id), Place(result.file, result.line), Seconds(result.duration)) for result in slow[:_SLOWEST]
    )
    return Table("Slowest tests", ("test", "where", "duration"), rows) if rows else None


def list_spent(run: Run) -> Table | None:
    """List what the time of all tests was spent on; tests that run side by side each count."""
    # Lists, as runs can have hundreds of thousands of tests, of which most say nothing here.
    total = sum([result.duration for result in run.results])
    setup = sum([result.setup for result in run.results])
    teardown = sum([result.teardown for result in run.results])
    records = [record for result in run.results if result.evidence for record in result.evidence]
    flows = _evidence_seconds(records, "prefect.flow_run")
    commands = _evidence_seconds(records, "dbt.run")
    parts = {
        "fixtures: environments and data set up": setup,
        "fixtures: torn down": teardown,
        "Prefect flow runs": flows,
        "dbt commands and their queries": commands,
        "the tests themselves, and all else": max(total - setup - teardown - flows - commands, 0.0),
    }
    rows = tuple(
        (word, Seconds(seconds), Share(100 * seconds / total))
        for word, seconds in sorted(parts.items(), key=lambda part: -part[1])
        if seconds >= 0.01 and total
    )
    return Table("Where the time went", ("time of all tests", "duration", "share"), rows) if len(rows) > 1 else None


def _evidence_seconds(records: Iterable[Mapping[str, Any]], kind: str) -> float:
    return sum(_seconds(record.get("data")) for record in records if record.get("kind") == kind)


def _seconds(data: Any) -> float:
    """Return the duration that a record tells, which the tests' process wrote: none where it is no number."""
    told = data.get("duration") if isinstance(data, Mapping) else None
    return float(told) if isinstance(told, int | float) and 0 <= told < 1e9 else 0.0


def render_skipped(run: Run) -> str:
    """Render what was skipped, by the reasons."""
    return fold_table(list_skipped(run))


def list_skipped(run: Run, most: int = _LISTED) -> Table | None:
    """List what was skipped by the reasons, the most frequent first; None where nothing was."""
    reasons: dict[str, list[str]] = {}
    for result in run.results:
        if result.status is Status.SKIPPED and result.expectation != QUARANTINED:
            word = "expected to fail: " if result.expectation == "xfailed" else ""
            reasons.setdefault(f"{word}{result.reason or 'no reason given'}", []).append(result.id)
    rows: list[tuple[Cell, ...]] = [
        (first_line(reason) or "no reason given", len(tests), Listed(tuple(map(Code, tests)), _NAMED))
        for reason, tests in sorted(reasons.items(), key=lambda reason: -len(reason[1]))
    ]
    count = sum(len(tests) for tests in reasons.values())
    return _table(f"{count} skipped", ("reason", "tests", "which"), rows, most)


def render_warnings(run: Run, links: Links) -> str:
    """Render what was warned of."""
    return fold_table(list_warnings(run), links)


def list_warnings(run: Run, most: int = _LISTED) -> Table | None:
    """List what was warned of; None where nothing was."""
    rows: list[tuple[Cell, ...]] = [
        (warned.category, first_line(warned.message), warned.count, Place(warned.file, warned.line))
        for warned in run.warnings
    ]
    count = sum(warned.count for warned in run.warnings)
    return _table(counted(count, "warning"), ("category", "message", "times", "where"), rows, most)


def _table(caption: str, header: tuple[str, ...], rows: Iterable[tuple[Cell, ...]], most: int) -> Table | None:
    shown, left = first_rows(rows, most)
    return Table(caption, header, shown, left) if shown else None


def _under_heading(table: Table | None, links: Links) -> str:
    return f"### {table.caption}\n\n{render_table(table, links)}\n" if table else ""
