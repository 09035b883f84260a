"""An execution that is redriven, and one that is moved on by hand: what goes on, and what is not run again.

The facts are those of the developer guide's "Redriving state machine executions" and "Redriving Map Runs".
"""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from pipeproof import StateMachine, returns, throws
from pipeproof.stepfunctions.answers.requests import Reply
from pipeproof.stepfunctions.engine.run import PendingToken
from pipeproof.stepfunctions.engine.running import RunningExecution, find_running
from pipeproof.stepfunctions.errors import MockError

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:work"
TOKEN = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
TASK = {"Type": "Task", "Resource": LAMBDA, "End": True}


class Work:
    """A function that counts its calls, and fails for what is in `bad`."""

    def __init__(self, *bad: Any) -> None:
        self.bad = set(bad)
        self.calls: Counter[Any] = Counter()

    def __call__(self, value: Any) -> Any:
        self.calls[value] += 1
        if value in self.bad:
            raise ValueError(value)
        return value * 10


def start(states: dict[str, Any], given: Any, mocks: Any = None, **fields: Any) -> RunningExecution:
    machine = StateMachine({"StartAt": next(iter(states)), "States": states, **fields})
    running = machine.start(given, mocks)
    running.run.keeps_lines = True
    running.advance()
    return running


def redrive(running: RunningExecution, later: float = 60) -> Any:
    running.redrive(running.run.clock.date() + timedelta(seconds=later))
    running.advance()
    return running.result()


def types(execution: Any, after: str = "ExecutionStarted") -> list[str]:
    found = [event.type for event in execution.events]
    return found[len(found) - found[::-1].index(after) :]


def test_redrive__goes_on_with_the_state_that_failed() -> None:
    work = Work(7)
    states = {"A": {"Type": "Pass", "Assign": {"kept": 1}, "Next": "B"}, "B": {**TASK}}
    running = start(states, 7, {"B": work})
    assert (running.status, running.is_over) == ("FAILED", True)
    work.bad.clear()
    execution = redrive(running)
    assert (execution.status, execution.output, execution.elapsed) == ("SUCCEEDED", 70, 60)
    assert (execution.error, execution.cause, execution.exception) == (None, None, None)
    assert execution.path == ["A", "B", "B"]
    redriven = next(event for event in execution.events if event.type == "ExecutionRedriven")
    assert dict(redriven.details) == {"redriveCount": 1}
    assert types(execution, "ExecutionRedriven") == [
        "LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded", "TaskStateExited",
        "ExecutionSucceeded",
    ]  # fmt: skip


def test_redrive__counts_in_the_context_object() -> None:
    states = {"A": {**TASK, "Parameters": {"execution.$": "$$.Execution"}}}
    seen: list[dict[str, Any]] = []

    def work(payload: Any) -> Any:
        seen.append(dict(payload["execution"]))
        raise ValueError

    running = start(states, {}, {"A": work})
    for _ in range(2):
        redrive(running, 30)
    assert [found["RedriveCount"] for found in seen] == [0, 1, 2]
    assert "RedriveTime" not in seen[0]
    assert seen[1]["RedriveTime"] < seen[2]["RedriveTime"]
    assert {found["StartTime"] for found in seen} == {seen[0]["StartTime"]}


def test_redrive__a_retrier_counts_anew() -> None:
    work = Work(7)
    running = start({"A": {**TASK, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]}}, 7, {"A": work})
    assert work.calls[7] == 3
    redrive(running)
    assert work.calls[7] == 6


def test_redrive__the_machines_timeout_begins_anew() -> None:
    states = {"W": {"Type": "Wait", "Seconds": 8, "End": True}}
    running = start(states, {}, TimeoutSeconds=5)
    assert (running.status, running.run.clock.now) == ("TIMED_OUT", 5)
    execution = redrive(running, 100)
    assert (execution.status, execution.elapsed) == ("TIMED_OUT", 110)
    assert start(states, {}, TimeoutSeconds=9).status == "SUCCEEDED"


def test_redrive__a_date_that_is_past_is_the_present() -> None:
    running = start({"A": {**TASK}}, 7, {"A": [throws("E", after=50), returns(1)]})
    assert redrive(running, -20).elapsed == 50


