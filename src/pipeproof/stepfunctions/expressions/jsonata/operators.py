"""The operators, on values; MISSING stands for an operand that is not there."""

import math
from collections.abc import Callable
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import MEMORY, JsonataError
from pipeproof.stepfunctions.expressions.jsonata.running import check_text
from pipeproof.stepfunctions.expressions.jsonata.texts import text
from pipeproof.stepfunctions.expressions.jsonata.values import (
    SAFE,
    Array,
    double,
    equal,
    is_any_number,
    is_number,
    less,
    same,
    whole,
)
from pipeproof.stepfunctions.values import MISSING

RANGE_LIMIT = 873_782
"""How many numbers the service lets a range have before it runs out of memory."""


def negated(value: Any) -> Any:
    """`-value`.

    Raises:
        JsonataError: D1002.
    """
    if value is MISSING:
        return MISSING
    if not is_number(value):
        raise JsonataError("D1002", symbol="-", value=value)
    return -value if value else -float(value)


def _numeric(symbol: str, operate: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def numeric(left: Any, right: Any) -> Any:
        if left is not MISSING and not _number(left, symbol):
            raise JsonataError("T2001", symbol=symbol, value=left)
        if right is not MISSING and not _number(right, symbol):
            raise JsonataError("T2002", symbol=symbol, value=right)
        if left is MISSING or right is MISSING:
            return MISSING
        result = operate(double(left), double(right))
        return double(result) if type(result) is int and not -SAFE <= result <= SAFE else result

    return numeric


def _number(value: Any, symbol: str) -> bool:
    try:
        return is_number(value)
    except JsonataError as error:
        error.symbol = symbol
        raise


def _plus(left: Any, right: Any) -> Any:
    return left + right


def _minus(left: Any, right: Any) -> Any:
    return left - right


def _times(left: Any, right: Any) -> Any:
    result = left * right
    return float(left) * float(right) if result == 0 else result


def divided(left: Any, right: Any) -> Any:
    """`left / right`; by zero it is infinity or NaN, as in JavaScript."""
    if right == 0:
        if left == 0 or left != left:
            return math.nan
        return math.copysign(math.inf, left) * math.copysign(1.0, right)
    return left / right


def remainder(left: Any, right: Any) -> Any:
    """`left % right`, with the sign of the left side; of zero it is NaN."""
    return math.nan if right == 0 else math.fmod(left, right)


def _equals(left: Any, right: Any) -> Any:
    return left is not MISSING and right is not MISSING and equal(left, right)


def _differs(left: Any, right: Any) -> Any:
    return left is not MISSING and right is not MISSING and not equal(left, right)


def _comparison(symbol: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def comparison(left: Any, right: Any) -> Any:
        one, other = type(left), type(right)
        if (one is int or one is float) and (other is int or other is float):
            return compare(left, right)
        if not (_comparable(left) and _comparable(right)):
            raise JsonataError("T2010", symbol=symbol, value=right if _comparable(left) else left)
        if left is MISSING or right is MISSING:
            return MISSING
        if isinstance(left, str) is not isinstance(right, str):
            raise JsonataError("T2009", symbol=symbol, value=left, value2=right)
        return compare(left, right)

    return comparison


def _comparable(value: Any) -> bool:
    return value is MISSING or isinstance(value, str) or is_any_number(value)


def _is_in(left: Any, right: Any) -> Any:
    if left is MISSING or right is MISSING:
        return False
    return any(same(item, left) for item in (right if isinstance(right, list) else [right]))


def _concatenated(left: Any, right: Any) -> Any:
    one = left if isinstance(left, str) else "" if left is MISSING else _text(left)
    other = right if isinstance(right, str) else "" if right is MISSING else _text(right)
    return check_text(one + other)


def _text(value: Any) -> Any:
    try:
        return text(value)
    except JsonataError as error:
        error.symbol = "&"
        raise


def _span(left: Any, right: Any) -> Any:
    if left is not MISSING and not whole(left):
        raise JsonataError("T2003", symbol="..", value=left)
    if right is not MISSING and not whole(right):
        raise JsonataError("T2004", symbol="..", value=right)
    if left is MISSING or right is MISSING or left > right:
        return MISSING
    size = right - left + 1
    if size > 1e7:
        raise JsonataError("D2014", symbol="..", value=size)
    if size > RANGE_LIMIT:
        raise JsonataError(None, MEMORY)
    return Array(range(int(left), int(right) + 1), sequence=True)


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": _numeric("+", _plus),
    "-": _numeric("-", _minus),
    "*": _numeric("*", _times),
    "/": _numeric("/", divided),
    "%": _numeric("%", remainder),
    "=": _equals,
    "!=": _differs,
    "<": _comparison("<", less),
    ">": _comparison(">", lambda left, right: less(right, left)),
    "<=": _comparison("<=", lambda left, right: left <= right if is_any_number(left) else not less(right, left)),
    ">=": _comparison(">=", lambda left, right: left >= right if is_any_number(left) else not less(left, right)),
    "&": _concatenated,
    "in": _is_in,
    "..": _span,
}
