"""What is remembered of a Map Run, and what ResultWriter says of each child.

The facts are those of the API's DescribeMapRun and of the developer guide's page on ResultWriter.
"""

import json
from typing import Any

import pytest

from pipeproof import StateMachine, returns, throws
from pipeproof.stepfunctions.answers.mocks import by_iteration
from pipeproof.stepfunctions.engine.map_runs import Child, MapRunRecord
from pipeproof.stepfunctions.engine.states.distributed_map import CHILDREN_RECORDED

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:work"
PUT = "arn:aws:states:::s3:putObject"
TASK = {"Type": "Task", "Resource": LAMBDA, "End": True}


def run(items: list[Any], mock: Any, kind: str = "STANDARD", mocks: Any = None, **fields: Any) -> Any:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    processor = {"ProcessorConfig": config, "StartAt": "I", "States": {"I": {**TASK}}}
    state = {"Type": "Map", "ItemProcessor": processor, "Label": "All", "End": True, **fields}
    running = StateMachine({"StartAt": "M", "States": {"M": state}}, name="flow").start(
        items, {"I": mock, **(mocks or {})}
    )
    running.advance()
    return running


def record_of(running: Any) -> MapRunRecord:
    (record,) = running.run.map_runs
    return record


def counted(**ends: int) -> dict[str, int]:
    return {"succeeded": 0, "failed": 0, "timedOut": 0, "aborted": 0, **ends}


def test_record__of_a_run_that_succeeded() -> None:
    record = record_of(run([1, 2, 3], returns(7, after=5), MaxConcurrency=2, ToleratedFailurePercentage=40))
    assert record.arn.startswith("arn:aws:states:us-east-1:123456789012:mapRun:flow/All:")
    assert (record.child_machine, record.status, record.started, record.ended) == ("flow/All", "SUCCEEDED", 0, 10)
    assert (record.max_concurrency, record.tolerated_count, record.tolerated_percentage) == (2, None, 40)
    assert (record.items, record.started_items, record.started_children, record.has_writer) == (3, 3, 3, False)
    assert record.item_ends == record.child_ends == counted(succeeded=3)
    children = list(record.children.values())
    assert [(child.started, child.ended) for child in children] == [(0, 5), (0, 5), (5, 10)]
    assert {(child.status, child.output, child.items) for child in children} == {("SUCCEEDED", 7, 1)}
    child = record.children[1]
    assert child.arn == f"arn:aws:states:us-east-1:123456789012:execution:flow/All:{child.name}"
    assert (child.input, child.error, child.cause, child.redrives) == (2, None, None, 0)


def test_record__of_failures_that_are_tolerated() -> None:
    mock = by_iteration({1: throws("E", "c")}, otherwise=returns(7))
    running = run([1, 2, 3], mock, ToleratedFailureCount=1)
    record = record_of(running)
    assert (running.status, running.result().output) == ("SUCCEEDED", [7, 7])
    assert record.item_ends == record.child_ends == counted(succeeded=2, failed=1)
    child = record.children[1]
    assert (child.status, child.error, child.cause, child.output) == ("FAILED", "E", "c", None)


def test_record__of_a_run_that_failed_aborts_the_rest() -> None:
    mock = by_iteration({0: throws("E", after=2)}, otherwise=returns(7, after=5))
    record = record_of(run([1, 2, 3, 4], mock, MaxConcurrency=3))
    assert (record.status, record.ended) == ("FAILED", 2)
    assert (record.items, record.started_items) == (4, 3)
    assert record.item_ends == counted(failed=1, aborted=2)
    assert [child.status for child in record.children.values()] == ["FAILED", "ABORTED", "ABORTED"]
    assert [child.ended for child in record.children.values()] == [2, 2, 2]


def test_record__of_batches_counts_items_and_children() -> None:
    mock = by_iteration({1: throws("E")}, otherwise=returns(7))
    batches = {"ItemBatcher": {"MaxItemsPerBatch": 2}, "ToleratedFailureCount": 2}
    record = record_of(run([1, 2, 3, 4, 5], mock, **batches))
    assert (record.items, record.started_items, record.started_children) == (5, 5, 3)
    assert (record.item_ends, record.child_ends) == (counted(succeeded=3, failed=2), counted(succeeded=2, failed=1))
    assert [child.items for child in record.children.values()] == [2, 2, 1]


