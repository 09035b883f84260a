"""Map, inline and distributed, from the specification ("Map State") and the developer guide."""

import json
from typing import Any

import pytest

from pipeproof import StateMachine, returns, throws
from pipeproof.stepfunctions.answers.mocks import by_iteration
from pipeproof.stepfunctions.errors import StateFailure

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
TASK = {"Type": "Task", "Resource": FUNCTION, "End": True}
PASS = {"Type": "Pass", "End": True}


def machine(inner: Any = PASS, *, distributed: bool = False, language: str = "JSONPath", **fields: Any) -> StateMachine:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"} if distributed else {"Mode": "INLINE"}
    processor = {"ProcessorConfig": config, "StartAt": "Each", "States": {"Each": inner}}
    states = {"Map": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}}
    for catcher in fields.get("Catch", ()):
        states[catcher["Next"]] = {"Type": "Succeed"}
    return StateMachine({"QueryLanguage": language, "StartAt": "Map", "States": states})


def events(execution: Any) -> list[str]:
    return [event.type for event in execution.events]


BOTH = pytest.mark.parametrize("distributed", [False, True])


@BOTH
def test_map__results_are_in_the_items_order(distributed: bool) -> None:
    def work(item: Any, context: Any) -> Any:
        context.takes(10 - item)
        return item * 2

    execution = machine(TASK, distributed=distributed).run([1, 2, 3], {"Each": work})
    assert (execution.output, execution.elapsed) == ([2, 4, 6], 9)


@BOTH
def test_map__of_nothing_is_nothing(distributed: bool) -> None:
    assert machine(distributed=distributed).run([]).output == []


@BOTH
@pytest.mark.parametrize(("limit", "elapsed"), [(0, 10), (1, 60), (2, 30), (4, 20), (6, 10)])
def test_map__max_concurrency(distributed: bool, limit: int, elapsed: float) -> None:
    execution = machine(TASK, distributed=distributed, MaxConcurrency=limit).run(
        list(range(6)), {"Each": returns(1, after=10)}
    )
    assert execution.elapsed == elapsed


@BOTH
def test_map__item_selector_sees_item_and_input(distributed: bool) -> None:
    selector = {"i.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value", "all.$": "$.x"}
    fields = {"ItemsPath": "$.items", "ItemSelector": selector}
    output = machine(distributed=distributed, **fields).run({"items": ["a", "b"], "x": 9}).output
    assert output == [{"i": 0, "v": "a", "all": 9}, {"i": 1, "v": "b", "all": 9}]


@BOTH
def test_map__jsonata_items_and_selector(distributed: bool) -> None:
    fields = {"Items": "{% [1..3] %}", "ItemSelector": {"v": "{% $states.context.Map.Item.Value * 2 %}"}}
    execution = machine({**PASS}, distributed=distributed, language="JSONata", **fields).run()
    assert execution.output == [{"v": 2}, {"v": 4}, {"v": 6}]


@pytest.mark.parametrize("items", [{"a": 1}, "text", 3, None, True])
def test_map__needs_an_array(items: Any) -> None:
    execution = machine(ItemsPath="$.items").run({"items": items}, check=False)
    assert execution.error == "States.Runtime"
    assert 'Reference path "$.items" must point to array.' in execution.cause


@pytest.mark.parametrize(
    "items", ["{% 'text' %}", "{% {'a': 1} %}", "{% null %}", "{% true %}", "{% $states.input.nothing %}"]
)
def test_map__a_jsonata_expression_of_items_that_gives_no_array(items: str) -> None:
    execution = machine({**PASS}, language="JSONata", Items=items).run({"x": 1}, check=False)
    assert execution.status == "FAILED"
    assert execution.error == "States.QueryEvaluationError"


def test_map__source_and_key_in_jsonata() -> None:
    selector = {"of": "{% $states.context.Map.Item.Source %}"}
    execution = machine({**PASS}, language="JSONata", distributed=True, ItemSelector=selector).run(["a"])
    assert execution.output == [{"of": "STATE_DATA"}]


