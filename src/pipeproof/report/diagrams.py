"""Diagrams of what was exercised, as Mermaid that GitHub draws: state machines, the dbt lineage, the slowest flow run.

One that would be too large to be read is left out; the tables beside it have the same. GitHub's Mermaid takes 50,000
characters and 500 edges of a diagram. Colours have a text colour of their own, so that they hold in light and dark.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pipeproof.report.graphs import Bar, Graph, Timeline, find_graphs, find_timeline
from pipeproof.report.markdown import details
from pipeproof.report.wording import duration
from pipeproof.results.model import Run
from pipeproof.text import plain

_MOST_NODES = 60
_MOST_EDGES = 200
_MOST_MACHINES = 10
_MOST_BARS = 80
_LABEL = 60
_STYLES = {
    "good": "fill:#d3f9d8,stroke:#2b8a3e,color:#0b3d18",
    "bad": "fill:#ffe3e3,stroke:#c92a2a,color:#6b1010",
    "missed": "fill:#f1f3f5,stroke:#868e96,color:#343a40,stroke-dasharray:4",
}

_CRITICAL = "crit, "
_MARKS = {
    "Failed": _CRITICAL,
    "Crashed": _CRITICAL,
    "TimedOut": _CRITICAL,
    "AwaitingRetry": "done, ",
    "Running": "active, ",
}


def render_diagrams(run: Run) -> str:
    """Render the diagrams of a run, each folded; empty where there is nothing to draw."""
    graphs, timeline = find_graphs(run), find_timeline(run)
    machines = [graph for graph in graphs if not graph.across][:_MOST_MACHINES]
    drawn = [graph for graph in (*machines, *(graph for graph in graphs if graph.across)) if _is_readable(graph)]
    last = _draw_timeline(timeline) if timeline and len(timeline.bars) <= _MOST_BARS else ""
    return "".join([*map(_draw_graph, drawn), last])


def label(text: str) -> str:
    """Make any text a label: letters, digits and blanks as they are, all else as Mermaid's character codes."""
    shown = " ".join(plain(text).split())
    shown = shown if len(shown) <= _LABEL else f"{shown[: _LABEL - 1]}…"
    return "".join(one if one.isalnum() or one == " " else f"#{ord(one)};" for one in shown) or "#8203;"


def _is_readable(graph: Graph) -> bool:
    return len(graph.nodes) <= _MOST_NODES and len(graph.edges) <= _MOST_EDGES


def _draw_graph(graph: Graph) -> str:
    """Draw a graph: what was never taken is dotted."""
    numbers = {node.id: f"n{at}" for at, node in enumerate(graph.nodes)}
    lines = [f'    {numbers[node.id]}["{label(node.name)}"]' for node in graph.nodes]
    for edge in graph.edges:
        word = f'|"{label(edge.label)}"|' if edge.label else ""
        lines.append(f"    {numbers[edge.source]} {'-->' if edge.taken else '-.->'}{word} {numbers[edge.target]}")
    classes = {mark: [numbers[node.id] for node in graph.nodes if node.mark == mark] for mark in _STYLES}
    head = f"flowchart {'LR' if graph.across else 'TD'}"
    return _fold(f"{graph.kind} {_words(graph.name)}", [head, *lines, *_styled(classes)])


def _draw_timeline(timeline: Timeline) -> str:
    """Draw a flow run: each task's attempts and waiting on one axis of time."""
    bars = _worth_drawing(timeline.bars)
    # The names stand left of the axis, and Mermaid does not measure them.
    left = 30 + 8 * max(len(_words(bar.task)) for bar in bars)
    lines = [f'%%{{init: {{"gantt": {{"leftPadding": {left}}}}}}}%%']
    lines += ["gantt", "    dateFormat x", "    axisFormat %M:%S.%L"]
    section = None
    for bar in bars:
        if bar.task != section:
            lines.append(f"    section {_words(bar.task)}")
            section = bar.task
        # A bar of no length would not be seen.
        lines.append(f"    {_words(bar.state)} :{_mark(bar)}{bar.start}, {max(bar.end, bar.start + 1)}")
    return _fold(f"The slowest flow run: {_words(timeline.flow)}, {duration(timeline.seconds)}", lines)


def _mark(bar: Bar) -> str:
    if bar.origin == "task":
        return _MARKS.get(bar.state, "")
    return _CRITICAL if bar.is_bad else ""


def _worth_drawing(bars: Sequence[Bar]) -> list[Bar]:
    """Return what took time, and how a task failed, as Mermaid gives each bar a line; of a quick task the longest."""
    shortest = max(bar.end for bar in bars) / 200
    longest: dict[str, Bar] = {}
    for bar in bars:
        known = longest.setdefault(bar.task, bar)
        if bar.end - bar.start > known.end - known.start:
            longest[bar.task] = bar
    return [
        bar for bar in bars if bar.end - bar.start > shortest or bar is longest[bar.task] or _mark(bar) == _CRITICAL
    ]


def _styled(classes: Mapping[str, Iterable[str]]) -> Iterator[str]:
    for word, members in classes.items():
        if listed := ",".join(members):
            yield f"    classDef {word} {_STYLES[word]}"
            yield f"    class {listed} {word}"


def _words(text: str) -> str:
    """Return what of a text is safe where Mermaid knows no quotes, and in Markdown: letters, digits, blanks, dashes."""
    shown = re.sub(r"[^\w -]|_", " ", plain(text).replace("_", "-"))[:_LABEL]
    return " ".join(shown.split()).strip(" -") or "without a name"


def _fold(title: str, lines: Iterable[str]) -> str:
    body = "\n".join(lines)
    return details(title, f"```mermaid\n{body}\n```")
