"""Servers nest, keep to themselves, and end: what Prefect's own harness gets wrong, ours does not."""

import asyncio
import logging
import os
import socket
from urllib.parse import urlsplit

import pytest
from prefect import flow, get_run_logger, task
from prefect.client.schemas.filters import TaskRunFilter, TaskRunFilterFlowRunId
from prefect.client.schemas.sorting import TaskRunSort
from prefect.context import use_profile
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, Profile
from prefect.testing.utilities import prefect_test_harness
from prefect.variables import Variable

from pipeproof.environments.prefect.internals.client import settings as client
from pipeproof.environments.prefect.runs.flow_runs import run_flow
from pipeproof.environments.prefect.server import launcher
from pipeproof.environments.prefect.server.prefect_server import PrefectFallbackWarning, open_server


@task
def same(number):
    return number


@flow
def mapped(count):
    return same.map(range(count)).result()


def stored_task_runs(server, result):
    """The task runs that the server knows of."""
    wanted = TaskRunFilter(flow_run_id=TaskRunFilterFlowRunId(any_=[result.flow_run_id]))
    with server.client() as asking:
        return asking.read_task_runs(task_run_filter=wanted, sort=TaskRunSort.NAME_ASC, limit=200, offset=0)


def listens(address):
    parts = urlsplit(address)
    try:
        socket.create_connection((parts.hostname, parts.port)).close()
    except ConnectionRefusedError:
        return False
    return True


def test_open_server__nests(prefect_server):
    """A server in a server has nothing of the outer one's, and gives it back unharmed."""
    Variable.set("outer", 1)
    before = PREFECT_API_URL.value(), PREFECT_HOME.value(), os.environ["PREFECT_API_URL"]
    with open_server() as inner:
        assert inner.api_url == PREFECT_API_URL.value() == os.environ["PREFECT_API_URL"]
        assert inner.api_url != prefect_server.api_url
        assert Variable.get("outer") is None
        Variable.set("inner", 1)
    assert before == (PREFECT_API_URL.value(), PREFECT_HOME.value(), os.environ["PREFECT_API_URL"])
    assert (Variable.get("outer"), Variable.get("inner")) == (1, None)


def test_open_server__events_reach_their_own_server():
    """Task runs are told by events; each server gets those of its own runs, none those of another."""
    for count in (2, 3):
        with open_server() as server:
            result = run_flow(mapped, (count,), {})
            assert len(stored_task_runs(server, result)) == count


def test_open_server__ends_when_its_body_raises():
    """Nothing listens at the address any more, and the environment is as it was."""
    before = dict(os.environ)
    addresses = []

    def fail():
        with open_server() as server:
            addresses.append(server.api_url)
            assert listens(server.api_url)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert not listens(addresses[0])
    assert dict(os.environ) == before


def test_open_server__address_is_taken_before_the_server_is_started():
    """The socket is bound first and kept while the process behind it changes, so that nobody can take the port."""
    with open_server() as server:
        address = server.api_url
        Variable.set("a", 1)
        server.restore()
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", urlsplit(address).port))
        assert server.api_url == address
        assert Variable.get("a") is None


def test_open_server__no_task_run_is_lost():
    """A hundred task runs at once are all stored, and no request is refused by a locked database."""
    with open_server() as server:
        result = run_flow(mapped, (100,), {})
        assert len(stored_task_runs(server, result)) == 100
    assert "locked" not in (launcher.start().folder / "forkserver.log").read_text()


