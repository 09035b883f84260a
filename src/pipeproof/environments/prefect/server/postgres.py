"""Databases on a PostgreSQL server: made for a Prefect server, and dropped when it has ended.

Each function starts an event loop, and so belongs in a process of its own.
"""

import asyncio
from typing import Any

_CONNECT_SECONDS = 15.0


def with_database(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    from sqlalchemy.engine import make_url

    return make_url(url).set(database=name).render_as_string(hide_password=False)


def create(url: str, name: str, template: str | None = None) -> None:
    """Create a database, as a copy of another or empty.

    Args:
        url: A database of the server to which its user can connect, as `postgresql+asyncpg://…`.
        name: The new one's name.
        template: The one to copy; nobody may be connected to it.
    """
    copied = f' TEMPLATE "{template}"' if template else ""
    asyncio.run(_execute(url, f'CREATE DATABASE "{name}"{copied}'))


def drop(url: str, name: str) -> None:
    """Drop a database and whatever connections there are to it; one that is not there is no error."""
    asyncio.run(_execute(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


async def _execute(url: str, statement: str) -> None:
    import asyncpg  # type: ignore[import-untyped]
    from sqlalchemy.engine import make_url

    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection: Any = await asyncpg.connect(address, timeout=_CONNECT_SECONDS)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
