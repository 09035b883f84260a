"""The job summary: what happened, in Markdown, the worst first.

GitHub drops a step's summary whole where it is over 1 MiB, so it has a budget: the sections are given room in the order
of their importance, one that finds too little is left out with a line that says so, and the failures are listed with
less and less detail.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from pipeproof.report.failing import render_failures
from pipeproof.report.links import Links
from pipeproof.report.markdown import escaped
from pipeproof.report.outcome import WORDS, tell_outcome
from pipeproof.report.relative import tell_from
from pipeproof.report.sections import (
    render_changes,
    render_flaky,
    render_quarantine,
    render_skipped,
    render_times,
    render_totals,
    render_warnings,
)
from pipeproof.report.tables import render_cell
from pipeproof.report.wording import counted, duration, first_line
from pipeproof.results.baseline import Comparison
from pipeproof.results.model import Run

__all__ = ["LIMIT", "Links", "duration", "render_headline", "render_notes", "render_summary"]

LIMIT = 1_000_000
"""Bytes of a summary: GitHub's limit is 1,048,576 for all that a step writes."""

_MARKS = {"success": "✅", "failure": "❌", "cancelled": "🚫"}
_TITLE_LIMIT = 200
_NOTES = 20
_NOTE_LIMIT = 1_000
_LEFT_OUT = "*{}: left out, as the summary would be too large; `report.json` has all.*\n\n"


def render_summary(
    run: Run,
    title: str,
    links: Links,
    *,
    workspace: Path = Path("/"),
    notes: Sequence[str] = (),
    comparison: Comparison | None = None,
    exercised: str = "",
    diagrams: str = "",
    past: str = "",
    limit: int = LIMIT,
) -> str:
    """Render the summary of a run, at most `limit` bytes of it.

    Args:
        run: The results.
        title: The heading.
        links: How places are linked.
        workspace: The folder that places are named from.
        notes: Lines of plain text that stand above the results: what the reader has to know of the run.
        comparison: What changed since the baseline, where there is one.
        exercised: Markdown that says what the tests exercised.
        diagrams: Markdown that draws it.
        past: Markdown that says what earlier reports tell of these tests.
        limit: Bytes, 20,000 at least.
    """
    run = tell_from(run, workspace)
    head = f"## {render_headline(run, title, comparison)}\n\n{render_totals(run)}\n"
    newly_failing = {result.id for result in comparison.newly_failing} if comparison else set()
    renderers: list[tuple[str, Callable[[int], str]]] = [
        ("notes", lambda _: render_notes(notes)),
        ("since the baseline", lambda _: render_changes(comparison) if comparison else ""),
        ("failures", lambda room: render_failures(run, links, workspace, newly_failing, room)),
        ("earlier runs", lambda _: past),
        ("quarantine", lambda _: render_quarantine(run, links)),
        ("flaky tests", lambda _: render_flaky(run, links)),
        ("what was exercised", lambda _: exercised),
        ("diagrams", lambda _: diagrams),
        ("slowest tests", lambda _: render_times(run, links)),
        ("skipped tests", lambda _: render_skipped(run)),
        ("warnings", lambda _: render_warnings(run, links)),
    ]
    room = limit - len(head.encode()) - sum(len(_LEFT_OUT) + len(name) for name, _ in renderers)
    parts = [head]
    for name, render in renderers:
        # The failures are what the reader came for; a quarter is kept for all that follows them.
        part = render(room * 3 // 4 if name == "failures" else room)
        size = len(part.encode())
        if size <= room:
            parts.append(part)
            room -= size
        else:
            parts.append(_LEFT_OUT.format(name.capitalize()))
    return "".join(parts)


def render_headline(run: Run, title: str, comparison: Comparison | None = None) -> str:
    """Render one line of Markdown that is enough by itself: how it ended, how much of it, why, and what is new."""
    told = ", ".join(map(render_cell, tell_outcome(run, comparison)))
    name = escaped(first_line(title, _TITLE_LIMIT))
    return f"{_MARKS[run.conclusion]} {name}: {WORDS[run.conclusion]}, {told}"


def render_notes(notes: Sequence[str]) -> str:
    """Render what the reader has to know before the results."""
    shown = [f"> {escaped(first_line(note, _NOTE_LIMIT))}\n>\n" for note in notes[:_NOTES]]
    left = len(notes) - len(shown)
    lines = [*shown, f"> … and {counted(left, 'more note')}\n>\n"] if left else shown
    return "".join([*lines, "\n"]) if lines else ""
