"""What Prefect's client has to tell a server is taken out of its queues many at a time."""

import asyncio
import gc
import io
import logging
import queue
import threading
import time
import weakref
from types import SimpleNamespace

import pytest
from prefect._internal.concurrency import services
from prefect.logging.handlers import PrefectConsoleHandler
from rich.console import Console

from pipeproof.environments.prefect.internals.client import sending
from pipeproof.environments.prefect.internals.client.sending import hastened
from pipeproof.environments.prefect.internals.client.settings import drain_services
from pipeproof.environments.prefect.internals.traffic import LATE_HEADER


@pytest.fixture(autouse=True)
def haste(monkeypatch):
    monkeypatch.setattr(sending, "_LOOK_SECONDS", 0.001)
    monkeypatch.setattr(sending, "_QUIET_SECONDS", 0.005)
    with hastened():
        yield


class Echo(services.QueueService):
    """A service that keeps what it is sent."""

    def __init__(self, *args):
        super().__init__(*args)
        self.handled = []
        self.first = threading.Event()

    async def _handle(self, item):
        if item == "bad":
            raise ValueError(item)
        self.handled.append(item)
        self.first.set()


class Batches(services.BatchedQueueService):
    """A service that keeps the batches that it is given."""

    _max_batch_size = 3
    _min_interval = 0.02

    def __init__(self, *args):
        super().__init__(*args)
        self.handled = []

    async def _handle_batch(self, items):
        self.handled.append(items)


def test_services__keep_the_order(request):
    """Everything that was sent has been handled, in its order, when the service has been drained."""
    service = Echo.instance(request.node.name)
    for item in range(500):
        service.send(item)
    service.drain()
    assert service.handled == list(range(500))


def test_services__send_without_being_drained(request):
    """An item does not wait for another."""
    service = Echo.instance(request.node.name)
    service.send("alone")
    assert service.first.wait(10)
    service.drain()
    assert service.handled == ["alone"]


def test_services__one_item_fails(request):
    """The others are handled."""
    service = Echo.instance(request.node.name)
    for item in (1, "bad", 2):
        service.send(item)
    service.drain()
    assert service.handled == [1, 2]


def test_services__items_come_from_many_threads(request):
    """None is lost, and those of one thread keep their order."""
    service = Echo.instance(request.node.name)

    def send(sender):
        for number in range(50):
            service.send((sender, number))

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    service.drain()
    assert sorted(service.handled) == [(sender, number) for sender in range(8) for number in range(50)]
    assert [number for sender, number in service.handled if sender == 3] == list(range(50))


def test_services__batches(request):
    """A batch has its limit, and a short one is sent after its time."""
    service = Batches.instance(request.node.name)
    for item in range(7):
        service.send(item)
    service.drain()
    assert [item for items in service.handled for item in items] == list(range(7))
    assert max(map(len, service.handled)) <= 3


@pytest.fixture
def gather():
    """Begin to get an item from a queue that holds it alone; gives the queue, and a thread that ends with it."""
    waiting = queue.Queue()
    got = []

    def begin(item="first"):
        waiting.put(item)
        thread = threading.Thread(target=lambda: got.append(sending._gathering(waiting, waiting.get)()))
        thread.start()
        return thread

    return SimpleNamespace(queue=waiting, got=got, begin=begin)


def test_gathering__ends_when_the_service_does(gather, monkeypatch):
    """What waits to be sent does not hold up the end of a server."""
    monkeypatch.setattr(sending, "_QUIET_SECONDS", 3600)
    monkeypatch.setattr(sending, "_PATIENCE_SECONDS", 3600)
    thread = gather.begin()
    thread.join(0.05)
    before = list(gather.got)
    gather.queue.put(None)
    thread.join()
    assert (before, gather.got) == ([], ["first"])


def test_gathering__items_without_end(gather, monkeypatch):
    """What comes all the time is sent all the same."""
    monkeypatch.setattr(sending, "_PATIENCE_SECONDS", 0.02)
    thread = gather.begin()
    while thread.is_alive():
        gather.queue.put("more")
        thread.join(0.001)
    assert gather.got == ["first"]


def test_gathering__time_stands_still(request, monkeypatch):
    """As tests have it that stop the clock, on which event loops sleep; one may replace `time.sleep` as well."""
    monkeypatch.setattr(time, "monotonic", lambda: 5.0)
    monkeypatch.setattr(time, "sleep", None)
    service = Echo.instance(request.node.name)
    service.send("sent")
    assert service.first.wait(10)
    monkeypatch.undo()
    service.drain()
    assert service.handled == ["sent"]


def record(message):
    return logging.LogRecord("prefect.flow_runs", logging.INFO, __file__, 1, message, (), None)


@pytest.fixture
def stream():
    return io.StringIO()


def test_console__no_terminal(stream):
    """The line is the one that rich would print."""
    handler = PrefectConsoleHandler(stream=stream)
    handler.setFormatter(logging.Formatter("%(levelname)s | %(message)s"))
    handler.emit(record("[bold]read[/] 5 rows of /tmp/a " + "x" * 200))
    assert stream.getvalue() == "INFO | [bold]read[/] 5 rows of /tmp/a " + "x" * 200 + "\n"


