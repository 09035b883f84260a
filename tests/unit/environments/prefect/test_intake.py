"""Events are taken in while no request is answered, and before one is that may ask for them."""

import asyncio

import pytest

from pipeproof.environments.prefect.internals.server import intake
from pipeproof.environments.prefect.internals.server.intake import EventIntake
from pipeproof.environments.prefect.internals.traffic import Traffic


class Socket:
    """A websocket that events come by, and the service that reads them."""

    def __init__(self, events):
        self.come = asyncio.Queue()
        self.read = []
        self.reader = asyncio.create_task(self._read(events.holding(self.come.get)))

    async def _read(self, receive):
        while True:
            self.read.append(await receive())


@pytest.fixture
def traffic(quick):
    return Traffic()


@pytest.fixture
def events(traffic):
    return EventIntake(traffic)


async def turns(count=5):
    for _ in range(count):
        await asyncio.sleep(0)


def test_holding__nobody_asks(events):
    """An event is taken in as it comes."""

    async def play():
        socket = Socket(events)
        socket.come.put_nowait(1)
        await turns()
        return socket.read

    assert asyncio.run(play()) == [1]


def test_holding__while_a_request_is_answered(events, traffic):
    """What comes meanwhile is taken in after it, in its order."""

    async def play():
        socket = Socket(events)
        with traffic.request():
            for event in (1, 2, 3):
                socket.come.put_nowait(event)
            await asyncio.sleep(0.01)
            during = list(socket.read)
        while len(socket.read) < 3:
            await asyncio.sleep(0.001)
        return during, socket.read

    assert asyncio.run(play()) == ([], [1, 2, 3])


def test_take_in__while_requests_are_answered(events, traffic):
    """Who asks gets all that has come, without waiting until it is quiet."""

    async def play():
        socket = Socket(events)
        with traffic.request():
            for event in range(100):
                socket.come.put_nowait(event)
            await turns()
            await events.take_in()
            return list(socket.read)

    assert asyncio.run(play()) == list(range(100))


def test_take_in__two_at_once(events, traffic):
    """The one that is done first does not stop the other."""

    async def play():
        socket = Socket(events)
        with traffic.request():
            for event in range(20):
                socket.come.put_nowait(event)
            await turns()
            await asyncio.gather(events.take_in(), events.take_in())
            return list(socket.read)

    assert asyncio.run(play()) == list(range(20))


def test_take_in__a_service_has_not_read_it_yet(events, monkeypatch):
    """What was taken in waits in a queue for each service."""
    left = [3]

    def undelivered():
        left[0] -= 1
        return left[0] > 0

    monkeypatch.setattr(intake, "_undelivered", undelivered)
    asyncio.run(events.take_in())
    assert left[0] <= 0


def test_take_in__events_without_end(events, monkeypatch):
    """A request is answered in the end."""
    monkeypatch.setattr(intake, "_LONGEST_SECONDS", 0.01)
    monkeypatch.setattr(intake, "_undelivered", lambda: True)
    asyncio.run(events.take_in())


def test_holding__requests_without_end(events, traffic, impatient):
    """All that has come is taken in once patience has ended, not one event each time."""

    async def play():
        socket = Socket(events)
        with traffic.request():
            for event in range(50):
                socket.come.put_nowait(event)
            while len(socket.read) < 50:
                await asyncio.sleep(0.001)
            return socket.read

    assert asyncio.run(play()) == list(range(50))
