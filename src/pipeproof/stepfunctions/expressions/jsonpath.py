"""AWS's dialect of JSONPath (Jayway's language, as far as Step Functions offers it): paths, and what they find.

Nine paths in ten are plain reference paths (`$.a.b[0]`); those walk a list of keys and nothing else.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipeproof.stepfunctions.values import MISSING


class PathSyntaxError(ValueError):
    """A text that is no path of AWS's dialect."""


class NoMatch(LookupError):  # noqa: N818 - no error as long as a field may be absent
    """A definite path leads nowhere; the text says where it broke off, as Jayway's library words it."""


class Condition(Protocol):
    """What a filter asks of an item."""

    def holds(self, item: Any, document: Any) -> bool:
        """Return whether the item passes."""


@dataclass(frozen=True, slots=True)
class Slice:
    """`[start:stop]`."""

    start: int | None
    stop: int | None


@dataclass(frozen=True, slots=True)
class Keys:
    """`['a','b']`: at the end of a path an object of those that are there, else each of them."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Indices:
    """`[0,2]`."""

    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FromEnd:
    """`[(@.length-1)]`: so many places before the end."""

    distance: int


@dataclass(frozen=True, slots=True)
class Descend:
    """`..`: the value itself and all below it."""


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`*`."""


@dataclass(frozen=True, slots=True)
class Length:
    """`.length()`, the one function of Jayway's that the service evaluates."""


@dataclass(frozen=True, slots=True)
class Filter:
    """`[?(…)]`."""

    condition: Condition


Step = str | int | Slice | Keys | Indices | FromEnd | Descend | Wildcard | Length | Filter


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path.

    Attributes:
        text: As it was written.
        root: `$` (the input), `$$` (the context object), `@` (the item, in a filter) or a variable's name.
        steps: What is done from there on.
        definite: At most one value matches; otherwise the result is a list.
        names: The steps, where all of them are names of fields.
    """

    text: str
    root: str
    steps: tuple[Step, ...]
    definite: bool
    names: tuple[Any, ...] | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        names = self.steps if all(isinstance(step, str) for step in self.steps) else None
        object.__setattr__(self, "names", names)

    @property
    def is_reference(self) -> bool:
        """Whether it names one place, whatever is in the document (AWS: a reference path)."""
        return all(isinstance(step, str) or (isinstance(step, int) and step >= 0) for step in self.steps)

    def find(self, document: Any) -> Any:
        """The value at this path in the document (which is the root's value).

        Raises:
            NoMatch: The path is definite, and nothing is there.
        """
        value = document
        if self.names is not None:
            try:
                for name in self.names:
                    value = value[name]  # of JSON values only an object takes a string
            except (KeyError, TypeError):
                value = document
            else:
                return value
        if not self.definite:
            return self._find_all(document)
        for index, step in enumerate(self.steps):
            if isinstance(step, str):
                if not isinstance(value, dict) or step not in value:
                    raise NoMatch(self._explain(index, value))
                value = value[step]
            elif isinstance(step, int):
                if not isinstance(value, list) or not -len(value) <= step < len(value):
                    raise NoMatch(self._explain(index, value))
                value = value[step]
            else:
                value = _single(value, step)
                if value is MISSING:
                    raise NoMatch(self._explain(index, value))
        return value

    def _find_all(self, document: Any) -> Any:
        values = [document]
        before: Step | None = None
        for step in self.steps:
            if isinstance(step, Filter) and isinstance(before, Descend):  # which has each item of a list by itself
                values = [item for item in values if isinstance(item, dict) or step.condition.holds(item, document)]
            before = step
            values = [found for item in values for found in _expand(item, step, document)]
        if isinstance(self.steps[-1], Length):
            return values[0] if values else 0
        return values

    def _explain(self, index: int, value: Any) -> str:
        step = self.steps[index]
        last = index == len(self.steps) - 1
        if (last and (value is None or isinstance(value, dict))) or (isinstance(step, int) and isinstance(value, list)):
            return f"No results for path: {self.bracketed()}"
        if value is None or isinstance(value, dict):
            return f"Missing property in path {self.bracketed(index + 1)}"
        return f"Expected to find an object with property {_bracket(step)} in path {self.bracketed(index)}"

    def bracketed(self, count: int | None = None) -> str:
        """Return the normal form, `$['a'][0]`, of the first `count` steps."""
        return "$" + "".join(_bracket(step) for step in self.steps[:count])


def is_definite(steps: tuple[Step, ...]) -> bool:
    """Return whether a path of these steps finds one value and not a list."""
    last = len(steps) - 1
    return all(
        isinstance(step, (str, int, FromEnd, Length)) or (isinstance(step, Keys) and index == last)
        for index, step in enumerate(steps)
    )


def _bracket(step: Step) -> str:
    match step:
        case str():
            return "['" + step.replace("\\", "\\\\").replace("'", "\\'") + "']"
        case int():
            return f"[{step}]"
        case Wildcard():
            return "[*]"
        case Descend():
            return ".."
        case Slice(start, stop):
            return f"[{'' if start is None else start}:{'' if stop is None else stop}]"
        case Keys(names):
            return "[" + ",".join(_bracket(name)[1:-1] for name in names) + "]"
        case Indices(numbers):
            return "[" + ",".join(map(str, numbers)) + "]"
        case FromEnd(distance):
            return f"[-{distance}]"
        case Length():
            return ".length()"
        case _:
            return "[?]"


def _single(value: Any, step: Step) -> Any:
    """Return what one of the rarer steps of a definite path gives, or MISSING."""
    match step:
        case Length() if isinstance(value, (list, dict, str)):
            return len(value)
        case FromEnd(distance) if isinstance(value, list) and distance <= len(value):
            return value[-distance]
        case Keys(names) if isinstance(value, dict):
            return {name: value[name] for name in names if name in value}
    return MISSING


def _expand(value: Any, step: Step, document: Any) -> Iterable[Any]:
    """Return all that a step of an indefinite path finds."""
    match step:
        case str():
            return [value[step]] if isinstance(value, dict) and step in value else ()
        case int():
            return [value[step]] if isinstance(value, list) and -len(value) <= step < len(value) else ()
        case Keys(names):
            return [value[name] for name in names if name in value] if isinstance(value, dict) else ()
        case Indices(numbers):
            return [found for number in numbers for found in _expand(value, number, document)]
        case Filter(condition):
            candidates = value if isinstance(value, list) else [value] if isinstance(value, dict) else ()
            return [item for item in candidates if condition.holds(item, document)]
    return _expand_further(value, step)


def _expand_further(value: Any, step: Step) -> Iterable[Any]:
    match step:
        case Wildcard():
            return _children(value)
        case Descend():
            return _descendants(value)
        case Slice(start, stop):
            return value[start:stop] if isinstance(value, list) else ()
        case Length():
            return [len(value) if isinstance(value, (list, dict, str)) else 0]
    found = _single(value, step)
    return () if found is MISSING else [found]


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descendants(value: Any) -> Iterator[Any]:
    """Yield the value and all below it that can hold others, each before what it holds."""
    pending = [value]
    while pending:
        item = pending.pop()
        yield item
        pending.extend(reversed([child for child in _children(item) if isinstance(child, (dict, list))]))
