"""$toMillis: times read from ISO 8601 or by a picture."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.callables import Call
from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataError
from pipeproof.stepfunctions.expressions.jsonata.functions.calendar import DAY, MONTHS, WEEKDAYS, Moment, component, utc
from pipeproof.stepfunctions.expressions.jsonata.functions.date_pictures import Marker, read_date_picture
from pipeproof.stepfunctions.expressions.jsonata.functions.integer_pictures import leading_number, reader
from pipeproof.stepfunctions.values import MISSING

_ACCEPTED = re.compile(
    r"[0-9]{4}(-[01][0-9])*(-[0-3][0-9])*(T[0-2][0-9]:[0-5][0-9]:[0-5][0-9])*(\.[0-9]+)?([+-][0-2][0-9]:?[0-5][0-9]|Z)?"
)
_READ = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?"
    r"(?:Z|T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:(Z)|([+-])([0-9]{2}):?([0-9]{2}))?)?"
)
Read = Callable[[str], Any]


def to_millis(call: Call, text: Any, picture: Any) -> Any:
    """Milliseconds since 1970.

    Args:
        call: Whose time fills in what the text leaves out.
        text: The time.
        picture: How it is written; without it in ISO 8601.

    Raises:
        JsonataError: D3110, it is not ISO 8601; or the picture cannot be used.
    """
    if text is MISSING:
        return MISSING
    if picture is not MISSING:
        return _by_picture(text, picture, call.run.world.millis)
    if not _ACCEPTED.fullmatch(text):
        raise JsonataError("D3110", value=text)
    return _iso(text)


def _iso(text: str) -> int | float:
    """What JavaScript's Date.parse makes of it; NaN where there is no such time. A time without offset is UTC's.

    A date may have a `Z` but no other offset.
    """
    found = _READ.fullmatch(text)
    if found is None:
        return math.nan
    month, day = int(found[2] or 1), int(found[3] or 1)
    hours, minutes, seconds = int(found[4] or 0), int(found[5] or 0), int(found[6] or 0)
    if not 1 <= month <= 12 or not 1 <= day <= 31 or hours > 24 or (hours == 24 and (minutes or seconds)):
        return math.nan
    fraction = int((found[7] or "0")[:3].ljust(3, "0"))
    millis = _since_1970(int(found[1]), month - 1, day) + ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction
    if found[9]:
        if int(found[10]) > 23:
            return math.nan
        millis -= (-1 if found[9] == "-" else 1) * (int(found[10]) * 60 + int(found[11])) * 60_000
    return millis


def _since_1970(year: int, month: int, day: int) -> int:
    """Years count as they are written: 0050 is the year 50. The calendar repeats itself every 400 years."""
    return int(utc(year + 2000, month, day)) - 5 * 146_097 * DAY


@dataclass(frozen=True, slots=True)
class _Part:
    component: str
    pattern: str
    read: Read | None


@lru_cache(maxsize=256)
def _parts(picture: str) -> tuple[re.Pattern[str], tuple[_Part, ...]]:
    parts = tuple(_part(part) for part in read_date_picture(picture))
    return re.compile("".join(f"({part.pattern})" for part in parts) + r"\Z", re.IGNORECASE | re.ASCII), parts


def _part(part: str | Marker) -> _Part:
    if isinstance(part, str):
        return _Part("", re.escape(part), None)
    if part.component in "Zz":
        return _offset(part)
    if part.numbers is not None:
        pattern, read = reader(part.numbers, int(part.width) if part.width == part.width else 0)
        return _Part(part.component, pattern, read)
    names: dict[str, int]
    if part.component in "Mx":
        names = {name: index + 1 for index, name in enumerate(MONTHS)}
    elif part.component == "F":
        names = {name: index for index, name in enumerate(WEEKDAYS) if index}
    elif part.component == "P":
        return _Part("P", "[a-zA-Z]+", {"am": 0, "AM": 0, "pm": 1, "PM": 1}.get)
    else:
        raise JsonataError("D3133", value=part.component)
    if part.longest:
        names = {name[: int(part.longest)]: index for name, index in names.items()}
    return _Part(part.component, "[a-zA-Z]+", names.get)


def _offset(marker: Marker) -> _Part:
    numbers = marker.numbers
    separator = numbers.separators[0][1] if numbers is not None and numbers.regular else ""
    lead = "GMT" if marker.component == "z" else ""

    def read(text: str) -> int | float:
        text = text[len(lead) :]
        if separator:
            hours, _, minutes = text.partition(separator)
            return leading_number(hours) * 60 + leading_number(minutes)
        if len(text) <= 3:
            return leading_number(text) * 60
        return leading_number(text[:3]) * 60 + leading_number(text[3:])

    pattern = lead + "[-+][0-9]+" + (re.escape(separator) + "[0-9]+" if separator else "")
    return _Part(marker.component, pattern, read)


def _by_picture(text: str, picture: str, now: int) -> Any:
    pattern, parts = _parts(picture)
    found = pattern.match(text)
    if found is None:
        return MISSING
    values = {
        part.component: part.read(each)
        for part, each in zip(parts, _texts(found, len(parts)), strict=True)
        if part.read
    }
    if not values:
        return MISSING
    return _assembled({name: value for name, value in values.items() if value is not None}, now)


def _texts(found: re.Match[str], count: int) -> list[str]:
    return [found[index + 1] or "" for index in range(count)]


def _assembled(values: dict[str, Any], now: int) -> Any:
    """Return the time of the parts that were read; larger parts are today's, smaller ones the first."""
    given = {name for name, value in values.items() if value and value == value}
    by_day = _is(given, "YXMxWwdD", 130) and not _is(given, "YXMxWwdD", 161)
    by_month_week = _is(given, "YXMxWwdD", 84)
    by_week = not by_month_week and _is(given, "YXMxWwdD", 72)
    half_days = _is(given, "PHhmsf", 47) and not _is(given, "PHhmsf", 23)
    dates = "YD" if by_day else "XxwF" if by_month_week else "XWF" if by_week else "YMD"
    _fill(values, dates + ("Phmsf" if half_days else "Hmsf"), now)
    if by_month_week or by_week:
        raise JsonataError("D3136")
    month = int(values["M"]) - 1 if values.get("M", 0) > 0 else 0
    if by_day:
        derived = Moment.at(utc(values["Y"]) + (values["d"] - 1) * DAY)
        if derived is None:
            return math.nan
        month, values["D"] = derived.month, derived.day
    if half_days:
        values["H"] = (0 if values["h"] == 12 else values["h"]) + (12 if values["P"] == 1 else 0)
    time = ((values["H"] * 60 + values["m"]) * 60 + values["s"]) * 1000 + values["f"]
    millis = utc(values["Y"], month, values["D"], time)
    return millis - (values.get("Z") or values.get("z") or 0) * 60_000


def _is(given: set[str], letters: str, mask: int) -> bool:
    """Return whether parts of a mask are given and none beside them: the reference's way to tell notations apart."""
    bits = sum(1 << (len(letters) - 1 - index) for index, letter in enumerate(letters) if letter in given)
    return not (~mask & bits) and bool(mask & bits)


def _fill(values: dict[str, Any], letters: str, now: int) -> None:
    started = ended = False
    for letter in letters:
        if letter in values:
            started = True
            if ended:
                raise JsonataError("D3136")
        elif started:
            values[letter] = 1 if letter in "MDd" else 0
            ended = True
        else:
            values[letter] = component(Moment.at(now), letter)  # of the half day a text, which counts as am
