"""ResultWriter, from the developer guide's page on it."""

import json
from typing import Any

import pytest

from pipeproof import StateMachine, throws
from pipeproof.stepfunctions.answers.mocks import by_iteration
from pipeproof.stepfunctions.errors import DefinitionError

PUT = "arn:aws:states:::s3:putObject"
WHERE = {"Resource": PUT, "Parameters": {"Bucket": "b", "Prefix": "out/"}}
RECORD_FIELDS = {
    "ExecutionArn", "Input", "InputDetails", "Name", "RedriveCount", "RedriveStatus", "StartDate", "StateMachineArn",
    "Status", "StopDate",
}  # fmt: skip


def run(
    writer: Any,
    items: list[Any],
    failing: tuple[int, ...] = (),
    kind: str = "STANDARD",
    work: Any = lambda event: event,
    **fields: Any,
) -> Any:
    """The state's output and the objects that were written, by the end of their keys."""
    written: dict[str, Any] = {}

    def put(entry: Any) -> Any:
        written[entry["Key"].rsplit("/", 1)[-1]] = entry
        return {}

    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, "StartAt": "Each"}
    processor["States"] = {
        "Each": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
    }
    state = {"Type": "Map", "ItemProcessor": processor, "End": True, "ToleratedFailurePercentage": 100, **fields}
    state |= {"ResultWriter": writer} if writer else {}
    answers = by_iteration(dict.fromkeys(failing, throws("Boom", "why")), otherwise=work)
    execution = StateMachine({"StartAt": "Map", "States": {"Map": state}}).run(
        items, {"Each": answers, PUT: put}, check=False
    )
    return execution, written


@pytest.mark.parametrize(
    ("config", "results"),
    [
        ({"Transformation": "COMPACT"}, [[1, 2], 3]),
        ({"Transformation": "FLATTEN"}, [1, 2, 3]),
        ({"Transformation": "COMPACT", "OutputType": "JSON"}, [[1, 2], 3]),
        ({"Transformation": "FLATTEN", "OutputType": "JSONL"}, [1, 2, 3]),
        ({"OutputType": "JSON"}, [[1, 2], 3]),
        ({"OutputType": "JSONL"}, [[1, 2], 3]),
    ],
)
def test_without_a_resource__results_go_to_the_next_state(config: Any, results: Any) -> None:
    execution, written = run({"WriterConfig": config}, [[1, 2], 3])
    assert (execution.output, written) == (results, {})


def test_without_a_resource__none_gives_records() -> None:
    execution, written = run({"WriterConfig": {"Transformation": "NONE"}}, [[1, 2]])
    (record,) = execution.output
    assert record.keys() == RECORD_FIELDS | {"Output", "OutputDetails", "RedriveStatusReason"}
    assert (record["Input"], record["Output"], record["Status"]) == ("[1,2]", "[1,2]", "SUCCEEDED")
    assert written == {}


@pytest.mark.parametrize(
    "config", [{"Transformation": "SQUASH"}, {"OutputType": "XML"}, {"Transformation": "none"}, {"Transformation": 1}]
)
@pytest.mark.parametrize("where", [{}, WHERE])
def test_writer_config__with_a_word_that_is_none_of_its_words(config: Any, where: Any) -> None:
    """A fixed one is found before the run; one that is found as it runs fails the state."""
    with pytest.raises(DefinitionError, match="WriterConfig"):
        run({"WriterConfig": config, **where}, [1])
    name, value = next(iter(config.items()))
    execution, written = run({"WriterConfig": {f"{name}.$": "$$.Execution.Input[0]"}, **where}, [value])
    assert (execution.error, written) == ("States.ResultWriterFailed", {})


@pytest.mark.parametrize("transformation", ["NONE", "COMPACT", "FLATTEN"])
def test_a_failed_child__is_given_as_a_record(transformation: str) -> None:
    execution, _ = run({"WriterConfig": {"Transformation": transformation}}, [1, 2, 3], failing=(1,))
    record = execution.output[1]
    assert record.keys() == RECORD_FIELDS | {"Error", "Cause"}
    assert (record["Error"], record["Cause"], record["Status"], record["RedriveStatus"]) == (
        "Boom",
        "why",
        "FAILED",
        "REDRIVABLE",
    )


def test_a_failed_child__is_left_out_where_nothing_is_said() -> None:
    assert run(None, [1, 2, 3], failing=(1,))[0].output == [1, 3]


