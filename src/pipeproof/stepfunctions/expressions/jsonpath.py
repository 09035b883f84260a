"""AWS's dialect of JSONPath: a small parser and evaluator (Jayway's language, as far as Step Functions offers it).

Nine paths in ten are plain reference paths (`$.a.b[0]`); those walk a list of keys and nothing else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pipeproof.stepfunctions.expressions.jsonpath_filter import Filter, PathSyntaxError, parse_filter
from pipeproof.stepfunctions.values import MISSING

__all__ = ["NoMatch", "Path", "PathSyntaxError", "parse_path"]

_NAME = re.compile(r"[^\s.\[\](),'\"?*@:=<>!&|]+")
_INDEX = re.compile(r"-?\d+")
_ROOT = re.compile(r"\$\$?(?![\w$])|\$([A-Za-z_]\w*)")


class NoMatch(LookupError):  # noqa: N818 - no error as long as a field may be absent
    """A definite path leads nowhere; the text says where it broke off, as Jayway's library words it."""


@dataclass(frozen=True, slots=True)
class Slice:
    """`[start:stop]`."""

    start: int | None
    stop: int | None


@dataclass(frozen=True, slots=True)
class Union:
    """`['a','b']` or `[0,2]`."""

    keys: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Descend:
    """`..`: the value itself and all below it."""


@dataclass(frozen=True, slots=True)
class Wildcard:
    """`*`."""


@dataclass(frozen=True, slots=True)
class Length:
    """`.length()`, the one function of Jayway's that the service evaluates."""


