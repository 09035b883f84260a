"""What executions have exercised of a definition: states, transitions, choice rules, retriers and catchers.

A coverage is a set of items, each covered so many times; coverages of one definition add up, over tests, xdist's
workers and shards.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeproof.stepfunctions.definition.model import Definition, State

KINDS = ("state", "transition", "retrier", "catcher")


@dataclass(slots=True)
class Coverage:
    """The items of one definition and how often each was exercised.

    Attributes:
        machine: The machine's name.
        file: The definition's file, if it has one.
        items: By key: `state:Ship`, `transition:IsLarge:choice 0:CheckCredit`, `retrier:Ship:0`, `catcher:Ship:1`.
        lines: The line of each item's state, where it is known.
        inside: The first states of a Map's or Parallel's inner machines, each with the state that holds it.
    """

    machine: str
    file: str | None = None
    items: dict[str, int] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    inside: dict[str, str] = field(default_factory=dict)

    def add(self, other: "Coverage") -> None:
        """Adds what others have exercised of the same definition."""
        for key, count in other.items.items():
            self.items[key] = self.items.get(key, 0) + count
        self.lines.update(other.lines)
        self.inside.update(other.inside)

    @property
    def missed(self) -> list[str]:
        """The items that nothing has exercised."""
        return [key for key, count in self.items.items() if not count]

    @property
    def percentage(self) -> float:
        """The share of items that were exercised, in percent; 100 where there are none."""
        if not self.items:
            return 100.0
        return 100.0 * (len(self.items) - len(self.missed)) / len(self.items)

    def to_dict(self) -> dict[str, Any]:
        """JSON's types, for evidence and reports."""
        told = {"machine": self.machine, "file": self.file, "items": self.items, "lines": self.lines}
        return told | ({"inside": self.inside} if self.inside else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Coverage":
        """Return a coverage from what [to_dict][] made."""
        lines, inside = (dict(data.get(name) or {}) for name in ("lines", "inside"))
        return cls(data["machine"], data.get("file"), dict(data["items"]), lines, inside)


def measure_coverage(definition: Definition, hits: Mapping[tuple[Any, ...], int]) -> Coverage:
    """Return what an execution's hits cover of its definition."""
    document = definition.document
    file = str(document.file.resolve()) if document.file else None  # tests write a path in many ways
    coverage = Coverage(definition.name or "StateMachine", file)
    for state in definition.graph.walk():
        label = state_label(state)
        location = definition.locate(state)
        coverage.items[f"state:{label}"] = hits.get(("state", state.position), 0)
        if location is not None:
            coverage.lines[label] = location.line
        coverage.inside.update((inner.start_at, label) for inner in state.graphs)
        for kind, target in state.successors():
            coverage.items[f"transition:{label}:{kind}:{target}"] = hits.get(("transition", state.position, kind), 0)
        for retrier in state.retriers:
            coverage.items[f"retrier:{label}:{retrier.index}"] = hits.get(("retrier", state.position, retrier.index), 0)
        for catcher in state.catchers:
            coverage.items[f"catcher:{label}:{catcher.index}"] = hits.get(("catcher", state.position, catcher.index), 0)
    return coverage


def state_label(state: State) -> str:
    """Return a state's name, which is unique in its machine."""
    return state.name


def merge_coverages(coverages: Iterable[Coverage]) -> list[Coverage]:
    """One coverage for each definition."""
    merged: dict[tuple[str, str | None], Coverage] = {}
    for coverage in coverages:
        key = (coverage.machine, coverage.file)
        if key in merged:
            merged[key].add(coverage)
        else:
            merged[key] = Coverage.from_dict(coverage.to_dict())
    return list(merged.values())


def describe_item(key: str) -> str:
    """Return an item for a human: `IsLarge: choice 0 → CheckCredit`."""
    kind, _, rest = key.partition(":")
    if kind == "transition":
        name, how, target = rest.rsplit(":", 2) if rest.count(":") >= 2 else (rest, "", "")
        return f"{name}: {how} → {target}"
    if kind in ("retrier", "catcher"):
        name, _, index = rest.rpartition(":")
        return f"{name}: {kind} {index}"
    return rest
