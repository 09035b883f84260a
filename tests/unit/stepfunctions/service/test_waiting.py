"""Executions that wait for somebody outside: RUNNING until they are answered or the test lets virtual time pass."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeproof import StateMachine, returns
from pipeproof.environments.aws import AwsStub
from pipeproof.stepfunctions.service.state import Service

HOUR = 3600
ARN = "arn:aws:states:us-east-1:123456789012"


@pytest.fixture
def queue(aws: AwsStub) -> str:
    return str(aws.client("sqs").create_queue(QueueName="approvals")["QueueUrl"])


@pytest.fixture
def ask(queue: str) -> Callable[..., dict[str, Any]]:
    """A state that asks for an approval."""

    def make(**fields: Any) -> dict[str, Any]:
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": queue, "MessageBody": {"token.$": "$$.Task.Token"}},
            **fields,
        }

    return make


@pytest.fixture
def tokens(aws: AwsStub, queue: str) -> Callable[[], list[str]]:
    """The tokens that were sent since the last look."""

    def read() -> list[str]:
        found = aws.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            aws.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"])["token"] for message in found]

    return read


def parallel(*branches: dict[str, Any]) -> dict[str, Any]:
    graphs = [{"StartAt": "S", "States": {"S": {**branch, "End": True}}} for branch in branches]
    names = iter("ABCDEF")
    for graph in graphs:
        name = next(names)
        graph["StartAt"], graph["States"] = name, {name: graph["States"]["S"]}
    return {"Type": "Parallel", "Branches": graphs}


def start(states: Any, arn: str, value: Any = None) -> str:
    return str(states.start_execution(stateMachineArn=arn, input=json.dumps(value or {}))["executionArn"])


def status(states: Any, execution: str) -> str:
    return str(states.describe_execution(executionArn=execution)["status"])


LIMITS: list[dict[str, Any]] = [
    {},
    {"HeartbeatSeconds": HOUR},
    {"TimeoutSeconds": HOUR},
    {"TimeoutSeconds": HOUR, "HeartbeatSeconds": 60},
]


@pytest.mark.parametrize("limits", LIMITS)
def test_token__with_a_limit__runs_until_it_is_answered(
    states, create, chain, ask, tokens, limits: dict[str, Any]
) -> None:
    execution = start(states, create("m", chain(Ask=ask(**limits))))
    described = states.describe_execution(executionArn=execution)
    assert described["status"] == "RUNNING"
    assert "stopDate" not in described
    states.send_task_success(taskToken=tokens()[0], output='{"ok": 1}')
    described = states.describe_execution(executionArn=execution)
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", {"ok": 1})


@pytest.mark.parametrize("limits", LIMITS[1:])
def test_token__limit_that_runs_out_in_virtual_time__fails(
    aws, states, create, chain, ask, tokens, limits: dict[str, Any]
) -> None:
    execution = start(states, create("m", chain(Ask=ask(**limits))))
    least = min(limits.values())
    aws.pass_time(least - 1)
    assert status(states, execution) == "RUNNING"
    aws.pass_time(2)
    described = states.describe_execution(executionArn=execution)
    assert (described["status"], described["error"]) == ("FAILED", "States.Timeout")
    assert (described["stopDate"] - described["startDate"]).total_seconds() == least
    with pytest.raises(ClientError, match="TaskTimedOut"):
        states.send_task_success(taskToken=tokens()[0], output="{}")


def test_machine__limit_of_its_own__has_a_stop_date(aws, states, create, chain, ask) -> None:
    execution = start(states, create("m", {**chain(Ask=ask()), "TimeoutSeconds": HOUR}))
    assert status(states, execution) == "RUNNING"
    aws.pass_time(HOUR)
    described = states.describe_execution(executionArn=execution)
    assert described["status"] == "TIMED_OUT"
    assert (described["stopDate"] - described["startDate"]).total_seconds() == HOUR


def test_heartbeat__starts_the_time_anew(aws, states, create, chain, ask, tokens) -> None:
    execution = start(states, create("m", chain(Ask=ask(HeartbeatSeconds=60))))
    token = tokens()[0]
    for _ in range(5):
        aws.pass_time(50)
        states.send_task_heartbeat(taskToken=token)
    assert status(states, execution) == "RUNNING"
    aws.pass_time(61)
    assert status(states, execution) == "FAILED"
    with pytest.raises(ClientError, match="TaskTimedOut"):
        states.send_task_heartbeat(taskToken=token)


def test_failure__is_caught_with_its_error_and_cause(states, create, chain, ask, tokens) -> None:
    caught = [{"ErrorEquals": ["Refused"], "ResultPath": "$.why", "Next": "No"}]
    machine = chain(Ask=ask(HeartbeatSeconds=60, Catch=caught), No={"Type": "Pass"})
    execution = start(states, create("m", machine))
    states.send_task_failure(taskToken=tokens()[0], error="Refused", cause="too dear")
    output = json.loads(states.describe_execution(executionArn=execution)["output"])
    assert output == {"why": {"Error": "Refused", "Cause": "too dear"}}


def test_retry__asks_again_with_another_token(aws, states, create, chain, ask, tokens) -> None:
    retry = [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}]
    execution = start(states, create("m", chain(Ask=ask(TimeoutSeconds=60, Retry=retry))))
    first = tokens()[0]
    aws.pass_time(61)
    [second] = tokens()
    assert second != first
    states.send_task_success(taskToken=second, output="2")
    assert states.describe_execution(executionArn=execution)["output"] == "2"


def test_map__of_approvals__each_is_answered_for_itself(states, create, chain, ask, tokens) -> None:
    each = {"StartAt": "Ask", "States": {"Ask": {**ask(HeartbeatSeconds=HOUR), "End": True}}}
    execution = start(states, create("m", chain(All={"Type": "Map", "ItemProcessor": each})), [1, 2, 3])
    for number, token in enumerate(tokens()):
        assert status(states, execution) == "RUNNING"
        states.send_task_success(taskToken=token, output=str(number))
    assert json.loads(states.describe_execution(executionArn=execution)["output"]) == [0, 1, 2]


def test_map__distributed__children_wait_too(aws, states, create, chain, ask, tokens) -> None:
    each = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Ask",
        "States": {"Ask": {**ask(TimeoutSeconds=HOUR), "End": True}},
    }
    machine = chain(All={"Type": "Map", "ItemProcessor": each, "ToleratedFailureCount": 1, "Label": "All"})
    execution = start(states, create("m", machine), [1, 2])
    states.send_task_success(taskToken=tokens()[1], output="2")
    [found] = states.list_map_runs(executionArn=execution)["mapRuns"]
    assert "stopDate" not in found
    run = states.describe_map_run(mapRunArn=found["mapRunArn"])
    assert (run["status"], run["itemCounts"]["running"], run["itemCounts"]["succeeded"]) == ("RUNNING", 1, 1)
    aws.pass_time(HOUR)
    run = states.describe_map_run(mapRunArn=found["mapRunArn"])
    assert (run["status"], run["itemCounts"]["failed"]) == ("SUCCEEDED", 1)
    assert status(states, execution) == "SUCCEEDED"


def test_parallel__a_wait_beside_an_approval__passes_up_to_its_limit(states, create, chain, ask, tokens) -> None:
    wait = {"Type": "Wait", "Seconds": HOUR}
    execution = start(states, create("m", chain(Both=parallel(wait, ask(HeartbeatSeconds=2 * HOUR)))))
    assert status(states, execution) == "RUNNING"
    states.send_task_success(taskToken=tokens()[0], output="{}")
    described = states.describe_execution(executionArn=execution)
    assert described["status"] == "SUCCEEDED"
    assert (described["stopDate"] - described["startDate"]).total_seconds() == HOUR


def test_parallel__a_wait_longer_than_the_limit__is_not_passed(aws, states, create, chain, ask, tokens) -> None:
    wait = {"Type": "Wait", "Seconds": 2 * HOUR}
    execution = start(states, create("m", chain(Both=parallel(wait, ask(HeartbeatSeconds=HOUR)))))
    assert status(states, execution) == "RUNNING"
    states.send_task_success(taskToken=tokens()[0], output="{}")
    assert status(states, execution) == "SUCCEEDED"


def test_mocked_task__that_takes_too_long__times_out_by_itself(states, create, chain) -> None:
    """A limit over what a mock answers is no matter of somebody outside."""
    task = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "TimeoutSeconds": 5}
    arn = StateMachine(chain(Slow=task), name="slow").deploy(mocks={"Slow": returns(1, after=60)})
    described = states.describe_execution(executionArn=start(states, arn))
    assert (described["status"], described["error"]) == ("FAILED", "States.Timeout")


@pytest.mark.parametrize("how", ["deployed", "mock"])
@pytest.mark.parametrize("pattern", [".sync", ".sync:2"])
def test_child__that_waits__lets_its_parent_wait(
    aws, states, create, chain, ask, tokens, how: str, pattern: str
) -> None:
    child = StateMachine(chain(Ask=ask(TimeoutSeconds=HOUR)), name="child")
    call = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution{pattern}",
        "Parameters": {"StateMachineArn": f"{ARN}:stateMachine:child", "Input": {}},
        "TimeoutSeconds": 2 * HOUR,
    }
    if how == "deployed":
        child.deploy()
    parent = StateMachine(chain(Call=call, After={"Type": "Pass"}), name="parent")
    arn = parent.deploy(mocks={"Call": child} if how == "mock" else {})
    execution = start(states, arn)
    assert status(states, execution) == "RUNNING"
    aws.pass_time(HOUR / 2)
    states.send_task_success(taskToken=tokens()[0], output='{"a": 1}')
    described = states.describe_execution(executionArn=execution)
    assert described["status"] == "SUCCEEDED"
    output = json.loads(described["output"])["Output"]
    assert output == ({"a": 1} if pattern == ".sync:2" else '{"a":1}')
    assert child.executions[-1].status == "SUCCEEDED"

    execution = start(states, arn)
    aws.pass_time(HOUR + 1)
    described = states.describe_execution(executionArn=execution)
    assert (described["status"], described["error"]) == ("FAILED", "States.TaskFailed")
    assert child.executions[-1].error == "States.Timeout"
    assert (described["stopDate"] - described["startDate"]).total_seconds() == HOUR


def test_child__of_a_parent_that_is_stopped__is_stopped(states, create, chain, ask) -> None:
    child = StateMachine(chain(Ask=ask()), name="child")
    child_arn = child.deploy()
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": child_arn, "Name": "c"},
    }
    execution = start(states, create("parent", chain(Call=call)))
    states.stop_execution(executionArn=execution)
    assert status(states, f"{ARN}:execution:child:c") == "ABORTED"


def test_child__time_it_took__is_its_parents_too(states, create, chain) -> None:
    create("child", chain(Wait={"Type": "Wait", "Seconds": 90}))
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync",
        "Parameters": {"StateMachineArn": f"{ARN}:stateMachine:child"},
    }
    described = states.describe_execution(executionArn=start(states, create("parent", chain(Call=call))))
    assert (described["stopDate"] - described["startDate"]).total_seconds() == 90


def send(**fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess", "Parameters": fields}


@pytest.mark.parametrize("has_stubs", [True, False])
def test_token_of_a_parent__is_sent_by_its_child(request, chain, has_stubs: bool) -> None:
    """`startExecution.waitForTaskToken` waits for the token, not for the execution's end."""
    if has_stubs:
        request.getfixturevalue("service")
    wait, after = {"Type": "Wait", "Seconds": 30}, {"Type": "Wait", "Seconds": 300}
    answer = send(**{"TaskToken.$": "$.token", "Output": {"from": "child"}}) | {"ResultPath": None}
    child = StateMachine(chain(Wait=wait, Answer=answer, After=after), name="child")
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.waitForTaskToken",
        "Parameters": {"StateMachineArn": child.arn, "Input": {"token.$": "$$.Task.Token"}},
    }
    execution = StateMachine(chain(Call=call), name="parent").run(mocks={"Call": child})
    assert execution.output == {"from": "child"}
    assert execution.elapsed == 30
    assert child.executions[-1].status == "SUCCEEDED"
    submitted = next(event for event in execution.events if event.type == "TaskSubmitted")
    assert submitted.details["output"]["ExecutionArn"] == child.executions[-1].arn


