"""Map Runs through boto3."""

import json
from typing import Any

import pytest

from pipeproof import StateMachine

CALL = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}


def fails_at(*bad: int) -> Any:
    def handler(event: Any) -> Any:
        if event in bad:
            raise ValueError(event)
        return event * 10

    return handler


@pytest.fixture
def run(states, chain):
    """Runs a distributed Map over numbers; gives the execution's ARN and its Map Run."""

    def start(items: list[int], bad: tuple[int, ...] = (), **fields: Any) -> tuple[str, dict[str, Any]]:
        processor = {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "F",
            "States": {"F": {**CALL, "End": True}},
        }
        state = {"Type": "Map", "ItemProcessor": processor, "Label": "All", **fields}
        arn = StateMachine(chain(M=state), name="m", lambdas={"f": fails_at(*bad)}).deploy()
        execution = states.start_execution(stateMachineArn=arn, input=json.dumps(items))["executionArn"]
        [listed] = states.list_map_runs(executionArn=execution)["mapRuns"]
        return execution, states.describe_map_run(mapRunArn=listed["mapRunArn"])

    return start


def test_describe__counts_items_and_children(states, run) -> None:
    execution, found = run([1, 2, 3, 4], bad=(2,), ToleratedFailureCount=1, MaxConcurrency=2)
    assert found["executionArn"] == execution
    assert ":mapRun:m/All:" in found["mapRunArn"]
    assert (found["status"], found["maxConcurrency"], found["toleratedFailureCount"]) == ("SUCCEEDED", 2, 1)
    assert found["stopDate"] >= found["startDate"]
    for counts in (found["itemCounts"], found["executionCounts"]):
        assert {key: value for key, value in counts.items() if value} == {"succeeded": 3, "failed": 1, "total": 4}


def test_describe__batches__items_are_not_children(run) -> None:
    _, found = run([1, 2, 3, 4, 5], bad=(), ItemBatcher={"MaxItemsPerBatch": 2}, ToleratedFailurePercentage=100)
    assert (found["itemCounts"]["total"], found["executionCounts"]["total"]) == (5, 3)
    assert (found["itemCounts"]["failed"], found["executionCounts"]["failed"]) == (5, 3)
    assert found["toleratedFailurePercentage"] == 100


def test_describe__that_failed__aborted_the_rest(states, run) -> None:
    execution, found = run([1, 2, 3, 4], bad=(1,), MaxConcurrency=1)
    assert states.describe_execution(executionArn=execution)["status"] == "FAILED"
    counts = found["itemCounts"]
    assert (found["status"], counts["failed"], counts["pending"]) == ("FAILED", 1, 3)


def test_children__are_listed_and_described(states, run) -> None:
    _, found = run([1, 2], bad=(2,), ToleratedFailureCount=1)
    listed = states.list_executions(mapRunArn=found["mapRunArn"])["executions"]
    assert [(child["status"], child["itemCount"]) for child in listed] == [("SUCCEEDED", 1), ("FAILED", 1)]
    assert {child["stateMachineArn"] for child in listed} == {
        "arn:aws:states:us-east-1:123456789012:stateMachine:m/All"
    }
    good, bad = (states.describe_execution(executionArn=child["executionArn"]) for child in listed)
    assert (good["input"], good["output"], good["mapRunArn"]) == ("1", "10", found["mapRunArn"])
    assert (bad["error"], json.loads(bad["cause"])["errorMessage"]) == ("ValueError", "2")
    failed = states.list_executions(mapRunArn=found["mapRunArn"], statusFilter="FAILED")["executions"]
    assert [child["name"] for child in failed] == [bad["name"]]


def test_update__of_one_under_way__is_heeded(states, create, chain) -> None:
    activity = states.create_activity(name="work")["activityArn"]
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "W",
        "States": {"W": {"Type": "Task", "Resource": activity, "End": True}},
    }
    arn = create("m", chain(M={"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": 1}))
    execution = states.start_execution(stateMachineArn=arn, input="[1, 2, 3]")["executionArn"]
    [listed] = states.list_map_runs(executionArn=execution)["mapRuns"]
    run = listed["mapRunArn"]
    first = states.get_activity_task(activityArn=activity)["taskToken"]
    assert "taskToken" not in states.get_activity_task(activityArn=activity)
    states.update_map_run(mapRunArn=run, maxConcurrency=3, toleratedFailureCount=1, toleratedFailurePercentage=50)
    tokens = [states.get_activity_task(activityArn=activity)["taskToken"] for _ in range(2)]
    states.send_task_failure(taskToken=first, error="E")
    found = states.describe_map_run(mapRunArn=run)
    assert (found["status"], found["maxConcurrency"], found["toleratedFailurePercentage"]) == ("RUNNING", 3, 50)
    assert found["itemCounts"]["running"] == 2
    for token in tokens:
        states.send_task_success(taskToken=token, output="1")
    assert states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"


def test_update__out_of_range__is_refused(states, run) -> None:
    _, found = run([1])
    with pytest.raises(states.exceptions.ValidationException):
        states.update_map_run(mapRunArn=found["mapRunArn"], toleratedFailurePercentage=101)


def test_list_executions__gives_all_children_page_by_page(states, run) -> None:
    _, found = run(list(range(230)))
    pages = states.get_paginator("list_executions").paginate(mapRunArn=found["mapRunArn"])
    listed = [[item["executionArn"] for item in page["executions"]] for page in pages]
    assert [len(page) for page in listed] == [100, 100, 30]
    assert len({arn for page in listed for arn in page}) == 230


def test_express_children__last_five_minutes_each(states, chain) -> None:
    waits = {"Type": "Wait", "SecondsPath": "$"}
    processor = {**chain(W=waits), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}}
    state = {"Type": "Map", "ItemProcessor": processor, "ToleratedFailureCount": 1, "MaxConcurrency": 1}
    arn = StateMachine(chain(M=state), name="m").deploy()
    execution = states.start_execution(stateMachineArn=arn, input="[200, 299, 301, 250]")["executionArn"]
    described = states.describe_execution(executionArn=execution)
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", [200, 299, 250])
    assert (described["stopDate"] - described["startDate"]).total_seconds() == 200 + 299 + 300 + 250
    [listed] = states.list_map_runs(executionArn=execution)["mapRuns"]
    counts = states.describe_map_run(mapRunArn=listed["mapRunArn"])["executionCounts"]
    assert (counts["succeeded"], counts["timedOut"], counts["failed"]) == (3, 1, 0)