def test_a_failed_child__of_an_express_map_cannot_be_redriven() -> None:
    execution, _ = run({"WriterConfig": {"Transformation": "NONE"}}, [1], failing=(0,), kind="EXPRESS")
    assert execution.output[0]["RedriveStatus"] == "NOT_REDRIVABLE"


@pytest.mark.parametrize(
    ("config", "body"),
    [
        ({"Transformation": "COMPACT"}, "[[1,2],3]"),
        ({"Transformation": "FLATTEN"}, "[1,2,3]"),
        ({"Transformation": "COMPACT", "OutputType": "JSONL"}, "[1,2]\n3"),
        ({"Transformation": "FLATTEN", "OutputType": "JSONL"}, "1\n2\n3"),
    ],
)
def test_with_a_resource__results_go_to_files(config: Any, body: str) -> None:
    _, written = run({**WHERE, "WriterConfig": config}, [[1, 2], 3])
    assert set(written) == {"manifest.json", "SUCCEEDED_0.json"}
    assert written["SUCCEEDED_0.json"]["Body"] == body


@pytest.mark.parametrize(
    "config", [{}, {"WriterConfig": {"OutputType": "JSON"}}, {"WriterConfig": {"Transformation": "NONE"}}]
)
def test_with_a_resource__records_are_the_default(config: Any) -> None:
    execution, written = run({**WHERE, **config}, [1, 2], failing=(0,))
    (record,) = json.loads(written["SUCCEEDED_0.json"]["Body"])
    assert record["Output"] == "2"
    (failed,) = json.loads(written["FAILED_0.json"]["Body"])
    assert failed["Error"] == "Boom"
    details = execution.output["ResultWriterDetails"]
    map_run = execution.output["MapRunArn"].rsplit(":", 1)[-1]
    assert details == {"Bucket": "b", "Key": f"out/{map_run}/manifest.json"}


def test_with_a_resource__the_manifest_names_the_files() -> None:
    execution, written = run(WHERE, [1, 2], failing=(0,))
    manifest = json.loads(written["manifest.json"]["Body"])
    assert manifest["DestinationBucket"] == "b"
    assert manifest["MapRunArn"] == execution.output["MapRunArn"]
    assert manifest["ResultFiles"].keys() == {"FAILED", "PENDING", "SUCCEEDED"}
    for status in ("FAILED", "SUCCEEDED"):
        entry = written[f"{status}_0.json"]
        assert manifest["ResultFiles"][status] == [{"Key": entry["Key"], "Size": len(entry["Body"])}]


def test_with_a_resource__of_no_items_there_is_a_manifest_alone() -> None:
    assert set(run(WHERE, [])[1]) == {"manifest.json"}


def test_with_a_resource__other_parameters_go_with_each_call() -> None:
    writer = {"Resource": PUT, "Parameters": {"Bucket": "b", "ExpectedBucketOwner": "123456789012"}}
    _, written = run(writer, [1])
    assert {entry["ExpectedBucketOwner"] for entry in written.values()} == {"123456789012"}
    assert "Prefix" not in written["manifest.json"]


@pytest.mark.parametrize(
    ("writer", "mock"),
    [
        (WHERE, throws("S3.NoSuchBucket", "no such bucket")),
        ({**WHERE, "Parameters": {"Bucket": "other"}}, throws("S3.S3Exception", "another region")),
    ],
)
def test_failures__are_of_the_writer(writer: Any, mock: Any) -> None:
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P"}
    processor["States"] = {"P": {"Type": "Pass", "End": True}}
    state = {"Type": "Map", "ItemProcessor": processor, "ResultWriter": writer, "End": True}
    execution = StateMachine({"StartAt": "Map", "States": {"Map": state}}).run([1], {PUT: mock}, check=False)
    assert execution.error == "States.ResultWriterFailed"
    assert [event.type for event in execution.events][-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_a_long_run__is_written_in_several_files() -> None:
    writer = {**WHERE, "WriterConfig": {"Transformation": "COMPACT"}}
    _, written = run(writer, list(range(60)), MaxConcurrency=5, work=lambda _: "x" * 200_000)
    parts = [json.loads(entry["Body"]) for name, entry in written.items() if name.startswith("SUCCEEDED")]
    assert len(parts) == 3
    assert sum(map(len, parts)) == 60
