"""Which runs are alive: a run holds a lock of the database for as long as its process lives.

Where the database has advisory locks (PostgreSQL and its kin) a run takes one that is named after it, on a connection
of its own; the database lets it go when the connection ends, however the process did. Where it has none, age decides.
"""

from contextlib import suppress
from hashlib import sha256
from typing import Any


def hold(handle: Any, token: str) -> bool:
    """Take the lock of a run on a connection that stays open; False where the database has no such locks."""
    return _ask(handle, f"select pg_try_advisory_lock({_key(token)})") is not None


def is_live(handle: Any, token: str) -> bool | None:
    """Return whether a process holds the lock of that run; `None` where the database has no such locks."""
    taken = _ask(handle, f"select pg_try_advisory_lock({_key(token)})")
    if taken:
        _ask(handle, f"select pg_advisory_unlock({_key(token)})")
    return None if taken is None else not taken


def _key(token: str) -> int:
    """Return a run's lock: a signed 64-bit number."""
    return int.from_bytes(sha256(f"pipeproof {token}".encode()).digest()[:8], signed=True)


def _ask(handle: Any, query: str) -> bool | None:
    cursor = handle.cursor()
    try:
        cursor.execute(query)
        answer = cursor.fetchone()
    except Exception:  # noqa: BLE001 - each driver says in its own way that there is no such function
        with suppress(Exception):  # DuckDB has no transaction to roll back
            handle.rollback()
        return None
    handle.commit()
    return bool(answer[0])
