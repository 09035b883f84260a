"""Pass, Wait, Succeed and Fail, from the specification's sections on them and what the service words."""

from typing import Any

import pytest

from pipeproof import StateMachine

PREFIX = "An error occurred while executing the state 'S' (entered at the event id #2). "


def run(state: dict[str, Any], given: Any = None, language: str = "JSONPath") -> Any:
    ends = {} if state["Type"] in ("Succeed", "Fail") else {"End": True}
    machine = StateMachine({"QueryLanguage": language, "StartAt": "S", "States": {"S": {**state, **ends}}})
    return machine.run(given, check=False)


@pytest.mark.parametrize(
    ("state", "given", "seconds"),
    [
        ({"Seconds": 0}, {}, 0),
        ({"Seconds": 90}, {}, 90),
        ({"Seconds": 31_000_000}, {}, 31_000_000),
        ({"SecondsPath": "$.s"}, {"s": 7}, 7),
        ({"SecondsPath": "$.s"}, {"s": 7.0}, 7),
        ({"SecondsPath": "$.s"}, {"s": 0}, 0),
        ({"Timestamp": "2026-01-01T00:01:00Z"}, {}, 60),
        ({"Timestamp": "2026-01-01T00:01:00.5Z"}, {}, 60.5),
        ({"Timestamp": "2026-01-01T01:01:00+01:00"}, {}, 60),
        ({"Timestamp": "2025-01-01T00:00:00Z"}, {}, 0),
        ({"TimestampPath": "$.t"}, {"t": "2026-01-01T00:01:00Z"}, 60),
        ({"TimestampPath": "$.t"}, {"t": "2020-01-01T00:01:00Z"}, 0),
    ],
)
def test_wait__takes_so_long(state: Any, given: Any, seconds: float) -> None:
    execution = run({"Type": "Wait", **state}, given)
    assert (execution.status, execution.elapsed, execution.output) == ("SUCCEEDED", seconds, given)


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (1.5, "The SecondsPath parameter cannot be parsed as a long value: $.s == 1.5"),
        ("5", "The SecondsPath parameter cannot be parsed as a long value: $.s == 5"),
        ("soon", "The SecondsPath parameter cannot be parsed as a long value: $.s == soon"),
        (None, "The SecondsPath parameter cannot be parsed as a long value: $.s == null"),
        (True, "The SecondsPath parameter cannot be parsed as a long value: $.s == true"),
        ([1], "The SecondsPath parameter cannot be parsed as a long value: $.s == [1]"),
        (-1, "The SecondsPath parameter references a negative value: $.s == -1"),
        (100_000_000, "Wait state delay is too long."),
    ],
)
def test_wait__seconds_path_that_gives_no_seconds(value: Any, cause: str) -> None:
    execution = run({"Type": "Wait", "SecondsPath": "$.s"}, {"s": value})
    assert (execution.error, execution.cause) == ("States.Runtime", PREFIX + cause)


def test_wait__seconds_path_that_leads_nowhere() -> None:
    execution = run({"Type": "Wait", "SecondsPath": "$.s"})
    assert execution.cause == f"{PREFIX}The SecondsPath parameter does not reference an input value: $.s"


@pytest.mark.parametrize("value", ["2026-01-01", "2026-01-01T00:00:00", "soon", 5, None])
def test_wait__timestamp_path_that_gives_no_timestamp(value: Any) -> None:
    execution = run({"Type": "Wait", "TimestampPath": "$.t"}, {"t": value})
    shown = "null" if value is None else value
    assert execution.cause == (
        f"{PREFIX}The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format "
        f"string: $.t == {shown}"
    )


@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        ({"Seconds": "{% $states.input.s %}"}, 7),
        ({"Seconds": 3}, 3),
        ({"Timestamp": "{% '2026-01-01T00:01:00Z' %}"}, 60),
    ],
)
def test_wait__jsonata(state: Any, seconds: float) -> None:
    assert run({"Type": "Wait", **state}, {"s": 7}, "JSONata").elapsed == seconds


@pytest.mark.parametrize(
    "field", [{"Seconds": "{% -1 %}"}, {"Seconds": "{% 1.5 %}"}, {"Seconds": "{% 'x' %}"}, {"Timestamp": "{% 5 %}"}]
)
def test_wait__jsonata_that_gives_neither(field: Any) -> None:
    assert run({"Type": "Wait", **field}, language="JSONata").error == "States.QueryEvaluationError"


@pytest.mark.parametrize(
    ("state", "given", "output"),
    [
        ({}, {"a": 1}, {"a": 1}),
        ({"Result": 7}, {"a": 1}, 7),
        ({"Result": None}, {"a": 1}, None),
        ({"Result": {"x.$": "$.a"}}, {"a": 1}, {"x.$": "$.a"}),
        ({"Result": 7, "ResultPath": "$.r"}, {"a": 1}, {"a": 1, "r": 7}),
        ({"Result": 7, "ResultPath": "$.r.deep[0]"}, {"r": {"deep": [1, 2]}}, {"r": {"deep": [7, 2]}}),
        ({"Result": 7, "ResultPath": "$.r.deep"}, {"a": 1}, {"a": 1, "r": {"deep": 7}}),
        ({"Result": 7, "ResultPath": "$['a b']"}, {}, {"a b": 7}),
        ({"Result": 7, "ResultPath": None}, {"a": 1}, {"a": 1}),
        ({"Result": 7, "ResultPath": "$"}, {"a": 1}, 7),
        ({"InputPath": "$.a"}, {"a": {"b": 1}}, {"b": 1}),
        ({"InputPath": None}, {"a": 1}, {}),
        ({"InputPath": "$.a", "ResultPath": "$.r"}, {"a": 1}, {"a": 1, "r": 1}),
        ({"OutputPath": "$.a"}, {"a": 1}, 1),
        ({"OutputPath": None}, {"a": 1}, {}),
        ({"OutputPath": "$$.State.Name"}, {}, "S"),
        ({"InputPath": "$$.Execution.Input"}, {"a": 1}, {"a": 1}),
        (
            {"Parameters": {"x.$": "$.a", "y": [{"z.$": "$.b[0]"}], "c": "$.a"}},
            {"a": 1, "b": [2]},
            {"x": 1, "y": [{"z": 2}], "c": "$.a"},
        ),
        ({"Parameters": {"x.$": "$.a[*].b"}}, {"a": [{"b": 1}, {"c": 2}]}, {"x": [1]}),
        ({"Parameters": {"x.$": "$.a"}}, {"a": None}, {"x": None}),
        ({"Parameters": {"x.$": "$"}, "InputPath": "$.a"}, {"a": 1}, {"x": 1}),
        ({"Parameters": [1, {"x.$": "$.a"}]}, {"a": 1}, [1, {"x": 1}]),
        ({"Parameters": {}}, {"a": 1}, {}),
    ],
)
def test_pass__data(state: Any, given: Any, output: Any) -> None:
    execution = run({"Type": "Pass", **state}, given)
    assert (execution.status, execution.output) == ("SUCCEEDED", output)


