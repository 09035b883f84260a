"""Has Prefect's server record task runs when it is not busy answering, many at a time.

The engine tells of task runs by events, three or more to a task, and the server would write each by itself to its
database while the flow that they belong to waits for answers. What was told is recorded in any case before a request
is answered that may ask for it, so that nobody sees the difference.
"""

import asyncio
import re
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pipeproof.environments.prefect.internals.patching import changed, module

_QUIET_SECONDS = 0.05
_PATIENCE_SECONDS = 0.5
_BATCH = 200

_ENGINES_REQUEST = re.compile(
    r"(GET|POST) /api/(admin/storage|flows/|flow_runs/([0-9a-f-]{32,36}(/set_state)?)?|logs/)"
)
"""What an engine asks while its flow runs: neither the answers nor what these requests change is of task runs."""


class TaskRunBatches:
    """Collects the events that tell of task runs."""

    def __init__(self) -> None:
        self._record: Any = None
        self._waiting: list[Any] = []
        self._recorder: asyncio.Task[None] | None = None
        self._recording = asyncio.Lock()
        self._requests = 0
        self._answered = 0.0

    def take_over(self) -> None:
        """Stand in the place of Prefect's function; early versions have none that takes several events."""
        recorder = module("prefect.server.services.task_run_recorder")
        self._record = changed(recorder, "record_bulk_task_run_events", self.add)

    async def add(self, events: list[Any]) -> None:
        """Take events in, to record them soon."""
        self._waiting += events
        if self._recorder is None or self._recorder.done():
            self._recorder = asyncio.create_task(self._record_when_quiet())

    @asynccontextmanager
    async def request(self, scope: Any) -> AsyncIterator[None]:
        """A request is answered meanwhile; one that may ask for task runs waits until they are recorded."""
        if scope["type"] != "http":
            yield
            return
        if not _ENGINES_REQUEST.fullmatch(f"{scope['method']} {scope['path']}"):
            await self._record_waiting()
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1
            self._answered = asyncio.get_running_loop().time()

    async def _record_when_quiet(self) -> None:
        now = asyncio.get_running_loop().time
        while self._waiting:
            latest = now() + _PATIENCE_SECONDS
            while now() < latest and (self._requests or now() < self._answered + _QUIET_SECONDS):
                await asyncio.sleep(_QUIET_SECONDS)
            await self._record_waiting()

    async def _record_waiting(self) -> None:
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
