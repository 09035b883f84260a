"""Which requests are an engine's, and when a server is at rest."""

import asyncio

import pytest

from pipeproof.environments.prefect.internals.traffic import Traffic, asks_what_was_told, is_of_engine

RUN = "5e1f5e1f-5e1f-4e1f-8e1f-5e1f5e1f5e1f"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/flows/"),
        ("POST", "/api/flow_runs/"),
        ("GET", f"/api/flow_runs/{RUN}"),
        ("POST", f"/api/flow_runs/{RUN}/set_state"),
        ("GET", "/api/admin/storage"),
        ("POST", "/api/logs/"),
    ],
)
def test_is_of_engine__while_a_flow_runs(method, path):
    assert is_of_engine(method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/task_runs/filter"),
        ("GET", "/api/task_runs/5e1f"),
        ("GET", f"/api/flow_runs/{RUN}/graph-v2"),
        ("POST", "/api/flow_runs/filter"),
        ("DELETE", f"/api/flow_runs/{RUN}"),
        ("POST", "/api/ui/task_runs/count"),
        ("PUT", "/api/admin/storage"),
        ("POST", "/api/events/filter"),
    ],
)
def test_is_of_engine__may_ask_for_task_runs_or_events(method, path):
    assert not is_of_engine(method, path)


def test_quiet__a_moment_after_the_last_request(quick):
    """Not between two requests that follow each other at once."""
    traffic = Traffic()

    async def play():
        before = traffic.is_quiet()
        with traffic.request():
            during = traffic.is_quiet()
        after = traffic.is_quiet()
        await traffic.quiet()
        return before, during, after, traffic.is_quiet()

    assert asyncio.run(play()) == (True, False, False, True)


def test_quiet__nested_requests(quick):
    """It is not quiet before the last has been answered."""
    traffic = Traffic()

    async def play():
        with traffic.request():
            with traffic.request():
                pass
            await asyncio.sleep(0.03)
            return traffic.is_quiet()

    assert not asyncio.run(play())


def test_quiet__requests_without_end(quick, impatient):
    """Whoever waits goes on in the end."""
    traffic = Traffic()

    async def play():
        with traffic.request():
            await traffic.quiet()
            return traffic.is_quiet()

    assert not asyncio.run(play())


@pytest.mark.parametrize(
    ("method", "path", "asks"),
    [
        ("POST", "/api/task_runs/filter", True),
        ("GET", "/api/task_run_states/", True),
        ("POST", "/api/logs/filter", True),
        ("POST", "/api/events/filter", True),
        ("GET", f"/api/flow_runs/{RUN}/graph-v2", True),
        ("POST", "/api/logs/", False),
        ("POST", f"/api/flow_runs/{RUN}/set_state", False),
        ("GET", "/api/variables/name/limit", False),
        ("POST", "/api/v2/concurrency_limits/increment-with-lease", False),
    ],
)
def test_asks_what_was_told(method, path, asks):
    """Runs of tasks, events and logs are told, and stored some time after."""
    assert asks_what_was_told(method, path) is asks
