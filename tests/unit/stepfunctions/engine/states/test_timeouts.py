"""TimeoutSeconds and HeartbeatSeconds, of states and of machines, and task tokens."""

from typing import Any

import pytest

from pipeproof import ExecutionTimedOut, StateMachine, returns, throws
from pipeproof.stepfunctions.answers.mocks import callback
from pipeproof.stepfunctions.errors import MockError

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
TOKEN = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:worker"


def machine(resource: str = FUNCTION, *, language: str = "JSONPath", **fields: Any) -> StateMachine:
    state = {"Type": "Task", "Resource": resource, "End": True, **fields}
    return StateMachine({"QueryLanguage": language, "StartAt": "Work", "States": {"Work": state}})


@pytest.mark.parametrize("resource", [FUNCTION, "arn:aws:states:::lambda:invoke", TOKEN, ACTIVITY])
@pytest.mark.parametrize(("takes", "status"), [(4, "SUCCEEDED"), (6, "FAILED")])
def test_timeout__ends_what_takes_longer(resource: str, takes: float, status: str) -> None:
    execution = machine(resource, TimeoutSeconds=5).run(mocks={"Work": returns({}, after=takes)}, check=False)
    assert (execution.status, execution.elapsed) == (status, min(takes, 5))
    assert execution.error == (None if status == "SUCCEEDED" else "States.Timeout")


def test_timeout__applies_to_failures_too() -> None:
    execution = machine(TimeoutSeconds=5).run(mocks={"Work": throws("Late", after=9)}, check=False)
    assert execution.error == "States.Timeout"


def test_timeout__each_attempt_has_its_own() -> None:
    retry = [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1}]
    mocks = {"Work": [returns(1, after=10), returns(2, after=10), returns(3, after=1)]}
    execution = machine(TimeoutSeconds=5, Retry=retry).run(mocks=mocks)
    assert (execution.output, execution.elapsed) == (3, 13)


@pytest.mark.parametrize(
    ("field", "language", "value"),
    [
        ("TimeoutSecondsPath", "JSONPath", "$.limit"),
        ("TimeoutSeconds", "JSONata", "{% $states.input.limit %}"),
        ("TimeoutSeconds", "JSONata", "{% 2 + 3 %}"),
    ],
)
def test_timeout__may_be_a_path_or_an_expression(field: str, language: str, value: str) -> None:
    execution = machine(language=language, **{field: value}).run(
        {"limit": 5}, {"Work": returns(1, after=6)}, check=False
    )
    assert (execution.error, execution.elapsed) == ("States.Timeout", 5)


@pytest.mark.parametrize("limit", ["5", 0, -1, 1.5, None, []])
def test_timeout__a_path_must_lead_to_a_positive_integer(limit: Any) -> None:
    execution = machine(TimeoutSecondsPath="$.limit").run({"limit": limit}, {"Work": returns(1)}, check=False)
    assert execution.error == "States.Runtime"


def test_timeout__has_its_events() -> None:
    execution = machine(TimeoutSeconds=5).run(mocks={"Work": returns(1, after=6)}, check=False)
    assert [event.type for event in execution.events][2:5] == [
        "LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionTimedOut",
    ]  # fmt: skip
    assert execution.events[2].details["timeoutInSeconds"] == 5


@pytest.mark.parametrize("resource", [TOKEN, ACTIVITY])
@pytest.mark.parametrize(("takes", "status"), [(9, "SUCCEEDED"), (11, "FAILED")])
def test_heartbeat__ends_what_is_silent_for_longer(resource: str, takes: float, status: str) -> None:
    execution = machine(resource, HeartbeatSeconds=10, TimeoutSeconds=60).run(
        mocks={"Work": returns({}, after=takes)}, check=False
    )
    assert (execution.status, execution.elapsed) == (status, min(takes, 10))


@pytest.mark.parametrize("name", ["States.HeartbeatTimeout", "States.Timeout", "States.ALL"])
def test_heartbeat__is_caught_by_its_names(name: str) -> None:
    catch = [{"ErrorEquals": [name], "Next": "Rescue"}]
    work = {"Type": "Task", "Resource": TOKEN, "HeartbeatSeconds": 10, "Catch": catch, "End": True}
    states = {"Work": work, "Rescue": {"Type": "Succeed"}}
    execution = StateMachine({"StartAt": "Work", "States": states}).run(mocks={"Work": returns({}, after=11)})
    assert execution.path == ["Work", "Rescue"]


