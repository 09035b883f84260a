"""Lets Prefect's client send what it tells a server of, events and logs, at less cost to the flow that runs.

Prefect takes each item out of its queue in a thread of its own and hands it to the thread that sends, and a task run
makes half a dozen items. The threads of the tasks wait for each other meanwhile: one only runs Python at a time.
"""

import asyncio
import contextlib
import queue
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from pipeproof.environments.prefect.internals.touched import CONSOLE, QUEUES, REQUESTS
from pipeproof.environments.prefect.internals.traffic import LATE_HEADER, asks_what_was_told
from pipeproof.patching import Make

_LOOK_SECONDS = 0.01
_QUIET_SECONDS = 0.05
"""How long nothing has to be added before what has come is sent."""

_PATIENCE_SECONDS = 1.0
"""How long it waits to be sent at most; logs wait for two seconds as Prefect has it."""

_STALLED_SECONDS = 20.0
"""How long nothing has to be sent of what a request waits for before it is made without."""

_RICHES = re.compile(r"[\a\b\t\v\f\r]|:(\S*[a-z]\S*|[+-]1|__1|100|1234):", re.IGNORECASE)
"""What rich changes in a line that goes to no terminal: control characters, and emoji by name."""

_asking: set[object] = set()
"""Requests that wait for what is to be sent before them."""


class NotAllArrivedWarning(UserWarning):
    """A request was answered before the server had all events and logs that this process had for it."""


@contextlib.contextmanager
def hastened() -> Iterator[None]:
    """Take many items at a time out of the queues, and print no log record by way of rich to what is no terminal.

    A request of this process for what events tell of, or for logs, is made when the server has all that came before it.
    """
    with contextlib.ExitStack() as stack:
        if REQUESTS.enter(stack, _sent_before_requests()):  # else who asks would wait for what is held back
            QUEUES.enter(stack, {_WORKER_THREAD: _gathering_thread})
        CONSOLE.enter(stack, {"prefect.logging.handlers:PrefectConsoleHandler.emit": _plain_console})
        yield


_WORKER_THREAD = "prefect._internal.concurrency.services:WorkerThread"


def _gathering_thread(thread: Any) -> Any:
    def submit(self: Any, call: Any) -> Any:
        with QUEUES.known():
            waiting = getattr(call.fn, "__self__", None)
        if not isinstance(waiting, queue.Queue):
            return thread.submit(self, call)
        try:
            return _Item(waiting.get_nowait())
        except queue.Empty:
            call.fn = _gathering(waiting, call.fn)
            return thread.submit(self, call)

    class GatheringThread(thread):  # type: ignore[misc]
        """The thread that a service waits in for an item of its queue; it is not asked when there is one."""

    GatheringThread.submit = QUEUES.guard(thread.submit, submit)
    return GatheringThread


class _Mark(dict[str, Any]):
    """Stands in a service's queue behind what it has to send, and is reached when that is with the server.

    It is as large as no batch may be, which ends the batch that it is in.
    """

    def __init__(self) -> None:
        super().__init__(__payload_size__=2**60)
        self.reached = threading.Event()


def _waits(request: Any) -> Iterator[float]:
    """Yield how long to sleep, again and again, until the server has been told what a request may ask for."""
    if not asks_what_was_told(request.method, request.url.path) or REQUESTS.find(_IN_SENDING_THREAD)():
        return
    kind = REQUESTS.locate(_HANDLE_LOGS if "/logs/" in request.url.path else _HANDLE_EVENT).owner
    with REQUESTS.known():
        services = [service for service in list(kind._instances.values()) if isinstance(service, kind)]  # noqa: SLF001
    yield from until_sent(request, services)


_IN_SENDING_THREAD = "prefect._internal.concurrency.threads:in_global_loop"
_HANDLE_EVENT = "prefect.events.worker:EventsWorker._handle"
_HANDLE_LOGS = "prefect.logging.handlers:APILogWorker._handle_batch"