def test_map__a_failing_item_fails_it_and_aborts_the_rest() -> None:
    mocks = {"Each": by_iteration({1: throws("Boom", "why", after=5)}, otherwise=returns(1, after=60))}
    execution = machine(TASK).run([0, 1, 2], mocks, check=False)
    assert (execution.error, execution.cause, execution.elapsed) == ("Boom", "why", 5)
    assert events(execution).count("MapIterationAborted") == 2
    assert events(execution)[-2:] == ["MapStateFailed", "ExecutionFailed"]


def test_map__events_of_an_iteration() -> None:
    execution = machine().run([1])
    assert events(execution) == [
        "ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapIterationStarted", "PassStateEntered",
        "PassStateExited", "MapIterationSucceeded", "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded",
    ]  # fmt: skip


def test_map__catch() -> None:
    catch = [{"ErrorEquals": ["Boom"], "Next": "Rescue"}]
    execution = machine(TASK, Catch=catch).run([1], {"Each": throws("Boom")})
    assert execution.path == ["Map", "Each", "Rescue"]


def test_map__iterations_keep_their_variables_to_themselves() -> None:
    inner = {**PASS, "Assign": {"seen.$": "$"}}
    states = machine(inner).definition.document.value["States"]
    states = {**states, "Map": {**states["Map"], "Next": "After"}, "After": {**PASS, "Parameters": {"s.$": "$seen"}}}
    del states["Map"]["End"]
    assert StateMachine({"StartAt": "Map", "States": states}).run([1], check=False).error == "States.Runtime"


def test_map__by_iteration_answers_each_item() -> None:
    assert machine(TASK).run([0, 0], {"Each": by_iteration([returns("a"), returns("b")])}).output == ["a", "b"]


def test_map__a_list_of_answers_starts_anew_in_each_iteration() -> None:
    retrying = {**TASK, "Retry": [{"ErrorEquals": ["Boom"]}]}
    execution = machine(retrying).run([1, 2], {"Each": [throws("Boom"), returns("ok")]})
    assert execution.output == ["ok", "ok"]