def test_record__a_batch_that_fails_fails_with_all_its_items() -> None:
    mock = by_iteration({1: throws("E")}, otherwise=returns(7))
    running = run([1, 2, 3, 4, 5], mock, ItemBatcher={"MaxItemsPerBatch": 2}, ToleratedFailureCount=1)
    assert running.status == "FAILED"


@pytest.mark.parametrize(("takes", "status", "ends"), [(299, "SUCCEEDED", "succeeded"), (301, "TIMED_OUT", "timedOut")])
def test_record__an_express_child_has_five_minutes(takes: float, status: str, ends: str) -> None:
    record = record_of(run([1], returns(7, after=takes), "EXPRESS", ToleratedFailurePercentage=100))
    assert (record.children[0].status, record.child_ends) == (status, counted(**{ends: 1}))
    assert record.children[0].ended == min(takes, 300)
    assert record.children[0].error == (None if status == "SUCCEEDED" else "States.Timeout")


def test_record__a_standard_child_has_more_time() -> None:
    assert record_of(run([1], returns(7, after=301))).status == "SUCCEEDED"


def test_record__of_an_execution_that_is_stopped() -> None:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    wait = {"Type": "Wait", "Seconds": 9, "End": True}
    state = {
        "Type": "Map",
        "ItemProcessor": {"ProcessorConfig": config, "StartAt": "W", "States": {"W": wait}},
        "End": True,
    }
    running = StateMachine({"StartAt": "M", "TimeoutSeconds": 4, "States": {"M": state}}).start([1, 2])
    running.advance()
    record = record_of(running)
    assert (running.status, record.status, record.ended) == ("TIMED_OUT", "ABORTED", 4)
    assert record.child_ends == counted(aborted=2)


def test_record__of_many_children_remembers_the_first() -> None:
    record = record_of(run(list(range(CHILDREN_RECORDED + 1)), returns(7)))
    assert list(record.children) == list(range(CHILDREN_RECORDED))
    assert record.started_children == CHILDREN_RECORDED + 1


def test_record__limits_may_be_changed_while_it_runs() -> None:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    wait = {"Type": "Wait", "Seconds": 10, "End": True}
    processor = {"ProcessorConfig": config, "StartAt": "W", "States": {"W": wait}}
    state = {"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": 1, "End": True}
    running = StateMachine({"StartAt": "M", "States": {"M": state}}).start([1, 2, 3, 4])

    def widen() -> None:
        record = record_of(running)
        record.max_concurrency = 2
        record.apply()

    running.run.scheduler.call_at(15, widen)
    running.advance()
    assert [child.started for child in record_of(running).children.values()] == [0, 10, 15, 20]
    assert running.result().elapsed == 30


def test_redrive__starts_the_counting_anew_but_for_what_succeeded() -> None:
    record = MapRunRecord("arn", "flow/All", 0.0)
    record.child_started(0, 2, Child("a", "a", 1, 0.0, 2))
    record.child_started(1, 3, Child("b", "b", 1, 0.0, 3))
    record.child_ended(0, 2, "succeeded", 1.0, output=5)
    record.child_ended(1, 3, "failed", 2.0, error="E", cause="c")
    record.end("FAILED", 2.0)
    record.redrive(9.0)
    assert (record.status, record.ended, record.redrives) == ("RUNNING", None, [9.0])
    assert (record.started_items, record.started_children) == (2, 1)
    assert (record.item_ends, record.child_ends) == (counted(succeeded=2), counted(succeeded=1))
    record.child_redriven(1, 3)
    child = record.children[1]
    assert (child.status, child.ended, child.error, child.cause, child.redrives) == ("RUNNING", None, None, None, 1)
    assert (record.started_items, record.started_children) == (5, 2)
    record.child_redriven(7, 1)
    assert 7 not in record.children


def written(kind: str = "STANDARD", config: Any = None, **fields: Any) -> tuple[Any, dict[str, Any]]:
    files: dict[str, Any] = {}

    def put(entry: Any) -> Any:
        files[entry["Key"]] = entry
        return {}

    writer = {"Resource": PUT, "Parameters": {"Bucket": "b", "Prefix": "out/"}, "WriterConfig": config or {}}
    mock = by_iteration({1: throws("E", "c", after=5)}, otherwise=returns({"n": 1}, after=2))
    running = run([1, 2], mock, kind, {PUT: put}, ToleratedFailurePercentage=100, ResultWriter=writer, **fields)
    return running, files


