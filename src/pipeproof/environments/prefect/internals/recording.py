"""Has Prefect's server record task runs when it is not busy answering, many at a time.

The engine tells of task runs by events, three or more to a task, and the server would write each by itself to its
database while the flow that they belong to waits for answers. What was told is recorded in any case before a request
is answered that may ask for it, so that nobody sees the difference.
"""

import asyncio
import traceback
from typing import Any

from pipeproof.environments.prefect.internals.patching import changed, module
from pipeproof.environments.prefect.internals.traffic import Traffic

_GATHER_SECONDS = 0.1
_BATCH = 200


class TaskRunBatches:
    """Collects the events that tell of task runs."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._record: Any = None
        self._waiting: list[Any] = []
        self._recorder: asyncio.Task[None] | None = None
        self._recording = asyncio.Lock()

    def take_over(self) -> None:
        """Stand in the place of Prefect's function; early versions have none that takes several events."""
        recorder = module("prefect.server.services.task_run_recorder")
        self._record = changed(recorder, "record_bulk_task_run_events", self.add)

    async def add(self, events: list[Any]) -> None:
        """Take events in, to record them soon."""
        self._waiting += events
        if self._recorder is None or self._recorder.done():
            self._recorder = asyncio.create_task(self._record_when_quiet())

    async def _record_when_quiet(self) -> None:
        while self._waiting:
            await asyncio.sleep(_GATHER_SECONDS)
            await self._traffic.quiet()
            await self.record()

    async def record(self) -> None:
        """Record what waits to be."""
        async with self._recording:
            waiting, self._waiting = self._waiting, []
            for start in range(0, len(waiting), _BATCH):
                await self._record_batch(waiting[start : start + _BATCH])

    async def _record_batch(self, events: list[Any]) -> None:
        try:
            await self._record(events)
        except Exception:  # noqa: BLE001 - one that cannot be recorded does not take the others with it
            if len(events) == 1:
                traceback.print_exc()
                return
            for event in events:
                await self._record_batch([event])
