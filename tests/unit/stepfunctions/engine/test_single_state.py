"""One state as TestState runs it: what its inspection data has, from the API's reference."""

import json
from typing import Any

import pytest

from pipeproof import StateMachine, returns, throws
from pipeproof.stepfunctions.engine.single_state import UnitOptions

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