def _sent_before_requests() -> dict[str, Make]:
    def before(send: Callable[..., Any]) -> Callable[..., Any]:
        def send_after(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            for wait in _waits(request):
                _pause(wait)
            return _warned(send(client, request, *args, **kwargs))

        return send_after

    def before_async(send: Callable[..., Any]) -> Callable[..., Any]:
        async def send_after(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            for wait in _waits(request):
                await asyncio.to_thread(_pause, wait)
            return _warned(await send(client, request, *args, **kwargs))

        return send_after

    return {
        "prefect.client.base:PrefectHttpxSyncClient._send_with_retry": before,
        "prefect.client.base:PrefectHttpxAsyncClient._send_with_retry": before_async,
        _HANDLE_EVENT: reaching_marks,
        _HANDLE_LOGS: reaching_marks_of_batches,
    }


def reaching_marks(handle: Callable[..., Any]) -> Callable[..., Any]:
    """A service's method for an item that takes marks too; when it has them, the server has what was before them."""

    async def handled(service: Any, item: Any) -> None:
        if not isinstance(item, _Mark):
            await handle(service, item)
            return
        try:
            await _arrived(getattr(service, "_client", None))
        finally:
            item.reached.set()

    return handled


def reaching_marks_of_batches(handle_batch: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same for one that is given many items at a time, and has sent them when it returns."""

    async def handled(service: Any, items: list[Any]) -> None:
        marks = [item for item in items if isinstance(item, _Mark)]
        try:
            if rest := [item for item in items if not isinstance(item, _Mark)]:
                await handle_batch(service, rest)
        finally:
            for mark in marks:
                mark.reached.set()

    return handled


async def _arrived(client: Any) -> None:
    """Wait until the server has read all that was written to a websocket: it answers a ping after that."""
    socket = getattr(client, "_websocket", None)
    if socket is not None and getattr(client, "_unconfirmed_events", True):
        await (await socket.ping())


def until_sent(request: Any, services: list[Any]) -> Iterator[float]:
    """Yield how long to sleep, again and again, until services have sent what they have to at the beginning.

    One that has ended is not waited for, nor one that sends nothing for too long, of which a warning tells.
    """
    with REQUESTS.known():
        waiting = list(filter(None, map(_marked, services)))
    size, idle = 0, 0.0
    _asking.add(request)
    try:
        while waiting := [(service, mark) for service, mark in waiting if not _is_reached(service, mark)]:
            left = sum(service._queue.qsize() for service, _ in waiting)  # noqa: SLF001
            size, idle = left, (idle + _LOOK_SECONDS if left == size else 0.0)
            if idle > _STALLED_SECONDS:
                _warn(f"of what this process has told the server, {left} items were not sent in {idle:.0f} seconds")
                return
            yield _LOOK_SECONDS
    finally:
        _asking.discard(request)


def _marked(service: Any) -> tuple[Any, _Mark] | None:
    """Return a mark behind all that a service has to send; None where it sends nothing more."""
    with service._lock:  # noqa: SLF001 - as it has it itself when something is to be sent
        if service._stopped:  # noqa: SLF001
            return None
        mark = _Mark()
        service._queue.put_nowait(mark)  # noqa: SLF001
        return service, mark


def _is_reached(service: Any, mark: _Mark) -> bool:
    ended = service._done_event  # noqa: SLF001
    return mark.reached.is_set() or (ended is not None and ended.is_set())


def _warned(response: Any) -> Any:
    """Return the response, with a warning where the server says that it may lack something."""
    if reason := response.headers.get(LATE_HEADER):
        _warn(reason)
    return response


def _warn(reason: str) -> None:
    warnings.warn(f"{reason}: the answer to this request may lack it", NotAllArrivedWarning, stacklevel=4)


class _Item:
    """An item that was there, with the one method of Prefect's calls that is asked for."""

    def __init__(self, item: Any) -> None:
        self._item = item

    async def aresult(self) -> Any:
        await asyncio.sleep(0)  # other services send from the same thread
        return self._item


def _gathering(waiting: "queue.Queue[Any]", get: Callable[..., Any]) -> Callable[..., Any]:
    """Return what gets an item that has to be waited for, and gives others time to come with it."""

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
    """Return whether the service was told to end: then what has come is waited for."""
    return bool(waiting.queue) and waiting.queue[-1] is None


def _pause(seconds: float) -> None:
    """Sleep, even where a test has stopped the clock (and an event loop's with it) or replaced `time.sleep`."""
    threading.Event().wait(seconds)


def _plain_console(emit: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def print_plainly(self: Any, record: Any) -> None:
        with CONSOLE.known():
            console = self.console
            is_plain = not (console.is_terminal or console._markup)  # noqa: SLF001
        if not is_plain:
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

    return print_plainly
