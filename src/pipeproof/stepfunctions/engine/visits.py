"""What is remembered of each entry into a state, and of each attempt at its work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
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


class Visit:
    """One entry into a state, with what went in and came out.

    There are as many as states are entered, so it is no dataclass: what most visits never get is the class's.

    Args:
        state: The state.
        value: Its input.
        entered: The virtual time.
        iterations: The indices of the Map iterations around it, outermost first.
        event_id: The id of the event of entering it.

    Attributes:
        attempts: Of a Task, Parallel or Map.
        assigned: The variables that it set.
        lines: The branches or iterations of its latest attempt, where the execution may be redriven.
        map_run: The Map Run that they are children of, with its items.
        steps: The data after each step of its work, by TestState's names, where somebody asks for it.
    """

    output: Any = MISSING
    assigned: Mapping[str, Any] | None = None
    attempts: Sequence[Attempt] = ()
    error: str | None = None
    cause: str | None = None
    caught = False
    retry_count = 0
    lines: "Mapping[int, KeptLine]" = MappingProxyType({})
    map_run: Any = None
    steps: dict[str, Any] | None = None

    def __init__(
        self, state: State, value: Any, entered: float, iterations: tuple[int, ...], event_id: int = 0
    ) -> None:
        self.state = state
        self.input = value
        self.entered = entered
        self.iterations = iterations
        self.event_id = event_id

    def __repr__(self) -> str:
        return f"<{self.state.name} entered at {self.entered:g} s>"

    def begin_attempt(self, now: float) -> Attempt:
        """Return the next attempt, which is remembered."""
        attempt = Attempt(len(self.attempts) + 1, now)
        self.attempts = (*self.attempts, attempt)
        return attempt

    @property
    def entered_details(self) -> dict[str, Any]:
        """What the event of entering the state tells."""
        return {"name": self.state.name, "input": self.input}

    @property
    def exited_details(self) -> dict[str, Any]:
        """What the event of leaving the state tells."""
        details: dict[str, Any] = {"name": self.state.name, "output": self.output}
        if self.assigned:
            details["assignedVariables"] = dict(sorted(self.assigned.items()))
            details["assignedVariablesDetails"] = {"truncated": False}
        return details

    def keep_line(self, index: int, line: "KeptLine") -> None:
        """Remembers a branch or iteration of the present attempt."""
        self.lines = self.lines if isinstance(self.lines, dict) else {}
        self.lines[index] = line

    def take_lines(self) -> "Mapping[int, KeptLine]":
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
