"""What a machine's states read: where the values come from, and what they may be to make a rule hold or not.

A wish is a path in the data of one graph (the machine's, a branch's, a Map's) with a value. It is granted by the
execution's input, and by the results of the Tasks whose fields the path goes through.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeproof.scaffold.machines.paths import (
    Path,
    inputs_in,
    named_in,
    parse,
    put,
    strings,
    take_away,
    variables_in,
)
from pipeproof.stepfunctions.definition.model import Definition, Graph, State
from pipeproof.stepfunctions.expressions.comparisons import OPERATORS
from pipeproof.stepfunctions.values import MISSING

GraphId = tuple[Any, ...]
"""The place of a graph in the definition."""

Key = tuple[GraphId, Path]
_DEPTH = 6
_NOT_READ = ("States", "Branches", "ItemProcessor", "Iterator", "ResultPath", "Next", "Default", "Comment", "Catch")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A graph, and the state that runs it."""

    graph: Graph
    holder: State | None
    outer: GraphId


class Wishes:
    """The data that a definition's states read.

    Args:
        definition: The machine's.

    Attributes:
        defaults: What is read, each with a value that nothing is known against.
    """

    def __init__(self, definition: Definition) -> None:
        self.graphs = dict(_graphs(definition.graph, None, ()))
        self.graph_of = {state.name: at for at, around in self.graphs.items() for state in around.graph.states.values()}
        self.states = {state.name: state for state in definition.graph.walk()}
        self.defaults: dict[Key, Any] = {}
        for state in self.states.values():
            for path, value in _reads(state):
                for key in self.sources(state, path):
                    if not isinstance(self.defaults.get(key), list):
                        self.defaults[key] = value

    def read_by(self, state: State) -> list[Key]:
        """Return what a state reads."""
        return [key for path, _ in _reads(state) for key in self.sources(state, path)]

    def sources(self, state: State, path: Path) -> Iterator[Key]:
        """Yield where a path in a state's data comes from: the state's graph, or a variable's source."""
        graph = self.graph_of[state.name]
        if path and str(path[0]).startswith("$") and path[0] != "$result":
            for other in self.states.values():
                assigned = other.raw.get("Assign") or {}
                if path[0][1:] in assigned:  # type: ignore[index]  # a text, as it begins with one
                    yield from self._assigned(other, str(assigned[str(path[0])[1:]]), path[1:])
            return
        yield graph, path

    def _assigned(self, state: State, expression: str, rest: Path) -> Iterator[Key]:
        for found in inputs_in(expression):
            yield self.graph_of[state.name], (*found, *rest)
        if result := re.search(r"\$states\.result((?:\.\w+)*)", expression):
            yield self.graph_of[state.name], ("$result", state.name, *parse(result[1]), *rest)

    def candidates(self, state: State) -> dict[Key, list[Any]]:
        """Return what a Choice looks at, each with the values between which its rules tell."""
        found: dict[Key, list[Any]] = {}
        for rule in state.rules:
            condition = rule.raw.get("Condition")
            looked = _jsonata(condition) if isinstance(condition, str) else _comparisons(rule.raw)
            for path, values in looked:
                for key in self.sources(state, path):
                    known = found.setdefault(key, [])
                    known += [value for value in values if not any(_same(value, other) for other in known)]
        return found

    def grant(self, wishes: Mapping[Key, Any]) -> tuple[Any, dict[str, Any]]:
        """Return an input, and a result for each Task, with which the wishes hold."""
        given: Any = {}
        results: dict[str, Any] = {}
        # What is wished on purpose comes after what is there by default, and may say otherwise.
        order = sorted(wishes.items(), key=lambda wish: (self._is_chosen(*wish), len(wish[0][1])))
        for (graph, path), value in order:
            for owner, place in dict.fromkeys(self._places(graph, path, 0)):
                if owner is None:
                    given = take_away(given, place) if value is MISSING else put(given, place, value)
                else:
                    before = results.get(owner, {})
                    results[owner] = take_away(before, place) if value is MISSING else put(before, place, value)
        return given, results

    def _is_chosen(self, key: Key, value: Any) -> bool:
        return bool(self.defaults.get(key, MISSING) != value)

    def _places(self, graph: GraphId, path: Path, depth: int) -> Iterator[tuple[str | None, Path]]:
        """Yield where to put a value: a Task's result by the Task's name, or the input (None)."""
        if depth > _DEPTH:
            return
        if path[:1] == ("$result",):
            place = _payload(self.states[str(path[1])], path[2:])
            if place:
                yield str(path[1]), place
            return
        around = self.graphs[graph]
        for state in around.graph.states.values():
            for owner, place in _through(state, path):
                if owner == "input":
                    if place != path:
                        yield from self._places(graph, place, depth + 1)
                else:
                    yield state.name, place
        if around.holder is None:
            yield None, path
        else:
            for lifted in _lift(around.holder, path):
                yield from self._places(around.outer, lifted, depth + 1)


