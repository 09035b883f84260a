"""Rows for a model's inputs, so few that a person reads them, that tell its filters, joins and branches apart."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pipeproof.scaffold.models.reading import Column, Reading

_BASE = 3
"""Rows of each input that belong together: two with keys of their own, and one more with the first one's."""
_STRANGER = 9
"""The key of the row that has no counterpart in the other inputs."""
_MOST = 14


def make_rows(reading: Reading) -> dict[str, list[dict[str, Any]]]:
    """Return rows of each input: what makes each comparison hold, what does not, NULLs, a key twice and one alone."""
    keys = {column for group in reading.joined for column in group}
    return {
        at: list(_rows(at, columns, reading, keys, place))[:_MOST]
        for place, (at, columns) in enumerate(reading.columns.items())
    }


def _rows(
    at: str, columns: Mapping[str, str | None], reading: Reading, keys: set[Column], place: int
) -> Iterator[dict[str, Any]]:
    def row(number: int, key: int, **chosen: Any) -> dict[str, Any]:
        return {
            name: chosen[name]
            if name in chosen
            else _value(reading, (at, name), kind, key if (at, name) in keys or _is_id(name) else number)
            for name, kind in columns.items()
        }

    yield row(1, 1)
    yield row(2, 2)
    if any(name for name in columns if (at, name) in keys or _is_id(name)):
        yield row(_BASE, 1)
    number = _BASE
    for name in columns:
        column = (at, name)
        for value in reading.values.get(column, [])[1:]:
            number += 1
            yield row(number, 1, **{name: _fitted(value, columns[name])})
        if column in reading.emptied and column not in keys:
            number += 1
            yield row(number, 2, **{name: None})
    if place == 0 and any(at == owner for owner, _ in keys):
        yield row(number + 1, _STRANGER)


def _value(reading: Reading, column: Column, kind: str | None, number: int) -> Any:
    values = reading.values.get(column)
    if values and not any(column in group for group in reading.joined):
        return _fitted(values[0], kind)
    made = sample(column[1], kind or _guess(column[1]), number)
    return f" {made} " if column in reading.untidy and isinstance(made, str) else made


def sample(name: str, kind: str, number: int) -> Any:
    """Return the value of a column in the row of that number: another one in each."""
    if kind == "integer":
        return number
    if kind == "number":
        return number * 10
    if kind == "boolean":
        return number % 2 == 1
    if kind == "date":
        return date(2026, 1, 1) + timedelta(days=number - 1)
    if kind == "timestamp":
        return datetime(2026, 1, 1, 12) + timedelta(days=number - 1)  # as SQL's timestamp, it has no zone
    return f"{name.capitalize()} {number}"


def _fitted(value: Any, kind: str | None) -> Any:
    """Return a literal of the SQL as a value of the column's kind."""
    if kind == "date" and isinstance(value, str):
        return _moment(value, date) or value
    if kind == "timestamp" and isinstance(value, str):
        return _moment(value, datetime) or value
    if kind == "text" and isinstance(value, int | Decimal) and not isinstance(value, bool):
        return str(value)
    return value


def _moment(value: str, kind: type[date]) -> date | None:
    try:
        return kind.fromisoformat(value)
    except ValueError:
        return None


def _is_id(name: str) -> bool:
    return name == "id" or name.endswith(("_id", "_key", "_sk"))


def _guess(name: str) -> str:
    """Return a kind by a column's name, where nothing else says it."""
    last = name.rsplit("_", 1)[-1]
    if _is_id(name):
        return "integer"
    if last in ("at", "timestamp", "ts", "datetime", "time"):
        return "timestamp"
    if last in ("on", "date", "day", "month"):
        return "date"
    if last in ("amount", "price", "total", "quantity", "qty", "cents", "count", "cost", "revenue", "rate", "tax"):
        return "number"
    if name.startswith(("is_", "has_")):
        return "boolean"
    return "text"