@pytest.mark.parametrize(
    ("state", "given", "cause"),
    [
        ({"InputPath": "$.no"}, {}, "Invalid path '$.no' : No results for path: $['no']"),
        ({"OutputPath": "$.no"}, {}, "Invalid path '$.no' : No results for path: $['no']"),
        ({"InputPath": "$.a.b"}, {}, "Invalid path '$.a.b' : Missing property in path $['a']"),
        (
            {"Parameters": {"x.$": "$.no"}},
            {"a": 1},
            "The JSONPath '$.no' specified for the field 'x.$' could not be found in the input '{\"a\":1}'",
        ),
        (
            {"Parameters": {"deep": [{"x.$": "$.a[1]"}]}},
            {"a": [1]},
            "The JSONPath '$.a[1]' specified for the field 'x.$' could not be found in the input '{\"a\":[1]}'",
        ),
    ],
)
def test_pass__paths_that_lead_nowhere(state: Any, given: Any, cause: str) -> None:
    execution = run({"Type": "Pass", **state}, given)
    assert (execution.error, execution.cause) == ("States.Runtime", PREFIX + cause)


@pytest.mark.parametrize(
    ("path", "given"),
    [("$.a.b", {"a": 1}), ("$.a[0]", {"a": {}}), ("$.a[2]", {"a": [1]}), ("$.a.b", {"a": [1]}), ("$.x", [1])],
)
def test_pass__a_result_path_that_does_not_fit(path: str, given: Any) -> None:
    execution = run({"Type": "Pass", "Result": 7, "ResultPath": path}, given)
    assert execution.error == "States.ResultPathMatchFailure"


@pytest.mark.parametrize(
    ("state", "language", "error", "cause"),
    [
        ({}, "JSONPath", None, None),
        ({"Error": "E", "Cause": "C"}, "JSONPath", "E", "C"),
        ({"Error": "E"}, "JSONPath", "E", None),
        ({"Cause": "C"}, "JSONPath", None, "C"),
        ({"ErrorPath": "$.e", "CausePath": "$.c"}, "JSONPath", "from input", "why"),
        ({"ErrorPath": "$$.State.Name"}, "JSONPath", "S", None),
        ({"CausePath": "States.Format('{}: {}', $.e, $.n)"}, "JSONPath", None, "from input: 5"),
        ({"CausePath": "States.JsonToString($.n)"}, "JSONPath", None, "5"),
        ({"Error": "{% $states.input.e %}", "Cause": "{% 'c' & $states.input.n %}"}, "JSONata", "from input", "c5"),
    ],
)
def test_fail__error_and_cause(state: Any, language: str, error: str | None, cause: str | None) -> None:
    execution = run({"Type": "Fail", **state}, {"e": "from input", "c": "why", "n": 5}, language)
    assert (execution.status, execution.error, execution.cause) == ("FAILED", error, cause)


@pytest.mark.parametrize(
    ("state", "language", "error"),
    [
        ({"ErrorPath": "$.n"}, "JSONPath", "States.Runtime"),
        ({"CausePath": "$.no"}, "JSONPath", "States.Runtime"),
        ({"CausePath": "States.ArrayGetItem($.list, 9)"}, "JSONPath", "States.IntrinsicFailure"),
        ({"Error": "{% 5 %}"}, "JSONata", "States.QueryEvaluationError"),
        ({"Cause": "{% $no %}"}, "JSONata", "States.QueryEvaluationError"),
    ],
)
def test_fail__what_gives_no_text(state: Any, language: str, error: str) -> None:
    assert run({"Type": "Fail", **state}, {"n": 5, "list": []}, language).error == error


@pytest.mark.parametrize(
    ("state", "language", "output"),
    [
        ({}, "JSONPath", {"a": {"b": 1}}),
        ({"InputPath": "$.a"}, "JSONPath", {"b": 1}),
        ({"InputPath": "$.a", "OutputPath": "$.b"}, "JSONPath", 1),
        ({"OutputPath": None}, "JSONPath", {}),
        ({"Output": {"x": "{% $states.input.a.b %}", "y": "text"}}, "JSONata", {"x": 1, "y": "text"}),
        ({"Output": "{% $states.input.a %}"}, "JSONata", {"b": 1}),
        ({"Output": 5}, "JSONata", 5),
    ],
)
def test_succeed__data(state: Any, language: str, output: Any) -> None:
    assert run({"Type": "Succeed", **state}, {"a": {"b": 1}}, language).output == output