def test_redrive__of_a_parallel_runs_only_what_did_not_succeed() -> None:
    branches = [{"StartAt": name, "States": {name: {**TASK}}} for name in ("A", "B")]
    good, bad = Work(), Work(7)
    running = start({"P": {"Type": "Parallel", "Branches": branches, "End": True}}, 7, {"A": good, "B": bad})
    bad.bad.clear()
    execution = redrive(running)
    assert execution.output == [70, 70]
    assert (good.calls[7], bad.calls[7]) == (1, 2)
    assert types(execution, "ExecutionRedriven")[0] == "LambdaFunctionScheduled"


def mapping(**fields: Any) -> dict[str, Any]:
    mode = fields.pop("mode", "INLINE")
    config = {"Mode": mode, **({"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {})}
    processor = {"ProcessorConfig": config, "StartAt": "I", "States": {"I": {**TASK}}}
    return {"M": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}}


@pytest.mark.parametrize("limit", [0, 1])
def test_redrive__of_a_map_runs_only_the_items_that_did_not_succeed(limit: int) -> None:
    work = Work(2)
    running = start(mapping(MaxConcurrency=limit), [1, 2, 3], {"I": work})
    assert running.status == "FAILED"
    work.bad.clear()
    execution = redrive(running)
    assert execution.output == [10, 20, 30]
    assert (work.calls[1], work.calls[2]) == (1, 2)
    assert types(execution).count("MapStateStarted") == 1


def test_redrive__of_a_map_run_keeps_its_children() -> None:
    work = Work(2)
    running = start(mapping(mode="DISTRIBUTED", MaxConcurrency=1), [1, 2, 3], {"I": work})
    (record,) = running.run.map_runs
    assert (record.status, record.item_ends["succeeded"], record.item_ends["failed"]) == ("FAILED", 1, 1)
    work.bad.clear()
    execution = redrive(running)
    assert execution.output == [10, 20, 30]
    assert dict(work.calls) == {1: 1, 2: 2, 3: 1}
    assert (record.status, record.redrives, record.ended) == ("SUCCEEDED", [60], 60)
    assert record.item_ends == {"succeeded": 3, "failed": 0, "timedOut": 0, "aborted": 0}
    assert [child.redrives for _, child in sorted(record.children.items())] == [0, 1, 0]
    redriven = next(event for event in execution.events if event.type == "MapRunRedriven")
    assert dict(redriven.details) == {"mapRunArn": record.arn, "redriveCount": 1}


def test_redrive__a_retry_of_a_map_begins_with_all_items() -> None:
    """Unlike a redrive."""
    work = Work(2)
    running = start(mapping(Retry=[{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]), [1, 2], {"I": work})
    assert running.status == "FAILED"
    assert work.calls[1] == 2


class Outside:
    """Answers a Task's call, and leaves the token to somebody outside."""

    def call(self, request: Any) -> Any:
        return Reply(submitted={}, waits=True)


def left_open(**fields: Any) -> RunningExecution:
    limit = {"TimeoutSeconds": fields.pop("machine_limit")} if "machine_limit" in fields else {}
    states = {"T": {**TASK, "Resource": TOKEN, **fields}}
    running = StateMachine({"StartAt": "T", "States": states, **limit}).start({})
    running.run.handlers.backends = (Outside(),)
    running.advance(hold=True)
    return running


def pending(running: RunningExecution) -> PendingToken:
    (found,) = running.run.tokens.values()
    return found


@pytest.mark.parametrize(
    ("fields", "passes", "status"),
    [
        ({"TimeoutSeconds": 10}, 9, "RUNNING"),
        ({"TimeoutSeconds": 10}, 11, "FAILED"),
        ({"HeartbeatSeconds": 10}, 9, "RUNNING"),
        ({"HeartbeatSeconds": 10}, 11, "FAILED"),
        ({"machine_limit": 10}, 9, "RUNNING"),
        ({"machine_limit": 10}, 11, "TIMED_OUT"),
        ({}, 10_000, "RUNNING"),
    ],
)
def test_time__of_what_somebody_outside_may_answer_passes_by_hand(fields: Any, passes: float, status: str) -> None:
    running = left_open(**fields)
    assert (running.status, running.run.clock.now) == ("RUNNING", 0)
    running.pass_time(passes)
    assert running.status == status
    assert running.run.clock.now == (passes if status == "RUNNING" else 10)
    assert running.result().status == status


def test_time__a_heartbeat_begins_it_anew() -> None:
    running = left_open(HeartbeatSeconds=10)
    running.pass_time(8)
    pending(running).beat()
    running.pass_time(8)
    assert running.status == "RUNNING"
    running.pass_time(3)
    assert (running.status, running.run.clock.now) == ("FAILED", 18)
    assert running.ended == running.run.clock.start + timedelta(seconds=18)


def test_token__is_answered_from_outside() -> None:
    running = left_open(HeartbeatSeconds=10)
    token = pending(running)
    assert (token.is_open, token.is_waiting, running.run.waits_outside()) == (True, True, True)
    running.pass_time(4)
    token.answer(Reply({"ok": 1}))
    assert (running.status, running.result().output, running.result().elapsed) == ("SUCCEEDED", {"ok": 1}, 4)
    assert (token.is_open, token.is_waiting, running.run.waits_outside()) == (False, False, False)
    token.beat()


@pytest.mark.parametrize(("later", "at"), [(30, 30), (0, 0), (-5, 0)])
def test_token__is_answered_at_a_date(later: float, at: float) -> None:
    running = left_open()
    pending(running).answer_at(running.run.clock.date() + timedelta(seconds=later), Reply(1))
    assert (running.status, running.result().elapsed) == ("SUCCEEDED", at)


def test_token__names_its_execution() -> None:
    (token,) = left_open().run.tokens
    machine, *execution, number, chance = token.split("-")
    assert (machine, execution, number, len(chance)) == ("StateMachine", ["execution", "1"], "1", 16)


def test_waits_for_ever__says_for_what() -> None:
    with pytest.raises(MockError, match="waits for ever: the task token of 'T' is never sent back") as caught:
        left_open().result(strict=True)
    assert caught.value.hint.startswith(
        "Answer it with mocks={'T': returns(...)}, or with pipeproof.callback(function)"
    )


def test_stop__of_what_waits_ends_it() -> None:
    running = left_open(TimeoutSeconds=10)
    running.pass_time(3)
    seen: list[str] = []
    running.when_over(lambda over: seen.append(over.status))
    running.stop("E", "c")
    assert (running.status, seen) == ("ABORTED", ["ABORTED"])
    assert running.result().elapsed == 3
    running.pass_time(50)
    assert (running.status, running.run.clock.now) == ("ABORTED", 3)


def test_find_running__by_its_arn() -> None:
    running = left_open()
    assert find_running(running.run.settings.execution_arn) is running
    assert find_running("arn:aws:states:us-east-1:123456789012:execution:no:such") is None


def test_ended__is_the_present_while_it_runs() -> None:
    running = left_open()
    running.pass_time(5)
    assert running.ended == running.run.clock.start + timedelta(seconds=5)


def test_broken__what_is_no_failure_of_a_state_reaches_the_caller() -> None:
    running = StateMachine({"StartAt": "A", "States": {"A": {**TASK}}}).start({}, {"A": []})
    with pytest.raises(MockError):
        running.advance()
    assert running.is_over


@pytest.mark.parametrize(("worker", "details"), [("w-1", {"workerName": "w-1"}), (None, {})])
def test_activity__its_limits_begin_when_a_worker_takes_it(worker: str | None, details: dict[str, str]) -> None:
    running = left_open(Resource="arn:aws:states:us-east-1:123456789012:activity:a", TimeoutSeconds=10)
    running.pass_time(50)
    assert (running.status, [event.type for event in running.result().events][-1]) == ("RUNNING", "ActivityScheduled")
    token = pending(running)
    assert token.pick_up is not None
    token.pick_up(worker)
    assert token.pick_up is None
    started = running.result().events[-1]
    assert (started.type, dict(started.details)) == ("ActivityStarted", details)
    running.pass_time(9)
    assert running.status == "RUNNING"
    running.pass_time(2)
    assert (running.status, running.run.clock.now) == ("FAILED", 60)
