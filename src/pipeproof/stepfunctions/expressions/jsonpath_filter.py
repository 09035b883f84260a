"""The filters of paths: `[?(@.price < 10 && @.name =~ /a.*/)]`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeproof.stepfunctions.values import MISSING, equal, is_number


class PathSyntaxError(ValueError):
    """A text that is no path of AWS's dialect."""


Lookup = Callable[[str, Any, Any], Any]

_OPERATOR = re.compile(r"\s*(==|!=|<=|>=|=~|<|>|in\b|nin\b)\s*")
_PATH = re.compile(r"""[@$](?:\.\.?[\w\-*]+|\[(?:'[^']*'|"[^"]*"|-?\d+|\*)\])*""")
_LITERAL = re.compile(
    r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)\b"""
    r"""|/((?:[^/\\]|\\.)*)/([a-z]*)|(\[[^\]]*\])"""
)


@dataclass(frozen=True, slots=True)
class Operand:
    """A path (`@.a`) or a literal."""

    path: str | None
    literal: Any = None

    def value(self, item: Any, document: Any, lookup: Lookup) -> Any:
        """What it stands for."""
        return self.literal if self.path is None else lookup(self.path, item, document)


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on an item: a comparison, or a combination of others.

    Attributes:
        operator: One of `==`, `!=`, `<`, `<=`, `>`, `>=`, `=~`, `in`, `nin`, `exists`, `&&`, `||`, `!`.
        parts: Operands of a comparison, conditions of a combination.
    """

    operator: str
    parts: tuple[Any, ...]

    def holds(self, item: Any, document: Any, lookup: Lookup) -> bool:
        """Whether the item passes."""
        match self.operator:
            case "&&":
                return all(part.holds(item, document, lookup) for part in self.parts)
            case "||":
                return any(part.holds(item, document, lookup) for part in self.parts)
            case "!":
                return not self.parts[0].holds(item, document, lookup)
            case "exists":
                return self.parts[0].value(item, document, lookup) is not MISSING
        left, right = (part.value(item, document, lookup) for part in self.parts)
        return left is not MISSING and right is not MISSING and _compare(self.operator, left, right)


def _compare(operator: str, left: Any, right: Any) -> bool:
    match operator:
        case "==":
            return equal(left, right)
        case "!=":
            return not equal(left, right)
        case "=~":
            return isinstance(left, str) and isinstance(right, re.Pattern) and bool(right.fullmatch(left))
        case "in" | "nin":
            found = isinstance(right, list) and any(equal(left, item) for item in right)
            return found == (operator == "in")
    if not (is_number(left) and is_number(right)) and not (isinstance(left, str) and isinstance(right, str)):
        return False
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator])


def parse_filter(text: str, position: int) -> tuple[Filter, int]:
    """Parses a filter from its opening bracket on; gives the condition and where it ends."""
    if not text.startswith("(", position):
        raise PathSyntaxError(f"a '(' is missing after '?' in {text!r}")
    condition, position = _parse_or(text, position + 1)
    position = _skip(text, position)
    if not text.startswith(")", position):
        raise PathSyntaxError(f"a ')' is missing in {text!r}")
    return condition, _skip(text, position + 1)


def _skip(text: str, position: int) -> int:
    while text.startswith(" ", position):
        position += 1
    return position


def _parse_or(text: str, position: int) -> tuple[Filter, int]:
    return _parse_chain(text, position, "||", _parse_and)


def _parse_and(text: str, position: int) -> tuple[Filter, int]:
    return _parse_chain(text, position, "&&", _parse_term)


def _parse_chain(
    text: str, position: int, operator: str, parse: Callable[[str, int], tuple[Filter, int]]
) -> tuple[Filter, int]:
    condition, position = parse(text, position)
    parts = [condition]
    while text.startswith(operator, _skip(text, position)):
        condition, position = parse(text, _skip(text, position) + 2)
        parts.append(condition)
    return (parts[0] if len(parts) == 1 else Filter(operator, tuple(parts))), position


def _parse_term(text: str, position: int) -> tuple[Filter, int]:
    position = _skip(text, position)
    if text.startswith("!", position):
        condition, position = _parse_term(text, position + 1)
        return Filter("!", (condition,)), position
    if text.startswith("(", position):
        return parse_filter(text, position)
    left, position = _parse_operand(text, position)
    operator = _OPERATOR.match(text, position)
    if not operator:
        return Filter("exists", (left,)), position
    right, position = _parse_operand(text, operator.end())
    return Filter(operator.group(1), (left, right)), position


def _parse_operand(text: str, position: int) -> tuple[Operand, int]:
    path = _PATH.match(text, position)
    if path:
        return Operand(path.group()), path.end()
    literal = _LITERAL.match(text, position)
    if not literal:
        raise PathSyntaxError(f"a path or a literal is missing at column {position + 1} of {text!r}")
    return Operand(None, _literal(literal, text)), literal.end()


def _literal(found: re.Match[str], text: str) -> Any:
    single, double, number, word, pattern, flags, array = found.groups()
    if number is not None:
        return float(number) if set(number) & set(".eE") else int(number)
    if word is not None:
        return {"true": True, "false": False, "null": None}[word]
    if pattern is not None:
        try:
            return re.compile(pattern, re.IGNORECASE if "i" in flags else 0)
        except re.error as error:
            raise PathSyntaxError(f"/{pattern}/ in {text!r} is no regular expression: {error}") from error
    if array is not None:
        return [_literal(item, text) for item in _LITERAL.finditer(array[1:-1])]
    return re.sub(r"\\(.)", r"\1", single if single is not None else double)
