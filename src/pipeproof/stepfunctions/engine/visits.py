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
    """One entry into a state, with what went in and came out."""

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
