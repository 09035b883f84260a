"""Reads paths: `$.a['b'][0]`, `$$.Execution.Id`, `$variable.a`, with wildcards, slices and filters."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pipeproof.stepfunctions.expressions.jsonpath import (
    Condition,
    Descend,
    Filter,
    FromEnd,
    Indices,
    Keys,
    Length,
    Path,
    PathSyntaxError,
    Slice,
    Step,
    Wildcard,
    is_definite,
)
from pipeproof.stepfunctions.expressions.jsonpath_filter import OPERATORS, Combination, Comparison, Exists, Operand

_ROOT = re.compile(r"\$\$?(?![\w$])|\$([A-Za-z_]\w*)")
_ITEM_ROOT = re.compile(r"[@$]")
_NAME = re.compile(r"(?:[^\s.\[\](),'\"*\\=<>!]|\\.)+")
_ITEM_NAME = re.compile(r"(?:[^\s.\[\](),'\"*\\=<>!&|~]|\\.)+")
_CALL = re.compile(r"\(\s*\)")
_QUOTED = r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\""""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_SLICE = re.compile(r"(-?\d+)?\s*:\s*(-?\d+)?")
_KEY = re.compile(rf"\s*(?:{_QUOTED})\s*(,|\Z)", re.DOTALL)
_INDEX = re.compile(r"\s*(-?\d+)\s*(,|\Z)")
_FROM_END = re.compile(r"\(\s*@\s*\.\s*length(?:\(\))?\s*-\s*(\d+)\s*\)")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_OPERATOR = re.compile(
    r"\s*(===|!==|==|!=|<=|>=|=~|<|>|(?:"
    + "|".join(sorted((word for word in OPERATORS if word.isalpha()), key=len, reverse=True))
    + r")(?![\w.]))\s*"
)
_LITERAL = re.compile(rf"{_QUOTED}|/((?:[^/\\]|\\.)*)/([a-z]*)", re.DOTALL)
_WORD = re.compile(r"[^\s'\"()\[\],=<>!&|]+")
_WORDS = {"true": True, "false": False, "null": None}


@lru_cache(maxsize=4096)
def parse_path(text: str) -> Path:
    """Parses a path that starts with `$`, `$$` or `$variable`; blanks after it do not count.

    Raises:
        PathSyntaxError: It is not a path.
    """
    root = _ROOT.match(text)
    if not root:
        raise PathSyntaxError(f"a path starts with $, not as {text!r} does")
    path, position = _parse_steps(text, root.end(), root.group(1) or root.group(), _NAME)
    if text[position:].strip():
        raise PathSyntaxError(f"unexpected {text[position]!r} at column {position + 1} of {text!r}")
    return path


def _parse_steps(text: str, position: int, root: str, names: re.Pattern[str]) -> tuple[Path, int]:
    """Steps up to what is no step; gives the path and where it ends."""
    steps: list[Step] = []
    start = position
    while position < len(text) and text[position] in ".[":
        position = _parse_step(text, position, steps, names)
    if steps and isinstance(steps[-1], Descend):
        raise PathSyntaxError(f"{text!r} ends after '..'")
    whole = text if not start or names is _NAME else text[start - 1 : position]
    return Path(whole, root, tuple(steps), is_definite(tuple(steps))), position


def _parse_step(text: str, position: int, steps: list[Step], names: re.Pattern[str]) -> int:
    if text[position] == "[":
        return _parse_bracket(text, position + 1, steps)
    position += 1
    if text.startswith(".", position):
        steps.append(Descend())
        position += 1
    if text.startswith("[", position):
        return position
    if text.startswith("*", position):
        steps.append(Wildcard())
        return position + 1
    name = names.match(text, position)
    if not name:
        raise PathSyntaxError(f"a name is missing at column {position + 1} of {text!r}")
    call = _CALL.match(text, name.end())
    if call:
        if name.group() != "length":
            raise PathSyntaxError(f"the function {name.group()}() is not available in paths")
        steps.append(Length())
        return call.end()
    steps.append(_unescape(name.group()))
    return name.end()


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text

    def character(found: re.Match[str]) -> str:
        code = found.group(1)
        return chr(int(code[1:], 16)) if len(code) == 5 else _CONTROLS.get(code, code)

    return _ESCAPE.sub(character, text)


def _parse_bracket(text: str, position: int, steps: list[Step]) -> int:
    position = _skip(text, position)
    if text.startswith("?", position):
        condition, position = _parse_filter(text, _skip(text, position + 1))
        steps.append(Filter(condition))
    else:
        end = _closing(text, position)
        steps.append(_parse_subscript(text[position:end].strip(), text))
        position = end
    position = _skip(text, position)
    if not text.startswith("]", position):
        raise PathSyntaxError(f"a ']' is missing in {text!r}")
    return position + 1