def test_writer__a_record_for_each_child() -> None:
    running, files = written()
    record = record_of(running)
    run_id = record.arn.rpartition(":")[2]
    assert record.has_writer
    assert set(files) == {f"out/{run_id}/{name}" for name in ("SUCCEEDED_0.json", "FAILED_0.json", "manifest.json")}
    assert {entry["Bucket"] for entry in files.values()} == {"b"}
    first, second = record.children.values()
    start, machine = running.run.clock.text(0), "arn:aws:states:us-east-1:123456789012:stateMachine:flow/All"
    (succeeded,) = json.loads(files[f"out/{run_id}/SUCCEEDED_0.json"]["Body"])
    assert succeeded == {
        "ExecutionArn": first.arn, "Input": "1", "InputDetails": {"Included": True}, "Name": first.name,
        "Output": '{"n":1}', "OutputDetails": {"Included": True}, "RedriveCount": 0, "RedriveStatus": "NOT_REDRIVABLE",
        "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven", "StartDate": start,
        "StateMachineArn": machine, "Status": "SUCCEEDED", "StopDate": running.run.clock.text(2),
    }  # fmt: skip
    (failed,) = json.loads(files[f"out/{run_id}/FAILED_0.json"]["Body"])
    assert failed == {
        "Cause": "c", "Error": "E", "ExecutionArn": second.arn, "Input": "2", "InputDetails": {"Included": True},
        "Name": second.name, "RedriveCount": 0, "RedriveStatus": "REDRIVABLE", "StartDate": start,
        "StateMachineArn": machine, "Status": "FAILED", "StopDate": running.run.clock.text(5),
    }  # fmt: skip


def test_writer__a_manifest_names_the_files() -> None:
    running, files = written()
    record = record_of(running)
    key = f"out/{record.arn.rpartition(':')[2]}/manifest.json"
    sizes = {name: len(entry["Body"]) for name, entry in files.items()}
    assert json.loads(files[key]["Body"]) == {
        "DestinationBucket": "b",
        "MapRunArn": record.arn,
        "ResultFiles": {
            status: [{"Key": name, "Size": sizes[name]} for name in files if f"/{status}_" in name]
            for status in ("FAILED", "PENDING", "SUCCEEDED")
        },
    }
    assert running.result().output == {
        "MapRunArn": record.arn, "ResultWriterDetails": {"Bucket": "b", "Key": key},
    }  # fmt: skip


def test_writer__express_children_cannot_be_redriven() -> None:
    _, files = written("EXPRESS")
    (failed,) = next(json.loads(entry["Body"]) for name, entry in files.items() if "FAILED_0" in name)
    assert failed["RedriveStatus"] == "NOT_REDRIVABLE"
    assert failed["RedriveStatusReason"] == "Execution is FAILED and cannot be redriven"


@pytest.mark.parametrize(
    ("transformation", "output"),
    [
        (None, [{"n": 1}]),
        ("COMPACT", [{"n": 1}, "record"]),
        ("FLATTEN", [{"n": 1}, "record"]),
        ("NONE", ["record", "record"]),
    ],
)
def test_writer__without_a_resource_the_state_has_the_results(transformation: str | None, output: Any) -> None:
    mock = by_iteration({1: throws("E", "c")}, otherwise=returns({"n": 1}))
    config = {"WriterConfig": {"Transformation": transformation, "OutputType": "JSON"}} if transformation else {}
    fields = {"ResultWriter": config} if config else {}
    found = run([1, 2], mock, ToleratedFailurePercentage=100, **fields).result().output
    assert ["record" if "ExecutionArn" in item else item for item in found] == output


def test_writer__that_may_not_write_fails_the_map() -> None:
    writer = {"Resource": PUT, "Parameters": {"Bucket": "b"}}
    running = run([1], returns(1), mocks={PUT: throws("S3.AccessDenied", "no")}, ResultWriter=writer)
    assert (running.result().error, running.result().cause) == ("States.ResultWriterFailed", "no")
    assert record_of(running).status == "FAILED"


def test_reader__that_may_not_read_fails_the_map() -> None:
    get = "arn:aws:states:::s3:getObject"
    reader = {"Resource": get, "Parameters": {"Bucket": "b", "Key": "k"}}
    for mock, cause in [(throws("S3.NoSuchKey", "gone"), "gone"), (throws("S3.NoSuchKey"), "S3.NoSuchKey")]:
        running = run([1], returns(1), mocks={get: mock}, ItemReader=reader)
        assert (running.result().error, running.result().cause) == ("States.ItemReaderFailed", cause)
        assert record_of(running).ended == 0
