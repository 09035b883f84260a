"""The page: everything of the summary, and all that there is no room for in one; a file that needs no network.

It is complete without its script, which only filters. Its policy (Content-Security-Policy) lets nothing be loaded and
nothing run but the one style and the one script whose hashes it names.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from itertools import islice
from pathlib import Path

from pipeproof.report.coverage import Unit, list_coverage
from pipeproof.report.exercised import list_exercised
from pipeproof.report.graphs import find_graphs, find_timeline
from pipeproof.report.links import Links
from pipeproof.report.outcome import WORDS, tell_outcome
from pipeproof.report.page.catalogue import catalogue, show_tests
from pipeproof.report.page.drawing import draw_graph
from pipeproof.report.page.failures import show_failures
from pipeproof.report.page.filters import show_filters
from pipeproof.report.page.markup import NOTHING, Markup, cell, element, frame, join, table
from pipeproof.report.page.timeline import draw_timeline
from pipeproof.report.past import list_past
from pipeproof.report.relative import tell_from
from pipeproof.report.sections import (
    count_outcomes,
    list_changes,
    list_flaky,
    list_quarantine,
    list_skipped,
    list_slowest,
    list_spent,
    list_warnings,
)
from pipeproof.report.tables import Table
from pipeproof.report.wording import counted, duration, first_line
from pipeproof.results.baseline import Comparison
from pipeproof.results.causes import group_causes
from pipeproof.results.model import Run
from pipeproof.results.past import History

LIMIT = 5_000_000
"""Bytes of a page: what a browser shows at once."""

_FRAME = 10_000
"""Bytes of what frames the sections: their headings, and the list of them."""
_NOTES = 100
_NOTE_LIMIT = 1_000
_FACTS = 50
_ROWS = 500
_DRAWINGS = 20
_TITLE_LIMIT = 200
_END = Markup("</html>\n")
_SIGNS = {"success": "✓", "failure": "✗", "cancelled": "■"}


def render_page(
    run: Run,
    title: str,
    links: Links,
    *,
    workspace: Path = Path("/"),
    notes: Sequence[str] = (),
    comparison: Comparison | None = None,
    units: Sequence[Unit] = (),
    before: Sequence[Unit] = (),
    thresholds: Mapping[str, float] | None = None,
    history: History = History(),  # noqa: B008 - it is frozen
    limit: int = LIMIT,
) -> list[Markup]:
    """Render the page of a run, at most `limit` bytes of it; what finds no room is left out, and the page says so.

    It comes in pieces, of which it consists in their order: put together it would take several times as much memory.

    Args:
        run: The results.
        title: The heading.
        links: How places are linked.
        workspace: The folder that places are named from.
        notes: Lines of plain text that the reader has to know of the run.
        comparison: What changed since the baseline, where there is one.
        units: What could be covered.
        before: What could be covered in the baseline.
        thresholds: What share of each measure is asked for.
        history: What earlier reports say of these tests.
        limit: Bytes, 100,000 at least.
    """
    run = tell_from(run, workspace)
    name = first_line(title, _TITLE_LIMIT)
    known = catalogue(run, group_causes(run, {result.id for result in comparison.newly_failing} if comparison else ()))
    head = [_head(name, run), _header(name, run, comparison, links), _list_notes(notes)]
    head += [show_filters(run, known)] if run.results else []
    after = _footer(run)
    exercised = [list_coverage(units, thresholds or {}, before), *list_exercised(run, workspace)]
    room = limit - _FRAME - sum(len(part.encode()) for part in (*head, after))
    failures, shown_causes = show_failures(run, known, links, workspace, room // 2)
    makers: list[tuple[str, str, Callable[[int], Markup | list[Markup]]]] = [
        ("failures", "Failures", lambda _: failures),
        ("changes", "Since the baseline", lambda _: _changes(comparison, links)),
        ("history", "In earlier runs", lambda _: _tables(list_past(run, history, _ROWS), links)),
        ("quarantine", "Quarantine", lambda _: _tables([list_quarantine(run, _ROWS)], links, heading=True)),
        ("flaky", "Flaky", lambda _: _tables([list_flaky(run, _ROWS)], links, heading=True)),
        ("exercised", "What was exercised", lambda _: _tables(exercised, links)),
        ("graphs", "Graphs", lambda _: _graphs(run, links)),
        ("times", "Times", lambda _: _tables([list_slowest(run), list_spent(run)], links)),
        ("skipped", "Skipped", lambda _: _tables([list_skipped(run, _ROWS)], links)),
        ("warnings", "Warnings", lambda _: _tables([list_warnings(run, _ROWS)], links)),
        ("all", "All tests", lambda room: show_tests(run, known, shown_causes, room)),
    ]
    sections: list[tuple[str, str, list[Markup]]] = []
    for key, heading, make in makers:
        made = make(room)
        content = [made] if isinstance(made, Markup) else made
        size = sum(len(part.encode()) for part in content)
        if size > room:
            content = [element("p", "Left out, as the page would be too large; report.json has all.")]
        else:
            room -= size
        if size:
            sections.append((key, heading, content))
    start, end = frame("body"), frame("main", id="results")
    inside = [part for section in sections for part in _section(*section)]
    return [head[0], start[0], *head[1:], _navigation(sections), end[0], *inside, end[1], after, start[1], _END]


@cache
def _file(name: str) -> Markup:
    """Return one of the page's own files, which become parts of it."""
    return Markup(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def _hash(part: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}'"


def _head(name: str, run: Run) -> Markup:
    style, script = _file("page.css"), _file("page.js")
    allowed = f"style-src {_hash(style)}; script-src {_hash(script)}"
    policy = f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{WORDS[run.conclusion]}: {name}"),
        element("style", style),
        element("script", script, type="module"),
    )
    return Markup(f'<!DOCTYPE html>\n<html lang="en">{head}')


