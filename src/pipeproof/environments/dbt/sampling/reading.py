"""Rows of a live database, read in one transaction that can write nothing and is rolled back."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.sampling.joins import Join

Read = Callable[[str], tuple[list[str], list[tuple[Any, ...]]]]
"""Returns the columns and rows of a query."""

_AT_ONCE = 500
"""How many keys one query asks for."""


@contextmanager
def reading(handle: Any) -> Iterator[Read]:
    """Yield what reads from a connection, in one transaction.

    PostgreSQL and DuckDB are told that it only reads; a database that cannot be told so gets queries alone.

    Args:
        handle: A DB-API connection.

    Raises:
        DbtSetupError: It has no cursor.
    """
    if not callable(getattr(handle, "cursor", None)):
        raise DbtSetupError("dbt sample: the connection of this target's adapter has no cursor to read with")
    if callable(getattr(handle, "set_session", None)):
        handle.rollback()  # it is told between transactions
        handle.set_session(isolation_level="REPEATABLE READ", readonly=True)
    cursor = handle.cursor()
    if not callable(getattr(handle, "set_session", None)):
        with suppress(Exception):  # each driver has its own
            cursor.execute("begin transaction read only")

    def read(query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        cursor.execute(query)
        return [column[0] for column in cursor.description], [tuple(row) for row in cursor.fetchall()]

    try:
        yield read
    finally:
        with suppress(Exception):
            cursor.execute("rollback")


class Sample:
    """Rows of several tables, by the tables' unique ids.

    Args:
        read: Reads from the database.
        places: The tables, as SQL names them.
        quote: Quotes a column's name.
        count: How many rows of each table are taken, before those that others point to.
    """

    def __init__(self, read: Read, places: Mapping[str, str], quote: Callable[[str], str], count: int) -> None:
        self.columns: dict[str, list[str]] = {}
        self.rows: dict[str, list[tuple[Any, ...]]] = {}
        self._read, self._places, self._quote = read, places, quote
        self._known: dict[str, set[str]] = {}
        for at, place in places.items():
            self.columns[at], found = read(f"select * from {place} order by 1 limit {count}")  # noqa: S608 - dbt's name
            self.rows[at], self._known[at] = [], set()
            self._add(at, found)

    def follow(self, joins: Collection[Join]) -> None:
        """Add the rows that the rows point to, and those that these point to, until there are no more."""
        asked: dict[tuple[str, str], set[Any]] = {}
        while True:
            added = 0
            for join in joins:
                done = asked.setdefault((join.parent, join.key), set(self._values(join.parent, join.key)))
                wanted = [value for value in self._values(join.child, join.column) if value not in done]
                done |= {*wanted}
                added += self._fetch(join, sorted(wanted, key=repr))
            if not added:
                return

    def _fetch(self, join: Join, wanted: Sequence[Any]) -> int:
        """Add the rows of a table that have one of some keys; how many there were."""
        literals = [literal for value in wanted if (literal := _write(value))]
        added = 0
        for start in range(0, len(literals), _AT_ONCE):
            keys = ", ".join(literals[start : start + _AT_ONCE])
            query = f"select * from {self._places[join.parent]} where {self._quote(join.key)} in ({keys}) order by 1"  # noqa: S608
            added += self._add(join.parent, self._read(query)[1])
        return added

    def _values(self, at: str, column: str) -> set[Any]:
        """Return the values of a column that are there."""
        place = self.columns[at].index(column)
        return {row[place] for row in self.rows[at] if row[place] is not None}

    def _add(self, at: str, rows: Sequence[tuple[Any, ...]]) -> int:
        """Add what is not there yet: each row that a query gives once, however often the table has it."""
        before = self._known[at]
        new = [row for row in rows if repr(row) not in before]
        before |= {repr(row) for row in new}
        self.rows[at] += new
        return len(new)


def _write(value: Any) -> str | None:
    """Return a key as SQL; None for what databases write each in their own way."""
    if isinstance(value, bool | bytes | list | dict):
        return None
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return None if "\\" in text else f"'{text.replace(chr(39), chr(39) * 2)}'"
