"""The comment on a pull request: the summary's first part, within what GitHub takes, and the mark it is found by."""

import hashlib
import html
import json
from collections.abc import Sequence
from pathlib import Path

from pipeproof.report.failing import render_failures
from pipeproof.report.links import Links
from pipeproof.report.relative import tell_from
from pipeproof.report.sections import render_changes, render_flaky, render_quarantine, render_totals
from pipeproof.report.summary import render_headline, render_notes
from pipeproof.results.baseline import Comparison
from pipeproof.results.model import Run

LIMIT = 65_000
"""Bytes of a comment: GitHub takes 65,536 characters."""

_FAILURES_SHARE = 0.6


def make_marker(workflow: str, job: str, title: str) -> str:
    """Return the line that a comment begins with, by which the next run of the same job of the same workflow finds it.

    Jobs of one matrix share their name: `title` tells them apart.
    """
    identity = hashlib.sha256(json.dumps([workflow, job, title]).encode()).hexdigest()[:32]
    return f"<!-- pipeproof comment {identity} -->"


def render_comment(
    run: Run,
    title: str,
    marker: str,
    links: Links,
    *,
    workspace: Path = Path("/"),
    notes: Sequence[str] = (),
    comparison: Comparison | None = None,
    run_url: str | None = None,
    limit: int = LIMIT,
) -> str:
    """Render the comment on a run, at most `limit` bytes of it; a part that finds no room is left out.

    Args:
        run: The results.
        title: The heading.
        marker: Of `make_marker`.
        links: How places are linked.
        workspace: The folder that places are named from.
        notes: Lines of plain text that the reader has to know.
        comparison: What changed since the baseline, where there is one.
        run_url: The page of the run, where its summary is.
        limit: Bytes, 20,000 at least.
    """
    run = tell_from(run, workspace)
    head = f"{marker}\n## {render_headline(run, title, comparison)}\n\n{render_totals(run)}\n"
    tail = f'<a href="{html.escape(run_url)}">The whole report</a>\n' if run_url else ""
    newly_failing = {result.id for result in comparison.newly_failing} if comparison else set()
    room = limit - len(head.encode()) - len(tail.encode())
    failures = render_failures(run, links, workspace, newly_failing, int(room * _FAILURES_SHARE))
    room -= len(failures.encode())
    before, after = "", ""
    if comparison and len((part := render_changes(comparison)).encode()) <= room:
        before, room = part, room - len(part.encode())
    for part in (render_notes(notes), render_quarantine(run, links), render_flaky(run, links)):
        if len(part.encode()) <= room:
            after, room = after + part, room - len(part.encode())
    return f"{head}{before}{failures}{after}{tail}"
