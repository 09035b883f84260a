"""Graphs of what was exercised, before they are drawn: state machines, the dbt lineage, the slowest flow run.

Evidence is written by the tests' process: a record that is not in its form gives no graph.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from pipeproof.events import MALFORMED
from pipeproof.report.wording import counted
from pipeproof.results.model import Run

_BAD = ("FAILED", "TIMED_OUT", "ABORTED", "ERROR", "FAIL", "RUNTIME_ERROR")
_MOST_STARTED = 40
"""Executions and nodes of a timeline: each is a line of it."""

RUNNING = ("Running", "Retrying")
"""Prefect's states of a task that runs; whatever else takes time is waiting."""

Record = Mapping[str, Any]
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Node:
    """A state or a node of a dbt project.

    Attributes:
        id: What no other node of the graph has.
        name: Its name.
        mark: `good` where it was exercised, `bad` where it failed, `missed` where nothing exercised it, `given` where
            there is nothing to exercise.
        told: The same in a few words.
    """

    id: str
    name: str
    mark: str
    told: str


@dataclass(frozen=True, slots=True)
class Edge:
    """What leads from one node to another.

    Attributes:
        source: The id of the node that it leaves.
        target: The id of the node that it reaches.
        label: What stands on it.
        taken: Whether a test went along it.
        inner: Whether it leads to the first of the states that the source has inside, and is no transition.
    """

    source: str
    target: str
    label: str = ""
    taken: bool = True
    inner: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes and what leads from one to another.

    Attributes:
        kind: What it is a graph of: `State machine`, for one.
        name: The machine's or project's own name.
        across: Whether it is drawn from the left to the right, and not downwards.
        nodes: In the order of their definition.
        edges: Between these nodes.
    """

    kind: str
    name: str
    across: bool
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A state that a task was in, from and to, in milliseconds since the first of the flow run.

    Attributes:
        task: Its name; that of what a task started has what it is before it.
        state: Prefect's word, or that of what was started.
        origin: `task`, `execution` or `node`.
    """

    task: str
    state: str
    start: int
    end: int
    origin: str = "task"

    @property
    def is_bad(self) -> bool:
        """Whether what was started failed."""
        return self.state.upper().replace(" ", "_") in _BAD


@dataclass(frozen=True, slots=True)
class Timeline:
    """A flow run on one axis of time; `seconds` is how long it took."""

    flow: str
    seconds: float
    bars: tuple[Bar, ...]


def find_graphs(run: Run) -> list[Graph]:
    """Give each state machine and each dbt project that a test touched, however many tests did."""
    by_kind = _evidence(run)
    lineages = _lineages(by_kind.get("dbt.project", []), by_kind.get("dbt.run", []))
    return [*_well_formed(_machines(by_kind.get("stepfunctions.execution", []))), *_well_formed(lineages)]


def find_timeline(run: Run) -> Timeline | None:
    """Give the flow run that took longest: each task's attempts and waiting, and what it started.

    None where no task ran.
    """
    return next(iter(_well_formed(_slowest_flow(run))), None)


def _evidence(run: Run) -> dict[str, list[Record]]:
    by_kind: dict[str, list[Record]] = {}
    for result in run.results:
        for record in result.evidence:
            if isinstance(record.get("data"), Mapping):
                by_kind.setdefault(str(record.get("kind")), []).append(record["data"])
    return by_kind


def _well_formed(made: Iterator[_Made]) -> list[_Made]:
    """Return what could be made before a record that is not in its form."""
    found: list[_Made] = []
    with suppress(*MALFORMED):
        found.extend(made)
    return found


def _machines(records: Sequence[Record]) -> Iterator[Graph]:
    if not records:
        return
    from pipeproof.stepfunctions.reporting.coverage import Coverage, merge_coverages

    for coverage in merge_coverages(Coverage.from_dict(record["coverage"]) for record in records):
        states = {key.partition(":")[2]: int(hits) for key, hits in coverage.items.items() if key.startswith("state:")}
        inner = tuple(
            Edge(outer, first, "inside", bool(states[first]), inner=True)
            for first, outer in coverage.inside.items()
            if first in states and outer in states
        )
        edges = inner + tuple(
            Edge(source, target, "" if kind == "next" else kind, bool(hits))
            for key, hits in coverage.items.items()
            if key.startswith("transition:") and (arrow := _split_transition(key.partition(":")[2], states))
            for source, kind, target in [arrow]
        )
        nodes = tuple(
            Node(
                name,
                name,
                "good" if hits else "missed",
                f"entered {counted(hits, 'time')}" if hits else "never entered",
            )
            for name, hits in states.items()
        )
        if nodes:
            yield Graph("State machine", coverage.machine, False, nodes, edges)


def _split_transition(rest: str, states: Mapping[str, object]) -> tuple[str, str, str] | None:
    """Read `state:kind:target`; states' names may have colons, kinds have none."""
    for state in states:
        if rest.startswith(f"{state}:"):
            kind, _, target = rest[len(state) + 1 :].partition(":")
            if target in states:
                return state, kind, target
    return None


