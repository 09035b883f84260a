"""The comparisons of a Choice's rules, in their literal and their Path form.

The operators are those of the Amazon States Language's page on Choice states.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pipeproof.stepfunctions.timestamps import parse_timestamp
from pipeproof.stepfunctions.values import MISSING, equal, is_number

Test = Callable[[Any, Any], bool]
_ORDERS: dict[str, Test] = {
    "Equals": lambda left, right: bool(left == right),
    "LessThan": lambda left, right: bool(left < right),
    "GreaterThan": lambda left, right: bool(left > right),
    "LessThanEquals": lambda left, right: bool(left <= right),
    "GreaterThanEquals": lambda left, right: bool(left >= right),
}


def _numbers(order: Test) -> Test:
    return lambda left, right: is_number(left) and is_number(right) and order(left, right)


def _strings(order: Test) -> Test:
    return lambda left, right: isinstance(left, str) and isinstance(right, str) and order(left, right)


def _timestamps(order: Test) -> Test:
    def compare(left: Any, right: Any) -> bool:
        first, second = parse_timestamp(left), parse_timestamp(right)
        return first is not None and second is not None and order(first, second)

    return compare


def _booleans(left: Any, right: Any) -> bool:
    return isinstance(left, bool) and isinstance(right, bool) and equal(left, right)


def string_matches(text: Any, pattern: Any) -> bool:
    """StringMatches: `*` stands for any characters, `\\*` for a star."""
    return isinstance(text, str) and isinstance(pattern, str) and _pattern(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\" and position + 1 < len(pattern):
            position += 1
            parts.append(re.escape(pattern[position]))
        else:
            parts.append(".*" if character == "*" else re.escape(character))
        position += 1
    return re.compile("".join(parts), re.DOTALL)


def _kind(test: Callable[[Any], bool]) -> Test:
    return lambda value, expected: test(value) == expected


OPERATORS: dict[str, Test] = {
    "IsNull": _kind(lambda value: value is None),
    "IsPresent": _kind(lambda value: value is not MISSING),
    "IsNumeric": _kind(is_number),
    "IsString": _kind(lambda value: isinstance(value, str)),
    "IsBoolean": _kind(lambda value: isinstance(value, bool)),
    "IsTimestamp": _kind(lambda value: parse_timestamp(value) is not None),
    "StringMatches": string_matches,
    "BooleanEquals": _booleans,
    "BooleanEqualsPath": _booleans,
}
"""Each comparison of the language: the variable's value and the expected one → whether it holds."""

for _name, _order in _ORDERS.items():
    for _family, _make in (("String", _strings), ("Numeric", _numbers), ("Timestamp", _timestamps)):
        OPERATORS[_family + _name] = OPERATORS[f"{_family}{_name}Path"] = _make(_order)