def test_distributed__shows_a_map_run() -> None:
    execution = machine(distributed=True, Label="mine").run([1, 2])
    assert events(execution) == [
        "ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapRunStarted", "MapRunSucceeded",
        "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert execution.events[3].details["mapRunArn"].split("/")[1].startswith("mine:")


def test_distributed__children_are_executions_of_their_own() -> None:
    inner = {**PASS, "Parameters": {"input.$": "$$.Execution.Input", "id.$": "$$.Execution.Id"}}
    output = machine(inner, distributed=True).run([{"n": 1}, {"n": 2}]).output
    assert [child["input"] for child in output] == [{"n": 1}, {"n": 2}]
    assert output[0]["id"] != output[1]["id"]


def test_distributed__children_do_not_see_outer_variables() -> None:
    states = machine({**PASS, "Parameters": {"x.$": "$x"}}, distributed=True).definition.document.value["States"]
    states = {"Set": {"Type": "Pass", "Assign": {"x": 1}, "Next": "Map"}, **states}
    execution = StateMachine({"StartAt": "Set", "States": states}).run([1], check=False)
    assert execution.error == "States.ExceedToleratedFailureThreshold"


@pytest.mark.parametrize(
    ("fields", "failing", "status"),
    [
        ({}, 0, "SUCCEEDED"),
        ({}, 1, "FAILED"),
        ({"ToleratedFailureCount": 1}, 1, "SUCCEEDED"),
        ({"ToleratedFailureCount": 1}, 2, "FAILED"),
        ({"ToleratedFailurePercentage": 25}, 2, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 25}, 3, "FAILED"),
        ({"ToleratedFailurePercentage": 100}, 8, "SUCCEEDED"),
        ({"ToleratedFailureCount": 5, "ToleratedFailurePercentage": 10}, 1, "FAILED"),
        ({"ToleratedFailureCountPath": "$.count"}, 2, "SUCCEEDED"),
        ({"ToleratedFailurePercentagePath": "$.share"}, 5, "FAILED"),
    ],
)
def test_distributed__tolerated_failures(fields: Any, failing: int, status: str) -> None:
    mocks = {"Each": by_iteration(dict.fromkeys(range(failing), throws("Boom")), otherwise=returns(1))}
    given = {"items": list(range(8)), "count": 2, "share": 50}
    execution = machine(TASK, distributed=True, ItemsPath="$.items", **fields).run(given, mocks, check=False)
    assert execution.status == status
    if status == "SUCCEEDED":
        assert execution.output == [1] * (8 - failing)
    else:
        assert execution.error == "States.ExceedToleratedFailureThreshold"
        assert events(execution)[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


@pytest.mark.parametrize(
    ("batcher", "sizes"),
    [
        ({"MaxItemsPerBatch": 2}, [2, 2, 1]),
        ({"MaxItemsPerBatch": 5}, [5]),
        ({"MaxItemsPerBatch": 9}, [5]),
        ({"MaxItemsPerBatchPath": "$.size"}, [3, 2]),
        ({"MaxInputBytesPerBatch": 40}, [1, 1, 1, 1, 1]),
        ({"MaxItemsPerBatch": 4, "MaxInputBytesPerBatch": 100_000}, [4, 1]),
    ],
)
def test_distributed__item_batcher(batcher: Any, sizes: list[int]) -> None:
    given = {"items": [{"text": "x" * 20}] * 5, "size": 3}
    execution = machine(distributed=True, ItemsPath="$.items", ItemBatcher=batcher).run(given)
    assert [len(batch["Items"]) for batch in execution.output] == sizes


def test_distributed__batch_input() -> None:
    batcher = {"MaxItemsPerBatch": 2, "BatchInput": {"x.$": "$.x"}}
    output = machine(distributed=True, ItemsPath="$.items", ItemBatcher=batcher).run({"items": [1, 2], "x": 9}).output
    assert output == [{"BatchInput": {"x": 9}, "Items": [1, 2]}]


def reader(**config: Any) -> dict[str, Any]:
    parameters = {"Bucket": "b", "Key": "k"}
    return {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config, "Parameters": parameters}


@pytest.mark.parametrize(
    ("config", "content", "items"),
    [
        ({"InputType": "JSON"}, "[1, 2]", [1, 2]),
        ({"InputType": "JSON", "ItemsPointer": "/a/b"}, '{"a": {"b": [3]}}', [3]),
        ({"InputType": "JSONL"}, '{"a": 1}\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "a,b\n1,2\n", [{"a": "1", "b": "2"}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"]}, "1\n2\n", [{"a": "1"}, {"a": "2"}]),
        (
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "CSVDelimiter": "PIPE"},
            "a|b\n1|2",
            [{"a": "1", "b": "2"}],
        ),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, 'a\n"x, y"\n', [{"a": "x, y"}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "a,b\n1\n", [{"a": "1", "b": ""}]),
        ({"InputType": "JSON", "MaxItems": 2}, "[1, 2, 3]", [1, 2]),
        ({"InputType": "JSON", "MaxItems": 0}, "[1, 2, 3]", [1, 2, 3]),
        ({"InputType": "JSON", "MaxItemsPath": "$.most"}, "[1, 2, 3]", [1]),
    ],
)
def test_distributed__item_reader(config: Any, content: str, items: list[Any]) -> None:
    execution = machine(distributed=True, ItemReader=reader(**config)).run(
        {"most": 1}, {"arn:aws:states:::s3:getObject": returns({"Body": content})}
    )
    assert execution.output == items


@pytest.mark.parametrize(
    ("config", "content", "cause"),
    [
        ({"InputType": "JSON"}, "3", "Attempting to map over non-iterable node."),
        ({"InputType": "JSON"}, "{", "The file is not valid JSON"),
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}, "a,a\n1,2", "CSV headers cannot contain duplicates."),
        ({"InputType": "JSON", "MaxItemsPath": "$.most"}, "[1]", "field MaxItems must be positive"),
    ],
)
def test_distributed__item_reader_failures(config: Any, content: str, cause: str) -> None:
    execution = machine(distributed=True, ItemReader=reader(**config)).run(
        {"most": -1}, {"arn:aws:states:::s3:getObject": returns({"Body": content})}, check=False
    )
    assert execution.error == "States.ItemReaderFailed"
    assert execution.cause.startswith(cause)


