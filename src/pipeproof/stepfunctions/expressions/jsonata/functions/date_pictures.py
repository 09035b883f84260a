"""$fromMillis and $now: times as pictures write them (XPath and XQuery Functions and Operators 3.1, section 9.8)."""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError, internal_error
from pipeproof.stepfunctions.expressions.jsonata.functions.calendar import MONTHS, WEEKDAYS, Moment, component
from pipeproof.stepfunctions.expressions.jsonata.functions.integer_pictures import (
    IntegerPicture,
    leading_number,
    read_picture,
    written,
)
from pipeproof.stepfunctions.values import MISSING

ISO = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]"
_DEFAULTS = {
    "Y": "1", "M": "1", "D": "1", "d": "1", "F": "n", "W": "1", "w": "1", "X": "1", "x": "1", "H": "1", "h": "1",
    "P": "n", "m": "01", "s": "01", "f": "1", "Z": "01:01", "z": "01:01", "C": "n", "E": "n",
}  # fmt: skip
_NUMERIC = "YMDdFWwXxHhmsf"


@dataclass(slots=True)
class Marker:
    """`[…]` in a picture.

    Attributes:
        component: Its letter: Y year, M month, D day, F weekday, H hour, …
        names: lower, title or upper where a name is written; else nothing.
        longest: How long a name may be, if that is said.
        numbers: How a number is written.
        width: How many of a year's, month's or day's digits count; -1 for all.
        zulu: `t`: no offset is written as Z.
    """

    component: str
    names: str = ""
    longest: int | float | None = None
    numbers: IntegerPicture | None = None
    width: int | float = -1
    zulu: bool = False


@lru_cache(maxsize=256)
def read_date_picture(picture: str) -> tuple[str | Marker, ...]:
    """Texts and markers of a picture.

    Raises:
        JsonataError: D3131, D3132 or D3135.
    """
    parts: list[str | Marker] = []
    start = at = 0

    def literal(end: int) -> None:
        if end > start:
            parts.append(picture[start:end].replace("]]", "]"))

    while at < len(picture):
        if picture[at] == "[":
            literal(at)
            if picture.startswith("[[", at):
                parts.append("[")
                start = at = at + 2
                continue
            end = picture.find("]", at)
            if end == -1:
                raise JsonataError("D3135")
            parts.append(_marker(re.sub(r"\s+", "", picture[at + 1 : end])))
            start, at = end + 1, end
        at += 1
    literal(at)
    return tuple(parts)


def _marker(text: str) -> Marker:
    letter, rest = text[:1], text[1:]
    presentation, comma, widths = rest.rpartition(",")
    if not comma:
        presentation, widths = rest, ""
    least, _, most = widths.partition("-")
    modifier = presentation[-1] if len(presentation) > 1 and presentation[-1] in "atco" else ""
    if modifier:
        presentation = presentation[:-1]
    elif not presentation:
        presentation = _DEFAULTS.get(letter, "")
    if not presentation:
        raise JsonataError("D3132", value=letter)
    marker = Marker(letter, longest=_width(most), zulu=modifier == "t")
    if presentation[0] == "n":
        marker.names = "lower"
    elif presentation[0] == "N":
        marker.names = "title" if presentation[1:2] == "n" else "upper"
    elif letter and letter in _NUMERIC:
        _number(marker, presentation + (f";{modifier}" if modifier else ""), _width(least))
    if letter and letter in "Zz":
        marker.numbers = read_picture(presentation)
    return marker


def _width(text: str) -> int | float | None:
    return None if text in ("", "*") else leading_number(text)


def _number(marker: Marker, picture: str, least: int | float | None) -> None:
    numbers = marker.numbers = read_picture(picture)
    if least is not None and numbers.mandatory < least:
        numbers.mandatory = int(least)
    if marker.component not in "YMD":
        return
    if marker.longest is not None:
        marker.width = marker.longest
        numbers.mandatory = int(marker.longest) if marker.longest == marker.longest else 0
    elif numbers.kind == "decimal" and numbers.mandatory + numbers.optional >= 2:
        marker.width = numbers.mandatory + numbers.optional


def from_millis(millis: Any, picture: Any, zone: Any) -> Any:
    """Return the time as the picture writes it.

    Args:
        millis: Milliseconds since 1970.
        picture: The picture; without it as in ISO 8601.
        zone: The offset, `+hhmm`; without it UTC.

    Raises:
        JsonataError: The picture cannot be used.
    """
    if millis is MISSING:
        return MISSING
    offset = 0 if zone is MISSING else leading_number(zone)
    hours, minutes = (
        (math.floor(offset / 100), int(math.fmod(offset, 100))) if offset == offset else (math.nan, math.nan)
    )
    moved = math.nan if hours != hours else millis + (60 * hours + minutes) * 60 * 1000
    moment = Moment.at(moved)
    parts = read_date_picture(ISO if picture is MISSING else picture)
    return "".join(part if isinstance(part, str) else _component(moment, part, hours, minutes) for part in parts)


def _component(moment: Moment | None, marker: Marker, hours: int | float, minutes: int | float) -> str:
    letter = marker.component
    if letter in "Zz":
        return _offset(marker, hours, minutes)
    value = component(moment, letter)
    if isinstance(value, str):
        return value.upper() if letter == "P" and marker.names == "upper" else value
    if letter == "Y" and marker.width != -1:
        value = math.fmod(value, math.pow(10, marker.width)) if value == value else value
    if marker.names:
        return _name(value, marker)
    if marker.numbers is None:
        raise JsonataError("D3132", value=letter)
    return written(int(value) if value == value else value, marker.numbers)


def _name(value: int | float, marker: Marker) -> str:
    if marker.component not in "MxF":
        raise JsonataError("D3133", value=marker.component)
    if value != value:
        if marker.names == "title" and marker.longest is None:
            return "undefined"
        raise internal_error("the offset of a time zone is not a number")
    name = MONTHS[int(value) - 1] if marker.component in "Mx" else WEEKDAYS[int(value)]
    name = {"upper": name.upper(), "lower": name.lower()}.get(marker.names, name)
    return name[: int(marker.longest)] if marker.longest is not None and len(name) > marker.longest else name


def _offset(marker: Marker, hours: int | float, minutes: int | float) -> str:
    numbers, offset = marker.numbers, hours * 100 + minutes
    if numbers is None:
        raise JsonataError("D3132", value=marker.component)
    if numbers.regular or numbers.mandatory in (3, 4):
        text = written(offset, numbers)
    elif numbers.mandatory in (1, 2):
        text = written(hours, numbers)
        if minutes != 0:
            text += ":" + written(minutes, read_picture("00"))
    else:
        raise JsonataError("D3134", value=numbers.mandatory)
    text = ("+" if offset >= 0 else "") + text
    if marker.component == "z":
        text = "GMT" + text
    return "Z" if offset == 0 and marker.zulu else text