def _skip(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _closing(text: str, position: int) -> int:
    """Where the bracket that is open closes."""
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


def _parse_subscript(inside: str, text: str) -> Step:
    if inside == "*":
        return Wildcard()
    from_end = _FROM_END.fullmatch(inside)
    if from_end and int(from_end.group(1)):
        return FromEnd(int(from_end.group(1)))
    part = _SLICE.fullmatch(inside)
    if part:
        return Slice(*(int(number) if number else None for number in part.groups()))
    for pattern in (_KEY, _INDEX):
        found = _parse_list(inside, pattern)
        if found and pattern is _KEY:
            names = tuple(_unescape(first if first is not None else second) for first, second, _ in found)
            return names[0] if len(names) == 1 else Keys(names)
        if found:
            numbers = tuple(int(number) for number, _ in found)
            return numbers[0] if len(numbers) == 1 else Indices(numbers)
    raise PathSyntaxError(f"[{inside}] in {text!r} is not a subscript")


def _parse_list(inside: str, pattern: re.Pattern[str]) -> list[tuple[Any, ...]]:
    """Return the groups of each entry of a list with commas, or nothing where it is none."""
    found: list[tuple[Any, ...]] = []
    position = 0
    while True:
        entry = pattern.match(inside, position)
        if not entry:
            return []
        found.append(entry.groups())
        position = entry.end()
        if found[-1][-1] != ",":
            return found


def _parse_filter(text: str, position: int) -> tuple[Condition, int]:
    """Return a condition in brackets; gives it and where it ends."""
    if not text.startswith("(", position):
        raise PathSyntaxError(f"a '(' is missing after '?' in {text!r}")
    condition, position = _parse_or(text, position + 1)
    position = _skip(text, position)
    if not text.startswith(")", position):
        raise PathSyntaxError(f"a ')' is missing in {text!r}")
    return condition, position + 1


def _parse_or(text: str, position: int) -> tuple[Condition, int]:
    return _parse_chain(text, position, "||", _parse_and)


def _parse_and(text: str, position: int) -> tuple[Condition, int]:
    return _parse_chain(text, position, "&&", _parse_term)


def _parse_chain(
    text: str, position: int, operator: str, parse: Callable[[str, int], tuple[Condition, int]]
) -> tuple[Condition, int]:
    condition, position = parse(text, position)
    parts = [condition]
    while text.startswith(operator, _skip(text, position)):
        condition, position = parse(text, _skip(text, position) + 2)
        parts.append(condition)
    return (parts[0] if len(parts) == 1 else Combination(operator, tuple(parts))), position


def _parse_term(text: str, position: int) -> tuple[Condition, int]:
    position = _skip(text, position)
    if text.startswith("!", position):
        condition, position = _parse_term(text, position + 1)
        return Combination("!", (condition,)), position
    if text.startswith("(", position):
        return _parse_filter(text, position)
    left, position = _parse_operand(text, position)
    operator = _OPERATOR.match(text, position)
    if not operator:
        if left.path is None:
            raise PathSyntaxError(f"a comparison is missing at column {position + 1} of {text!r}")
        return Exists(left), position
    right, position = _parse_operand(text, operator.end())
    return Comparison(operator.group(1), left, right), position


def _parse_operand(text: str, position: int) -> tuple[Operand, int]:
    root = _ITEM_ROOT.match(text, position)
    if root:
        path, position = _parse_steps(text, root.end(), root.group(), _ITEM_NAME)
        return Operand(path), position
    value, position = _parse_literal(text, position)
    return Operand(None, value), position


def _parse_literal(text: str, position: int) -> tuple[Any, int]:
    if text.startswith("[", position):
        return _parse_array(text, position + 1)
    quoted = _LITERAL.match(text, position)
    if quoted:
        single, double, pattern, flags = quoted.groups()
        if pattern is not None:
            return _pattern(pattern, flags, text), quoted.end()
        return _unescape(single if single is not None else double), quoted.end()
    word = _WORD.match(text, position)
    if not word:
        raise PathSyntaxError(f"a path or a literal is missing at column {position + 1} of {text!r}")
    written = word.group()
    if _NUMBER.fullmatch(written):
        return (float(written) if set(written) & set(".eE") else int(written)), word.end()
    return _WORDS.get(written, written), word.end()  # a word without quotes stands for itself


def _parse_array(text: str, position: int) -> tuple[list[Any], int]:
    values: list[Any] = []
    position = _skip(text, position)
    while not text.startswith("]", position):
        value, position = _parse_literal(text, position)
        values.append(value)
        position = _skip(text, position)
        if text.startswith(",", position):
            position = _skip(text, position + 1)
        elif not text.startswith("]", position):
            raise PathSyntaxError(f"a ']' is missing in {text!r}")
    return values, position + 1


def _pattern(pattern: str, flags: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE if "i" in flags else 0)
    except re.error as error:
        raise PathSyntaxError(f"/{pattern}/ in {text!r} is not a regular expression: {error}") from error
