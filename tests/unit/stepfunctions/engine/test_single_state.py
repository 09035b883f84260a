"""One state as TestState runs it: what its inspection data has, from the API's reference."""

import json
from typing import Any

import pytest

from pipeproof import StateMachine, returns, throws
from pipeproof.stepfunctions.answers.requests import Reply
from pipeproof.stepfunctions.engine.single_state import UnitOptions, _token_of

INNER = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
DISTRIBUTED = {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
READER = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
GIVEN = {"items": [1, 2, 3], "x": 9}


def run(state: dict[str, Any], mock: Any = None, given: Any = GIVEN, language: str = "JSONPath", **options: Any) -> Any:
    state = {"End": True, **state} if state["Type"] not in ("Succeed", "Fail", "Choice") else state
    targets = {entry["Next"]: {"Type": "Succeed"} for entry in state.get("Catch", ())}
    machine = StateMachine({"QueryLanguage": language, "StartAt": "S", "States": {"S": state, **targets}})
    variables = options.pop("variables", None)
    return machine.run_state(
        "S", given, {"S": mock} if mock else None, variables=variables, options=UnitOptions(**options)
    )


@pytest.mark.parametrize(
    ("fields", "seen"),
    [
        ({"ItemsPath": "$.items"}, {"afterItemsPath": [1, 2, 3]}),
        ({"ItemsPath": "$.items", "MaxConcurrency": 2}, {"maxConcurrency": 2}),
        ({"ItemsPath": "$.items", "MaxConcurrencyPath": "$.x"}, {"maxConcurrency": 9}),
        ({"ItemsPath": "$.items", "ToleratedFailureCountPath": "$.x"}, {"toleratedFailureCount": 9}),
        ({"ItemsPath": "$.items", "ToleratedFailurePercentage": 5}, {"toleratedFailurePercentage": 5.0}),
        (
            {
                "ItemsPath": "$.items",
                "ItemSelector": {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "x.$": "$.x"},
            },
            {"afterItemSelector": [{"v": 1, "i": 0, "x": 9}, {"v": 2, "i": 1, "x": 9}, {"v": 3, "i": 2, "x": 9}]},
        ),
        (
            {"ItemsPath": "$.items", "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"x.$": "$.x"}}},
            {"afterItemBatcher": [{"BatchInput": {"x": 9}, "Items": [1, 2]}, {"BatchInput": {"x": 9}, "Items": [3]}]},
        ),
        ({"ItemsPath": "$.items", "ResultSelector": {"first.$": "$[0]"}}, {"afterResultSelector": {"first": "r"}}),
        ({"InputPath": "$.items"}, {"afterInputPath": [1, 2, 3]}),
    ],
)
def test_map__what_is_seen(fields: Any, seen: Any) -> None:
    found = run(
        {"Type": "Map", "ItemProcessor": DISTRIBUTED, **fields},
        returns(
            ["r"],
        ),
    ).inspection
    assert {key: found[key] for key in seen} == seen


def test_map__what_is_seen_in_jsonata() -> None:
    state = {"Type": "Map", "ItemProcessor": INNER, "Items": "{% $states.input.items %}"}
    state["ItemSelector"] = {"v": "{% $states.context.Map.Item.Value * 2 %}"}
    found = run(state, returns([7]), language="JSONata").inspection
    assert found == {"input": GIVEN, "maxConcurrency": 0, "afterItemSelector": [{"v": 2}, {"v": 4}, {"v": 6}]}


@pytest.mark.parametrize(
    ("config", "data", "items"),
    [
        ({"InputType": "JSON"}, "[1, 2]", [1, 2]),
        ({"InputType": "JSON"}, [1, 2], [1, 2]),
        ({"InputType": "JSONL"}, "1\n2", [1, 2]),
        ({"InputType": "CSV"}, "a\n1\n", [{"a": "1"}]),
        ({"InputType": "JSON", "MaxItems": 1}, "[1, 2]", [1]),
        ({"InputType": "JSON", "ItemsPointer": "/deep"}, '{"deep": [5]}', [5]),
    ],
)
def test_map__data_of_the_reader(config: Any, data: Any, items: list[Any]) -> None:
    selector = {"v.$": "$$.Map.Item.Value"}
    state = {
        "Type": "Map",
        "ItemReader": {**READER, "ReaderConfig": config},
        "ItemSelector": selector,
        "ItemProcessor": DISTRIBUTED,
    }
    found = run(state, returns([]), item_reader_data=data).inspection
    assert [item["v"] for item in found["afterItemSelector"]] == items
    assert found.get("afterItemsPointer") == ([5] if "ItemsPointer" in config else None)


@pytest.mark.parametrize(
    ("fields", "failures", "status"),
    [
        ({}, 3, "SUCCEEDED"),
        ({"ToleratedFailureCount": 1}, 1, "SUCCEEDED"),
        ({"ToleratedFailureCount": 1}, 2, "FAILED"),
        ({"ToleratedFailurePercentage": 34}, 1, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 34}, 2, "FAILED"),
        ({"ToleratedFailurePercentage": 0}, 0, "SUCCEEDED"),
        ({"ToleratedFailureCount": 5, "ToleratedFailurePercentage": 10}, 1, "FAILED"),
    ],
)
def test_map__failed_iterations(fields: Any, failures: int, status: str) -> None:
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": DISTRIBUTED, **fields}
    result = run(state, returns([1]), iteration_failures=failures)
    assert result.status == status
    assert result.error == ("States.ExceedToleratedFailureThreshold" if status == "FAILED" else None)


@pytest.mark.parametrize(
    ("count", "status", "wait"), [(0, "RETRIABLE", 2), (1, "RETRIABLE", 6), (2, "CAUGHT_ERROR", None)]
)
def test_retry__then_catch(count: int, status: str, wait: float | None) -> None:
    retry = [
        {"ErrorEquals": ["Other"]},
        {"ErrorEquals": ["Boom"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 2},
    ]
    catch = [{"ErrorEquals": ["Boom"], "ResultPath": "$.error", "Assign": {"why.$": "$.Cause"}, "Next": "Rescue"}]
    state = {
        "Type": "Task",
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "Retry": retry,
        "Catch": catch,
    }
    result = run(state, throws("Boom", "why"), retry_count=count)
    assert (result.status, result.error, result.cause) == (status, "Boom", "why")
    details = result.inspection["errorDetails"]
    assert details == ({"retryIndex": 1, "retryBackoffIntervalSeconds": wait} if wait else {"catchIndex": 0})
    if wait is None:
        assert result.output == {**GIVEN, "error": {"Error": "Boom", "Cause": "why"}}
        assert (result.next_state, result.inspection["variables"]) == ("Rescue", {"why": "why"})


def test_variables__those_given_and_those_set() -> None:
    state = {"Type": "Pass", "Assign": {"new.$": "$.x"}}
    assert run(state, variables={"old": 1}).inspection["variables"] == {"old": 1, "new": 9}
    assert "variables" not in run({"Type": "Pass"}).inspection


@pytest.mark.parametrize(
    ("state", "language", "seen"),
    [
        (
            {"Type": "Pass", "InputPath": "$.x"},
            "JSONPath",
            ["afterInputPath", "afterParameters", "afterResultPath", "afterResultSelector", "input"],
        ),
        ({"Type": "Pass", "Output": 1}, "JSONata", ["input"]),
        ({"Type": "Wait", "Seconds": 1}, "JSONPath", ["afterInputPath", "input"]),
        ({"Type": "Wait", "Seconds": 1}, "JSONata", ["input"]),
        ({"Type": "Succeed"}, "JSONPath", ["afterInputPath", "input"]),
        ({"Type": "Fail"}, "JSONPath", ["afterInputPath", "input"]),
        ({"Type": "Fail"}, "JSONata", ["input"]),
    ],
)
def test_kinds__what_is_seen(state: Any, language: str, seen: list[str]) -> None:
    assert sorted(run(state, language=language).inspection) == seen


def test_input__is_json() -> None:
    assert json.loads(json.dumps(dict(run({"Type": "Pass"}).inspection)))["input"] == GIVEN


def test_token__that_nobody_sends_back_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    class Outside:
        def call(self, request: Any) -> Reply:
            return Reply(submitted={}, waits=True)

    state = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": True}
    machine = StateMachine({"StartAt": "S", "States": {"S": state}})
    monkeypatch.setattr("pipeproof.stepfunctions.machine.active_backends", lambda *_: (Outside(),))
    result = machine.run_state("S")
    assert (result.status, result.error) == ("FAILED", "States.Timeout")
    assert result.cause == "The state waits for a task token that nobody sends back."


def test_context__is_made_up_of_the_input() -> None:
    found = run({"Type": "Pass", "Parameters": {"input.$": "$$.Execution.Input", "all.$": "$$.Execution"}})
    assert found.output["input"] == GIVEN
    assert "RedriveCount" not in found.output["all"]
    assert found.output["all"]["Name"] == "test-state"


def test_map__source_of_the_items() -> None:
    selector = {"s.$": "$$.Map.Item.Source"}
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": INNER, "ItemSelector": selector}
    assert run(state, returns([])).inspection["afterItemSelector"] == [{"s": "STATE_DATA"}] * 3


def test_map__that_throws_by_its_mock() -> None:
    result = run({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": INNER}, throws("Boom", "why"))
    assert (result.status, result.error, result.cause) == ("FAILED", "Boom", "why")
    assert result.inspection["afterItemsPath"] == [1, 2, 3]


def test_map__without_a_mock_its_states_run() -> None:
    result = run({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": INNER})
    assert (result.status, result.output, result.next_state) == ("SUCCEEDED", [1, 2, 3], None)


def test_next__is_told() -> None:
    states = {"S": {"Type": "Pass", "Next": "Z"}, "Z": {"Type": "Succeed"}}
    machine = StateMachine({"StartAt": "S", "States": states})
    assert machine.run_state("S").next_state == "Z"
    assert machine.run_state("Z").next_state is None


@pytest.mark.parametrize(("context", "token"), [({"Task": {"Token": "t"}}, "t"), ({"Task": {}}, None), ({}, None)])
def test_context__given_one_has_the_token(context: dict[str, Any], token: str | None) -> None:
    machine = StateMachine(
        {"StartAt": "S", "States": {"S": {"Type": "Pass", "Parameters": {"c.$": "$$"}, "End": True}}}
    )
    assert machine.run_state("S", context=context).output == {"c": context}
    assert _token_of(context) == token
