"""Flows that are left behind in threads."""

import asyncio
import contextlib
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from prefect import flow, get_run_logger, task
from prefect.exceptions import MissingContextError

from pipeproof.environments.prefect.runs.calls import call_fn
from pipeproof.environments.prefect.runs.flow_runs import run_flow
from pipeproof.environments.prefect.runs.threads import FlowLeftBehindWarning, flows_awaited


@flow
def slow(started, finish):
    started.set()
    finish.wait(30)


@flow(name="slow")
async def slow_async(started, finish):
    started.set()
    await asyncio.to_thread(finish.wait, 30)


def raw(*events):
    slow(*events)


def by_run_flow(*events):
    run_flow(slow, events, {})


def by_run_flow_async(*events):
    run_flow(slow_async, events, {})


def raw_async(*events):
    asyncio.run(slow_async(*events))


@contextlib.contextmanager
def thread_of(target):
    """A thread that calls the target until it is left."""
    started, finish = threading.Event(), threading.Event()
    thread = threading.Thread(target=target, args=(started, finish), name="in the back")
    thread.start()
    assert started.wait(30)
    try:
        yield
    finally:
        finish.set()
        thread.join()


@pytest.mark.parametrize("call", [raw, raw_async, by_run_flow, by_run_flow_async], ids=lambda call: call.__name__)
def test_flows_awaited__warns(prefect_server, call):
    """A flow that does not end soon is told of with its thread's name."""
    told = pytest.warns(FlowLeftBehindWarning, match="thread 'in the back' still runs the flow 'slow'")
    with contextlib.ExitStack() as stack, told, flows_awaited(0):
        stack.enter_context(thread_of(call))


def test_flows_awaited__knows_its_own(prefect_server):
    """Threads that were there before are somebody else's, and those that run no flow are nobody's concern."""
    finish = threading.Event()
    with thread_of(raw), warnings.catch_warnings():
        warnings.simplefilter("error")
        with flows_awaited(0):
            threading.Thread(target=finish.wait, args=(30,)).start()
    finish.set()


@task
def noted(number):
    get_run_logger().info("task of %s", number)
    return number


@flow
def meeting(number, barrier):
    """A flow that ends after the others have started."""
    noted(number)
    barrier.wait(30)
    return noted.submit(number).result()


def test_run_flow__several_at_once(prefect_server):
    """Each result is that of its own run: parameters, tasks, subflows and logs."""
    barrier = threading.Barrier(3)
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda number: run_flow(meeting, (number, barrier), {}), range(3)))
    for number, result in enumerate(results):
        assert (result.value, result.parameters["number"]) == (number, number)
        assert [run.value for run in result.task_runs["noted"]] == [number, number]
        assert dict(result.subflows) == {}
        logged = [record.getMessage() for record in result.logs.records]
        assert [line for line in logged if line.startswith("task of")] == [f"task of {number}"] * 2


def test_run_flow__while_a_thread_runs_another(prefect_server):
    """The result is that of the flow that was given, even if the other one enters a state first."""
    ended = threading.Event()

    @flow
    def awaits():
        return ended.wait(30)

    @flow
    def other():
        ended.set()

    thread = threading.Thread(target=other)

    def starting_other():
        thread.start()
        ended.wait(30)
        thread.join()
        return "run"

    awaits = awaits.with_options(flow_run_name=starting_other)
    assert run_flow(awaits, (), {}).flow_name == "awaits"


def test_call_fn__several_at_once(caplog):
    """Each has its logger until it is over, and there is none afterwards."""
    caplog.set_level("INFO")
    first_in, second_in, first_out = threading.Event(), threading.Event(), threading.Event()

    @task
    def first():
        first_in.set()
        second_in.wait(30)
        get_run_logger().info("first")

    @task
    def second():
        second_in.set()
        first_out.wait(30)
        get_run_logger().info("second")

    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(call_fn, first)]
        first_in.wait(30)
        calls.append(pool.submit(call_fn, second))
        calls[0].result()
        first_out.set()
        calls[1].result()
    assert ("first" in caplog.text, "second" in caplog.text) == (True, True)
    with pytest.raises(MissingContextError):
        get_run_logger()
