"""Values as text: numbers in JavaScript's notation, JSON as `$string` writes it."""

import math
from decimal import ROUND_HALF_UP, Context, Decimal
from json.encoder import encode_basestring
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError
from pipeproof.stepfunctions.expressions.jsonata.values import SAFE, Function, double, is_any_number, keys
from pipeproof.stepfunctions.values import MISSING

_FIFTEEN = Context(prec=15, rounding=ROUND_HALF_UP)


def number_text(value: int | float) -> str:
    """Return a number as JavaScript writes it: plain below 1e21, `1e+21` from there, `1e-7` below 0.000001."""
    value = double(value)
    if type(value) is int:
        return str(value)
    if not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))  # where the decimal point stands
    return ("-" if value < 0 else "") + _placed(digits.rstrip("0"), point)


def _placed(digits: str, point: int) -> str:
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{mantissa}e{'+' if point > 0 else '-'}{abs(point - 1)}"


def rounded(value: int | float) -> int | float:
    """Return the number with 15 significant digits, as `$string` writes it.

    Raises:
        JsonataError: D1001, it is infinite.
    """
    if type(value) is int and abs(value) < 10**15:
        return value
    if not math.isfinite(value):
        if value != value:
            return value
        raise JsonataError("D1001", value=value)
    if type(value) is float and len(repr(value)) < 16:
        return value
    return float(_FIFTEEN.create_decimal(Decimal(value)))


def text(value: Any, pretty: bool = False) -> Any:
    """$string.

    Raises:
        JsonataError: D3001, a number that is none.
    """
    if isinstance(value, str) or value is MISSING:
        return value
    if isinstance(value, Function):
        return ""
    if type(value) is float and not math.isfinite(value):
        raise JsonataError("D3001", value=value)
    return json_text(value, indent="  " if pretty else "")


def json_text(value: Any, indent: str = "", exact: bool = False) -> str | None:
    """JSON as JavaScript writes it; None where there is nothing to write.

    Args:
        value: What to write. Functions become empty strings, numbers that are none become null.
        indent: Of each level; without it all stands on one line.
        exact: Numbers with all their digits, as messages show them.

    Raises:
        JsonataError: D1001, an infinite number (not where exact).
    """
    return (
        None if value is MISSING or (exact and isinstance(value, Function)) else _Writer(indent, exact).write(value, "")
    )


class _Writer:
    def __init__(self, indent: str, exact: bool) -> None:
        self.indent = indent
        self.exact = exact
        self.colon = ": " if indent else ":"

    def write(self, value: Any, margin: str) -> str:
        if value is None or value is MISSING:
            return "null"
        if value is True or value is False:
            return "true" if value else "false"
        if isinstance(value, str):
            return encode_basestring(value)
        if isinstance(value, list):
            return self._enclosed("[]", [self.write(item, margin + self.indent) for item in value], margin)
        if isinstance(value, dict):
            return self._enclosed(
                "{}", [self._field(value, key, margin) for key in keys(value) if _is_there(value[key])], margin
            )
        if isinstance(value, Function):
            return '""'
        return self._number(value) if is_any_number(value) else "{}"

    def _field(self, value: dict[str, Any], key: str, margin: str) -> str:
        return encode_basestring(key) + self.colon + self.write(value[key], margin + self.indent)

    def _enclosed(self, brackets: str, items: list[str], margin: str) -> str:
        if not items:
            return brackets
        if not self.indent:
            return brackets[0] + ",".join(items) + brackets[1]
        inner = "\n" + margin + self.indent
        return brackets[0] + inner + ("," + inner).join(items) + "\n" + margin + brackets[1]

    def _number(self, value: int | float) -> str:
        if type(value) is int and -SAFE <= value <= SAFE and (self.exact or abs(value) < 10**15):
            return str(value)
        value = value if self.exact else rounded(value)
        return number_text(value) if math.isfinite(value) else "null"


def _is_there(value: Any) -> bool:
    return value is not MISSING
