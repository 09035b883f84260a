"""$formatNumber: XPath's pictures of decimal numbers (XPath and XQuery Functions and Operators 3.1, section 4.7)."""

import math
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import reduce
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import TIME, JsonataError
from pipeproof.stepfunctions.expressions.jsonata.functions.numbers import round_
from pipeproof.stepfunctions.expressions.jsonata.texts import number_text
from pipeproof.stepfunctions.values import MISSING

_DEFAULTS = {
    "decimal-separator": ".", "grouping-separator": ",", "exponent-separator": "e", "infinity": "Infinity",
    "minus-sign": "-", "NaN": "NaN", "percent": "%", "per-mille": "‰", "zero-digit": "0", "digit": "#",
    "pattern-separator": ";",
}  # fmt: skip


class _Format:
    """The characters that mean something."""

    def __init__(self, options: dict[str, Any]) -> None:
        texts = {**_DEFAULTS, **options}
        self.point: str = texts["decimal-separator"]
        self.comma: str = texts["grouping-separator"]
        self.exponent: str = texts["exponent-separator"]
        self.minus: str = texts["minus-sign"]
        self.percent: str = texts["percent"]
        self.per_mille: str = texts["per-mille"]
        self.zero: str = texts["zero-digit"]
        self.digit: str = texts["digit"]
        self.separator: str = texts["pattern-separator"]
        self.digits = [chr(ord(self.zero[0]) + index) for index in range(10)]
        self.active = {*self.digits, self.point, self.exponent, self.comma, self.digit, self.separator}

    def count(self, part: str, optional: bool = False) -> int:
        """Return how many digits a part has; optional ones too, if asked."""
        return sum(letter in self.digits or (optional and letter == self.digit) for letter in part)


@dataclass(slots=True)
class _Parts:
    whole: str
    prefix: str
    suffix: str
    active: str
    mantissa: str
    exponent: str | None
    integer: str
    fraction: str


@dataclass(slots=True)
class _Picture:
    parts: _Parts
    prefix: str
    integer_size: int
    scale: int
    fraction_least: int
    fraction_most: int
    exponent_size: int
    grouping: int
    integer_groups: list[int] = field(default_factory=list)
    fraction_groups: list[int] = field(default_factory=list)


def format_number(value: Any, picture: Any, options: Any) -> Any:
    """Return the number as the picture shows it.

    Args:
        value: The number.
        picture: One picture, or one for positive and one for negative numbers.
        options: Other characters than the usual ones, by their XPath names.

    Raises:
        JsonataError: D3080 to D3093, the picture breaks a rule.
    """
    if value is MISSING:
        return MISSING
    form = _Format({} if options is MISSING else options)
    pictures = picture.split(form.separator)
    if len(pictures) > 2:
        raise JsonataError("D3080")
    parts = [_split(text, form) for text in pictures]
    for part in parts:
        _check(part, form)
    analysed = [_analyse(part, form) for part in parts]
    if len(analysed) == 1:
        analysed.append(replace(analysed[0], prefix=form.minus + analysed[0].prefix))
    return _shown(value, analysed[0] if value >= 0 else analysed[1], form)


def _split(text: str, form: _Format) -> _Parts:
    marks = [index for index, letter in enumerate(text) if letter in form.active and letter != form.exponent]
    prefix, suffix = (text[: marks[0]], text[marks[-1] + 1 :]) if marks else ("", "")
    active = text[len(prefix) : len(text) - len(suffix)]
    at = text.find(form.exponent, len(prefix))
    if at == -1 or at > len(text) - len(suffix):
        mantissa, exponent = active, None
    else:
        mantissa, exponent = active[:at], active[at + 1 :]
    integer, point, fraction = mantissa.partition(form.point)
    return _Parts(text, prefix, suffix, active, mantissa, exponent, integer, fraction if point else suffix)


def _check(parts: _Parts, form: _Format) -> None:
    """Whether the picture keeps the rules; the last one broken is named, as the reference does."""
    text, point = parts.whole, parts.whole.find(form.point)
    percents = form.percent in text, form.per_mille in text
    optional, in_fraction = parts.integer.find(form.digit), parts.fraction.rfind(form.digit)
    around = text[point - 1 : point] + text[point + 1 : point + 2] if point != -1 else ""
    rules = [
        ("D3081", text.count(form.point) > 1),
        ("D3082", text.count(form.percent) > 1),
        ("D3083", text.count(form.per_mille) > 1),
        ("D3084", all(percents)),
        ("D3085", form.count(parts.mantissa, optional=True) == 0),
        ("D3086", any(letter not in form.active for letter in parts.active)),
        ("D3087", point != -1 and form.comma in around),
        ("D3088", point == -1 and parts.integer.endswith(form.comma)),
        ("D3089", form.comma * 2 in text),
        ("D3090", optional != -1 and form.count(parts.integer[:optional]) > 0),
        ("D3091", in_fraction != -1 and form.count(parts.fraction[in_fraction:]) > 0),
        ("D3092", bool(parts.exponent) and any(percents)),
        (
            "D3093",
            parts.exponent is not None and (parts.exponent == "" or form.count(parts.exponent) < len(parts.exponent)),
        ),
    ]
    broken = [code for code, breaks in rules if breaks]
    if broken:
        raise JsonataError(broken[-1])