def test_token_of_a_parent__that_its_child_does_not_send__times_out(chain) -> None:
    child = StateMachine(chain(P={"Type": "Pass"}), name="child")
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.waitForTaskToken",
        "Parameters": {"StateMachineArn": child.arn, "Input": {"token.$": "$$.Task.Token"}},
        "TimeoutSeconds": 60,
    }
    execution = StateMachine(chain(Call=call), name="parent").run(mocks={"Call": child}, check=False)
    assert (execution.error, execution.elapsed) == ("States.Timeout", 60)


def test_token__is_answered_by_another_branch(service: Service, aws: AwsStub, chain, ask) -> None:
    def worker(event: Any) -> str:
        body = aws.client("sqs").receive_message(QueueUrl=event)["Messages"][0]["Body"]
        aws.client("stepfunctions").send_task_success(taskToken=json.loads(body)["token"], output='"hi"')
        return "sent"

    function = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}
    queue = ask()["Parameters"]["QueueUrl"]
    machine = StateMachine(chain(Both=parallel(ask(TimeoutSeconds=60), function)), lambdas={"f": worker})
    assert machine.run(queue).output == ["hi", "sent"]


@pytest.mark.parametrize("call", ["success", "failure", "heartbeat"])
def test_token__that_was_answered__is_timed_out(states, create, chain, ask, tokens, call: str) -> None:
    start(states, create("m", chain(Ask=ask())))
    [token] = tokens()
    states.send_task_success(taskToken=token, output="{}")
    calls: dict[str, Callable[[], Any]] = {
        "success": lambda: states.send_task_success(taskToken=token, output="{}"),
        "failure": lambda: states.send_task_failure(taskToken=token),
        "heartbeat": lambda: states.send_task_heartbeat(taskToken=token),
    }
    with pytest.raises(ClientError, match=r"TaskTimedOut.*Provided task does not exist anymore"):
        calls[call]()


