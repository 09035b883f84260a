"""Each way in which a flow run can end is one exception or value."""

import asyncio
import sys
import time

import pytest
from prefect import flow, get_run_logger, pause_flow_run, suspend_flow_run, task
from prefect.blocks.system import Secret
from prefect.context import FlowRunContext
from prefect.states import Cancelled, Crashed, Failed, Running

import pipeproof
from pipeproof.environments.prefect.internals.client.alarms import ringing


class BadRowError(Exception):
    """The user's own."""


@task(retries=1)
def read_row(number):
    if number == 13:
        raise BadRowError(f"row {number}")
    return number


def raise_in_flow():
    raise BadRowError("in the flow")


def raise_in_task():
    return read_row(13)


def raise_in_returned_future():
    return read_row.submit(13)


def take_too_long():
    for _ in range(1000):
        time.sleep(0.005)


def raise_interrupt():
    raise KeyboardInterrupt


def raise_cancelled():
    raise asyncio.CancelledError


@pytest.mark.parametrize(
    ("body", "kind", "cause"),
    [
        (raise_in_flow, pipeproof.FlowFailed, BadRowError),
        (raise_in_task, pipeproof.FlowFailed, BadRowError),
        (raise_in_returned_future, pipeproof.FlowFailed, BadRowError),
        (lambda: Failed(message="by hand"), pipeproof.FlowFailed, None),
        (sys.exit, pipeproof.FlowCrashed, SystemExit),
        (raise_interrupt, pipeproof.FlowCrashed, KeyboardInterrupt),
        (raise_cancelled, pipeproof.FlowCrashed, asyncio.CancelledError),
        (lambda: Crashed(message="by hand"), pipeproof.FlowCrashed, None),
        (Cancelled, pipeproof.FlowCancelled, None),
        (pause_flow_run, pipeproof.FlowPaused, None),
        (suspend_flow_run, pipeproof.FlowPaused, None),
    ],
)
def test_outcome__state_is_exception(run_flow, body, kind, cause):
    """The exception tells the state, its cause is the user's, and it has the result."""

    @flow
    def ends():
        return body()

    with pytest.raises(pipeproof.FlowNotCompleted) as caught:
        run_flow(ends)
    assert type(caught.value) is kind
    assert type(caught.value.__cause__) is (cause or type(None))
    assert caught.value.result.error is caught.value.__cause__
    assert caught.value.result.value is None


@task
def suspend_own_run():
    suspend_flow_run(flow_run_id=FlowRunContext.get().flow_run.id)
    return "finished"


def test_suspend__by_a_task(run_flow):
    """A task that suspends the run it belongs to finishes first; the run is suspended when the next one is to start."""

    @flow
    def suspended():
        suspend_own_run()
        read_row(1)

    result = run_flow(suspended, check=False)
    assert [state.name for state in result.states] == ["Pending", "Running", "Suspended"]
    assert [(run.state.name, run.value) for run in result.task_runs["suspend_own_run"]] == [("Completed", "finished")]
    is_stopped = "flow_run_suspension_request" in FlowRunContext.model_fields  # early versions run what follows
    assert ("read_row" not in result.task_runs) == is_stopped


def test_suspend__by_a_subflow(run_flow):
    """Prefect refuses, and so the whole run fails."""

    @flow
    def inner():
        suspend_flow_run()

    @flow
    def outer():
        inner()

    with pytest.raises(pipeproof.FlowFailed, match="Cannot suspend subflows"):
        run_flow(outer)


def test_suspend__another_run(run_flow, prefect_server):
    """The run that asks goes on; the other one, of a deployment, is suspended."""
    with prefect_server.client() as client:
        deployment = client.create_deployment(client.create_flow_from_name("other"), "nightly")
        other = client.create_flow_run_from_deployment(deployment).id
        client.set_flow_run_state(other, Running(), force=True)

        @flow
        def suspends():
            suspend_flow_run(flow_run_id=other)
            return "went on"

        assert run_flow(suspends).value == "went on"
        assert client.read_flow_run(other).state.name == "Suspended"


def test_outcome__raised_from_outside(run_flow):
    """What a test's time-out raises is told, not that the event loop has cancelled the flow by it."""

    @flow
    async def hangs():
        await asyncio.sleep(600)

    with pytest.raises(pytest.fail.Exception), ringing(0.5, pytest.fail.Exception):
        run_flow(hangs)


@pytest.mark.timeout(500)
def test_outcome__timed_out_beside_an_alarm(run_flow):
    """The time-out of a test does not keep a flow's own from interrupting what sleeps."""

    @flow(timeout_seconds=0.2)
    def slow():
        time.sleep(600)

    with pytest.raises(pipeproof.FlowTimedOut):
        run_flow(slow)


def test_outcome__timed_out(run_flow):
    """A flow that takes longer than its timeout is told apart from one that fails, and is a failure all the same."""
    slow = flow(take_too_long, timeout_seconds=0.1)
    with pytest.raises(pipeproof.FlowTimedOut) as caught:
        run_flow(slow)
    assert isinstance(caught.value, pipeproof.FlowFailed)
    assert isinstance(caught.value.__cause__, TimeoutError)


def test_outcome__check_off(run_flow):
    """Without the check the result is given, whatever the state."""
    result = run_flow(flow(raise_in_task), check=False)
    assert result.state.is_failed()
    assert isinstance(result.error, BadRowError)


def test_outcome__completed_with_failed_task(run_flow):
    """A flow that lets a task fail and completes has completed; the task's run tells of the failure."""

    @flow
    def tolerant():
        return [read_row.submit(number).wait() for number in (12, 13)] and "done"

    result = run_flow(tolerant)
    assert result.value == "done"
    good, bad = result.task_runs["read_row"]
    assert (good.state.name, good.value, good.failed) == ("Completed", 12, False)
    assert (bad.state.name, bad.value, bad.failed, bad.attempts) == ("Failed", None, True, 2)
    assert isinstance(bad.error, BadRowError)


def test_outcome__message(run_flow):
    """The message names the flow, the tasks that failed with their attempts, and the end of the log."""

    @flow(name="nightly")
    def nightly():
        return read_row(13)

    with pytest.raises(pipeproof.FlowFailed) as caught:
        run_flow(nightly)
    message = str(caught.value)
    assert "flow 'nightly' ended in state Failed" in message
    assert "read_row (read_row-" in message
    assert "Failed after 2 attempts" in message
    assert "row 13" in message
    assert "Finished in state Failed" in message


def test_outcome__wrong_arguments(run_flow):
    """A call that the flow's signature does not allow is the caller's error, not a failed run."""
    with pytest.raises(TypeError, match="number"):
        run_flow(flow(read_row.fn), 1, numbers=2)


def test_outcome__invalid_parameter(run_flow):
    """A parameter of the wrong type fails the run, as it would in production."""

    @flow
    def typed(count: int):
        return count

    with pytest.raises(pipeproof.FlowFailed, match="count"):
        run_flow(typed, count="many")


def test_outcome__message_has_no_traceback(run_flow):
    """The log's last lines are what was logged; the traceback is shown by the cause."""

    @flow
    def nightly():
        get_run_logger().info("before")
        read_row(13)

    with pytest.raises(pipeproof.FlowFailed) as caught:
        run_flow(nightly)
    assert "before" in str(caught.value)
    assert "Encountered exception during execution" in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert "Traceback" in caught.value.result.logs.text


def test_outcome__block_is_missing(run_flow):
    @flow
    def nightly():
        return Secret.load("token")

    with pytest.raises(pipeproof.FlowFailed, match="save it in the test"):
        run_flow(nightly)
