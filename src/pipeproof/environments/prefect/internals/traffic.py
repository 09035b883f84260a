"""Knows whether a server is at answering requests, so that what nobody waits for can be put off meanwhile."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager

QUIET_SECONDS = 0.05
"""How long no request has to have come; the requests of one flow run follow each other sooner."""

PATIENCE_SECONDS = 0.5
"""How long is put off at most."""

_ENGINES = re.compile(r"(GET|POST) /api/(admin/storage|flows/|flow_runs/([0-9a-f-]{32,36}(/set_state)?)?|logs/)")


def is_of_engine(method: str, path: str) -> bool:
    """Whether a request is one that an engine makes while its flow runs: it asks nothing of task runs and events."""
    return bool(_ENGINES.fullmatch(f"{method} {path}"))


_TOLD = re.compile(r"/api/(task_runs|task_run_states|flow_runs|events|automations|ui|logs/filter)\b")

LATE_HEADER = "x-pipeproof-late"
"""The header of an answer that may lack what was told before, with the reason."""


def asks_what_was_told(method: str, path: str) -> bool:
    """Return whether a request may ask for what is not stored at once, but told by events or sent as logs."""
    return bool(_TOLD.match(path)) and not is_of_engine(method, path)


class Traffic:
    """The requests that a server is at answering."""

    def __init__(self) -> None:
        self._requests = 0
        self._answered = 0.0

    @contextmanager
    def request(self) -> Iterator[None]:
        """A request is answered meanwhile."""
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1
            self._answered = asyncio.get_running_loop().time()

    def is_quiet(self) -> bool:
        """Return whether no request is answered now, nor was a moment ago."""
        return not self._requests and asyncio.get_running_loop().time() >= self._answered + QUIET_SECONDS

    async def quiet(self) -> None:
        """Wait until it is quiet, or until it has not been so for too long."""
        now = asyncio.get_running_loop().time
        latest = now() + PATIENCE_SECONDS
        while not self.is_quiet() and now() < latest:
            await asyncio.sleep(QUIET_SECONDS)