Step = str | int | Slice | Union | Descend | Wildcard | Length | Filter


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path.

    Attributes:
        text: As it was written.
        root: `$` (the input), `$$` (the context object) or a variable's name.
        steps: What is done from there on.
        definite: At most one value matches; otherwise the result is a list.
    """

    text: str
    root: str
    steps: tuple[Step, ...]
    definite: bool

    @property
    def is_reference(self) -> bool:
        """Whether it names one place that can be written to (AWS: a reference path)."""
        return all(isinstance(step, (str, int)) for step in self.steps)

    def find(self, document: Any) -> Any:
        """The value at this path in the document (which is the root's value).

        Raises:
            NoMatch: The path is definite, and nothing is there.
        """
        if not self.definite:
            return self._find_all(document)
        value = document
        for index, step in enumerate(self.steps):
            if isinstance(step, str):
                if not isinstance(value, dict) or step not in value:
                    raise NoMatch(self._explain(index, value))
                value = value[step]
            elif isinstance(step, int):
                if not isinstance(value, list) or not -len(value) <= step < len(value):
                    raise NoMatch(self._explain(index, value))
                value = value[step]
            elif isinstance(step, Length) and isinstance(value, (list, dict, str)):
                value = len(value)
            else:
                raise NoMatch(self._explain(index, value))
        return value

    def _find_all(self, document: Any) -> Any:
        values = [document]
        for step in self.steps:
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
        """The normal form, `$['a'][0]`, of the first `count` steps."""
        return "$" + "".join(_bracket(step) for step in self.steps[:count])


def _bracket(step: Step) -> str:
    match step:
        case str():
            return f"['{step}']"
        case int():
            return f"[{step}]"
        case Wildcard():
            return "[*]"
        case Descend():
            return ".."
        case Slice(start, stop):
            return f"[{'' if start is None else start}:{'' if stop is None else stop}]"
        case Union(keys):
            return "[" + ",".join(repr(key) for key in keys) + "]"
        case Length():
            return ".length()"
        case _:
            return "[?]"


def _expand(value: Any, step: Step, document: Any) -> Iterator[Any]:
    match step:
        case str():
            if isinstance(value, dict) and step in value:
                yield value[step]
        case int():
            if isinstance(value, list) and -len(value) <= step < len(value):
                yield value[step]
        case Wildcard():
            yield from _children(value)
        case Descend():
            yield from _descendants(value)
        case Slice(start, stop):
            if isinstance(value, list):
                yield from value[start:stop]
        case Union(keys):
            for key in keys:
                yield from _expand(value, key, document)
        case Length():
            yield len(value) if isinstance(value, (list, dict, str)) else 0
        case _:
            candidates = value if isinstance(value, list) else [value] if isinstance(value, dict) else []
            yield from (item for item in candidates if step.holds(item, document, _lookup))


def _children(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descendants(value: Any) -> Iterator[Any]:
    pending = [value]
    while pending:
        item = pending.pop(0)
        yield item
        pending.extend(child for child in _children(item) if isinstance(child, (dict, list)))


def _lookup(path: str, value: Any, document: Any) -> Any:
    """What a path inside a filter refers to: `@` is the item, `$` the document."""
    parsed = parse_path("$" + path[1:])
    try:
        return parsed.find(value if path.startswith("@") else document)
    except NoMatch:
        return MISSING


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Parses a path that starts with `$`, `$$` or `$variable`.

    Raises:
        PathSyntaxError: It is not a path.
    """
    root = _ROOT.match(text)
    if not root:
        raise PathSyntaxError(f"a path starts with $, not as {text!r} does")
    steps: list[Step] = []
    position = root.end()
    while position < len(text):
        position = _parse_step(text, position, steps)
    if steps and isinstance(steps[-1], Descend):
        raise PathSyntaxError(f"{text!r} ends after '..'")
    definite = all(isinstance(step, (str, int, Length)) for step in steps)
    return Path(text, root.group(1) or root.group(), tuple(steps), definite)


def _parse_step(text: str, position: int, steps: list[Step]) -> int:
    if text.startswith("..", position):
        steps.append(Descend())
        position += 2
        if text.startswith("[", position):
            return position
    elif text[position] == ".":
        position += 1
        if text.startswith("[", position):
            return position
    elif text[position] == "[":
        return _parse_bracket(text, position + 1, steps)
    else:
        raise PathSyntaxError(f"unexpected {text[position]!r} at column {position + 1} of {text!r}")
    if text.startswith("*", position):
        steps.append(Wildcard())
        return position + 1
    name = _NAME.match(text, position)
    if not name:
        raise PathSyntaxError(f"a name is missing at column {position + 1} of {text!r}")
    if text.startswith("()", name.end()):
        if name.group() != "length":
            raise PathSyntaxError(f"the function {name.group()}() is not available in paths")
        steps.append(Length())
        return name.end() + 2
    steps.append(name.group())
    return name.end()


def _parse_bracket(text: str, position: int, steps: list[Step]) -> int:
    while text.startswith(" ", position):
        position += 1
    if text.startswith("?", position):
        condition, position = parse_filter(text, position + 1)
        steps.append(condition)
    else:
        end = _closing(text, position)
        steps.append(_parse_subscript(text[position:end].strip(), text))
        position = end
    if not text.startswith("]", position):
        raise PathSyntaxError(f"a ']' is missing in {text!r}")
    return position + 1


def _closing(text: str, position: int) -> int:
    quote = ""
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "'\"":
            quote = character
        elif character == "]":
            return position
        position += 1
    raise PathSyntaxError(f"a ']' is missing in {text!r}")


_ITEM = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+))\s*(,|$)""")


def _parse_subscript(inside: str, text: str) -> Step:
    if inside == "*":
        return Wildcard()
    if ":" in inside and inside[0] not in "'\"":
        start, _, stop = inside.partition(":")
        return Slice(*(_number(part, text) for part in (start, stop)))
    keys: list[str | int] = []
    position = 0
    while position < len(inside) or not keys:
        item = _ITEM.match(inside, position)
        if not item or (item.group(4) == "," and item.end() == len(inside)):
            raise PathSyntaxError(f"[{inside}] in {text!r} is no subscript")
        name = item.group(1) if item.group(1) is not None else item.group(2)
        keys.append(re.sub(r"\\(.)", r"\1", name) if name is not None else int(item.group(3)))
        position = item.end()
    return keys[0] if len(keys) == 1 else Union(tuple(keys))


def _number(part: str, text: str) -> int | None:
    if not part.strip():
        return None
    if not _INDEX.fullmatch(part.strip()):
        raise PathSyntaxError(f"{part!r} in {text!r} is no number")
    return int(part)
