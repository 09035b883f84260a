"""What is remembered of a Map Run: its limits, how many items and children came to which end, its first children."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ENDS = ("succeeded", "failed", "timedOut", "aborted")
"""How a child execution may end, under the API's names."""


@dataclass(slots=True)
class Child:
    """A child execution; times in virtual seconds since the parent's start."""

    arn: str
    name: str
    input: Any
    started: float
    items: int
    ended: float | None = None
    status: str = "RUNNING"
    output: Any = None
    error: str | None = None
    cause: str | None = None
    redrives: int = 0


@dataclass(slots=True)
class MapRunRecord:
    """A Map Run; times in virtual seconds since the parent's start.

    Attributes:
        arn: Its ARN.
        child_machine: The name of the machine whose executions its children are: the parent's, and the state's label.
        max_concurrency: How many children may run at once; 0 is no limit.
        tolerated_count: How many items may fail, or None.
        tolerated_percentage: How many of a hundred items may fail, or None.
        items: How many items there are, once that is known.
        started_items: How many of them are in children that were started.
        item_ends: How many items came to each end.
        child_ends: How many children came to each end.
        children: Those that are remembered.
        has_writer: Their results are written to S3.
        redrives: When it was redriven.
        apply: Tells the Map Run under way that its limits were changed.
    """

    arn: str
    child_machine: str
    started: float
    max_concurrency: int = 0
    tolerated_count: float | None = None
    tolerated_percentage: float | None = None
    status: str = "RUNNING"
    ended: float | None = None
    items: int = 0
    started_items: int = 0
    started_children: int = 0
    item_ends: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ENDS, 0))
    child_ends: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ENDS, 0))
    children: dict[int, Child] = field(default_factory=dict)
    has_writer: bool = False
    redrives: list[float] = field(default_factory=list)
    apply: Callable[[], None] = field(default=lambda: None)

    def child_started(self, index: int, items: int, child: Child | None) -> None:
        """A child was started; `child` is given for one that is remembered."""
        self.started_items += items
        self.started_children += 1
        if child is not None:
            self.children[index] = child

    def redrive(self, now: float) -> None:
        """It goes on: only what succeeded has been started."""
        self.redrives.append(now)
        self.status, self.ended = "RUNNING", None
        for ends in (self.item_ends, self.child_ends):
            ends.update(dict.fromkeys(ENDS[1:], 0))
        self.started_items, self.started_children = self.item_ends["succeeded"], self.child_ends["succeeded"]

    def child_redriven(self, index: int, items: int) -> None:
        """A child that did not succeed goes on."""
        self.child_started(index, items, None)
        child = self.children.get(index)
        if child is not None:
            child.ended, child.status, child.error, child.cause = None, "RUNNING", None, None
            child.redrives += 1

    def child_ended(self, index: int, items: int, how: str, now: float, **end: Any) -> None:
        """A child came to an end: `how` is one of [ENDS][], `end` its output, error and cause."""
        self.item_ends[how] += items
        self.child_ends[how] += 1
        child = self.children.get(index)
        if child is not None:
            child.ended, child.status = now, "TIMED_OUT" if how == "timedOut" else how.upper()
            child.output, child.error, child.cause = end.get("output"), end.get("error"), end.get("cause")

    def end(self, status: str, now: float) -> None:
        """It has ended: what still runs is aborted."""
        self.status, self.ended = status, now
        self.item_ends["aborted"] += self.started_items - sum(self.item_ends.values())
        self.child_ends["aborted"] += self.started_children - sum(self.child_ends.values())
        for child in self.children.values():
            if child.ended is None:
                child.ended, child.status = now, "ABORTED"
