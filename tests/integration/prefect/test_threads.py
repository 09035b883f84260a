"""Flows that are left behind in threads."""

import asyncio
import contextlib
import threading
import warnings

import pytest
from prefect import flow

from pipeproof.environments.prefect.runs import run_flow
from pipeproof.environments.prefect.threads import FlowLeftBehindWarning, flows_awaited


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
