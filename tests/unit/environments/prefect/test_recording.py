"""Task runs are recorded in batches while no request is answered, and in any case before somebody may ask for them."""

import asyncio

import pytest

from pipeproof.environments.prefect.internals import recording
from pipeproof.environments.prefect.internals.recording import TaskRunBatches


@pytest.fixture
def recorded():
    return []


@pytest.fixture
def batches(monkeypatch, recorded):
    async def record(events):
        if "bad" in events:
            raise ValueError
        recorded.append(events)

    monkeypatch.setattr(recording, "_QUIET_SECONDS", 0.001)
    made = TaskRunBatches()
    made._record = record
    return made


def http(method, path):
    return {"type": "http", "method": method, "path": path}


ENGINES = [
    ("POST", "/api/flows/"),
    ("POST", "/api/flow_runs/"),
    ("GET", "/api/flow_runs/5e1f5e1f-5e1f-4e1f-8e1f-5e1f5e1f5e1f"),
    ("POST", "/api/flow_runs/5e1f5e1f-5e1f-4e1f-8e1f-5e1f5e1f5e1f/set_state"),
    ("GET", "/api/admin/storage"),
    ("POST", "/api/logs/"),
]


@pytest.mark.parametrize(("method", "path"), ENGINES)
def test_request__of_the_engine(batches, recorded, method, path):
    """What was told before and meanwhile is recorded after it, together."""

    async def play():
        await batches.add([1])
        async with batches.request(http(method, path)):
            await batches.add([2, 3])
            await asyncio.sleep(0.01)
            during = list(recorded)
        await batches._recorder
        return during

    assert asyncio.run(play()) == []
    assert recorded == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/task_runs/filter"),
        ("GET", "/api/task_runs/5e1f"),
        ("GET", "/api/flow_runs/5e1f5e1f-5e1f-4e1f-8e1f-5e1f5e1f5e1f/graph-v2"),
        ("POST", "/api/flow_runs/filter"),
        ("DELETE", "/api/flow_runs/5e1f5e1f-5e1f-4e1f-8e1f-5e1f5e1f5e1f"),
        ("POST", "/api/ui/task_runs/count"),
    ],
)
def test_request__that_may_ask_for_task_runs(batches, recorded, method, path):
    """What was told before it is there when it is answered."""

    async def play():
        await batches.add([1])
        async with batches.request(http(method, path)):
            return list(recorded)

    assert asyncio.run(play()) == [[1]]


def test_request__websocket_does_not_count(batches, recorded):
    """A connection that stays open holds nothing up."""

    async def play():
        async with batches.request({"type": "websocket", "path": "/api/events/in"}):
            await batches.add([1])
            await batches._recorder

    asyncio.run(play())
    assert recorded == [[1]]


def test_request__without_end(batches, recorded, monkeypatch):
    """Patience has an end where there is always a request."""
    monkeypatch.setattr(recording, "_PATIENCE_SECONDS", 0.01)

    async def play():
        async with batches.request(http("POST", "/api/flows/")):
            await batches.add([1])
            await batches._recorder

    asyncio.run(play())
    assert recorded == [[1]]


def test_add__many(batches, recorded, monkeypatch):
    """A batch has a limit, and the order is kept."""
    monkeypatch.setattr(recording, "_BATCH", 2)

    async def play():
        await batches.add([1, 2, 3])
        await batches._recorder

    asyncio.run(play())
    assert recorded == [[1, 2], [3]]


def test_add__one_cannot_be_recorded(batches, recorded, capsys):
    """The others of its batch are recorded all the same, and the server's log says why that one is not."""

    async def play():
        await batches.add([1, "bad", 2])
        await batches._recorder

    asyncio.run(play())
    assert recorded == [[1], [2]]
    assert "ValueError" in capsys.readouterr().err
