"""Retry delays pass on the virtual clock: nothing sleeps, and the schedule is what it would have been."""

import time
from datetime import timedelta
from types import SimpleNamespace

import anyio
import pytest
from prefect import flow, task
from prefect.tasks import exponential_backoff


def schedule(states):
    """How long each retry waits, and when each attempt starts after the first, in whole seconds."""
    begun = states[0].timestamp
    waiting = [state for state in states if state.name == "AwaitingRetry"]
    waits = [round((state.state_details.scheduled_time - state.timestamp).total_seconds()) for state in waiting]
    starts = [round((state.timestamp - begun).total_seconds()) for state in states if state.is_running()]
    return waits, starts


@pytest.fixture
def assert_schedule():
    """The schedule is the expected one but for the real seconds that have passed, which a slow machine has more of."""
    begun = time.monotonic()

    def check(states, waits, starts):
        passed = time.monotonic() - begun + 1  # a second is what rounding may add
        assert schedule(states) == (pytest.approx(waits, abs=passed), pytest.approx(starts, abs=passed))

    return check


@pytest.mark.parametrize(
    ("delays", "waits", "starts"),
    [
        (3600, [3600, 3600], [0, 3600, 7200]),
        ([60, 600], [60, 600], [0, 60, 660]),
        (exponential_backoff(backoff_factor=100), [100, 200], [0, 100, 300]),
    ],
    ids=["fixed", "list", "exponential"],
)
@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_virtual_time__task_retries(run_flow, assert_schedule, delays, waits, starts, asynchronous):
    """Each retry is scheduled after the attempt before it, which began when its own wait was over."""

    def fail():
        raise ValueError

    async def fail_async():
        raise ValueError

    failing = task(fail_async if asynchronous else fail, retries=2, retry_delay_seconds=delays)

    @flow
    def sync_flow():
        failing()

    @flow
    async def async_flow():
        await failing()

    result = run_flow(async_flow if asynchronous else sync_flow, check=False)
    (run,) = result.task_runs[failing.name]
    assert run.attempts == 3
    assert_schedule(run.states, waits, starts)


def test_virtual_time__jitter(run_flow, assert_schedule):
    """A delay with jitter is scheduled as Prefect drew it."""

    @task(retries=1, retry_delay_seconds=1000, retry_jitter_factor=0.5)
    def fail():
        raise ValueError

    result = run_flow(flow(lambda: fail(), name="jittered"), check=False)
    waits, _ = schedule(result.task_runs["fail"][0].states)
    assert 500 <= waits[0] <= 1500
    assert_schedule(result.task_runs["fail"][0].states, waits, [0, waits[0]])


@pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])
def test_virtual_time__flow_retries(run_flow, assert_schedule, asynchronous):
    """A flow's own retries are scheduled by the server, whose clock goes with the flow's; tasks add to it."""

    @task(retries=1, retry_delay_seconds=40)
    def fail():
        raise ValueError

    def body():
        fail()

    async def async_body():
        fail()

    failing = flow(async_body if asynchronous else body, name="failing", retries=2, retry_delay_seconds=100)
    result = run_flow(failing, check=False)
    assert_schedule(result.states, [100, 100], [0, 140, 280])


def test_virtual_time__side_by_side(run_flow, assert_schedule):
    """Tasks that wait at the same time do not add up."""

    @task(retries=1, retry_delay_seconds=500)
    def fail(number):
        raise ValueError

    @flow
    def mapped():
        fail.map([1, 2, 3]).wait()

    result = run_flow(mapped)
    assert len(result.task_runs["fail"]) == 3
    for run in result.task_runs["fail"]:
        assert_schedule(run.states, [500], [0, 500])


def test_virtual_time__whoever_waits_goes_on_after_it(run_flow, prefect_server):
    """A task or flow that waits for another task is at its end then, and events of that time are there for who asks."""

    @task(retries=1, retry_delay_seconds=3600)
    def late(seen=[]):  # noqa: B006 - it is to be remembered
        if not seen:
            seen.append(1)
            raise ValueError

    @task
    def after():
        pass

    @flow
    def waits():
        first = late.submit()
        return after.submit(wait_for=[first]).result()

    result = run_flow(waits)
    hour = timedelta(hours=1)
    begin = result.states[0].timestamp
    ((pending, running, completed),) = (run.states for run in result.task_runs["after"])
    assert pending.timestamp < begin + hour <= running.timestamp <= completed.timestamp
    assert result.states[-1].timestamp >= begin + hour
    with prefect_server.client() as client:
        asked = {"filter": {"event": {"name": ["prefect.task-run.Completed"]}}}
        told = client.request("POST", "/events/filter", json=asked).json()["events"]
    assert len(told) == 2


def test_virtual_time__does_not_reach_the_next_run(run_flow):
    """A run starts in the present, however long the one before it has waited."""

    @flow(retries=1, retry_delay_seconds=86400)
    def fail():
        raise ValueError

    first, second = run_flow(fail, check=False), run_flow(fail, check=False)
    assert second.states[0].timestamp - first.states[0].timestamp < timedelta(hours=1)


@pytest.mark.real_time
def test_real_time__sleeps(run_flow, monkeypatch):
    """With the marker, a retry's delay is slept."""
    slept = []

    async def sleep(seconds):  # what 3.4 calls
        slept.append(seconds)

    monkeypatch.setattr("time.sleep", slept.append)
    monkeypatch.setattr("prefect.task_engine.anyio", SimpleNamespace(**vars(anyio) | {"sleep": sleep}))

    @task(retries=1, retry_delay_seconds=7)
    def fail():
        raise ValueError

    run_flow(flow(lambda: fail(), name="slept"), check=False)
    assert any(6 < seconds <= 7 for seconds in slept)