def test_open_server__proxy(monkeypatch):
    """Requests to the server do not go to a proxy that the environment names."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with open_server():
        assert run_flow(mapped, (1,), {}).value == [0]
    assert "no_proxy" not in os.environ


def test_open_server__beside_prefects_harness(prefect_server):
    """Who calls Prefect's own harness gets it, in a server of pipeproof's or around one, and each is given back."""
    with prefect_test_harness(server_startup_timeout=120):
        harness = PREFECT_API_URL.value()
        assert harness != prefect_server.api_url
        assert mapped(2) == [0, 1]
        with open_server() as inner:
            assert PREFECT_API_URL.value() == inner.api_url
            assert run_flow(mapped, (1,), {}).value == [0]
        assert PREFECT_API_URL.value() == harness
        assert mapped(1) == [0]
    assert PREFECT_API_URL.value() == prefect_server.api_url
    assert run_flow(mapped, (1,), {}).value == [0]


def test_open_server__falls_back_to_prefects_harness(monkeypatch):
    """Where the fork server cannot be, Prefect's harness is used, and a warning says so and why."""
    monkeypatch.setattr(launcher, "_RUN", "raise SystemExit('no such thing in this version')")
    monkeypatch.setattr(launcher, "_started", {})
    with pytest.warns(PrefectFallbackWarning, match="no such thing in this version"), open_server():
        assert run_flow(mapped, (2,), {}).value == [0, 1]


def test_drain_services__does_not_tell_that_it_waits(monkeypatch, caplog):
    """Prefect's services warn while what they hold is sent; all else that they say is heard."""
    from prefect._internal.concurrency.services import _QueueServiceBase
    from prefect.events.worker import EventsWorker

    logger = logging.getLogger(EventsWorker.__name__)

    def drain_all(timeout):
        logger.warning("Still processing items: 2 items remaining...")
        logger.warning("Lost an event")

    monkeypatch.setattr(_QueueServiceBase, "drain_all", drain_all)
    client.drain_services()
    assert caplog.messages == ["Lost an event"]
    assert not logger.filters


def test_client__asks_right_after_a_flow():
    """All task runs of the flow are there and in their last state, though they are told of in the background."""
    with open_server() as server:
        for count in (1, 40):
            task_runs = stored_task_runs(server, run_flow(mapped, (count,), {}))
            assert [task_run.state.name for task_run in task_runs] == ["Completed"] * count


def test_read_your_writes__as_soon_as_the_flow_has_ended(prefect_server):
    """All task runs, in their last states, with all of their states; all logs."""

    @flow
    def logs():
        for number in range(150):
            get_run_logger().info("line %s", number)

    result = run_flow(mapped, (150,), {})
    with prefect_server.client() as asking:
        (first, *_) = found = stored_task_runs(prefect_server, result)
        states = asking.read_task_run_states(first.id)
        logged = run_flow(logs, (), {})
        told = {"logs": {"flow_run_id": {"any_": [str(logged.flow_run_id)]}}, "limit": 200}
        messages = [log["message"] for log in asking.request("POST", "/logs/filter", json=told).json()]
    assert [run.state.name for run in found] == ["Completed"] * 150
    assert sorted(state.name for state in states) == ["Completed", "Pending", "Running"]
    assert set(messages) >= {f"line {number}" for number in range(150)}


def test_use_profile__is_not_overridden(prefect_server, monkeypatch):
    """What the test server sets in the environment is not the user's, whose own variables go before profiles."""
    elsewhere = Profile(name="elsewhere", settings={PREFECT_API_URL: "http://127.0.0.1:9/api"})
    with use_profile(elsewhere):
        assert PREFECT_API_URL.value() == "http://127.0.0.1:9/api"
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:8/api")
    with use_profile(elsewhere):
        assert PREFECT_API_URL.value() == prefect_server.api_url
    assert PREFECT_API_URL.value() == prefect_server.api_url


def test_servers__import_no_integrations(tmp_path, monkeypatch):
    """Each server would import all that are installed, to see whether their blocks are known already."""
    from prefect.context import SettingsContext, get_settings_context
    from prefect.server.api import server
    from prefect.settings.models.root import Settings

    for name, value in launcher._server_environment(tmp_path, None).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("prefect.plugins.load_prefect_collections", lambda: pytest.fail("integrations are imported"))
    added = []

    @server._memoize_block_auto_registration
    async def add_block_types():
        added.append(server.prefect.settings.PREFECT_API_BLOCKS_REGISTER_ON_START.value())

    with SettingsContext(profile=get_settings_context().profile, settings=Settings()):
        asyncio.run(add_block_types())
    assert added == [False]
