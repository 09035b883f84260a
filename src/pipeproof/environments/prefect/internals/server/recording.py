"""Has Prefect's server write task runs and events to its database when it is not busy answering, many at a time.

The engine tells of task runs by events, three or more to a task, and the server would write each by itself, and what it
tells of the task run too, while the flow that they belong to waits for answers. What was told is written in any case
before a request is answered that may ask for it, so that nobody sees the difference.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from pipeproof.environments.prefect.internals.patching import changed, module
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


def collected_task_runs(traffic: Traffic) -> Batches:
    """Have what the recorder is told of task runs collected; early versions of it know of no batches."""
    recorder = module("prefect.server.services.task_run_recorder")
    batches = Batches(traffic, recorder.record_bulk_task_run_events)
    changed(recorder, "record_bulk_task_run_events", batches.add)
    return batches


def collected_events(traffic: Traffic) -> Batches:
    """Have the persister's events collected, each as soon as it comes.

    Whoever asks for events until now gets those too that have happened after a wait on the virtual clock.
    """
    persister = module("prefect.server.events.services.event_persister")
    interface = module("prefect.server.database").provide_database_interface
    create_handler, write_events = persister.create_handler, persister.write_events

    async def write(events: list[Any]) -> None:
        async with interface().session_context() as session:
            await write_events(session=session, events=events)
            await session.commit()

    latest: list[Any] = []

    async def add(*, session: Any, events: list[Any]) -> None:  # noqa: ARG001 - Prefect gives a session for each
        latest[:] = [max([*latest, *(event.occurred for event in events)])]
        await batches.add(events)

    def clauses(self: Any) -> Any:
        if latest and _is_present(self.until):
            self.until = max(self.until, latest[0])
        return build.__get__(self, type(self))()

    batches = Batches(traffic, write)
    changed(persister, "write_events", add)
    occurred = module("prefect.server.events.filters").EventOccurredFilter
    build = vars(occurred)["build_where_clauses"]  # a descriptor, which gives the method a database
    changed(occurred, "build_where_clauses", clauses)
    changed(persister, "create_handler", lambda **options: create_handler(**(options | {"batch_size": 1})))
    return batches


def _is_present(moment: datetime) -> bool:
    """Whether a time is now, as who asks has it, or a moment ago."""
    return abs((datetime.now(moment.tzinfo) - moment).total_seconds()) < _PRESENT_SECONDS
