"""The results that a test has queued for SQL queries, and the error where there is none."""

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeproof.errors import PipeproofError

SERVICES = ("athena", "redshift-data", "rds-data")
"""boto3's names of the services whose SQL is answered from here."""
_SHOWN = 300


class UnansweredQueryError(PipeproofError):
    """A query was sent that the test has queued no result for."""


class QueryResultError(PipeproofError):
    """A queued result cannot be what it says: rows of different forms, columns that are not named."""


@dataclass
class QueryResult:
    """A queued result. `queries` are the queries that it has answered so far.

    Attributes:
        columns: The columns' names.
        rows: The rows' values, in the columns' order.
        matching: What a query must contain to be answered: a text (blanks and case do not count) or a pattern; None is
            any.
        service: The service whose queries it answers, or None for any.
        times: How many queries it answers; None is all.
        error: The query fails with this text, in place of a result.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    matching: "str | re.Pattern[str] | None" = None
    service: str | None = None
    times: int | None = 1
    error: str | None = None
    queries: list[str] = field(default_factory=list)

    def fits(self, service: str, query: str) -> bool:
        """Return whether it answers one more query, and this one."""
        if self.service not in (None, service) or (self.times is not None and len(self.queries) >= self.times):
            return False
        if isinstance(self.matching, re.Pattern):
            return self.matching.search(query) is not None
        return self.matching is None or _folded(self.matching) in _folded(query)


def make_result(rows: Iterable[Any], columns: Sequence[str] | None, **options: Any) -> QueryResult:
    """Return a result of rows that are mappings, or sequences of the columns' values.

    Raises:
        QueryResultError: The rows do not fit together.
    """
    given = list(rows)
    if columns is None:
        if any(not isinstance(row, Mapping) for row in given):
            raise QueryResultError("rows that are no mappings need columns=[…], their names in order")
        columns = list(dict.fromkeys(str(name) for row in given for name in row))
    names = tuple(columns)
    values = tuple(_values(row, names) for row in given)
    return QueryResult(names, values, **options)


def _values(row: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    if isinstance(row, Mapping):
        unknown = [name for name in row if name not in names]
        if unknown:
            raise QueryResultError(f"a row has {unknown[0]!r}, which is none of the columns {', '.join(names)}")
        return tuple(row.get(name) for name in names)
    values = tuple(row)
    if len(values) != len(names):
        raise QueryResultError(f"a row has {len(values)} values for {len(names)} columns")
    return values


class QueryQueue:
    """The queued results of a test, oldest first. Threads may ask at once."""

    def __init__(self) -> None:
        self._results: list[QueryResult] = []
        self._lock = threading.Lock()

    def add(self, result: QueryResult) -> QueryResult:
        """One more."""
        with self._lock:
            self._results.append(result)
        return result

    def find(self, service: str, query: str) -> QueryResult | None:
        """Return the result that answers a query, which counts it; None where there is none."""
        with self._lock:
            for result in self._results:
                if result.fits(service, query):
                    result.queries.append(query)
                    return result
        return None

    def take(self, service: str, query: str, *, to_execute: str = "") -> QueryResult:
        """Return the result that answers a query.

        Args:
            service: boto3's name of the service.
            query: The query.
            to_execute: What would let the query be executed, if anything.

        Raises:
            UnansweredQueryError: There is none.
        """
        result = self.find(service, query)
        if result is not None:
            return result
        waiting = [one for one in tuple(self._results) if one.times is None or len(one.queries) < one.times]
        raise UnansweredQueryError(
            f"nothing answers this query of {service}, which is not executed here: {_short(query)}",
            hint=f'{to_execute}Queue its result before: aws.query_results([{{"id": 1}}], matching="from orders"); a '
            f"statement without rows: aws.query_results().{_what_waits(waiting)}",
        )


def _what_waits(waiting: list[QueryResult]) -> str:
    if not waiting:
        return ""
    shown = ", ".join(repr(str(getattr(result.matching, "pattern", result.matching))) for result in waiting[:5])
    return f" Queued results that do not match it: {shown}."


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _short(query: str) -> str:
    text = " ".join(query.split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
