"""What earlier runs tell: how often a test flaked and failed, since which commit, what got slower, the suite's trend.

A folder of reports gives it; each is a table, which the summary and the page both have.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from pipeproof.report.tables import Cell, Code, Seconds, Table, first_rows, render_cell, render_table
from pipeproof.results.model import Run, Status
from pipeproof.results.past import History, Moment, Past, notable

_LISTED = 30
_RUNS = 10
_SLOWER_FACTOR, _SLOWER_SECONDS, _SLOWER_RUNS = 2.0, 1.0, 3
"""A test is slower that takes more than twice the median of at least so many runs, and a second more."""
_SIGNS = {Status.PASSED: "✓", Status.FAILED: "✗", Status.ERROR: "✗", Status.FLAKY: "≈", Status.SKIPPED: "○"}


def render_past(run: Run, history: History) -> str:
    """Render what the earlier reports say of the tests of a run, and of the suite; empty where there are none."""
    tables = list_past(run, history)
    parts = [f"{render_cell(table.caption)}:\n\n{render_table(table)}\n" for table in tables]
    return f"### In earlier runs\n\n{''.join(parts)}" if parts else ""


def list_past(run: Run, history: History, most: int = _LISTED) -> list[Table]:
    """List what the earlier reports say: of tests that fail or flake, of those that are slower now, of the suite."""
    if not history.points:
        return []
    tables = (_tests(run, history.tests, most), _slower(run, history.tests, most), _trend(run, history))
    return [table for table in tables if table.rows]


def _tests(run: Run, past: Mapping[str, Past], most: int) -> Table:
    statuses = {result.id: result.status for result in run.results}
    rows: list[tuple[Cell, ...]] = [
        (
            Code(name),
            "".join(_SIGNS[status] for status in (*past[name].last, statuses[name])),
            _share(past[name].flaky, past[name].runs),
            _share(past[name].failed, past[name].runs),
            _when(past[name].failing_since) if statuses[name] is not Status.PASSED else "",
            _when(past[name].first),
        )
        for name in notable(run, past)
    ]
    shown, left = first_rows(rows, most)
    header = ("test", "last runs, and now", "was flaky", "failed", "fails since", "seen first")
    return Table("Tests that fail or flake", header, shown, left)


def _slower(run: Run, past: Mapping[str, Past], most: int) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (Code(result.id), Seconds(known.seconds), Seconds(result.duration))
        for result in run.results
        if (known := past.get(result.id)) and known.seconds is not None and known.runs >= _SLOWER_RUNS
        if result.status is Status.PASSED
        and result.duration > max(known.seconds * _SLOWER_FACTOR, known.seconds + _SLOWER_SECONDS)
    ]
    shown, left = first_rows(rows, most)
    return Table("Tests that got slower", ("slower", "median before", "now"), shown, left)


def _trend(run: Run, history: History) -> Table:
    """List the last runs, this one at the end; of a single one there is no trend."""
    points = history.points[-_RUNS:]
    totals = run.totals
    spent = sum(result.duration for result in run.results)
    rows: list[tuple[Cell, ...]] = [
        (_when(point.moment) or "unknown", point.tests, point.failed, point.flaky, Seconds(point.seconds))
        for point in points
    ]
    rows.append(("now", totals.tests, totals.failed + totals.errors, totals.flaky, Seconds(spent)))
    caption = f"Trend: the last {len(points)} of {len(history.points)} earlier runs, and this one"
    return Table(caption, ("run", "tests", "failed", "flaky", "time of all tests"), tuple(rows))


def _share(count: int, runs: int) -> str:
    return f"{count} of {runs} ({100 * count / runs:.0f} %)" if count else ""


def _when(moment: Moment | None) -> Cell:
    return tuple(_words(moment)) if moment else ""


def _words(moment: Moment) -> Iterator[Code | str]:
    if moment.commit:
        yield Code(moment.commit[:12])
    if moment.started:
        yield datetime.fromtimestamp(moment.started, UTC).date().isoformat()
