"""Has Prefect's server write task runs and events to its database when it is not busy answering, many at a time.

The engine tells of task runs by events, three or more to a task, and the server would write each by itself, and what it
tells of the task run too, while the flow that they belong to waits for answers. What was told is written in any case
before a request is answered that may ask for it, so that nobody sees the difference.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from pipeproof.environments.prefect.internals.touched import EVENTS, TASK_RUNS
from pipeproof.environments.prefect.internals.traffic import Traffic

_GATHER_SECONDS = 0.1
_BATCH = 200

_PRESENT_SECONDS = 60.0
"""How old the time is, at most, that a request has for "now" by the time that it is looked at."""


class Batches:
    """Collects what is to be written, and gives it to a function many at a time."""

    def __init__(self, traffic: Traffic, write: Callable[[list[Any]], Awaitable[Any]]) -> None:
        self._traffic = traffic
        self._write = write
        self._waiting: list[Any] = []
        self._writer: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    async def add(self, items: list[Any]) -> None:
        """Take items in, to write them soon."""
        self._waiting += items
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_when_quiet())

    async def write(self) -> None:
        """Write what waits to be."""
        async with self._writing:
            waiting, self._waiting = self._waiting, []
            for start in range(0, len(waiting), _BATCH):
                await self._write_batch(waiting[start : start + _BATCH])

    async def _write_when_quiet(self) -> None:
        while self._waiting:
            await asyncio.sleep(_GATHER_SECONDS)
            await self._traffic.quiet()
            await self.write()

    async def _write_batch(self, items: list[Any]) -> None:
        try:
            await self._write(items)
        except Exception:  # noqa: BLE001 - one that cannot be written does not take the others with it
            if len(items) == 1:
                traceback.print_exc()
                return
            for item in items:
                await self._write_batch([item])


def collected_task_runs(stack: ExitStack, traffic: Traffic) -> list[Batches]:
    """Have what the recorder is told of task runs collected, until the stack is closed; empty where that cannot be."""
    made: list[Batches] = []

    def collecting(record: Callable[[list[Any]], Awaitable[Any]]) -> Callable[[list[Any]], Awaitable[Any]]:
        made.append(Batches(traffic, record))

        async def add(events: list[Any]) -> None:
            await made[0].add(events)

        return add

    place = "prefect.server.services.task_run_recorder:record_bulk_task_run_events"
    return made if TASK_RUNS.enter(stack, {place: collecting}) else []


def collected_events(stack: ExitStack, traffic: Traffic) -> list[Batches]:
    """Have the persister's events collected, each as soon as it comes; empty where that cannot be.

    Whoever asks for events until now gets those too that have happened after a wait on the virtual clock.
    """
    made: list[Batches] = []
    latest: list[Any] = []

    def collecting(write_events: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        interface = EVENTS.find("prefect.server.database:provide_database_interface")

        async def write(events: list[Any]) -> None:
            async with interface().session_context() as session:
                await write_events(session=session, events=events)
                await session.commit()

        async def add(session: Any, events: list[Any]) -> None:  # noqa: ARG001 - Prefect gives a session for each
            latest[:] = [max([*latest, *(event.occurred for event in events)])]
            await made[0].add(events)

        made.append(Batches(traffic, write))
        return add

    def of_one(create_handler: Callable[..., Any]) -> Callable[..., Any]:
        def create(**options: Any) -> Any:
            return create_handler(**(options | {"batch_size": 1}))

        return create

    def until_latest(_build: Any) -> Callable[[Any], Any]:
        build = vars(EVENTS.locate(occurred).owner)["build_where_clauses"]  # a descriptor, which gives it a database

        def clauses(self: Any) -> Any:
            if latest and _is_present(self.until):
                self.until = max(self.until, latest[0])
            return build.__get__(self, type(self))()

        return clauses

    occurred = "prefect.server.events.filters:EventOccurredFilter.build_where_clauses"
    persister = "prefect.server.events.services.event_persister"
    makes = {f"{persister}:write_events": collecting, f"{persister}:create_handler": of_one, occurred: until_latest}
    return made if EVENTS.enter(stack, makes) else []


def _is_present(moment: datetime) -> bool:
    """Return whether a time is now, as who asks has it, or a moment ago."""
    return abs((datetime.now(moment.tzinfo) - moment).total_seconds()) < _PRESENT_SECONDS
