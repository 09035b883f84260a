"""What is remembered of each entry into a state, and of each attempt at its work."""

from dataclasses import dataclass, field
from typing import Any

from pipeproof.stepfunctions.definition.model import State
from pipeproof.stepfunctions.values import MISSING


@dataclass(slots=True)
class Attempt:
    """One attempt of a Task, Parallel or Map. Times in virtual seconds since the start."""

    number: int
    started: float
    ended: float | None = None
    payload: Any = MISSING
    result: Any = MISSING
    error: str | None = None
    cause: str | None = None
    retry_at: float | None = None

    @property
    def succeeded(self) -> bool:
        """Whether it ended without an error."""
        return self.ended is not None and self.error is None


@dataclass(slots=True)
class Visit:
    """One entry into a state, with what went in and came out.

    `lines` are the branches or iterations of its latest attempt, where the execution may be redriven, and `map_run` the
    Map Run that they are children of, with its items; `steps` the data after each step of its work, by TestState's
    names, where somebody asks for it.
    """

    state: State
    input: Any
    entered: float
    event_id: int
    iterations: tuple[int, ...]
    output: Any = MISSING
    attempts: list[Attempt] = field(default_factory=list)
    error: str | None = None
    cause: str | None = None
    caught: bool = False
    retry_count: int = 0
    lines: "dict[int, KeptLine]" = field(default_factory=dict)
    map_run: Any = None
    steps: dict[str, Any] | None = None

    def take_lines(self) -> "dict[int, KeptLine]":
        """The branches or iterations of an execution's earlier try, once; those of this attempt take their place."""
        before, self.lines = self.lines, {}
        return before

    def forget_lines(self) -> None:
        """A retry begins all branches or iterations anew, unlike a redrive."""
        self.lines, self.map_run = {}, None


@dataclass(slots=True)
class KeptLine:
    """A branch or iteration that an execution's redrive goes on with, or whose output it takes over."""

    frame: Any
    output: Any = MISSING

    @property
    def is_done(self) -> bool:
        """Whether it has an output."""
        return self.output is not MISSING
