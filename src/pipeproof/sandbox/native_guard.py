"""Guards at the doors of two libraries whose sockets are not Python's: psycopg2 (libpq) and DuckDB.

psycopg2: the hosts that a connection is to go to are checked before libpq has them. DuckDB: a connection is opened
without the right to fetch extensions, and it is those that reach the network (`httpfs`, `postgres`, …). An extension
that is installed already is not guarded: a test that loads `httpfs` for a local server needs it.
"""

import importlib.abc
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import wraps
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Protocol

from pipeproof import environ

_NOWHERE = "/refused-by-the-network-guard-of-pipeproof"
"""Where DuckDB looks for extensions that are not installed; its own error message shows the path."""


class Check(Protocol):
    """Raises for a host that is not this machine."""

    def check(self, host: object, port: object = None) -> None:
        """Judge a host."""


Current = Callable[[], Check | None]
"""Gives the guard that is in force at the moment, or None."""

_guarded: set[str] = set()


def guard_native(current: Current) -> None:
    """Guard both libraries, once in a process: now where they are loaded, else when they will be."""
    waiting: dict[str, Callable[[], None]] = {}
    for name, guard in _GUARDS.items():
        if name in _guarded:
            continue
        _guarded.add(name)
        if name in sys.modules:
            guard(sys.modules[name], current)
        else:
            waiting[name] = lambda name=name, guard=guard: guard(sys.modules[name], current)  # type: ignore[misc]
    if waiting:
        sys.meta_path.insert(0, _Finder(waiting))


def _guard_psycopg2(module: ModuleType, current: Current) -> None:
    connect = module.connect

    @wraps(connect)
    def guarded(dsn: str | None = None, *args: Any, **kwargs: Any) -> Any:
        if guard := current():
            given = {**(module.extensions.parse_dsn(dsn) if dsn else {}), **kwargs}
            for host in _read_hosts(given, environ.everything()):
                guard.check(host, given.get("port") or environ.get("PGPORT") or 5432)
        return connect(dsn, *args, **kwargs)

    module.connect = guarded  # type: ignore[attr-defined]


def _read_hosts(given: Mapping[str, object], environment: Mapping[str, str]) -> list[str]:
    """Return the hosts that libpq goes to: addresses before names, and what is given before the environment."""
    hosts = given.get("hostaddr") or environment.get("PGHOSTADDR") or given.get("host") or environment.get("PGHOST")
    return str(hosts or "").split(",")


def _guard_duckdb(module: ModuleType, current: Current) -> None:
    connect = module.connect

    @wraps(connect)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        connection = connect(*args, **kwargs)
        close(connection)
        return connection

    def close(connection: Any) -> None:
        if current():
            # A connection that locks its configuration keeps what it has.
            with suppress(module.Error):
                connection.execute("SET autoinstall_known_extensions = false")
                connection.execute(f"SET custom_extension_repository = '{_NOWHERE}'")

    module.connect = guarded  # type: ignore[attr-defined]
    # `duckdb.sql` and its like have a connection of the module's; a function gives it, in older versions an attribute.
    default = getattr(module, "default_connection", None)
    close(default() if callable(default) else default)


_GUARDS = {"psycopg2": _guard_psycopg2, "duckdb": _guard_duckdb}


class _Finder(importlib.abc.MetaPathFinder):
    """Sees a guarded library being imported, and has its guard set up right after."""

    def __init__(self, waiting: dict[str, Callable[[], None]]) -> None:
        self._waiting = waiting

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the base class names it
        target: ModuleType | None = None,  # noqa: ARG002 - the base class names it
    ) -> ModuleSpec | None:
        """Find a guarded library by the other finders, and add its guard to what its loader does."""
        guard = self._waiting.pop(fullname, None)
        spec = importlib.util.find_spec(fullname) if guard else None
        if spec is None or spec.loader is None or guard is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            guard()

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
