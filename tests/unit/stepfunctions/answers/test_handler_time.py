"""Handlers that sleep, wait and take too long."""

import asyncio
import json
import os
import signal
import sys
import threading
import time
from typing import Any

import pytest

from pipeproof import StateMachine, returns
from pipeproof.environments.aws import open_aws
from pipeproof.stepfunctions.errors import MockError
from pipeproof.virtual_time import in_real_time

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
INVOKE = "arn:aws:states:::lambda:invoke"


def machine(resource: str = FUNCTION, *, fields: Any = None, **options: Any) -> StateMachine:
    parameters = {"Parameters": {"FunctionName": "work", "Payload.$": "$"}} if resource == INVOKE else {}
    state = {"Type": "Task", "Resource": resource, "End": True, **parameters, **(fields or {})}
    return StateMachine({"StartAt": "Work", "States": {"Work": state}}, **options)


def sleeps(seconds: float) -> Any:
    def work(event: Any, context: Any) -> str:
        time.sleep(seconds)
        return "done"

    return work


def given(how: str, handler: Any, **described: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options and mocks that let a handler answer: as a mock, or as a function."""
    if how == "mock":
        return {}, {"Work": handler}
    return {"lambdas": {"work": {"handler": handler, **described}}}, {}


@pytest.mark.parametrize("how", ["mock", "function"])
@pytest.mark.parametrize("resource", [FUNCTION, INVOKE])
def test_sleep__passes_on_the_executions_clock(how: str, resource: str) -> None:
    options, mocks = given(how, sleeps(60))
    execution = machine(resource, **options).run(mocks=mocks)
    assert execution.elapsed == 60
    assert execution.attempts("Work")[0].ended == 60


@pytest.mark.parametrize("how", ["mock", "function"])
def test_sleep__beyond_the_states_timeout_times_out_at_once(how: str) -> None:
    options, mocks = given(how, sleeps(60))
    execution = machine(fields={"TimeoutSeconds": 5}, **options).run(mocks=mocks, check=False)
    assert (execution.status, execution.error, execution.elapsed) == ("FAILED", "States.Timeout", 5)
    assert [event.type for event in execution.events][-2:] == ["LambdaFunctionTimedOut", "ExecutionFailed"]


def test_sleep__within_the_timeout_is_no_timeout() -> None:
    assert machine(fields={"TimeoutSeconds": 5}).run(mocks={"Work": sleeps(5)}).elapsed == 5


def test_sleep__beyond_the_executions_timeout_times_it_out() -> None:
    definition = {"StartAt": "Work", "TimeoutSeconds": 5, "States": machine().definition.document.value["States"]}
    execution = StateMachine(definition).run(mocks={"Work": sleeps(60)}, check=False)
    assert (execution.status, execution.elapsed) == ("TIMED_OUT", 5)


def test_sleep__ends_before_what_follows_in_the_handler_is_done() -> None:
    done: list[int] = []

    def work(event: Any) -> None:
        try:
            time.sleep(60)
        except Exception:  # noqa: BLE001 - as handlers write it
            done.append(1)
        done.append(2)

    machine(fields={"TimeoutSeconds": 5}).run(mocks={"Work": work}, check=False)
    assert done == []


def test_sleep__whose_end_is_swallowed_is_a_timeout_all_the_same() -> None:
    def work(event: Any) -> str:
        try:
            time.sleep(60)
        except BaseException:  # noqa: BLE001 - a bare except is what is tried
            return "swallowed"
        return "slept"

    assert machine(fields={"TimeoutSeconds": 5}).run(mocks={"Work": work}, check=False).error == "States.Timeout"


def test_async_sleep__passes_on_the_executions_clock() -> None:
    async def work() -> int:
        await asyncio.gather(asyncio.sleep(30), asyncio.sleep(60))
        return 1

    execution = machine().run(mocks={"Work": lambda event: asyncio.run(work())})
    assert (execution.output, round(execution.elapsed)) == (1, 60)


def test_boto3_waiter__passes_on_the_executions_clock() -> None:
    with open_aws() as aws:
        aws.client("s3").create_bucket(Bucket="raw")

        def work(event: Any) -> None:
            aws.client("s3").get_waiter("object_exists").wait(Bucket="raw", Key="late")

        execution = machine().run(mocks={"Work": work}, check=False)
    assert execution.error == "WaiterError"
    assert execution.elapsed == 19 * 5


def test_moment_in_a_handler__is_ahead_by_what_was_slept() -> None:
    def work(event: Any) -> float:
        before = time.time()
        time.sleep(3600)
        return time.time() - before

    assert machine().run(mocks={"Work": work}).output == pytest.approx(3600, abs=60)


def test_sleep__kept_by_name_in_the_handlers_module_is_virtual_too() -> None:
    from time import sleep

    namespace: dict[str, Any] = {"sleep": sleep, "__name__": __name__}
    exec("def work(event, context):\n    sleep(60)\n", namespace)
    assert machine().run(mocks={"Work": namespace["work"]}).elapsed == 60
    assert namespace["sleep"] is sleep


def test_sleep__in_tests_and_flows_is_real() -> None:
    machine().run(mocks={"Work": sleeps(60)})
    before = time.monotonic()
    time.sleep(0.002)
    assert 0.002 <= time.monotonic() - before < 60


def test_sleep__in_a_test_in_real_time_is_real() -> None:
    with in_real_time():
        assert machine().run(mocks={"Work": sleeps(0.002)}).elapsed == 0


@pytest.mark.parametrize("resource", [FUNCTION, INVOKE])
def test_functions_own_timeout__is_told_as_aws_tells_it(resource: str) -> None:
    options, _ = given("function", sleeps(60), timeout=3)
    execution = machine(resource, **options).run(check=False)
    cause = json.loads(execution.cause)
    assert (execution.error, execution.elapsed, cause["errorType"]) == ("Sandbox.Timedout", 3, "Sandbox.Timedout")
    assert cause["errorMessage"].endswith(" Error: Task timed out after 3.00 seconds")
    assert cause["errorMessage"].startswith("RequestId: ")


def test_functions_own_timeout__counts_what_a_mock_says_that_it_takes() -> None:
    options, _ = given("function", lambda event, context: context.takes(4), timeout=3)
    assert machine(**options).run(check=False).error == "Sandbox.Timedout"


@pytest.mark.parametrize(
    ("state", "function", "error", "elapsed"),
    [(5, 10, "States.Timeout", 5), (10, 5, "Sandbox.Timedout", 5), (5, 5, "States.Timeout", 5)],
)
def test_timeouts__the_first_counts(state: int, function: int, error: str, elapsed: int) -> None:
    options, _ = given("function", sleeps(60), timeout=function)
    execution = machine(fields={"TimeoutSeconds": state}, **options).run(check=False)
    assert (execution.error, execution.elapsed) == (error, elapsed)


def test_retry__gives_each_attempt_its_own_time() -> None:
    options, _ = given("function", sleeps(2), timeout=3)
    fields = {"Retry": [{"ErrorEquals": ["States.ALL"]}], "TimeoutSeconds": 5}
    execution = machine(fields=fields, **options).run(mocks={"Work": [sleeps(9), sleeps(2)]})
    assert [attempt.error for attempt in execution.attempts("Work")] == ["States.Timeout", None]
    assert execution.elapsed == 5 + 1 + 2


def test_remaining_time__goes_down_by_what_was_slept() -> None:
    def work(event: Any, context: Any) -> list[int]:
        first = context.get_remaining_time_in_millis()
        time.sleep(10)
        return [first, context.get_remaining_time_in_millis()]

    options, _ = given("function", work, timeout=60)
    assert machine(**options).run().output == [60_000, 50_000]


def spin(event: Any, context: Any) -> None:
    while True:
        pass


def test_real_time__past_the_states_timeout_is_a_timeout() -> None:
    execution = machine(fields={"TimeoutSeconds": 1}).run(mocks={"Work": spin}, check=False)
    assert (execution.error, execution.elapsed) == ("States.Timeout", 1)


def test_real_time__past_the_limit_of_the_machine_is_an_error_of_the_test() -> None:
    with pytest.raises(MockError, match=r"the handler of 'Work' took longer than 0.01 seconds of real time"):
        machine(handler_limit=0.01).run(mocks={"Work": spin})


def test_real_time__is_limited_in_other_threads_too() -> None:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            machine(handler_limit=0.01).run(mocks={"Work": spin})
        except MockError as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert len(raised) == 1


def test_handler_limit__leaves_the_alarm_of_somebody_else() -> None:
    handler = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 300)
    try:
        machine(handler_limit=60).run(mocks={"Work": returns(1)})
        machine(handler_limit=60).run(mocks={"Work": lambda event: 1})
        assert 60 < signal.getitimer(signal.ITIMER_REAL)[0] <= 300
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)


def test_functions__in_threads__each_see_their_own_environment() -> None:
    """Machines that threads run at once: the environment is the process's, so that functions take turns."""

    def reads(event: Any, context: Any) -> bool:
        seen = set()
        for _ in range(300):
            seen.add(os.environ["WHO"])
            time.monotonic()
        return seen == {event}

    def run(name: str) -> None:
        functions = {"work": {"handler": reads, "environment": {"WHO": name}}}
        results.extend([machine(lambdas=functions).run(name).output for _ in range(20)])

    results: list[bool] = []
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=run, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert results == [True] * 60