def _lineages(projects: Sequence[Record], runs: Sequence[Record]) -> Iterator[Graph]:
    nodes: dict[str, dict[str, Record]] = {}
    for record in projects:  # one of each process
        nodes.setdefault(str(record["project"]), {}).update({str(node["id"]): node for node in record["nodes"]})
    statuses: dict[str, set[str]] = {}
    for run in runs:
        for node in run["nodes"]:
            statuses.setdefault(str(node["id"]), set()).add(str(node["status"]))
    for project, of_it in sorted(nodes.items()):
        parents = [(str(parent), at) for at, node in of_it.items() for parent in node["depends_on"]]
        edges = tuple(Edge(parent, at) for parent, at in parents if parent in of_it)
        made = tuple(Node(at, str(node["name"]), *_judge(at, statuses.get(at, ()))) for at, node in of_it.items())
        if made:
            yield Graph("Lineage of the dbt project", project, True, made, edges)


def _judge(unique_id: str, statuses: Iterable[str]) -> tuple[str, str]:
    found = set(statuses)
    if unique_id.startswith("source."):  # dbt reads it; the test or somebody else fills it
        return "given", "source"
    if found & {"error", "fail"}:
        return "bad", "failed"
    return ("good", "built") if found & {"success", "pass"} else ("missed", "never built")


def _slowest_flow(run: Run) -> Iterator[Timeline]:
    found = [
        (record["data"], result.evidence[:at])
        for result in run.results
        for at, record in enumerate(result.evidence)
        if record.get("kind") == "prefect.flow_run" and isinstance(record.get("data"), Mapping)
    ]
    if not found:
        return
    flow, before = max(found, key=lambda one: float(one[0]["duration"]))
    bars = [*_of_tasks(flow["task_runs"])]
    if not bars:
        return
    origin = min(bar.start for bar in bars)
    running = [*bars, *(Bar("", *bar) for bar in _bars(flow.get("states") or ()))]
    bars += _well_formed(_started(before, [bar for bar in running if bar.state in RUNNING]))[:_MOST_STARTED]
    moved = tuple(replace(bar, start=bar.start - origin, end=max(bar.end, bar.start) - origin) for bar in bars)
    yield Timeline(str(flow["flow"]), float(flow["duration"]), moved)


def _of_tasks(task_runs: Sequence[Record]) -> Iterator[Bar]:
    """Yield the states of all tasks; each run of a task has a line of its own."""
    seen: Counter[str] = Counter()
    for task in task_runs:
        name = str(task["task"])
        seen[name] += 1
        named = f"{name} ({seen[name]})" if seen[name] > 1 else name
        for state, start, end in _bars(task["states"]):
            yield Bar(named, state, start, end)


def _started(before: Sequence[Record], running: Sequence[Bar]) -> Iterator[Bar]:
    """Yield the executions and dbt nodes that a flow run and its tasks started.

    A record is added when what it is of has ended, by the clock of the task that added it: it is the flow run's where
    that or a task of it ran at that moment, and it was added before the flow run's own record.
    """
    seen: Counter[str] = Counter()
    for record in before:
        kind, data, at = record.get("kind"), record.get("data"), record.get("at")
        if not isinstance(data, Mapping) or not isinstance(at, int | float):
            continue
        moment = round(1000 * at)
        around = [bar.start for bar in running if bar.start <= moment <= bar.end]
        if not around:
            continue
        made = (
            _of_execution(data, moment, max(around))
            if kind == "stepfunctions.execution"
            else _of_nodes(data, moment)
            if kind == "dbt.run"
            else ()
        )
        for bar in made:
            seen[bar.task] += 1
            yield replace(bar, task=f"{bar.task} ({seen[bar.task]})") if seen[bar.task] > 1 else bar


def _of_execution(data: Record, moment: int, least: int) -> Iterator[Bar]:
    """Yield an execution: it ended at a moment, unless its virtual waits took longer than the task has run by then."""
    length = round(1000 * float(data["elapsed"]))
    start = max(moment - length, least)
    yield Bar(f"execution {data['machine']}", str(data["status"]), start, start + length, "execution")


def _of_nodes(data: Record, moment: int) -> Iterator[Bar]:
    """Yield the nodes of a dbt command, which ended at a moment; those that say when they began."""
    nodes = [node for node in data["nodes"] if isinstance(node.get("started"), int | float)]
    if not nodes:
        return
    # dbt's times are real; the flow run's clock may be ahead of them by what was waited for on it.
    last = max(float(node["started"]) + float(node["duration"]) for node in nodes)
    for node in nodes:
        start = moment - round(1000 * (last - float(node["started"])))
        end = start + round(1000 * float(node["duration"]))
        yield Bar(f"dbt {node['name']}", str(node["status"]), start, end, "node")


def _bars(states: Sequence[Record]) -> Iterator[tuple[str, int, int]]:
    """Yield the states of a task in order, each until the next one, in milliseconds; the last is a moment."""
    times = [round(datetime.fromisoformat(state["timestamp"]).timestamp() * 1000) for state in states]
    for at, state in enumerate(states):
        yield str(state["name"]), times[at], times[min(at + 1, len(times) - 1)]
