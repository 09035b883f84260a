"""The summary's section of the past: how often a test flaked and failed before, since which commit, what got slower."""

from collections.abc import Mapping
from datetime import UTC, datetime

from pipeproof.report.markdown import code, escaped, tidy_table
from pipeproof.report.wording import duration
from pipeproof.results.model import Run, Status
from pipeproof.results.past import Moment, Past, notable

_LISTED = 30
_SLOWER_FACTOR, _SLOWER_SECONDS, _SLOWER_RUNS = 2.0, 1.0, 3
"""A test is slower that takes more than twice the median of at least so many runs, and a second more."""


def render_past(run: Run, past: Mapping[str, Past]) -> str:
    """Render what the earlier reports say of the tests of a run; empty where they say nothing of note."""
    statuses = {result.id: result.status for result in run.results}
    named = notable(run, past)
    rows = [
        (
            code(name),
            statuses[name].value,
            _share(past[name].flaky, past[name].runs),
            _share(past[name].failed, past[name].runs),
            _when(past[name].failing_since) if statuses[name] is not Status.PASSED else "",
            _when(past[name].first),
        )
        for name in named[:_LISTED]
    ]
    slower = [
        (code(result.id), duration(known.seconds), duration(result.duration))
        for result in run.results
        if (known := past.get(result.id)) and known.seconds is not None and known.runs >= _SLOWER_RUNS
        if result.status is Status.PASSED
        and result.duration > max(known.seconds * _SLOWER_FACTOR, known.seconds + _SLOWER_SECONDS)
    ]
    parts = []
    if rows:
        more = f"\n… and {len(named) - _LISTED} more\n" if len(named) > _LISTED else ""
        header = ("test", "now", "was flaky", "failed", "fails since", "seen first")
        parts.append(f"{tidy_table(header, rows)}{more}\n")
    if slower:
        parts.append(f"{tidy_table(('slower', 'median before', 'now'), slower[:_LISTED], 'lrr')}\n")
    return f"### In earlier runs\n\n{''.join(parts)}" if parts else ""


def _share(count: int, runs: int) -> str:
    return f"{count} of {runs} ({100 * count / runs:.0f} %)" if count else ""


def _when(moment: Moment | None) -> str:
    if moment is None:
        return ""
    day = datetime.fromtimestamp(moment.started, UTC).date().isoformat() if moment.started else ""
    return " ".join(filter(None, [code(moment.commit[:12]) if moment.commit else "", escaped(day)]))
