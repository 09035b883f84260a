"""Has Prefect's server take in events when it is not busy answering.

The engine tells of task runs by events, and each is parsed several times and handed to half a dozen services, in the
one thread that has to answer the flow's requests. What has come is taken in, in any case, before a request is answered
that may ask for it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from pipeproof.environments.prefect.internals.touched import INTAKE
from pipeproof.environments.prefect.internals.traffic import PATIENCE_SECONDS, Traffic

_LONGEST_SECONDS = 30.0
"""How long a request waits for events to be taken in, should they come faster than that."""

_IDLE_TURNS = 20
"""For how many turns of the event loop nothing has to move: what is read, parsed and handed on takes some for each."""


class EventIntake:
    """Lets the events that come by websockets in."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._hurried = 0
        self._hurry = asyncio.Event()
        self._open_until = 0.0
        self._held = 0

    def holding(self, receive: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
        """Return a websocket's `receive` that gives what has come when the server is not busy."""

        async def received() -> Any:
            message = await receive()
            self._held += 1
            try:
                await self._free()
            finally:
                self._held -= 1
            return message

        return received

    async def take_in(self) -> bool:
        """Wait until all that has come is with the services; tells whether it is."""
        now = asyncio.get_running_loop().time
        latest = now() + _LONGEST_SECONDS
        self._hurried += 1
        self._hurry.set()
        try:
            idle = 0
            while idle < _IDLE_TURNS and now() < latest:
                await asyncio.sleep(0)
                idle = 0 if self._held or _undelivered() else idle + 1
            return idle >= _IDLE_TURNS
        finally:
            self._hurried -= 1
            if not self._hurried:
                self._hurry.clear()

    async def _free(self) -> None:
        await asyncio.sleep(0)  # a request that has come meanwhile is noticed
        now = asyncio.get_running_loop().time
        if self._hurry.is_set() or now() < self._open_until or self._traffic.is_quiet():
            return
        waits = [asyncio.ensure_future(self._traffic.quiet()), asyncio.ensure_future(self._hurry.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not self._traffic.is_quiet():
            self._open_until = now() + PATIENCE_SECONDS  # or a stream of requests would let one in each time


def _undelivered() -> bool:
    """Return whether events wait to be read by a service."""
    sizes: list[int] = []
    with INTAKE.tolerated():
        sizes += [each._queue.qsize() for each in _topics()("events")._subscriptions]  # noqa: SLF001
    return any(sizes)


@cache
def _topics() -> Any:
    return INTAKE.find("prefect.server.utilities.messaging.memory:Topic.by_name")
