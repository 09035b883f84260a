"""A state machine as a Mermaid diagram, with what tests have covered or the way that one execution took."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from pipeproof.stepfunctions.definition.model import Definition, Graph, State
from pipeproof.stepfunctions.reporting.coverage import Coverage

_SHAPES = {
    "Choice": ("{", "}"), "Succeed": ("([", "])"), "Fail": ("([", "])"), "Wait": ("[/", "/]"), "Task": ("[", "]"),
    "Pass": ("(", ")"), "Parallel": ("[[", "]]"), "Map": ("[[", "]]"),
}  # fmt: skip


def render_graph(definition: Definition, coverage: Coverage | None = None, path: Iterable[str] = ()) -> str:
    """Mermaid's text of a definition.

    Args:
        definition: The definition.
        coverage: Colours the states: exercised or not; transitions that nothing took are dotted.
        path: The states that an execution entered, in order: they are drawn bold.
    """
    drawing = _Drawing(definition, coverage, list(path))
    return "\n".join(["flowchart TD", *drawing.lines(), ""])


class _Drawing:
    """Draws one definition."""

    def __init__(self, definition: Definition, coverage: Coverage | None, path: list[str]) -> None:
        self._definition = definition
        self._coverage = coverage
        self._steps = set(pairwise(path))
        self._entered = set(path)
        self._ids: dict[tuple[str | int, ...], str] = {}
        for number, state in enumerate(definition.graph.walk()):
            self._ids[state.position] = f"s{number}"

    def lines(self) -> Iterator[str]:
        """Yield the diagram's lines, without its head."""
        yield "    start((start))"
        yield from self._graph(self._definition.graph, "    ")
        first = self._definition.graph.states[self._definition.graph.start_at]
        yield f"    start --> {self._ids[first.position]}"
        yield from self._styles()

    def _graph(self, graph: Graph, indent: str) -> Iterator[str]:
        for state in graph.states.values():
            opening, closing = _SHAPES[state.type]
            yield f'{indent}{self._ids[state.position]}{opening}"{_escape(state.name)}"{closing}'
            for index, inner in enumerate(state.graphs):
                name = f"{self._ids[state.position]}g{index}"
                label = f"branch {index + 1}" if state.type == "Parallel" else "each item"
                yield f'{indent}subgraph {name} ["{_escape(state.name)}: {label}"]'
                yield from self._graph(inner, indent + "    ")
                yield f"{indent}end"
                yield f"{indent}{self._ids[state.position]} -.- {name}"
        for state in graph.states.values():
            yield from self._edges(state, graph, indent)

    def _edges(self, state: State, graph: Graph, indent: str) -> Iterator[str]:
        for kind, target in state.successors():
            if target not in graph.states:
                continue
            arrow = self._arrow(state, kind, target)
            label = "" if kind == "next" else f'|"{_escape(_label(state, kind))}"|'
            yield f"{indent}{self._ids[state.position]} {arrow}{label} {self._ids[graph.states[target].position]}"

    def _arrow(self, state: State, kind: str, target: str) -> str:
        if (state.name, target) in self._steps:
            return "==>"
        if self._coverage is not None and not self._coverage.items.get(f"transition:{state.name}:{kind}:{target}"):
            return "-.->"
        return "-->"

    def _styles(self) -> Iterator[str]:
        covered: list[str] = []
        missed: list[str] = []
        for state in self._definition.graph.walk():
            if self._coverage is not None:
                hit = bool(self._coverage.items.get(f"state:{state.name}"))
                (covered if hit else missed).append(self._ids[state.position])
            elif state.name in self._entered:
                covered.append(self._ids[state.position])
        # The text has a colour of its own: dark mode's is light, as these fills are.
        for name, style, members in (
            ("covered", "fill:#d3f9d8,stroke:#2b8a3e,color:#0b3d18", covered),
            ("missed", "fill:#ffe3e3,stroke:#c92a2a,color:#6b1010,stroke-dasharray:4", missed),
        ):
            if members:
                yield f"    classDef {name} {style}"
                yield f"    class {','.join(members)} {name}"


def _label(state: State, kind: str) -> str:
    if kind.startswith("catch"):
        return "catch " + ", ".join(state.catchers[int(kind.split()[1])].errors)
    return kind


def _escape(text: str) -> str:
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