def _graphs(graph: Graph, holder: State | None, outer: GraphId) -> Iterator[tuple[GraphId, Surroundings]]:
    at = graph.position if holder else ()
    yield at, Surroundings(graph, holder, outer)
    for state in graph.states.values():
        for inner in state.graphs:
            yield from _graphs(inner, state, at)


def _reads(state: State) -> Iterator[tuple[Path, Any]]:
    """Yield the paths that a state's fields read of its data, each with a value of a kind that suits."""
    own = {key: value for key, value in state.raw.items() if key not in _NOT_READ}
    for key in ("ResultSelector", "OutputPath"):
        if key == "OutputPath" and ("ResultPath" in own or state.type != "Task"):
            continue
        for _, text in strings({key: own.pop(key)} if key in own else {}):
            for path in named_in(text):
                yield ("$result", state.name, *path), _default(path, key)
    before = () if state.is_jsonata else _only(own.get("InputPath"))
    for key, text in strings(own):
        if "{%" in text:
            for path in inputs_in(text):
                yield path, [{}] if key == "Items" else _default(path, key)
            for name, path in variables_in(text):
                yield (f"${name}", *path), _default((name, *path), key)
        elif not state.is_jsonata and text.startswith(("$", "States.")) and not text.startswith("$$"):
            for path in named_in(text):
                value = [{}] if key == "ItemsPath" else _default(path, key)
                yield path if key == "InputPath" else (*before, *path), value


def _default(path: Path, key: str) -> Any:
    if key in ("SecondsPath", "TimeoutSecondsPath", "HeartbeatSecondsPath", "Seconds"):
        return 1
    if key in ("TimestampPath", "Timestamp"):
        return "2026-01-02T00:00:00Z"
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), "value")
    return f"{name}-1"


def _only(text: Any) -> Path:
    found = named_in(text) if isinstance(text, str) and not text.startswith("$$") else []
    return found[0] if len(found) == 1 else ()


def _payload(state: State, path: Path) -> Path | None:
    """Return a path of a Task's result as what answers it gives it: of a Lambda function, what the function returns."""
    if str(state.raw.get("Resource", "")).split(":")[-1].startswith(("invoke",)) and "lambda" in state.raw["Resource"]:
        return path[1:] if path[:1] == ("Payload",) else None
    return path


def _through(state: State, path: Path) -> Iterator[tuple[str, Path]]:
    """Yield where a path in the data behind a state comes from: its `result`, or what went into it (`input`)."""
    if state.type not in ("Task", "Pass"):
        return
    if state.is_jsonata:
        yield from _through_output(state, path)
        return
    inner = (*_only(state.raw.get("OutputPath")), *path)
    if "ResultPath" in state.raw and state.raw["ResultPath"] is None:
        return
    prefix = _only(state.raw.get("ResultPath"))
    if inner[: len(prefix)] != prefix:
        return
    inner = inner[len(prefix) :]
    if state.type == "Pass":
        for mapped in _mapped(state.raw.get("Parameters"), inner):
            yield "input", (*_only(state.raw.get("InputPath")), *mapped)
        return
    selected = [inner] if "ResultSelector" not in state.raw else list(_mapped(state.raw["ResultSelector"], inner))
    for each in selected:
        place = _payload(state, each)
        if place is not None:
            yield "result", place


def _through_output(state: State, path: Path) -> Iterator[tuple[str, Path]]:
    output = state.raw.get("Output")
    expression, rest = output, path
    while isinstance(expression, Mapping) and rest:
        expression, rest = expression.get(str(rest[0])), rest[1:]
    if output is None and state.type == "Task":
        place = _payload(state, path)
        if place is not None:
            yield "result", place
    if not isinstance(expression, str):
        return
    for found in inputs_in(expression):
        yield "input", (*found, *rest)
    if state.type == "Task" and (result := re.search(r"\$states\.result((?:\.\w+)*)", expression)):
        place = _payload(state, (*parse(result[1]), *rest))
        if place is not None:
            yield "result", place