def _analyse(parts: _Parts, form: _Format) -> _Picture:
    integer_groups = _groups(parts, form, parts.integer, to_left=False)
    size = scale = form.count(parts.integer)
    least, most = form.count(parts.fraction), form.count(parts.fraction, optional=True)
    exponent = parts.exponent is not None
    if size == 0 and most == 0:
        if exponent:
            least = most = 1
        else:
            size = 1
    if exponent and size == 0 and form.digit in parts.integer:
        size = 1
    if size == 0 and least == 0:
        least = 1
    return _Picture(
        parts, parts.prefix, size, scale, least, most, form.count(parts.exponent or ""), _regular(integer_groups),
        integer_groups, _groups(parts, form, parts.fraction, to_left=True),
    )  # fmt: skip


def _groups(parts: _Parts, form: _Format, part: str, to_left: bool) -> list[int]:
    """Where grouping separators stand, in digits; the reference looks for those after the first in the integer part."""
    found, at = [], part.find(form.comma)
    while at != -1:
        found.append(form.count(part[:at] if to_left else part[at:], optional=True))
        at = parts.integer.find(form.comma, at + 1)
    return found


def _regular(places: list[int]) -> int:
    """Return the size of groups, if all are of one size; else 0."""
    if not places:
        return 0
    size = reduce(math.gcd, places)
    return size if all(size * (index + 1) in places for index in range(len(places))) else 0


def _shown(value: int | float, picture: _Picture, form: _Format) -> str:
    if form.percent in picture.parts.whole:
        value = value * 100
    elif form.per_mille in picture.parts.whole:
        value = value * 1000
    exponent = None
    if picture.exponent_size:
        value, exponent = _scaled(value, picture.scale)
    written = _fixed(round_(value, picture.fraction_most), picture.fraction_most, form)
    written = written.replace(".", form.point, 1) if "." in written else written + form.point
    written = written.lstrip(form.zero) if form.zero else written
    written = written.rstrip(form.zero)
    at = written.find(form.point)
    left, right = picture.integer_size - at, picture.fraction_least - (len(written) - at - 1)
    written = _grouped(form.zero * left + written + form.zero * right, picture, form)
    at = written.find(form.point)
    if form.point not in picture.parts.whole or at == len(written) - 1:
        written = written[:-1]
    if exponent is not None:
        digits = _fixed(exponent, 0, form).rjust(picture.exponent_size, form.zero)
        written += form.exponent + (form.minus if exponent < 0 else "") + digits
    return picture.prefix + written + picture.parts.suffix


def _scaled(value: int | float, scale: int) -> tuple[int | float, int]:
    """Mantissa and exponent. The reference never comes to an end where the number is not positive."""
    if value <= 0:
        raise JsonataError(None, TIME)
    most, least = math.pow(10, scale), math.pow(10, scale - 1)
    exponent = 0
    while value < least:
        value *= 10
        exponent -= 1
    while value > most:
        value /= 10
        exponent += 1
    return value, exponent


def _fixed(value: int | float, decimals: int, form: _Format) -> str:
    size = abs(value)
    if size >= 1e21 or not math.isfinite(size):
        written = number_text(size)
    else:
        written = format(Decimal(size).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), "f")
    if form.zero == "0":
        return written
    return "".join(form.digits[int(letter)] if letter in "0123456789" else letter for letter in written)


def _grouped(written: str, picture: _Picture, form: _Format) -> str:
    at = written.find(form.point)
    if picture.grouping:
        for index in range(1, (at - 1) // picture.grouping + 1):
            written = _inserted(written, at - index * picture.grouping, form.comma)
    else:
        for place in picture.integer_groups:
            written = _inserted(written, at - place, form.comma)
            at += 1
    at = written.find(form.point)
    for place in picture.fraction_groups:
        written = _inserted(written, place + at + 1, form.comma)
    return written


def _inserted(text: str, at: int, what: str) -> str:
    return text[:at] + what + text[at:]
