"""What Prefect offers beside plain runs, where a server is needed for it: each works as it does in production."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from prefect import flow, get_run_logger, pause_flow_run, suspend_flow_run, task, unmapped
from prefect.automations import Automation, EventTrigger, Posture
from prefect.blocks.core import Block
from prefect.cache_policies import INPUTS
from prefect.concurrency.sync import concurrency
from prefect.events import emit_event
from prefect.events.actions import PauseAutomation
from prefect.runtime import flow_run
from prefect.states import Cancelled
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.transactions import transaction
from pydantic import BaseModel, SecretStr

import pipeproof
from pipeproof.environments.prefect.runs.results import describe

READS = 3000


class Warehouse(Block):
    """A block of the user's own, registered with the server when it is first saved."""

    host: str
    password: SecretStr


@task
def numbers(count):
    yield from range(count)


@task
async def numbers_async(count):
    for number in range(count):
        yield number


@task
def scaled(number, factor):
    return number * factor


@flow
def load_orders():
    emit_event("orders.loaded", resource={"prefect.resource.id": "orders.today"}, payload={"rows": 3})


def test_events_and_automations(run_flow, fresh_prefect_server):
    """An event that a flow emits can be read, and an automation that waits for it acts, on an automation say."""
    target = trigger = EventTrigger(expect={"nothing"}, posture=Posture.Reactive, threshold=1)
    target = Automation(name="target", trigger=trigger, actions=[]).create()
    trigger = EventTrigger(expect={"orders.loaded"}, match={"prefect.resource.id": "orders.*"}, within=timedelta(0))
    Automation(name="acts", trigger=trigger, actions=[PauseAutomation(automation_id=target.id)]).create()
    run_flow(load_orders)
    with fresh_prefect_server.client() as client:
        body = {"filter": {"event": {"name": ["orders.loaded"]}}}
        (event,) = client.request("POST", "/events/filter", json=body).json()["events"]
        assert any(not Automation.read(id=target.id).enabled for _ in range(READS))
    assert event["payload"] == {"rows": 3}
    assert any(related["prefect.resource.role"] == "flow-run" for related in event["related"])


def test_blocks(run_flow, prefect_server, request):
    """A block that a test saves is loaded by its flow, and is not there on another server."""

    @flow
    def connect():
        block = Warehouse.load("main")
        return block.host, block.password.get_secret_value()

    Warehouse(host="db", password=SecretStr("pa55")).save("main")
    assert run_flow(connect).value == ("db", "pa55")
    request.getfixturevalue("fresh_prefect_server")
    with pytest.raises(pipeproof.FlowFailed, match="Unable to find block document named main"):
        run_flow(connect)


@pytest.mark.parametrize("items", [numbers, numbers_async], ids=["sync", "async"])
def test_generator_tasks(run_flow, items):
    """A generator is a task run like any other."""

    @flow
    def total():
        return sum(items(4))

    @flow
    async def total_async():
        return sum([item async for item in items(4)])

    result = run_flow(total_async if items is numbers_async else total)
    assert result.value == 6
    assert [run.state.name for run in result.task_runs[items.name]] == ["Completed"]


def test_results_are_persisted_in_the_servers_folder(run_flow, prefect_server):
    """A result is written there, is read from it by a later run, and nothing is written to the user's folder."""
    calls = []

    @task(cache_policy=INPUTS, persist_result=True)
    def fetch(key):
        calls.append(key)
        return key * 2

    @flow(persist_result=True)
    def fetches():
        return fetch("a")

    before = list((Path.home() / ".prefect").rglob("*"))
    assert [run_flow(fetches).value, run_flow(fetches).value, calls] == ["aa", "aa", ["a"]]
    assert list((prefect_server.folder / "storage").iterdir())
    assert list((Path.home() / ".prefect").rglob("*")) == before