LINES = [
    *("", "12:49:03.123 | INFO | read", "a\tb", "a\rb", "a\ab\bc\vd\fe", "\n", "two\n  lines ", "\x1b[31mred\x1b[0m"),
    *(
        "done :rocket:",
        ":Smile-text:",
        "a:x:b",
        "at :100: and :1234:",
        "http://localhost:4200/runs",
        "10:11:12:13",
        "汉字é ",
    ),
]


@pytest.mark.parametrize("line", LINES)
def test_console__line_is_as_rich_prints_it(stream, line):
    """Tabs, control characters and emoji by name: what a test reads is what its user would."""
    handler = PrefectConsoleHandler(stream=stream)
    handler.emit(record(line))
    printed = io.StringIO()
    PrefectConsoleHandler(stream=printed).console.print(line, soft_wrap=True)
    assert stream.getvalue() == printed.getvalue()


def test_console__terminal(stream):
    """Colours stay."""
    handler = PrefectConsoleHandler(stream=stream)
    handler.console = Console(file=stream, force_terminal=True, color_system="standard", style="bold")
    handler.emit(record("Finished in state Completed()"))
    assert "\x1b[" in stream.getvalue()


def test_console__closed_stream(stream, capsys, monkeypatch):
    """As with any handler the record is reported, not raised."""
    monkeypatch.setattr(logging, "raiseExceptions", True)
    handler = PrefectConsoleHandler(stream=stream)
    stream.close()
    handler.emit(record("too late"))
    assert "ValueError" in capsys.readouterr().err


def test_hastened__left(stream):
    """Prefect is as it was."""
    within = services.WorkerThread, PrefectConsoleHandler.emit
    with hastened():
        pass
    assert (services.WorkerThread, PrefectConsoleHandler.emit) == within
    assert services.WorkerThread.__module__ == sending.__name__


@pytest.fixture
def marked(monkeypatch):
    """Services that know of what waits for them, as those of Prefect's do."""
    monkeypatch.setattr(Echo, "_handle", sending.reaching_marks(Echo._handle))
    monkeypatch.setattr(Batches, "_handle_batch", sending.reaching_marks_of_batches(Batches._handle_batch))


def wait_until_sent(*waited_for):
    for wait in sending.until_sent(object(), list(waited_for)):
        threading.Event().wait(wait)


@pytest.mark.parametrize("kind", [Echo, Batches])
def test_until_sent__all_that_was_to_be_sent_before(request, marked, kind):
    """However long it takes, and though more comes all the time."""
    service = kind.instance(request.node.name)
    for item in range(300):
        service.send(item)
    wait_until_sent(service)
    handled = service.handled if kind is Echo else [item for items in service.handled for item in items]
    assert handled == list(range(300))
    assert not sending._asking
    service.drain()


def test_until_sent__an_item_fails(request, marked):
    service = Echo.instance(request.node.name)
    service.send("bad")
    wait_until_sent(service)
    service.drain()


def test_until_sent__service_has_ended(request, marked):
    """It sends nothing more, so nobody waits for it."""
    service = Echo.instance(request.node.name)
    service.send(1)
    service.drain()
    wait_until_sent(service)


def test_until_sent__nothing_moves(request, marked, monkeypatch):
    """A request does not wait for ever, and a warning says that its answer may lack something."""
    monkeypatch.setattr(sending, "_STALLED_SECONDS", 0.02)
    service = Echo.instance(request.node.name)
    going_on = threading.Event()

    async def stuck(self, item):
        await asyncio.to_thread(going_on.wait)

    monkeypatch.setattr(Echo, "_handle", sending.reaching_marks(stuck))
    service.send("event")
    with pytest.warns(sending.NotAllArrivedWarning, match="were not sent"):
        wait_until_sent(service)
    going_on.set()
    service.drain()


@pytest.mark.parametrize("open_socket", [True, False])
def test_until_sent__is_with_the_server(request, marked, open_socket):
    """What was written to a websocket is with the server when that has answered a ping."""
    pings = []

    class Socket:
        async def ping(self):
            pings.append("ping")
            return asyncio.sleep(0)

    service = Echo.instance(request.node.name)
    service._client = SimpleNamespace(_websocket=Socket() if open_socket else None, _unconfirmed_events=["event"])
    wait_until_sent(service)
    assert pings == ["ping"] * open_socket
    service.drain()


def test_warned__server_says_so():
    """The server could not take in all that had come."""
    response = SimpleNamespace(headers={LATE_HEADER: "events come faster than that"})
    with pytest.warns(sending.NotAllArrivedWarning, match="faster than that"):
        assert sending._warned(response) is response


def test_drained_services__are_let_go_of(request):
    """Each would stay in memory, with its connection, until the interpreter ends."""
    service = weakref.ref(Echo.instance(request.node.name))
    service().send(1)
    drain_services()
    gc.collect()
    assert service() is None
