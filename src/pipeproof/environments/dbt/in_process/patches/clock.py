"""The time that a test sets, for dbt: its own clock, which Jinja and microbatches ask, and the SQL that it sends."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeproof.environments.dbt.in_process.touched import CLOCK


@dataclass(frozen=True, slots=True)
class Clock:
    """A time.

    Args:
        moment: The time, with its zone.
        write: Makes a statement ask for it, where the database's own functions cannot be replaced by name alone.
    """

    moment: datetime
    write: Callable[[str], str] | None = None


@contextmanager
def frozen(clock: Clock | None) -> Iterator[None]:
    """Let it be that time while this lasts; the clock goes on from there, as dbt measures by it. None changes nothing.

    Raises:
        SetupError: dbt has changed where a statement cannot be made to ask for it.
    """
    if clock is None:
        yield
        return
    import time_machine

    with ExitStack() as stack:
        if clock.write is not None:
            if not CLOCK.usable():
                CLOCK.require("the time of this database cannot be set")
            write = clock.write
            CLOCK.enter(stack, {_ADD_QUERY: lambda add_query: _written(add_query, write)})
        stack.enter_context(time_machine.travel(clock.moment, tick=True))
        yield


_ADD_QUERY = "dbt.adapters.sql.connections:SQLConnectionManager.add_query"


def _written(add_query: Callable[..., Any], write: Callable[[str], str]) -> Callable[..., Any]:
    def add(connections: Any, sql: str, *arguments: Any, **options: Any) -> Any:
        return add_query(connections, write(sql), *arguments, **options)

    return add
