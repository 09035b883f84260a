"""Prefect's SQLite database without a thread, without locks, and without waiting for the disk.

A server of ours has its database to itself and throws it away, so that nothing is gained by what makes SQLite safe to
share and to lose power with, and Prefect's many small statements are run where they are asked for.
"""

import sqlite3
from collections.abc import Callable
from typing import Any

from pipeproof.environments.prefect.internals.touched import CONNECTION

_STATEMENTS = 1000
"""How many statements SQLite keeps prepared: Prefect's server has some hundreds."""


class _InPlace:
    """Stands where aiosqlite has the queue of its thread: does at once what is put in."""

    def put_nowait(self, item: tuple[Any, Callable[[], Any]]) -> None:
        future, action = item
        try:
            result = action()
        except BaseException as error:
            if future is None:
                raise
            future.set_exception(error)
        else:
            if future is not None:
                future.set_result(result)


def _connect_here(file: str) -> Any:
    """A connection of aiosqlite's that needs no thread: each statement takes less time than a thread does to wake."""

    class Connection(CONNECTION.find("aiosqlite:Connection")):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(lambda: sqlite3.connect(file, cached_statements=_STATEMENTS), iter_chunk_size=64)
            self._tx: Any = _InPlace()

        def __await__(self) -> Any:
            return self._connect().__await__()

    return Connection()


def one_connection(create_engine: Callable[..., Any], file: str) -> Callable[..., Any]:
    """Make SQLAlchemy's `create_async_engine` give SQLite one connection, as Prefect has it for databases in memory.

    Writers of several lock each other out of SQLite, and each request that loses is tried again after seconds.

    Args:
        create_engine: SQLAlchemy's function.
        file: The database, in the folder that the process is in.
    """
    from sqlalchemy.pool import AsyncAdaptedQueuePool

    options: dict[str, Any] = {"poolclass": AsyncAdaptedQueuePool, "pool_size": 1, "max_overflow": 0}
    if CONNECTION.usable():
        options["async_creator"] = lambda: _connect_here(file)

    def create(url: Any, **kwargs: Any) -> Any:
        return create_engine(url, **(kwargs | options if str(url).startswith("sqlite") else kwargs))

    return create


def careless(set_up: Callable[..., None]) -> Callable[..., None]:
    """Have no connection wait for the disk: the file does not outlive the process."""

    def set_up_careless(self: Any, conn: Any, record: Any) -> None:
        set_up(self, conn, record)
        cursor = conn.cursor()
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.close()

    return set_up_careless
