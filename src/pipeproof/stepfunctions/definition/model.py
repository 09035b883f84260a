"""A state machine as the engine sees it: graphs of states, retriers and catchers, with places in the source."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, overload

from pipeproof.errors import Location
from pipeproof.stepfunctions.definition.source import Document, Position
from pipeproof.stepfunctions.values import is_number

JSONPATH = "JSONPath"
JSONATA = "JSONata"


@dataclass(frozen=True, slots=True)
class Retrier:
    """One entry of Retry. Seconds, and AWS's defaults."""

    index: int
    errors: tuple[str, ...]
    interval: float
    max_attempts: int
    backoff: float
    max_delay: float | None
    full_jitter: bool


@dataclass(frozen=True, slots=True)
class Catcher:
    """One entry of Catch."""

    index: int
    errors: tuple[str, ...]
    next: str
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of Choices."""

    index: int
    next: str
    raw: Mapping[str, Any]


@dataclass(slots=True, eq=False)
class State:
    """One state.

    Attributes:
        raw: Its definition.
        language: JSONPath or JSONata.
        position: Where it stands in the definition.
        graphs: The branches of a Parallel, the processor of a Map.
        is_jsonata: Whether its fields are JSONata's.
        entered_event: The type of the history's event of entering it; `exited_event` of leaving it.
    """

    name: str
    type: str
    raw: Mapping[str, Any]
    language: str
    position: Position
    next: str | None
    retriers: tuple[Retrier, ...] = ()
    catchers: tuple[Catcher, ...] = ()
    rules: tuple[Rule, ...] = ()
    graphs: tuple["Graph", ...] = ()
    is_jsonata: bool = field(init=False)
    entered_event: str = field(init=False)
    exited_event: str = field(init=False)

    def __post_init__(self) -> None:
        self.is_jsonata = self.language == JSONATA
        self.entered_event, self.exited_event = f"{self.type}StateEntered", f"{self.type}StateExited"

    @property
    def is_distributed(self) -> bool:
        """Whether it is a Map in distributed mode."""
        processor = self.raw.get("ItemProcessor") or self.raw.get("Iterator") or {}
        return bool((processor.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED")

    def successors(self) -> Iterator[tuple[str, str]]:
        """Yield each transition: its kind (`next`, `choice 0`, `default`, `catch 0`) and its target."""
        if self.next is not None:
            yield "next", self.next
        for rule in self.rules:
            yield f"choice {rule.index}", rule.next
        if self.type == "Choice" and isinstance(self.raw.get("Default"), str):
            yield "default", self.raw["Default"]
        for catcher in self.catchers:
            yield f"catch {catcher.index}", catcher.next


@dataclass(slots=True)
class Graph:
    """States that lead to one another: a machine's, a branch's or a processor's."""

    start_at: str
    states: dict[str, State]
    position: Position

    def walk(self) -> Iterator[State]:
        """Yield all states, those of inner graphs after the one that holds them."""
        for state in self.states.values():
            yield state
            for graph in state.graphs:
                yield from graph.walk()


@dataclass(slots=True)
class Definition:
    """A whole machine.

    Attributes:
        timeout: TimeoutSeconds, or None.
        machine_type: STANDARD or EXPRESS.
        unfilled: The names of each `${Name}` that has to be put in before it can run.
    """

    graph: Graph
    document: Document
    language: str
    timeout: float | None = None
    name: str | None = None
    unfilled: tuple[str, ...] = ()
    machine_type: str = "STANDARD"

    def locate(self, state: State) -> Location | None:
        """Where a state stands in its file."""
        return self.document.locate(state.position)

    def find(self, name: str) -> State | None:
        """Return the first state of that name, inner ones included."""
        return next((state for state in self.graph.walk() if state.name == name), None)


def build_definition(document: Document) -> Definition:
    """Return the machine of a document that has been validated."""
    raw = document.value
    language = raw.get("QueryLanguage", JSONPATH)
    timeout = _number(raw, "TimeoutSeconds", None)
    return Definition(build_graph(raw, (), language), document, language, timeout)


def build_graph(raw: Mapping[str, Any], position: Position, language: str) -> Graph:
    """Return a graph of states at a place of the definition."""
    misplaced = raw["States"].get("QueryLanguage")
    if isinstance(misplaced, str):
        language = misplaced
    states = {
        name: build_state(name, state, (*position, "States", name), language)
        for name, state in raw["States"].items()
        if isinstance(state, Mapping)
    }
    return Graph(raw["StartAt"], states, position)


def build_state(name: str, raw: Mapping[str, Any], position: Position, language: str) -> State:
    """One state at a place of the definition; `language` is what holds around it."""
    language_here = raw.get("QueryLanguage", language)
    graphs: list[Graph] = []
    if raw["Type"] == "Parallel":
        graphs = [
            build_graph(branch, (*position, "Branches", index), language)
            for index, branch in enumerate(raw["Branches"])
        ]
    elif raw["Type"] == "Map":
        key = "ItemProcessor" if "ItemProcessor" in raw else "Iterator"
        graphs = [build_graph(raw[key], (*position, key), language)]
    return State(
        name,
        raw["Type"],
        raw,
        language_here,
        position,
        raw.get("Next"),
        tuple(_retrier(index, retrier) for index, retrier in enumerate(raw.get("Retry") or ())),
        tuple(
            Catcher(index, tuple(catcher["ErrorEquals"]), catcher["Next"], catcher)
            for index, catcher in enumerate(raw.get("Catch") or ())
        ),
        tuple(Rule(index, rule["Next"], rule) for index, rule in enumerate(raw.get("Choices") or ())),
        tuple(graphs),
    )


def _retrier(index: int, raw: Mapping[str, Any]) -> Retrier:
    return Retrier(
        index,
        tuple(raw["ErrorEquals"]),
        _number(raw, "IntervalSeconds", 1.0),
        int(_number(raw, "MaxAttempts", 3.0)),
        _number(raw, "BackoffRate", 2.0),
        _number(raw, "MaxDelaySeconds", None),
        raw.get("JitterStrategy") == "FULL",
    )


@overload
def _number(raw: Mapping[str, Any], field: str, default: float) -> float: ...
@overload
def _number(raw: Mapping[str, Any], field: str, default: None) -> float | None: ...
def _number(raw: Mapping[str, Any], field: str, default: float | None) -> float | None:
    """Return a number of the definition; the default where it is absent or still to be put in (`${Name}`)."""
    value: Any = raw.get(field)
    return float(value) if is_number(value) else default