def _mapped(template: Any, path: Path) -> Iterator[Path]:
    """Yield the paths from which a payload template takes what stands at a path of it."""
    if template is None:
        yield path
    elif isinstance(template, Mapping) and path:
        if f"{path[0]}.$" in template:
            text = template[f"{path[0]}.$"]
            if isinstance(text, str) and text == "$":
                yield path[1:]
            elif isinstance(text, str) and text.startswith("$."):
                yield (*_only(text), *path[1:])
        elif path[0] in template:
            yield from _mapped(template[str(path[0])], path[1:])


def _lift(holder: State, path: Path) -> Iterator[Path]:
    """Yield the paths in a Parallel's or Map's own data from which a path inside of it takes its value."""
    raw = holder.raw
    if holder.type == "Parallel":
        template = raw.get("Parameters")
        yield from ((*_only(raw.get("InputPath")), *mapped) for mapped in _mapped(template, path))
        return
    items = _only(raw.get("ItemsPath"))
    if holder.is_jsonata:
        found = inputs_in(str(raw.get("Items", "")))
        items = found[0] if found else ()
    template = raw.get("ItemSelector", raw.get("Parameters"))
    if template is None:
        yield (*items, 0, *path)
        return
    for name, text in template.items() if isinstance(template, Mapping) and path else ():
        if name.removesuffix(".$") != path[0] or not isinstance(text, str):
            continue
        if "Map.Item.Value" in text or "map.item.value" in text:
            suffix = parse(re.split(r"Map\.Item\.Value|map\.item\.value", text)[1])
            yield (*items, 0, *suffix, *path[1:])
        else:
            for found_path in [*named_in(text), *inputs_in(text)] if not text.startswith("$$") else []:
                yield (*found_path, *path[1:])


def _comparisons(raw: Mapping[str, Any]) -> Iterator[tuple[Path, list[Any]]]:
    """Yield the variables of a JSONPath rule, each with values on both sides of what it is compared with."""
    for part in [*raw.get("And", ()), *raw.get("Or", ()), *([raw["Not"]] if "Not" in raw else [])]:
        yield from _comparisons(part)
    operator = next((key for key in raw if key in OPERATORS), None)
    if operator is None:
        return
    path = _only(raw.get("Variable"))
    expected = raw[operator]
    if operator.endswith("Path"):
        kind: list[Any] = [1, 2, 0] if "Numeric" in operator else [True, False] if "Boolean" in operator else ["a", "b"]
        for each in (path, _only(expected)):
            yield each, kind
    else:
        yield path, _around(operator, expected)


def _around(operator: str, expected: Any) -> list[Any]:
    """Return values on both sides of a comparison, the nearest to it first."""
    if operator.startswith("Is"):
        kinds: dict[str, list[Any]] = {
            "IsNull": [None],
            "IsNumeric": [1],
            "IsBoolean": [True],
            "IsTimestamp": ["2026-01-02T00:00:00Z"],
        }
        return [*kinds.get(operator, ["present"]), MISSING, 2, "text"]
    if operator.startswith("Numeric"):
        return [expected, expected + 1, expected - 1]
    if operator.startswith("Boolean"):
        return [expected, not expected]
    if operator.startswith("Timestamp"):
        return [expected, "1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z"]
    if operator == "StringMatches":
        return [str(expected).replace("\\*", "\0").replace("*", "x").replace("\0", "*"), "another"]
    return [expected, f"not {expected}", ""] if operator != "StringEquals" else [expected, f"not {expected}"]


def _jsonata(condition: str) -> Iterator[tuple[Path, list[Any]]]:
    """Yield what a JSONata condition reads, each with the literals that stand in it and their neighbours."""
    body = condition.strip().removeprefix("{%").removesuffix("%}")
    texts = re.findall(r"'([^']*)'|\"([^\"]*)\"", body)
    values: list[Any] = [single or double for single, double in texts]
    values += [f"not {text}" for text in values]
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", body)
    for number in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", bare):
        value = float(number) if "." in number else int(number)
        values += [value, value + 1, value - 1]
    values += [True, False] if re.search(r"\b(?:true|false)\b", bare) or not values else []
    for path in inputs_in(bare):
        yield path, [*values, MISSING] if "$exists" in bare else values
    for name, path in variables_in(bare):
        yield (f"${name}", *path), values


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def tasks_inside(state: State) -> Iterable[State]:
    """Yield the Tasks that do a state's work: itself, or those of its branches or iterations."""
    if state.type == "Task":
        yield state
    for graph in state.graphs:
        yield from (inner for inner in graph.walk() if inner.type == "Task")