def test_heartbeat__a_plain_timeout_is_none() -> None:
    catch = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Rescue"}]
    work = {"Type": "Task", "Resource": TOKEN, "TimeoutSeconds": 10, "Catch": catch, "End": True}
    states = {"Work": work, "Rescue": {"Type": "Succeed"}}
    machine = StateMachine({"StartAt": "Work", "States": states})
    assert machine.run(mocks={"Work": returns({}, after=11)}, check=False).error == "States.Timeout"


def test_heartbeat__keeps_a_task_alive() -> None:
    """Each heartbeat starts the time anew."""
    running = machine(TOKEN, HeartbeatSeconds=10).start(mocks={"Work": callback(lambda payload: "done", after=25)})
    run = running.run
    for when in (8, 16, 24):
        run.scheduler.call_at(when, lambda: [pending.heartbeat() for pending in run.tokens.values()])
    running.advance()
    assert (running.result().status, running.result().output) == ("SUCCEEDED", "done")


@pytest.mark.parametrize(
    ("field", "language", "value"),
    [("HeartbeatSecondsPath", "JSONPath", "$.h"), ("HeartbeatSeconds", "JSONata", "{% $states.input.h %}")],
)
def test_heartbeat__may_be_a_path_or_an_expression(field: str, language: str, value: str) -> None:
    execution = machine(TOKEN, language=language, **{field: value}).run(
        {"h": 3}, {"Work": returns(1, after=4)}, check=False
    )
    assert (execution.error, execution.elapsed) == ("States.Timeout", 3)


def wait_machine(seconds: int, limit: int) -> StateMachine:
    states = {"Nap": {"Type": "Wait", "Seconds": seconds, "End": True}}
    return StateMachine({"TimeoutSeconds": limit, "StartAt": "Nap", "States": states})


@pytest.mark.parametrize(("seconds", "status"), [(4, "SUCCEEDED"), (6, "TIMED_OUT"), (86_400, "TIMED_OUT")])
def test_machine_timeout__ends_the_execution(seconds: int, status: str) -> None:
    execution = wait_machine(seconds, 5).run(check=False)
    assert (execution.status, execution.elapsed) == (status, min(seconds, 5))


def test_machine_timeout__has_its_own_exception_and_event() -> None:
    with pytest.raises(ExecutionTimedOut) as caught:
        wait_machine(6, 5).run()
    assert caught.value.execution.events[-1].type == "ExecutionTimedOut"
    assert "failing state: Nap" in str(caught.value)


def test_machine_timeout__is_not_caught_by_a_state() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Rescue"}]
    states = {
        "Work": {"Type": "Task", "Resource": FUNCTION, "Catch": catch, "End": True},
        "Rescue": {"Type": "Succeed"},
    }
    machine = StateMachine({"TimeoutSeconds": 5, "StartAt": "Work", "States": states})
    assert machine.run(mocks={"Work": returns(1, after=9)}, check=False).status == "TIMED_OUT"


def test_token__success_and_failure_come_from_the_mock() -> None:
    assert machine(TOKEN).run(mocks={"Work": returns({"ok": 1})}).output == {"ok": 1}
    execution = machine(TOKEN).run(mocks={"Work": throws("Refused", "by hand")}, check=False)
    assert (execution.error, execution.cause) == ("Refused", "by hand")


def test_token__is_in_the_payload() -> None:
    parameters = {"MessageBody": {"token.$": "$$.Task.Token"}}
    seen: list[Any] = []

    def work(payload: Any, context: Any) -> Any:
        seen.append(payload["MessageBody"]["token"] == context.token)
        return 1

    machine(TOKEN, Parameters=parameters).run(mocks={"Work": callback(work, call=returns({}))})
    assert seen == [True]


def test_token__has_its_events() -> None:
    execution = machine(TOKEN).run(mocks={"Work": returns({}, after=5)})
    assert [event.type for event in execution.events][2:6] == [
        "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded",
    ]  # fmt: skip


def test_token__nobody_answers_is_loud() -> None:
    from pipeproof.stepfunctions.answers.dispatch import Reply

    class Silent:
        def call(self, request: Any) -> Reply:
            return Reply(submitted={}, waits=True)

    running = machine(TOKEN).start()
    running.run.handlers.backends = (Silent(),)
    running.advance()
    with pytest.raises(MockError, match="waits for ever"):
        running.result(strict=True)


def test_activity__is_done_by_its_mock() -> None:
    execution = machine(ACTIVITY).run({"n": 2}, {ACTIVITY: lambda payload: payload["n"] * 2})
    assert execution.output == 4
    assert [event.type for event in execution.events][2:5] == [
        "ActivityScheduled", "ActivityStarted", "ActivitySucceeded",
    ]  # fmt: skip