def test_mapped_with_unmapped_in_async_flow(run_flow):
    """Mapped tasks of an asynchronous flow, on a thread runner."""

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=3))
    async def scale():
        return scaled.map(range(4), unmapped(10)).result()

    result = run_flow(scale)
    assert result.value == [0, 10, 20, 30]
    assert len(result.task_runs["scaled"]) == 4


def test_subflows_of_subflows(run_flow):
    """All of them are in the result, by name, with their parameters and task runs; each has its own log."""

    @flow
    def inner(number):
        get_run_logger().info("inner %s", number)
        return scaled(number, 2)

    @flow
    async def middle(number):
        return inner(number) + 1

    @flow
    def outer():
        return asyncio.run(middle(1)) + inner(5)

    result = run_flow(outer)
    assert result.value == 13
    assert [run.parameters for run in result.subflows["inner"]] == [{"number": 1}, {"number": 5}]
    assert [run.task_runs["scaled"][0].value for run in result.subflows["inner"]] == [2, 10]
    assert [run.value for run in result.subflows["middle"]] == [3]
    assert "inner 5" not in result.subflows["inner"][0].logs.text
    assert "inner 5" in result.logs.text


def test_flow_that_is_a_method(run_flow):
    """A flow may be a method of a class."""

    class Pipeline:
        rows = 3

        @flow
        def count(self, times):
            return self.rows * times

    assert run_flow(Pipeline().count, 2).value == 6


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("fails", pipeproof.FlowFailed),
        ("sleeps", pipeproof.FlowTimedOut),
        ("suspends", pipeproof.FlowPaused),
        ("pauses", pipeproof.FlowPaused),
        ("cancels", pipeproof.FlowCancelled),
        ("crashes", pipeproof.FlowCrashed),
    ],
)
def test_outcome__async(run_flow, name, kind):
    """Asynchronous flows end in the same ways."""

    async def fails():
        raise LookupError

    async def sleeps():
        await asyncio.sleep(60)

    async def suspends():
        await suspend_flow_run()

    async def pauses():
        await pause_flow_run()

    async def cancels():
        return Cancelled()

    async def crashes():
        raise asyncio.CancelledError

    ends = flow(locals()[name], timeout_seconds=0.2 if name == "sleeps" else None)
    with pytest.raises(pipeproof.FlowNotCompleted) as caught:
        run_flow(ends)
    assert type(caught.value) is kind


def test_outcome__task_timed_out(run_flow):
    """A task's timeout is the real clock's, and its state is told apart."""

    @task(timeout_seconds=0.1)
    async def slow():
        await asyncio.sleep(60)

    @flow
    async def waits():
        await slow()

    with pytest.raises(pipeproof.FlowFailed) as caught:
        run_flow(waits)
    assert isinstance(caught.value.__cause__, TimeoutError)
    (run,) = caught.value.result.task_runs["slow"]
    assert (run.state.name, run.failed) == ("TimedOut", True)


def test_outcome__failed_subflow(run_flow):
    """A subflow's failure is the flow's, the cause being the user's exception; unless the flow goes on."""

    @flow
    def inner():
        raise LookupError("no such order")

    @flow
    def outer(go_on):
        return inner(return_state=go_on) and None

    with pytest.raises(pipeproof.FlowFailed, match="no such order") as caught:
        run_flow(outer, go_on=False)
    assert isinstance(caught.value.__cause__, LookupError)
    result = run_flow(outer, go_on=True)
    assert result.state.is_completed()
    assert isinstance(result.subflows["inner"][0].error, LookupError)


@pytest.mark.parametrize("asked", [True, False], ids=["asked", "returned"])
def test_outcome__upstream_failed(run_flow, asked):
    """A task whose upstream failed is never started; the cause is what the upstream raised, not what Prefect says."""

    @task
    def load():
        raise LookupError("no such order")

    @flow
    def nightly():
        future = scaled.submit(load.submit(), 2)
        return future.result() if asked else future

    with pytest.raises(pipeproof.FlowFailed) as caught:
        run_flow(nightly)
    assert isinstance(caught.value.__cause__, LookupError)
    (run,) = caught.value.result.task_runs["scaled"]
    assert (run.state.name, run.attempts) == ("NotReady", 0)


