"""Moments and their parts: years, months, weeks as ISO 8601 counts them, over JavaScript's whole range of time."""

import math
from collections.abc import Callable
from dataclasses import dataclass

DAY = 24 * 60 * 60 * 1000
_LIMIT = 8.64e15
MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
]  # fmt: skip
WEEKDAYS = ["", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in UTC.

    Attributes:
        millis: Since 1970.
        year: Also before year 1, and after 9999.
        month: From 0.
        day: Of the month, from 1.
        time: Milliseconds since midnight.
    """

    millis: int
    year: int
    month: int
    day: int
    time: int

    @classmethod
    def at(cls, millis: int | float) -> "Moment | None":
        """Return the moment, or None where there is none (no number, or beyond what JavaScript knows)."""
        if millis != millis or abs(millis) > _LIMIT:
            return None
        days, time = divmod(math.trunc(millis), DAY)
        return cls(math.trunc(millis), *_civil(days), time)


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month from 0 and day, of days since 1970; years begin in March here, so that leap days come last."""
    days += 719_468
    era, day_of_era = divmod(days, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = (shifted + 2) % 12
    return year_of_era + era * 400 + (month <= 1), month, day_of_year - (153 * shifted + 2) // 5 + 1


def utc(year: int | float, month: int = 0, day: int | float = 1, time: int | float = 0) -> int | float:
    """Milliseconds since 1970; parts beyond their range go over into the next. NaN where there is no such time.

    Years 0 to 99 are those of the 20th century.
    """
    if not all(map(math.isfinite, (year, month, day, time))):
        return math.nan
    year = int(year)
    if 0 <= year <= 99:
        year += 1900
    year, month = year + month // 12, month % 12
    shifted = year - (month < 2)
    era = shifted // 400
    year_of_era = shifted - era * 400
    day_of_year = (153 * ((month + 10) % 12) + 2) // 5
    days = era * 146_097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719_468
    millis = (days + int(day) - 1) * DAY + int(time)
    return millis if abs(millis) <= _LIMIT else math.nan


def _first_week(year: int, month: int) -> int | float:
    """When the first week of a year or month begins: the one with its first Thursday."""
    first = utc(year, month)
    weekday = _weekday(first)
    return first + (8 - weekday) * DAY if weekday > 4 else first - (weekday - 1) * DAY


def _weekday(millis: int | float) -> int | float:
    return math.nan if millis != millis else int(millis // DAY + 3) % 7 + 1


def _week(moment: Moment, monthly: bool) -> int | float:
    """Return the week of the year or of the month."""
    year, month, most = (moment.year, moment.month, 4) if monthly else (moment.year, 0, 52)
    step = 1 if monthly else 12
    today = utc(moment.year, moment.month, moment.day)
    week = (today - _first_week(year, month)) / (7 * DAY) + 1
    if week > most and today >= _first_week(*_moved(year, month, step)):
        week = 1
    elif week < 1:
        week = (today - _first_week(*_moved(year, month, -step))) / (7 * DAY) + 1
    return math.floor(week) if week == week else week


def _moved(year: int, month: int, months: int) -> tuple[int, int]:
    total = year * 12 + month + months
    return total // 12, total % 12


def _week_owner(moment: Moment, monthly: bool) -> int:
    """Return the year, or the month from 1, that the moment's week belongs to."""
    year, month, step = (moment.year, moment.month, 1) if monthly else (moment.year, 0, 12)
    before, after = _moved(year, month, -step), _moved(year, month, step)
    if moment.millis < _first_week(year, month):
        year, month = before
    elif moment.millis >= _first_week(*after):
        year, month = after
    return month + 1 if monthly else year


def component(moment: Moment | None, letter: str) -> int | float | str:
    """Return a part of a moment by XPath's letter; NaN where there is no moment, undefined for another letter."""
    if letter in ("C", "E"):
        return "ISO"
    if letter == "P":
        return "pm" if moment is not None and moment.time >= DAY // 2 else "am"
    if letter not in _COMPONENTS:
        return "undefined"
    return math.nan if moment is None else _COMPONENTS[letter](moment)


_COMPONENTS: dict[str, Callable[[Moment], int | float]] = {
    "Y": lambda moment: moment.year,
    "M": lambda moment: moment.month + 1,
    "D": lambda moment: moment.day,
    "d": lambda moment: int((utc(moment.year, moment.month, moment.day) - utc(moment.year)) // DAY) + 1,
    "F": lambda moment: _weekday(moment.millis),
    "W": lambda moment: _week(moment, monthly=False),
    "w": lambda moment: _week(moment, monthly=True),
    "X": lambda moment: _week_owner(moment, monthly=False),
    "x": lambda moment: _week_owner(moment, monthly=True),
    "H": lambda moment: moment.time // 3_600_000,
    "h": lambda moment: moment.time // 3_600_000 % 12 or 12,
    "m": lambda moment: moment.time // 60_000 % 60,
    "s": lambda moment: moment.time // 1000 % 60,
    "f": lambda moment: moment.time % 1000,
}
"""The parts that are numbers, by XPath's letter."""
