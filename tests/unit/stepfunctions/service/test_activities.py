"""Activities through boto3: workers take tasks and answer them."""

import json
from typing import Any

import pytest

HOUR = 3600


@pytest.fixture
def activity(states) -> str:
    return str(states.create_activity(name="work")["activityArn"])


@pytest.fixture
def start(states, create, chain, activity: str):
    """Starts an execution whose only state is the activity's task."""

    def begin(value: Any, **fields: Any) -> str:
        arn = create("m", chain(Work={"Type": "Task", "Resource": activity, **fields}))
        return str(states.start_execution(stateMachineArn=arn, input=json.dumps(value))["executionArn"])

    return begin


def test_task__is_taken_and_answered(states, start, activity: str) -> None:
    execution = start({"n": 1})
    task = states.get_activity_task(activityArn=activity, workerName="ann")
    assert json.loads(task["input"]) == {"n": 1}
    assert "taskToken" not in states.get_activity_task(activityArn=activity)
    states.send_task_success(taskToken=task["taskToken"], output='{"n": 2}')
    assert json.loads(states.describe_execution(executionArn=execution)["output"]) == {"n": 2}
    events = states.get_execution_history(executionArn=execution)["events"]
    assert [event["type"] for event in events] == [
        "ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted", "ActivitySucceeded",
        "TaskStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert events[3]["activityStartedEventDetails"] == {"workerName": "ann"}


def test_task__failed_by_its_worker(states, start, activity: str) -> None:
    execution = start({})
    token = states.get_activity_task(activityArn=activity)["taskToken"]
    states.send_task_failure(taskToken=token, error="E", cause="c")
    described = states.describe_execution(executionArn=execution)
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "E", "c")


def test_limits__count_from_when_a_worker_has_the_task(aws, states, start, activity: str) -> None:
    execution = start({}, TimeoutSeconds=HOUR, HeartbeatSeconds=60)
    aws.pass_time(10 * HOUR)
    token = states.get_activity_task(activityArn=activity)["taskToken"]
    for _ in range(3):
        aws.pass_time(50)
        states.send_task_heartbeat(taskToken=token)
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    aws.pass_time(61)
    assert states.describe_execution(executionArn=execution)["error"] == "States.Timeout"
    last = states.get_execution_history(executionArn=execution)["events"][-2]
    assert last["type"] == "ActivityTimedOut"


def test_tasks__are_taken_in_order_and_not_of_what_was_stopped(states, start, activity: str) -> None:
    first = start(1)
    start(2)
    start(3)
    states.stop_execution(executionArn=first)
    taken = [states.get_activity_task(activityArn=activity).get("input") for _ in range(3)]
    assert taken == ["2", "3", None]


def test_create__again__is_the_same(states, activity: str) -> None:
    assert states.create_activity(name="work")["activityArn"] == activity
    assert states.describe_activity(activityArn=activity)["name"] == "work"
    states.delete_activity(activityArn=activity)
    with pytest.raises(states.exceptions.ActivityDoesNotExist):
        states.get_activity_task(activityArn=activity)


def test_task__of_an_activity_that_nobody_created__says_how_to_answer_it(states, create, chain) -> None:
    from pipeproof.stepfunctions.errors import TaskNotHandled

    resource = "arn:aws:states:us-east-1:123456789012:activity:none"
    arn = create("m", chain(Work={"Type": "Task", "Resource": resource}))
    with pytest.raises(TaskNotHandled, match="create_activity"):
        states.start_execution(stateMachineArn=arn)
