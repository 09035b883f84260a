"""The numeric functions and the aggregations."""

import math
import re
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError
from pipeproof.stepfunctions.expressions.jsonata.operators import divided
from pipeproof.stepfunctions.expressions.jsonata.texts import number_text
from pipeproof.stepfunctions.expressions.jsonata.values import SAFE, double, floor, is_any_number
from pipeproof.stepfunctions.values import MISSING

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?")
_PREFIXED = re.compile(r"(0[xX][0-9A-Fa-f]+)|.*?(0[oO][0-7]+)|.*?(0[bB][01]+)\Z", re.DOTALL)
_CODED = re.compile(r"\s*(0[xX][0-9A-Fa-f]+|0[oO][0-7]+|0[bB][01]+)\s*")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def added(numbers: Any) -> Any:
    """Return the sum, added up from the left."""
    total: Any = 0
    for number in numbers:
        total = double(total + number)
    return total


def sum_(numbers: Any) -> Any:
    """$sum."""
    return MISSING if numbers is MISSING else added(numbers)


def count(items: Any) -> Any:
    """$count: how many items there are; none of nothing."""
    return 0 if items is MISSING else len(items)


def max_(numbers: Any) -> Any:
    """$max."""
    return MISSING if numbers is MISSING or not numbers else max(numbers)


def min_(numbers: Any) -> Any:
    """$min."""
    return MISSING if numbers is MISSING or not numbers else min(numbers)


def average(numbers: Any) -> Any:
    """$average."""
    return MISSING if numbers is MISSING or not numbers else divided(added(numbers), len(numbers))


def number(value: Any) -> Any:
    """$number: decimal, hexadecimal (0x), octal (0o) and binary (0b) texts, true and false.

    Raises:
        JsonataError: D3030.
    """
    if value is MISSING or is_any_number(value):
        return value
    if value is True or value is False:
        return int(value)
    if isinstance(value, str):
        if _DECIMAL.fullmatch(value) and math.isfinite(read := float(value)):
            return tidy(read)
        if _PREFIXED.match(value):
            found = _CODED.fullmatch(value)
            return double(int(found[1], 0)) if found else math.nan
    raise JsonataError("D3030", value=value)


def tidy(value: float) -> int | float:
    """Return a float without a fraction as an int, where it holds each digit."""
    return int(value) if value.is_integer() and abs(value) < SAFE else value


def absolute(value: Any) -> Any:
    """$abs."""
    return MISSING if value is MISSING else abs(value)


def floor_(value: Any) -> Any:
    """$floor."""
    return MISSING if value is MISSING else floor(value)


def ceil(value: Any) -> Any:
    """$ceil."""
    return MISSING if value is MISSING else -floor(-value)


def round_(value: Any, precision: Any) -> Any:
    """Rounded, halves to the even side, to so many decimals (or tens, where negative).

    The decimals are shifted in the number's text, so that 34.555 is a half.
    """
    if value is MISSING:
        return MISSING
    shifted = _shifted(value, precision) if precision is not MISSING and precision != 0 else value
    result = _to_even(shifted)
    if precision is not MISSING and precision != 0:
        result = _shifted(result, -precision)
    return 0 if result == 0 else result


def _to_even(value: int | float) -> int | float:
    if not math.isfinite(value):
        return value
    lower = math.floor(value)
    above = value - lower
    if above == 0.5:
        return lower + (lower % 2)
    return double(lower + (above > 0.5))


def _shifted(value: int | float, places: int | float) -> int | float:
    """Return the number with its decimal point moved; no number where the places are no whole number."""
    mantissa, _, exponent = number_text(value).partition("e")
    if not math.isfinite(value) or (type(places) is float and not places.is_integer()):
        return math.nan
    return float(f"{mantissa}e{int(exponent or 0) + int(places)}")


def sqrt(value: Any) -> Any:
    """$sqrt; D3060 below zero."""
    if value is MISSING:
        return MISSING
    if value < 0:
        raise JsonataError("D3060", value=value)
    return math.sqrt(value)


def power(base: Any, exponent: Any) -> Any:
    """$power; D3061 where it comes to no number."""
    if base is MISSING:
        return MISSING
    result = _powered(base, exponent)
    if not math.isfinite(result):
        raise JsonataError("D3061", value=base, exp=exponent)
    return result


def _powered(base: Any, exponent: Any) -> int | float:
    if exponent is MISSING or (base < 0 and not float(exponent).is_integer()):
        return math.nan
    try:
        if type(base) is int and type(exponent) is int and 0 <= exponent < 64:
            return double(base**exponent)
        return math.pow(base, exponent)
    except (OverflowError, ValueError):
        return math.inf


def format_base(value: Any, radix: Any) -> Any:
    """Return the number, rounded, in digits of another base.

    Raises:
        JsonataError: D3100.
    """
    if value is MISSING:
        return MISSING
    whole, base = round_(value, MISSING), 10 if radix is MISSING else round_(radix, MISSING)
    if base < 2 or base > 36:
        raise JsonataError("D3100", value=base)
    if base == 10 or not math.isfinite(whole):
        return number_text(whole)
    return ("-" if whole < 0 else "") + (_digits(abs(whole), int(base)) or "0")


def _digits(value: int | float, base: int) -> str:
    zeros = 0
    while value >= 2**53:
        value /= base
        zeros += 1
    whole, digits = int(value), ""
    while whole:
        whole, digit = divmod(whole, base)
        digits = _DIGITS[digit] + digits
    return digits + "0" * zeros
