"""Diagrams of what was exercised, as Mermaid that GitHub draws: state machines, the dbt lineage, the slowest flow run.

One that would be too large to be read is left out; the tables beside it have the same. GitHub's Mermaid takes 50,000
characters and 500 edges of a diagram. Colours have a text colour of their own, so that they hold in light and dark.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeproof.events import MALFORMED
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

_MARKS = {"Failed": "crit, ", "Crashed": "crit, ", "AwaitingRetry": "done, ", "Running": "active, "}

Record = Mapping[str, Any]


def render_diagrams(run: Run) -> str:
    """Render the diagrams of a run, each folded; empty where there is nothing to draw.

    Evidence is written by the tests' process: a record that is not in its form draws nothing.
    """
    by_kind: dict[str, list[Record]] = {}
    for result in run.results:
        for record in result.evidence:
            if isinstance(record.get("data"), Mapping):
                by_kind.setdefault(str(record.get("kind")), []).append(record["data"])
    executions, flows = by_kind.get("stepfunctions.execution", []), by_kind.get("prefect.flow_run", [])
    lineages = _lineages(by_kind.get("dbt.project", []), by_kind.get("dbt.run", []))
    drawn: list[str] = []
    for found in (_machines(executions), lineages, _slowest_flow(flows)):
        try:
            drawn.extend(found)
        except MALFORMED:
            continue
    return "".join(drawn)


def label(text: str) -> str:
    """Make any text a label: letters, digits and blanks as they are, all else as Mermaid's character codes."""
    shown = " ".join(plain(text).split())
    shown = shown if len(shown) <= _LABEL else f"{shown[: _LABEL - 1]}…"
    return "".join(one if one.isalnum() or one == " " else f"#{ord(one)};" for one in shown) or "#8203;"


def _machines(records: Sequence[Record]) -> Iterator[str]:
    """Each state machine with what was taken and never taken, however many tests used it."""
    if not records:
        return
    from pipeproof.stepfunctions.reporting.coverage import Coverage, merge_coverages

    for coverage in merge_coverages(Coverage.from_dict(record["coverage"]) for record in records)[:_MOST_MACHINES]:
        states = {key.partition(":")[2]: hits for key, hits in coverage.items.items() if key.startswith("state:")}
        arrows = [
            (*arrow, hits)
            for key, hits in coverage.items.items()
            if key.startswith("transition:") and (arrow := _split_transition(key.partition(":")[2], states))
        ]
        if not states or len(states) > _MOST_NODES or len(arrows) > _MOST_EDGES:
            continue
        numbers = {name: f"s{at}" for at, name in enumerate(states)}
        lines = [f'    {numbers[name]}["{label(name)}"]' for name in states]
        for source, kind, target, hits in arrows:
            word = "" if kind == "next" else f'|"{label(kind)}"|'
            lines.append(f"    {numbers[source]} {'-->' if hits else '-.->'}{word} {numbers[target]}")
        classes = {
            "good": [numbers[name] for name, hits in states.items() if hits],
            "missed": [numbers[name] for name, hits in states.items() if not hits],
        }
        yield _fold(f"State machine {_words(coverage.machine)}", ["flowchart TD", *lines, *_styled(classes)])


def _split_transition(rest: str, states: Mapping[str, object]) -> tuple[str, str, str] | None:
    """Read `state:kind:target`; states' names may have colons, kinds have none."""
    for state in states:
        if rest.startswith(f"{state}:"):
            kind, _, target = rest[len(state) + 1 :].partition(":")
            if target in states:
                return state, kind, target
    return None


def _lineages(projects: Sequence[Record], runs: Sequence[Record]) -> Iterator[str]:
    """Yield each dbt project: what the tests built, what failed, what nothing built; dashed where nothing tests it."""
    nodes: dict[str, dict[str, Record]] = {}
    for record in projects:
        nodes.setdefault(str(record["project"]), {}).update({str(node["id"]): node for node in record["nodes"]})
    statuses: dict[str, set[str]] = {}
    for run in runs:
        for node in run["nodes"]:
            statuses.setdefault(str(node["id"]), set()).add(str(node["status"]))
    for project, of_it in sorted(nodes.items()):
        arrows = [(str(parent), at) for at, node in of_it.items() for parent in node["depends_on"] if parent in of_it]
        if not of_it or len(of_it) > _MOST_NODES or len(arrows) > _MOST_EDGES:
            continue
        numbers = {at: f"n{number}" for number, at in enumerate(of_it)}
        lines = [f'    {numbers[at]}["{label(str(node["name"]))}"]' for at, node in of_it.items()]
        lines += [f"    {numbers[parent]} --> {numbers[at]}" for parent, at in arrows]
        bad = [at for at in of_it if statuses.get(at, set()) & {"error", "fail"}]
        good = [at for at in of_it if at not in bad and statuses.get(at, set()) & {"success", "pass"}]
        missed = [at for at in of_it if at not in bad and at not in good]
        classes = {"good": good, "bad": bad, "missed": missed}
        styled = _styled({word: [numbers[at] for at in found] for word, found in classes.items()})
        yield _fold(f"Lineage of the dbt project {_words(project)}", ["flowchart LR", *lines, *styled])


def _slowest_flow(records: Sequence[Record]) -> Iterator[str]:
    """Yield the flow run that took longest: each task's attempts and waiting on one axis of time."""
    if not records:
        return
    run = max(records, key=lambda record: float(record["duration"]))
    bars = [(str(task["task"]), *bar) for task in run["task_runs"] for bar in _bars(task["states"])]
    if not bars or len(bars) > _MOST_BARS:
        return
    origin = min(start for _, _, start, _ in bars)
    lines = ["gantt", "    dateFormat x", "    axisFormat %M:%S.%L"]
    section = None
    for task, state, start, end in bars:
        if task != section:
            lines.append(f"    section {_words(task)}")
            section = task
        mark = _MARKS.get(state, "")
        lines.append(f"    {_words(state)} :{mark}{start - origin}, {max(end, start + 1) - origin}")
    name = f"{_words(str(run['flow']))}, {duration(float(run['duration']))}"
    yield _fold(f"The slowest flow run: {name}", lines)


def _bars(states: Sequence[Record]) -> Iterator[tuple[str, int, int]]:
    """Yield the states of a task in order, each until the next one, in milliseconds; the last is a moment."""
    times = [round(datetime.fromisoformat(state["timestamp"]).timestamp() * 1000) for state in states]
    for at, state in enumerate(states):
        yield str(state["name"]), times[at], times[min(at + 1, len(times) - 1)]


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
