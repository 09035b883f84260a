"""`run_flow` and `call_fn` on the kinds of flows that Prefect has, against a real server."""

import asyncio
import logging
import re
from datetime import timedelta
from pathlib import Path

import pytest
from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import INPUTS
from prefect.futures import wait
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.variables import Variable

from pipeproof import FlowFailed
from pipeproof.environments.prefect.runs.results import describe
from pipeproof.report.exercised import render_exercised
from pipeproof.results.model import Run, Status, TestResult


@task
def double(number):
    get_run_logger().info("doubling %s", number)
    return number * 2


@task
async def double_later(number):
    await asyncio.sleep(0)
    return number * 2


@flow(name="totals")
def total(count: int, start: int = 0):
    """Adds up the doubles of the first numbers."""
    return start + sum(future.result() for future in double.map(range(count)))


@flow
async def total_async(count: int):
    return sum(await asyncio.gather(*(double_later(number) for number in range(count))))


@flow
def pages(count):
    yield from range(count)


@flow
async def pages_async(count):
    for number in range(count):
        yield number


@flow
def totals_of_totals():
    return total(2) + total(3)


def test_run_flow__sync(run_flow):
    """The result holds the value, the parameters with defaults filled in, and the task runs by the task's name."""
    result = run_flow(total, 3)
    assert (result.value, result.flow_name, result.parameters) == (6, "totals", {"count": 3, "start": 0})
    assert result.state.is_completed()
    assert sorted(run.value for run in result.task_runs["double"]) == [0, 2, 4]
    assert [run.attempts for run in result.task_runs["double"]] == [1, 1, 1]
    assert [state.name for state in result.states] == ["Pending", "Running", "Completed"]


def test_run_flow__async(run_flow):
    assert run_flow(total_async, count=3).value == 6


def test_run_flow__in_running_loop(run_flow):
    """An asynchronous test awaits it: the flow runs in the test's loop, or in a thread where that goes on meanwhile."""

    async def in_loop():
        door = asyncio.Event()

        @flow
        async def waits(number):
            await door.wait()
            return await double_later(number)

        knocking = asyncio.get_running_loop().call_soon_threadsafe

        @flow
        def opens():
            knocking(door.set)
            return double(4)

        runs = asyncio.gather(run_flow(waits, 1), run_flow(waits, 2))
        await asyncio.sleep(0)
        opened = await asyncio.create_task(run_flow(opens))
        return [result.value for result in (*await runs, opened)], await opened is opened

    assert asyncio.run(in_loop()) == ([2, 4, 8], True)


def test_run_flow__in_running_loop_fails(run_flow):
    """The outcomes are those of other tests; a test that is cancelled is, and not the flow crashed."""

    @flow
    async def hangs():
        await asyncio.sleep(600)

    @flow
    async def fails():
        raise LookupError

    async def in_loop():
        with pytest.raises(FlowFailed):
            await run_flow(fails)
        async with asyncio.timeout(0.5):
            await run_flow(hangs)

    with pytest.raises(TimeoutError):
        asyncio.run(in_loop())


@pytest.mark.parametrize("generator", [pages, pages_async])
def test_run_flow__generator(run_flow, generator):
    """A generator's value is the list of what it yields."""
    assert run_flow(generator, 3).value == [0, 1, 2]


def test_run_flow__subflows(run_flow):
    """Each subflow's run is a result of its own; its tasks are not the parent's."""
    result = run_flow(totals_of_totals)
    assert result.value == 8
    assert [run.value for run in result.subflows["totals"]] == [2, 6]
    assert [len(run.task_runs["double"]) for run in result.subflows["totals"]] == [2, 3]
    assert result.task_runs == {}
    evidence = ({"kind": "prefect.flow_run", "data": describe(result)},)
    text = render_exercised(Run((TestResult("t", "t.py", 1, Status.PASSED, evidence=evidence),)), Path("/w"))
    assert "3 flow runs" in text
    assert "| <code>totals</code> | 2 | 2 Completed | 5 | 0 |" in text


def test_run_flow__submit_with_wait_for(run_flow):
    """Futures, `wait_for` and a thread runner work as they do without us."""
    order = []

    @task
    def step(name):
        order.append(name)

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=2))
    def steps():
        first = step.submit("first")
        wait([step.submit("second", wait_for=[first])])

    run_flow(steps)
    assert order == ["first", "second"]


def test_run_flow__caching_and_persistence(run_flow):
    """A cached result is used within a run, and is a state of its own."""
    calls = []

    @task(cache_policy=INPUTS, persist_result=True, cache_expiration=timedelta(hours=1))
    def fetch(key):
        calls.append(key)
        return key.upper()

    @flow(persist_result=True)
    def fetch_twice():
        return fetch("a"), fetch("a")

    result = run_flow(fetch_twice)
    assert result.value == ("A", "A")
    assert calls == ["a"]
    assert [run.state.name for run in result.task_runs["fetch"]] == ["Completed", "Cached"]


def test_run_flow__variables_and_artifacts(run_flow):
    """What a flow leaves on the server can be read."""

    @flow
    def publish():
        Variable.set("rows", 3, overwrite=True)
        create_markdown_artifact("three rows", key="summary")

    @flow
    def publishes_twice():
        create_markdown_artifact("all", key="all")
        publish()

    result = run_flow(publishes_twice)
    assert [artifact.key for artifact in result.artifacts] == ["all", "summary"]
    (publication,) = result.subflows["publish"]
    assert [(artifact.key, artifact.data) for artifact in publication.artifacts] == [("summary", "three rows")]
    assert Variable.get("rows") == 3


def test_run_flow__logs(run_flow, caplog):
    """What flow and tasks log is in the result and in caplog."""
    caplog.set_level(logging.INFO)
    result = run_flow(total, 1)
    assert "doubling 0" in result.logs.text
    assert "doubling 0" in caplog.text
    assert any(record.getMessage() == "doubling 0" and record.task_run_id for record in result.logs.records)


def test_call_fn__without_engine(call_fn, caplog):
    """The function is called as it is, and its run logger works."""
    caplog.set_level(logging.INFO)
    assert call_fn(double, 2) == 4
    assert call_fn(double_later, number=3) == 6
    assert call_fn(pages, 2) == [0, 1]
    assert call_fn(pages_async, 2) == [0, 1]
    assert "doubling 2" in caplog.text


def test_run_flow__result_is_shown_briefly(run_flow):
    """A result is one short line, without the parameters: these may be secrets."""

    @flow
    def long(secret):
        return "x" * 1000

    shown = repr(run_flow(long, "s3cret"))
    assert shown.startswith("FlowResult('long', state=Completed, value='xxx")
    assert len(shown) < 200
    assert "s3cret" not in shown
    failed = repr(run_flow(flow(raise_key_error, name="bad"), check=False).task_runs["lookup"])
    assert re.fullmatch(r"\[TaskRunResult\('lookup-\w+', state=Failed, error=KeyError\('no'\)\)\]", failed)


@task
def lookup():
    raise KeyError("no")


def raise_key_error():
    lookup()
