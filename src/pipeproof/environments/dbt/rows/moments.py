"""Times that Python's own types have no room for: infinity, nanoseconds, and years before 1 or beyond 9999."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

_EPOCH = datetime(1970, 1, 1)
_DAY = 86_400 * 10**9
_UNITS = {"s": 10**9, "ms": 10**6, "us": 1_000, "ns": 1}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that is no `datetime`.

    Args:
        nanoseconds: Since 1970, or an infinity.
        aware: Whether it is an instant rather than a time without a zone.
    """

    nanoseconds: float
    aware: bool

    def __repr__(self) -> str:
        if math.isinf(self.nanoseconds):
            return "infinity" if self.nanoseconds > 0 else "-infinity"
        seconds, rest = divmod(int(self.nanoseconds), 10**9)
        try:
            return f"{_EPOCH + timedelta(seconds=seconds)}.{rest:09}{'+00:00' if self.aware else ''}"
        except OverflowError:
            return f"{self.nanoseconds} ns since 1970"


def read_moments(column: "pa.ChunkedArray") -> list[Any]:
    """Return the values of a column of dates, times or durations: Python's where it has one, else [Moment][]s."""
    import pyarrow as pa

    kind = column.type
    nanoseconds = not pa.types.is_date(kind) and kind.unit == "ns"
    try:
        if nanoseconds and pa.types.is_timestamp(kind):
            return list(column.cast(pa.timestamp("us", kind.tz)).to_pylist())
        return list(column.to_pylist())
    except (pa.ArrowInvalid, ValueError, OverflowError):
        if not (pa.types.is_timestamp(kind) or pa.types.is_date32(kind)):
            raise
    day = pa.types.is_date32(kind)
    aware = not day and kind.tz is not None
    ticks = column.cast(pa.int32()).to_pylist() if day else column.cast(pa.int64()).to_pylist()
    endless, unit = (2**31 - 1, _DAY) if day else (2**63 - 1, _UNITS[kind.unit])
    return [None if tick is None else _read(tick, unit, endless, aware=aware) for tick in ticks]


def _read(tick: int, unit: int, endless: int, *, aware: bool) -> date | Moment:
    if abs(tick) == endless:
        return Moment(float("inf") if tick > 0 else float("-inf"), aware)
    micro, rest = divmod(tick * unit, 1_000)
    try:
        moment = _EPOCH + timedelta(microseconds=micro)
    except OverflowError:
        return Moment(tick * unit, aware)
    if rest:
        return Moment(tick * unit, aware)
    if unit == _DAY:
        return moment.date()
    return moment.replace(tzinfo=UTC) if aware else moment