def test_stop_execution__error_and_cause__are_described(states, create, chain, ask) -> None:
    execution = start(states, create("m", chain(Ask=ask())))
    stopped = states.stop_execution(executionArn=execution, error="Enough", cause="the test is over")["stopDate"]
    described = states.describe_execution(executionArn=execution)
    assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Enough", "the test is over")
    assert described["stopDate"] == stopped
    last = states.get_execution_history(executionArn=execution, reverseOrder=True)["events"][0]
    assert last["executionAbortedEventDetails"] == {"error": "Enough", "cause": "the test is over"}
    assert states.stop_execution(executionArn=execution, error="Other")["stopDate"] == stopped
    assert states.describe_execution(executionArn=execution)["error"] == "Enough"


def test_token__of_a_branch_that_was_aborted__is_timed_out(aws, states, create, chain, ask, tokens) -> None:
    both = {
        **parallel(ask(), {"Type": "Wait", "Seconds": 9}),
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Ask again"}],
    }
    both["Branches"][1]["States"]["B"] = {"Type": "Fail", "Error": "E"}
    execution = start(states, create("m", chain(Both=both, **{"Ask again": ask()})))
    first, second = tokens()
    with pytest.raises(ClientError, match="TaskTimedOut"):
        states.send_task_success(taskToken=first, output="1")
    states.send_task_success(taskToken=second, output="2")
    assert states.describe_execution(executionArn=execution)["output"] == "2"
