"""Databases on a PostgreSQL server: made for a Prefect server, and dropped when it has ended.

Each function starts an event loop, and so belongs in a process of its own.
"""

import asyncio
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

_CONNECT_SECONDS = 15.0

_NAME = re.compile(r"pipeproof_prefect_(?P<time>[0-9]{14})_[0-9a-f]{16}(_template)?")
"""A database of a test server's: when its run began, in UTC, and something that no other has."""

_ALL = """
    select datname, exists (select 1 from pg_stat_activity where pg_stat_activity.datname = pg_database.datname)
    from pg_database where datname like 'pipeproof_prefect_%' order by datname
"""


def with_database(url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
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


def new_name() -> str:
    """Return a name for a database, by which it is known as ours and its age is told."""
    return f"pipeproof_prefect_{datetime.now(UTC):%Y%m%d%H%M%S}_{secrets.token_hex(8)}"


def find_leftovers(url: str, older_than: timedelta, now: datetime | None = None) -> tuple[list[str], list[str]]:
    """Return the databases of test servers on a server: those of dead runs, and those that may be alive.

    Args:
        url: A database of the server to which its user can connect, as `postgresql+asyncpg://…`.
        older_than: How old one has to be to which nobody is connected; one to which somebody is counts as alive.
        now: The time, in UTC.
    """
    moment = now or datetime.now(UTC)
    dead: list[str] = []
    kept: list[str] = []
    for name, in_use in asyncio.run(_execute(url, _ALL)):
        match = _NAME.fullmatch(name)
        if match:
            began = datetime.strptime(match["time"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            (kept if in_use or moment - began < older_than else dead).append(name)
    return dead, kept


async def _execute(url: str, statement: str) -> list[Any]:
    import asyncpg  # type: ignore[import-untyped]
    from sqlalchemy.engine import make_url

    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection: Any = await asyncpg.connect(address, timeout=_CONNECT_SECONDS)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()
