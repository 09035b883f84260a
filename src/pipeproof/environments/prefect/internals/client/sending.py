"""Lets Prefect's client send what it tells a server of, events and logs, at less cost to the flow that runs.

Prefect takes each item out of its queue in a thread of its own and hands it to the thread that sends, and a task run
makes half a dozen items. The threads of the tasks wait for each other meanwhile: one only runs Python at a time.
"""

import asyncio
import contextlib
import queue
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

from pipeproof.environments.prefect.internals.patching import CHANGED, is_wanted, module, replaced
from pipeproof.environments.prefect.internals.traffic import is_of_engine

_LOOK_SECONDS = 0.01
_QUIET_SECONDS = 0.05
"""How long nothing has to be added before what has come is sent."""

_PATIENCE_SECONDS = 1.0
"""How long it waits to be sent at most; logs wait for two seconds as Prefect has it."""

_LONGEST_SECONDS = 2.0
"""How long a request waits for what is to be sent before it."""

_TOLD_BY_EVENTS = re.compile(r"/api/(task_runs|flow_runs|events|automations|ui)\b")
"""What requests ask for that events tell of."""

_RICHES = re.compile(r"[\a\b\t\v\f\r]|:(\S*[a-z]\S*|[+-]1|__1|100|1234):", re.IGNORECASE)
"""What rich changes in a line that goes to no terminal: control characters, and emoji by name."""

_asking: set[object] = set()
"""Requests that wait for events to be sent."""


@contextlib.contextmanager
def hastened() -> Iterator[None]:
    """Take many items at a time out of the queues, and print no log record by way of rich to what is no terminal.

    A request of this process for what events tell of is sent after the events that have come before it.
    """
    if not is_wanted(speed=True):
        yield
        return
    with contextlib.ExitStack() as stack:
        for haste in (_events_before_requests, _gathering_queues, _plain_console):
            with contextlib.suppress(*CHANGED):  # it is only slower without
                stack.enter_context(haste())
        yield


@contextlib.contextmanager
def _gathering_queues() -> Iterator[None]:
    services = module("prefect._internal.concurrency.services")
    thread: Any = services.WorkerThread

    class GatheringThread(thread):  # type: ignore[misc]
        """The thread that a service waits in for an item of its queue; it is not asked when there is one."""

        def submit(self, call: Any) -> Any:
            waiting = getattr(call.fn, "__self__", None)
            if not isinstance(waiting, queue.Queue):
                return super().submit(call)
            try:
                return _Item(waiting.get_nowait())
            except queue.Empty:
                call.fn = _gathering(waiting, call.fn)
                return super().submit(call)

    with replaced(services, "WorkerThread", GatheringThread):
        yield


@contextlib.contextmanager
def _events_before_requests() -> Iterator[None]:
    clients = module("prefect.client.base")
    worker = module("prefect.events.worker").EventsWorker
    in_sending_thread = module("prefect._internal.concurrency.threads").in_global_loop
    sync_client, async_client = clients.PrefectHttpxSyncClient, clients.PrefectHttpxAsyncClient
    send_sync, send_async = sync_client._send_with_retry, async_client._send_with_retry  # noqa: SLF001

    def send_after(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        for wait in _until_sent(request, worker):
            _pause(wait)
        return send_sync(client, request, *args, **kwargs)

    async def send_after_async(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        for wait in () if in_sending_thread() else _until_sent(request, worker):
            await asyncio.to_thread(_pause, wait)
        return await send_async(client, request, *args, **kwargs)

    with (
        replaced(sync_client, "_send_with_retry", send_after),
        replaced(async_client, "_send_with_retry", send_after_async),
    ):
        yield


def _until_sent(request: Any, worker: Any) -> Iterator[float]:
    """How long to sleep, again and again, until what is queued has been sent."""
    path = request.url.path
    if is_of_engine(request.method, path) or not _TOLD_BY_EVENTS.match(path):
        return
    _asking.add(request)
    try:
        queues = [service._queue for service in list(worker._instances.values()) if isinstance(service, worker)]  # noqa: SLF001
        for _ in range(round(_LONGEST_SECONDS / _LOOK_SECONDS)):
            if not any(waiting.unfinished_tasks for waiting in queues):
                return
            yield _LOOK_SECONDS
    finally:
        _asking.discard(request)


class _Item:
    """An item that was there, with the one method of Prefect's calls that is asked for."""

    def __init__(self, item: Any) -> None:
        self._item = item

    async def aresult(self) -> Any:
        await asyncio.sleep(0)  # other services send from the same thread
        return self._item


def _gathering(waiting: "queue.Queue[Any]", get: Callable[..., Any]) -> Callable[..., Any]:
    """What gets an item that has to be waited for, and gives others time to come with it."""

    def got(*args: Any, **kwargs: Any) -> Any:
        item = get(*args, **kwargs)
        if item is not None:
            _gather(waiting)
        return item

    return got


def _gather(waiting: "queue.Queue[Any]") -> None:
    size, quiet = waiting.qsize(), 0
    for _ in range(round(_PATIENCE_SECONDS / _LOOK_SECONDS)):
        if quiet >= _QUIET_SECONDS / _LOOK_SECONDS or _asking or _is_ending(waiting):
            return
        _pause(_LOOK_SECONDS)
        grown = waiting.qsize()
        size, quiet = grown, (quiet + 1 if grown == size else 0)


def _is_ending(waiting: "queue.Queue[Any]") -> bool:
    """Whether the service was told to end: then what has come is waited for."""
    return bool(waiting.queue) and waiting.queue[-1] is None


def _pause(seconds: float) -> None:
    """Sleep, even where a test has stopped the clock (and an event loop's with it) or replaced `time.sleep`."""
    threading.Event().wait(seconds)


@contextlib.contextmanager
def _plain_console() -> Iterator[None]:
    handler = module("prefect.logging.handlers").PrefectConsoleHandler
    emit = handler.emit

    def print_plainly(self: Any, record: Any) -> None:
        console = self.console
        if console.is_terminal or console._markup:  # noqa: SLF001
            emit(self, record)
            return
        try:
            line = self.format(record)
            if _RICHES.search(line):
                emit(self, record)
                return
            console.file.write(f"{line}\n")
            console.file.flush()
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 - as every handler of the standard library does
            self.handleError(record)

    with replaced(handler, "emit", print_plainly):
        yield