def test_transaction_rolls_back(run_flow):
    """What was done in a transaction is undone by the tasks' hooks when it fails."""
    files = []

    @task
    def write(name):
        files.append(name)

    @write.on_rollback
    def remove(_transaction):
        files.pop()

    @flow
    def publish():
        with transaction():
            write("a")
            raise OSError("disk full")

    with pytest.raises(pipeproof.FlowFailed):
        run_flow(publish)
    assert files == []


def test_runtime_and_concurrency(run_flow, prefect_server):
    """`prefect.runtime` knows the run, and a global concurrency limit is kept by the server."""

    @flow
    def limited():
        with concurrency("warehouse", occupy=1):
            return flow_run.id, flow_run.parameters

    with prefect_server.client() as client:
        client.request("POST", "/v2/concurrency_limits/", json={"name": "warehouse", "limit": 1})
    result = run_flow(limited)
    assert result.value == (str(result.flow_run_id), {})


def test_evidence_shows_no_secret__not_converted(run_flow):
    """What the flow has not converted is shown by its type: no one can tell what of it is a secret."""

    class Account(BaseModel):
        token: SecretStr

    def login(account: Account, token: SecretStr, times: int = 1):
        return 1

    def unresolved(account: "Account", token: "SecretStr"):
        return 1

    given = {"account": {"token": "s3cret"}, "token": "s3cret"}
    trusting = run_flow(flow(login, validate_parameters=False), **given)
    assert describe(trusting)["parameters"] == {"account": "<dict>", "token": "<str>", "times": "<int>"}
    results = [run_flow(flow(login), **given, times="x", check=False)]
    with suppress(NameError):  # as early versions of Prefect raise while the flow is made
        results.append(run_flow(flow(unresolved), **given, check=False))
    for result in (trusting, *results):
        assert result.error is None or result.state.is_failed()
        assert "s3cret" not in str(describe(result)) + repr(result)


def test_evidence_shows_no_secret(run_flow):
    """A parameter that is a secret by its type is none of the report's business, wherever it stands; nor in a repr."""

    @flow
    def login(token: SecretStr, warehouse: Warehouse, retries: int = 1):
        return token.get_secret_value()

    given = {"token": "hunter2", "warehouse": {"host": "db", "password": "hunter2"}}
    result = run_flow(login, **given)
    shown = describe(result)["parameters"]
    assert (shown["token"], shown["retries"]) == ("SecretStr('**********')", "1")
    refused = run_flow(login, **given, retries="many", check=False)
    assert describe(refused)["parameters"] == {"token": "<str>", "warehouse": "<dict>", "retries": "<str>"}
    assert "hunter2" not in f"{shown} {refused!r} {describe(refused)}"


def test_evidence_tells_states_with_times(run_flow):
    """Each attempt of a flow and of its tasks is there, with when it was and what it waited for."""

    @task(retries=1, retry_delay_seconds=60)
    def load(path, seen=[]):  # noqa: B006 - it is to be remembered
        if not seen:
            seen.append(path)
            raise FileNotFoundError(path)

    @flow
    def inner():
        load("a.csv")

    @flow
    def outer():
        inner()

    record = describe(run_flow(outer))
    (inner_record,) = record["subflows"]
    (task_record,) = inner_record["task_runs"]
    assert (task_record["task"], task_record["attempts"], task_record["retries"]) == ("load", 2, 1)
    states = {state["name"]: state for state in task_record["states"]}
    assert list(states) == ["Pending", "Running", "AwaitingRetry", "Retrying", "Completed"]
    assert states["Running"]["timestamp"] < states["AwaitingRetry"]["scheduled_time"] <= states["Retrying"]["timestamp"]
    assert [state["name"] for state in record["states"]] == ["Pending", "Running", "Completed"]