def test_distributed__manifest() -> None:
    manifest = {"fileSchema": "Bucket, Key", "destinationBucket": "arn:aws:s3:::b", "files": [{"key": "data.csv"}]}
    files = {"k": json.dumps(manifest), "data.csv": '"b","one"\n"b","two"\n'}
    mocks = {"arn:aws:states:::s3:getObject": lambda where: {"Body": files[where["Key"]]}}
    execution = machine(distributed=True, ItemReader=reader(InputType="MANIFEST")).run({}, mocks)
    assert execution.output == [{"Bucket": "b", "Key": "one"}, {"Bucket": "b", "Key": "two"}]


@pytest.mark.parametrize(
    ("config", "name", "content"),
    [
        ({}, "SUCCEEDED_0.json", None),
        ({"Transformation": "COMPACT", "OutputType": "JSONL"}, "SUCCEEDED_0.json", "[1]\n[2]"),
        ({"Transformation": "FLATTEN", "OutputType": "JSONL"}, "SUCCEEDED_0.json", "1\n2"),
        ({"Transformation": "COMPACT", "OutputType": "JSON"}, "SUCCEEDED_0.json", "[[1],[2]]"),
    ],
)
def test_distributed__result_writer(config: Any, name: str, content: str | None) -> None:
    written: dict[str, str] = {}

    def put(entry: Any) -> Any:
        written[entry["Key"].rsplit("/", 1)[-1]] = entry["Body"]
        return {}

    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}, "WriterConfig": config}
    output = (
        machine(distributed=True, ResultWriter=writer).run([[1], [2]], {"arn:aws:states:::s3:putObject": put}).output
    )
    assert output["ResultWriterDetails"]["Bucket"] == "b"
    assert set(written) == {"manifest.json", name}
    assert content is None or written[name] == content


def test_distributed__a_long_run_keeps_little() -> None:
    """Of many children, so many visits are remembered; the parent's history has none of them."""
    execution = machine(distributed=True, ResultPath=None, ItemReader=reader(InputType="JSON")).run(
        {}, {"Map": returns(list(range(5_000)))}
    )
    assert len(execution.visits) == 101
    assert len(execution.events) == 8


@BOTH
@pytest.mark.parametrize(
    ("field", "value", "cause"),
    [
        ("ToleratedFailureCount", -1, "ToleratedFailureCount cannot be negative."),
        ("ToleratedFailurePercentage", -0.5, "ToleratedFailurePercentage must be between 0 and 100."),
        ("ToleratedFailurePercentage", 101, "ToleratedFailurePercentage must be between 0 and 100."),
        ("ToleratedFailurePercentage", "101", "ToleratedFailurePercentage must be between 0 and 100."),
        ("ToleratedFailureCount", "x", 'refers to value "x" which is not a valid integer: $.value'),
        ("ToleratedFailureCount", 1.5, 'refers to value "1.5" which is not a valid integer: $.value'),
        ("ToleratedFailureCount", None, 'refers to value "null" which is not a valid integer: $.value'),
        ("ToleratedFailureCount", [], 'refers to value "[]" which is not a valid integer: $.value'),
        ("ToleratedFailurePercentage", "x", 'refers to value "x" which is not a valid float: $.value'),
        ("ToleratedFailurePercentage", {}, 'refers to value "{}" which is not a valid float: $.value'),
        ("ToleratedFailurePercentage", True, 'refers to value "true" which is not a valid float: $.value'),
    ],
)
def test_map__a_tolerance_that_cannot_be(distributed: bool, field: str, value: Any, cause: str) -> None:
    """The service looks at it once the Map has started."""
    fields = {"ItemsPath": "$.items", f"{field}Path": "$.value"}
    execution = machine(distributed=distributed, **fields).run({"items": [1], "value": value}, check=False)
    assert execution.error == "States.Runtime"
    assert execution.cause.endswith(cause)
    assert events(execution)[-2:] == ["MapStateStarted", "ExecutionFailed"]


@BOTH
@pytest.mark.parametrize(("field", "value"), [("ToleratedFailureCount", "1"), ("ToleratedFailurePercentage", "100")])
def test_map__digits_in_a_text_are_a_tolerance(distributed: bool, field: str, value: Any) -> None:
    fields = {"ItemsPath": "$.items", f"{field}Path": "$.value"}
    assert machine(distributed=distributed, **fields).run({"items": [1], "value": value}).output == [1]


