"""The conditions of paths: `[?(@.price < 10 && @.name =~ /a.*/)]`, with the operators of Jayway's language.

A path that finds nothing is undefined: it equals nothing, so that `!=` and `nin` hold.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeproof.stepfunctions.expressions.jsonpath import NoMatch, Path
from pipeproof.stepfunctions.values import MISSING, equal, is_number

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Operand:
    """A path (`@.a`) or a literal."""

    path: Path | None
    literal: Any = None

    def value(self, item: Any, document: Any) -> Any:
        """Return what it stands for; MISSING where a path finds nothing."""
        if self.path is None:
            return self.literal
        try:
            return self.path.find(item if self.path.root == "@" else document)
        except NoMatch:
            return MISSING


@dataclass(frozen=True, slots=True)
class Comparison:
    """`left operator right`."""

    operator: str
    left: Operand
    right: Operand

    def holds(self, item: Any, document: Any) -> bool:
        """Return whether the item passes."""
        return OPERATORS[self.operator](self.left.value(item, document), self.right.value(item, document))


@dataclass(frozen=True, slots=True)
class Exists:
    """A path that has to find something; null is something."""

    operand: Operand

    def holds(self, item: Any, document: Any) -> bool:
        """Return whether the item passes."""
        return self.operand.value(item, document) is not MISSING


@dataclass(frozen=True, slots=True)
class Combination:
    """`&&`, `||` or `!` over other conditions."""

    operator: str
    parts: tuple[Any, ...]

    def holds(self, item: Any, document: Any) -> bool:
        """Return whether the item passes."""
        if self.operator == "!":
            return not self.parts[0].holds(item, document)
        found = (part.holds(item, document) for part in self.parts)
        return all(found) if self.operator == "&&" else any(found)


def _same(left: Any, right: Any) -> bool:
    """Equality; a number equals the text that says it."""
    if left is MISSING or right is MISSING:
        return False
    if is_number(left) and isinstance(right, str):
        return _NUMBER.fullmatch(right) is not None and float(right) == left
    if is_number(right) and isinstance(left, str):
        return _same(right, left)
    return equal(left, right)


def _ordered(order: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        numbers = is_number(left) and is_number(right)
        return (numbers or (isinstance(left, str) and isinstance(right, str))) and order(left, right)

    return compare


def _matches(left: Any, right: Any) -> bool:
    return isinstance(left, str) and isinstance(right, re.Pattern) and right.fullmatch(left) is not None


def _in(left: Any, right: Any) -> bool:
    return isinstance(right, list) and any(_same(left, item) for item in right)


def _subset(left: Any, right: Any) -> bool:
    return isinstance(left, list) and isinstance(right, list) and all(_in(item, right) for item in left)


def _any_of(left: Any, right: Any) -> bool:
    return isinstance(left, list) and isinstance(right, list) and any(_in(item, right) for item in left)


def _none_of(left: Any, right: Any) -> bool:
    return isinstance(left, list) and isinstance(right, list) and not any(_in(item, right) for item in left)


def _size(left: Any, right: Any) -> bool:
    if not isinstance(left, (list, str)):
        return False
    return len(left) == (len(right) if isinstance(right, (list, str)) else right)


def _empty(left: Any, right: Any) -> bool:
    return isinstance(left, (list, dict, str)) and (not left) is right


def _contains(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str) and right in left
    return _in(right, left)


def _all(left: Any, right: Any) -> bool:
    return _subset(right, left)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _same,
    "===": lambda left, right: left is not MISSING and right is not MISSING and equal(left, right),
    "!=": lambda left, right: not _same(left, right),
    "!==": lambda left, right: left is MISSING or right is MISSING or not equal(left, right),
    "<": _ordered(lambda left, right: bool(left < right)),
    "<=": _ordered(lambda left, right: bool(left <= right)),
    ">": _ordered(lambda left, right: bool(left > right)),
    ">=": _ordered(lambda left, right: bool(left >= right)),
    "=~": _matches,
    "in": _in,
    "nin": lambda left, right: not _in(left, right),
    "subsetof": _subset,
    "anyof": _any_of,
    "noneof": _none_of,
    "size": _size,
    "empty": _empty,
    "contains": _contains,
    "all": _all,
}
"""Each operator of Jayway's language that a filter can have: the values left and right of it → whether it holds."""
