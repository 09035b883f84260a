"""What an evaluation carries: variables in their scopes, what it may still spend, time and chance."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from pipeproof.stepfunctions.expressions.jsonata.errors import MEMORY, STACK, TIME, JsonataError
from pipeproof.stepfunctions.expressions.jsonata.parser import Node
from pipeproof.stepfunctions.values import MISSING

DEPTH = 100
"""How deep evaluations may be nested; the service's limit."""
STEPS = 1_000_000
"""How many items and calls one expression may look at. The service ends an expression after a second of its own time;
this is what the reference implementation gets done in a few, so that what ends here does not come to an end there."""
TEXT_LIMIT = 6_990_256
"""How many characters a text may have; the service's limit of memory lies between four and eight million."""


@dataclass(frozen=True, slots=True)
class World:
    """What is not a value: the time and chance.

    Attributes:
        millis: The virtual time, milliseconds since 1970.
        random: The execution's source of randomness.
    """

    millis: int
    random: Random


class Run:
    """One evaluation."""

    __slots__ = ("left", "world")

    def __init__(self, world: World) -> None:
        self.left = STEPS
        self.world = world

    def spend(self, count: int) -> None:
        """Counts work.

        Raises:
            JsonataError: It was too much.
        """
        self.left -= count
        if self.left < 0:
            raise JsonataError(None, TIME)


class Env:
    """Variables of one block, function or tuple.

    Attributes:
        names: What is bound here.
        parent: The scope around it.
        run: The evaluation.
        base: How deep the evaluation is nested where the function was called that this belongs to.
    """

    __slots__ = ("base", "names", "parent", "run")

    def __init__(self, names: dict[str, Any], parent: "Env | None", run: Run, base: int) -> None:
        self.names = names
        self.parent = parent
        self.run = run
        self.base = base

    def lookup(self, name: str) -> Any:
        """Return a variable's value, or MISSING."""
        env: Env | None = self
        while env is not None:
            if name in env.names:
                return env.names[name]
            env = env.parent
        return MISSING

    def inner(self, names: dict[str, Any]) -> "Env":
        """Return a scope in this one."""
        return Env(names, self, self.run, self.base)


Evaluator = Callable[[Any, Env], Any]
"""Evaluates a part of an expression: the context value and the scope in, the value out."""


class Build(Protocol):
    """Makes evaluators.

    Attributes:
        careful: Whether they count their depth.
        deepest: How deep their parts are nested.
    """

    careful: bool
    deepest: int

    def __call__(self, node: Node, depth: int) -> Evaluator:
        """Return the evaluator of a part at a depth."""


def check_text(text: str) -> str:
    """Return the text, if it is not too long.

    Raises:
        JsonataError: It is.
    """
    check_length(len(text))
    return text


def check_length(length: int) -> None:
    """Whether a text of this length can be made.

    Raises:
        JsonataError: It is too long.
    """
    if length > TEXT_LIMIT:
        raise JsonataError(None, MEMORY)


def overflow(depth: int) -> JsonataError:
    """Return the error for an evaluation that is nested too deep."""
    return JsonataError(None, STACK.format(depth=depth, limit=DEPTH))