@BOTH
@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (-1, "Expected non-negative integer for MaxConcurrency, got '-1' instead."),
        ("x", 'The MaxConcurrencyPath field refers to value "x" which is not a valid integer: $.value'),
        (1.5, 'The MaxConcurrencyPath field refers to value "1.5" which is not a valid integer: $.value'),
    ],
)
def test_map__a_concurrency_that_cannot_be(distributed: bool, value: Any, cause: str) -> None:
    fields = {"ItemsPath": "$.items", "MaxConcurrencyPath": "$.value"}
    execution = machine(distributed=distributed, **fields).run({"items": [1], "value": value}, check=False)
    assert execution.cause.endswith(cause)
    assert events(execution)[-2:] == ["MapStateEntered", "ExecutionFailed"]


@BOTH
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("MaxConcurrency", "{% 'x' %}"),
        ("MaxConcurrency", "{% -1 %}"),
        ("ToleratedFailureCount", "{% -1 %}"),
        ("ToleratedFailureCount", "{% 'x' %}"),
        ("ToleratedFailurePercentage", "{% 101 %}"),
    ],
)
def test_map__a_jsonata_number_that_cannot_be(distributed: bool, field: str, value: str) -> None:
    fields = {"Items": "{% [1] %}", field: value}
    execution = machine(distributed=distributed, language="JSONata", **fields).run(check=False)
    assert execution.error == "States.QueryEvaluationError"
    failed = next(event for event in execution.events if event.type == "EvaluationFailed")
    assert failed.details["location"] == field


@BOTH
@pytest.mark.parametrize(("given", "kind"), [("x", "string"), (5, "number"), (True, "boolean")])
def test_map__jsonata_input_that_is_no_array(distributed: bool, given: Any, kind: str) -> None:
    execution = machine(distributed=distributed, language="JSONata").run(given, check=False)
    assert execution.error == "States.QueryEvaluationError"
    assert execution.cause.endswith(f"Map state input must be an array but was: {kind}")
    failed = next(event for event in execution.events if event.type == "EvaluationFailed")
    assert "location" not in failed.details


def test_distributed__an_objects_entries_are_items_with_keys() -> None:
    selector = {"k.$": "$$.Map.Item.Key", "v.$": "$$.Map.Item.Value", "s.$": "$$.Map.Item.Source"}
    execution = machine(distributed=True, ItemsPath="$.all", ItemSelector=selector).run({"all": {"a": 1, "b": [2]}})
    assert execution.output == [{"k": "a", "v": 1, "s": "STATE_DATA"}, {"k": "b", "v": [2], "s": "STATE_DATA"}]
    assert execution.events[2].details == {"length": 2}


@BOTH
def test_map__without_a_path_goes_over_its_input(distributed: bool) -> None:
    execution = machine(distributed=distributed).run("text", check=False)
    assert execution.cause.endswith('Reference path "$" must point to array.')
    assert machine(distributed=distributed).run([1, 2]).output == [1, 2]


@pytest.mark.parametrize(
    ("limit", "path"), [(0, ["A", "A", "B", "B"]), (2, ["A", "A", "B", "B"]), (1, ["A", "B", "A", "B"])]
)
def test_map__iterations_advance_in_turns(limit: int, path: list[str]) -> None:
    states = {"A": {"Type": "Pass", "Next": "B"}, "B": PASS}
    state = {"Type": "Map", "ItemProcessor": {"StartAt": "A", "States": states}, "MaxConcurrency": limit, "End": True}
    assert StateMachine({"StartAt": "Map", "States": {"Map": state}}).run([1, 2]).path == ["Map", *path]


@pytest.mark.parametrize("refused", [True, False])
def test_distributed__needs_the_right_to_start_its_children(refused: bool) -> None:
    asked: list[Any] = []

    def refuse(request: Any) -> Any:
        asked.append((request.resource.arn, request.payload))
        return StateFailure("States.TaskFailed", "not authorized") if refused else None

    running = machine(distributed=True).start([1])
    running.run.handlers.refuse = refuse
    running.advance()
    found = running.result()
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:StateMachine"
    assert asked[0] == ("arn:aws:states:::states:startExecution", {"StateMachineArn": arn})
    assert (found.error, found.cause) == (("States.Permissions", "not authorized") if refused else (None, None))
    assert ("MapRunStarted" in events(found)) is not refused