def _header(name: str, run: Run, comparison: Comparison | None, links: Links) -> Markup:
    told = [cell(one, links) for one in tell_outcome(run, comparison)]
    verdict = element("strong", f"{_SIGNS[run.conclusion]} {WORDS[run.conclusion]}", class_=run.conclusion)
    counts = [
        element("div", element("dt", word), element("dd", str(count)), class_=f"count {word.replace(' ', '-')}")
        for word, count in count_outcomes(run).items()
    ]
    skip = element("a", "Skip to the results", href="#results", class_="skip")
    words = element("p", verdict, ": ", join(told, ", "))
    return join([skip, element("header", element("h1", name), words, element("dl", *counts))])


def _list_notes(notes: Sequence[str]) -> Markup:
    if not notes:
        return NOTHING
    left = len(notes) - _NOTES
    items = [element("li", first_line(note, _NOTE_LIMIT)) for note in notes[:_NOTES]]
    items += [element("li", f"… and {counted(left, 'more note')}")] if left > 0 else []
    return element("aside", element("ul", *items), aria_label="Notes on the run")


def _navigation(sections: Sequence[tuple[str, str, list[Markup]]]) -> Markup:
    items = [element("li", element("a", heading, href=f"#{key}")) for key, heading, _ in sections]
    return element("nav", element("ul", *items), aria_label="Sections") if items else NOTHING


def _section(key: str, heading: str, content: list[Markup]) -> list[Markup]:
    start, end = frame("section", id=key, aria_labelledby=f"{key}-heading")
    return [start, element("h2", heading, id=f"{key}-heading"), *content, end]


def _changes(comparison: Comparison | None, links: Links) -> Markup:
    if comparison is None:
        return NOTHING
    changed = list_changes(comparison)
    return table(changed, links, heading=True) if changed else element("p", "Nothing changed since the baseline.")


def _tables(made: Sequence[Table | None], links: Links, *, heading: bool = False) -> Markup:
    return join([table(one, links, heading=heading) for one in made if one])


def _graphs(run: Run, links: Links) -> Markup:
    graphs, timeline = find_graphs(run), find_timeline(run)
    drawn = [draw_graph(graph, at, links) for at, graph in enumerate(graphs[:_DRAWINGS], 1)]
    left = len(graphs) - _DRAWINGS
    drawn += [element("p", f"… and {counted(left, 'more graph')}; report.json has all.")] if left > 0 else []
    drawn += [draw_timeline(timeline, _DRAWINGS + 1, links)] if timeline else []
    return join(drawn)


def _footer(run: Run) -> Markup:
    when = datetime.fromtimestamp(run.started, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if 0 < run.started < 1e11 else ""
    facts = {"started": when, "took": duration(run.duration), **run.environment}
    items = [
        element("div", element("dt", first_line(word)), element("dd", first_line(str(fact))))
        for word, fact in islice(facts.items(), _FACTS)
        if fact
    ]
    return element("footer", element("h2", "The run"), element("dl", *items))
