"""Task runs and events are written in batches while no request is answered, and when that is asked for."""

import asyncio

import pytest

from pipeproof.environments.prefect.internals.server import recording
from pipeproof.environments.prefect.internals.server.recording import Batches
from pipeproof.environments.prefect.internals.traffic import Traffic


@pytest.fixture
def recorded():
    return []


@pytest.fixture
def traffic(quick):
    return Traffic()


@pytest.fixture
def batches(monkeypatch, recorded, traffic):
    async def record(events):
        if "bad" in events:
            raise ValueError
        recorded.append(events)

    monkeypatch.setattr(recording, "_GATHER_SECONDS", 0.001)
    return Batches(traffic, record)


def test_add__while_requests_are_answered(batches, recorded, traffic):
    """What was told before and meanwhile is recorded after them, together."""

    async def play():
        await batches.add([1])
        with traffic.request():
            await batches.add([2, 3])
            await asyncio.sleep(0.01)
            during = list(recorded)
        await batches._writer
        return during

    assert asyncio.run(play()) == []
    assert recorded == [[1, 2, 3]]


def test_write__at_once(batches, recorded, traffic):
    """A request that may ask for task runs does not wait until it is quiet."""

    async def play():
        with traffic.request():
            await batches.add([1])
            await batches.write()
            return list(recorded)

    assert asyncio.run(play()) == [[1]]


def test_add__requests_without_end(batches, recorded, traffic, impatient):
    """Patience has an end where there is always a request."""

    async def play():
        with traffic.request():
            await batches.add([1])
            await batches._writer

    asyncio.run(play())
    assert recorded == [[1]]


def test_add__many(batches, recorded, monkeypatch):
    """A batch has a limit, and the order is kept."""
    monkeypatch.setattr(recording, "_BATCH", 2)

    async def play():
        await batches.add([1, 2, 3])
        await batches._writer

    asyncio.run(play())
    assert recorded == [[1, 2], [3]]


def test_add__one_cannot_be_recorded(batches, recorded, capsys):
    """The others of its batch are recorded all the same, and the server's log says why that one is not."""

    async def play():
        await batches.add([1, "bad", 2])
        await batches._writer

    asyncio.run(play())
    assert recorded == [[1], [2]]
    assert "ValueError" in capsys.readouterr().err
