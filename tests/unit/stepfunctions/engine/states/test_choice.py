"""Choice states: every comparison with values of every type, from the specification's "Choice State"."""

from typing import Any

import pytest

from pipeproof import StateMachine, throws

EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+00:30"
VALUES: dict[str, Any] = {
    "null": None, "true": True, "false": False, "zero": 0, "one": 1, "half": 0.5, "empty": "", "a": "a", "b": "b",
    "digits": "1", "early": EARLY, "late": LATE, "array": [], "object": {},
}  # fmt: skip
KINDS = {
    "String": {"empty": "", "a": "a", "b": "b", "digits": "1", "early": EARLY, "late": LATE},
    "Numeric": {"zero": 0, "half": 0.5, "one": 1},
    "Timestamp": {"early": 0, "late": 1800},
    "Boolean": {"true": True, "false": False},
}
"""The values that a family of comparisons can compare, each with what is compared."""
ORDERS = {
    "Equals": lambda left, right: left == right,
    "LessThan": lambda left, right: left < right,
    "GreaterThan": lambda left, right: left > right,
    "LessThanEquals": lambda left, right: left <= right,
    "GreaterThanEquals": lambda left, right: left >= right,
}


def takes(rule: dict[str, Any], given: Any = VALUES) -> bool:
    """Whether the rule of a Choice holds."""
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "No"}
    machine = StateMachine(
        {"StartAt": "C", "States": {"C": choice, "Yes": {"Type": "Succeed"}, "No": {"Type": "Succeed"}}}
    )
    return machine.run(given).path == ["C", "Yes"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("family", ["String", "Numeric", "Timestamp"])
def test_comparison__of_each_value_with_each_literal(family: str, order: str) -> None:
    """Values of another type compare as false, whatever the order."""
    known = KINDS[family]
    for name in VALUES:
        for literal, right in known.items():
            expected = name in known and ORDERS[order](known[name], right)
            rule = {"Variable": f"$.{name}", f"{family}{order}": VALUES[literal]}
            assert takes(rule) == expected, rule


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("family", ["String", "Numeric", "Timestamp"])
def test_comparison__of_each_value_with_each_path(family: str, order: str) -> None:
    known = KINDS[family]
    for name in VALUES:
        for other in VALUES:
            both = name in known and other in known
            expected = both and ORDERS[order](known[name], known[other])
            rule = {"Variable": f"$.{name}", f"{family}{order}Path": f"$.{other}"}
            assert takes(rule) == expected, rule


@pytest.mark.parametrize("other", ["true", "false"])
def test_boolean_equals__is_true_for_the_same_boolean_alone(other: str) -> None:
    for name in VALUES:
        for operand in ({"BooleanEquals": VALUES[other]}, {"BooleanEqualsPath": f"$.{other}"}):
            assert takes({"Variable": f"$.{name}", **operand}) == (name == other), (name, operand)


@pytest.mark.parametrize(
    ("operator", "names"),
    [
        ("IsNull", {"null"}),
        ("IsBoolean", {"true", "false"}),
        ("IsNumeric", {"zero", "one", "half"}),
        ("IsString", {"empty", "a", "b", "digits", "early", "late"}),
        ("IsTimestamp", {"early", "late"}),
        ("IsPresent", set(VALUES)),
    ],
)
def test_type_test__of_each_value(operator: str, names: set[str]) -> None:
    for name in VALUES:
        assert takes({"Variable": f"$.{name}", operator: True}) == (name in names), name
        assert takes({"Variable": f"$.{name}", operator: False}) == (name not in names), name


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("log-*.txt", "log-20190101.txt", True),
        ("log-*.txt", "log-.txt", True),
        ("log-*.txt", "log-1.TXT", False),
        ("*", "", True),
        ("*", "any\nthing", True),
        ("a*b*c", "a--b--c", True),
        ("a*b*c", "a--c--b", False),
        ("a**c", "abc", True),
        ("", "", True),
        ("", "a", False),
        ("a", "ab", False),
        ("a.c", "abc", False),
        ("a.c", "a.c", True),
        ("[ab]", "a", False),
        ("a?", "ab", False),
        ("a?", "a?", True),
        (r"\*", "*", True),
        (r"\*", "a", False),
        (r"a\*c*", "a*cd", True),
        (r"a\\*", "a\\b", True),
        (r"a\\*", "ab", False),
        ("ü*", "über", True),
    ],
)
def test_string_matches__stars(pattern: str, text: str, matches: bool) -> None:
    assert takes({"Variable": "$.x", "StringMatches": pattern}, {"x": text}) == matches


@pytest.mark.parametrize("value", [None, True, 1, [], {}])
def test_string_matches__no_text_never_matches(value: Any) -> None:
    assert not takes({"Variable": "$.x", "StringMatches": "*"}, {"x": value})


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("2016-03-14T01:59:00Z", True),
        ("2016-03-14T01:59:00.123456789Z", True),
        ("2016-03-14T01:59:00+02:00", True),
        ("2016-03-14T01:59:00-00:00", True),
        ("2016-03-14T01:59Z", True),
        ("2016-03-14t01:59:00Z", False),
        ("2016-03-14T01:59:00z", False),
        ("2016-03-14 01:59:00Z", False),
        ("2016-03-14T01:59:00", False),
        ("2016-03-14", False),
        ("2016-13-14T01:59:00Z", False),
        ("2016-02-30T01:59:00Z", False),
        ("2016-03-14T25:59:00Z", False),
        ("2016-03-14T01:60:00Z", False),
        ("", False),
    ],
)
def test_is_timestamp__forms(text: str, is_one: bool) -> None:
    assert takes({"Variable": "$.x", "IsTimestamp": True}, {"x": text}) == is_one


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"And": [{"Variable": "$.one", "NumericEquals": 1}, {"Variable": "$.a", "StringEquals": "a"}]}, True),
        ({"And": [{"Variable": "$.one", "NumericEquals": 1}, {"Variable": "$.a", "StringEquals": "b"}]}, False),
        ({"Or": [{"Variable": "$.one", "NumericEquals": 2}, {"Variable": "$.a", "StringEquals": "a"}]}, True),
        ({"Or": [{"Variable": "$.one", "NumericEquals": 2}, {"Variable": "$.a", "StringEquals": "b"}]}, False),
        ({"Not": {"Variable": "$.one", "NumericEquals": 1}}, False),
        ({"Not": {"Variable": "$.a", "NumericEquals": 1}}, True),
        ({"And": [{"Variable": "$.no", "IsPresent": True}, {"Variable": "$.no", "NumericEquals": 1}]}, False),
        ({"Or": [{"Variable": "$.no", "IsPresent": False}, {"Variable": "$.no", "NumericEquals": 1}]}, True),
        ({"Not": {"And": [{"Variable": "$.no", "IsPresent": True}, {"Variable": "$.no", "IsNull": True}]}}, True),
        ({"Variable": "$.no", "IsPresent": False}, True),
        ({"Variable": "$.null", "IsPresent": True}, True),
        ({"Variable": "$$.State.Name", "StringEquals": "C"}, True),
        ({"Variable": "$$.State.Name", "StringEqualsPath": "$.a"}, False),
    ],
)
def test_rule__combinations(rule: Any, holds: bool) -> None:
    assert takes(rule) == holds


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({"Variable": "$.no", "StringEquals": "a"}, "$.no"),
        ({"Variable": "$.no.deep", "IsNull": True}, "$.no.deep"),
        ({"Variable": "$.a", "StringEqualsPath": "$.no"}, "$.no"),
        ({"Not": {"Variable": "$.no", "StringEquals": "a"}}, "$.no"),
        ({"Variable": "$.no", "IsString": False}, "$.no"),
    ],
)
def test_rule__a_missing_value_fails_the_state(rule: Any, path: str) -> None:
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "Yes"}], "Default": "Yes"}
    execution = StateMachine({"StartAt": "C", "States": {"C": choice, "Yes": {"Type": "Succeed"}}}).run(
        VALUES, check=False
    )
    assert execution.error == "States.Runtime"
    assert execution.cause == (
        "An error occurred while executing the state 'C' (entered at the event id #2). "
        f"Invalid path '{path}': The choice state's condition path references an invalid value."
    )


def jsonata(rules: list[Any], given: Any = None, **fields: Any) -> Any:
    states = {
        "C": {"Type": "Choice", "Choices": rules, "Default": "No", **fields},
        "Yes": {"Type": "Succeed"},
        "No": {"Type": "Succeed"},
    }
    return StateMachine({"QueryLanguage": "JSONata", "StartAt": "C", "States": states}).run(given, check=False)


def test_no_rule__fails_without_a_default() -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.one", "NumericEquals": 2, "Next": "Yes"}]}
    execution = StateMachine({"StartAt": "C", "States": {"C": choice, "Yes": {"Type": "Succeed"}}}).run(
        VALUES, check=False
    )
    assert execution.error == "States.NoChoiceMatched"


def test_no_rule__is_caught_by_the_state_around_it() -> None:
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.one", "NumericEquals": 2, "Next": "Yes"}]}
    branch = {"StartAt": "C", "States": {"C": choice, "Yes": {"Type": "Succeed"}}}
    work = {
        "Type": "Parallel",
        "Branches": [branch],
        "End": True,
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Rescue"}],
    }
    machine = StateMachine({"StartAt": "Work", "States": {"Work": work, "Rescue": {"Type": "Succeed"}}})
    assert machine.run(VALUES).path[-1] == "Rescue"


@pytest.mark.parametrize(
    ("condition", "path"),
    [("{% $states.input.x = 1 %}", "Yes"), ("{% $states.input.x = 2 %}", "No"), (True, "Yes"), (False, "No")],
)
def test_jsonata__condition(condition: Any, path: str) -> None:
    assert jsonata([{"Condition": condition, "Next": "Yes"}], {"x": 1}).path == ["C", path]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("{% $states.input.x %}", "Expected 'boolean', but was 'number' for value: 1"),
        ("{% 'a' %}", "Expected 'boolean', but was 'string' for value: \"a\""),
        ("{% null %}", "Expected 'boolean', but was 'null' for value: null"),
        ("{% [true] %}", "Expected 'boolean', but was 'array' for value: [true]"),
        ("{% {} %}", "Expected 'boolean', but was 'object' for value: {}"),
        ("{%$states.input.x%}", "Expected 'boolean', but was 'number' for value: 1"),
    ],
)
def test_jsonata__a_condition_that_is_no_boolean_fails(condition: str, found: str) -> None:
    execution = jsonata([{"Condition": False, "Next": "Yes"}, {"Condition": condition, "Next": "Yes"}], {"x": 1})
    assert execution.error == "States.QueryEvaluationError"
    assert execution.cause.endswith(
        f"The JSONata expression '{condition[2:-2].strip()}' specified for the field 'Choices[1]/Condition' "
        f"returned an unexpected result type. {found}"
    )


@pytest.mark.parametrize(
    ("rule", "fields", "location"),
    [
        ({"Condition": True, "Output": {"v": "{% $no %}"}}, {}, "Choices[1]/Output/v"),
        ({"Condition": True, "Output": "{% $no %}"}, {}, "Choices[1]/Output"),
        ({"Condition": True, "Assign": {"v": ["{% $no %}"]}}, {}, "Choices[1]/Assign/v[0]"),
        ({"Condition": "{% $no %}"}, {}, "Choices[1]/Condition"),
        ({"Condition": False}, {"Output": {"v": "{% $no %}"}}, "Output/v"),
        ({"Condition": False}, {"Assign": {"v": "{% $no %}"}}, "Assign/v"),
    ],
)
def test_jsonata__a_failure_names_its_place(rule: Any, fields: Any, location: str) -> None:
    execution = jsonata([{"Condition": False, "Next": "Yes"}, {**rule, "Next": "Yes"}], **fields)
    assert f"specified for the field '{location}' returned nothing" in execution.cause
    failed = next(event for event in execution.events if event.type == "EvaluationFailed")
    assert failed.details["location"] == location


@pytest.mark.parametrize(
    ("fields", "location"),
    [
        ({"Assign": {"v": "{% $no %}"}}, "Catch[0]/Assign/v"),
        ({"Output": {"v": "{% $no %}"}}, "Catch[0]/Output/v"),
        ({"Output": "{% $no %}"}, "Catch[0]/Output"),
    ],
)
def test_jsonata__a_failing_catcher_names_its_place(fields: Any, location: str) -> None:
    catcher = {"ErrorEquals": ["States.ALL"], "Next": "Yes", **fields}
    task = {
        "Type": "Task",
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "Catch": [catcher],
        "End": True,
    }
    states = {"T": task, "Yes": {"Type": "Succeed"}}
    machine = StateMachine({"QueryLanguage": "JSONata", "StartAt": "T", "States": states})
    execution = machine.run({}, mocks={"T": throws("Boom", "why")}, check=False)
    assert execution.error == "States.QueryEvaluationError"
    assert f"specified for the field '{location}' returned nothing" in execution.cause


def test_jsonata__a_rules_output_and_variables_stand_for_the_states() -> None:
    rule = {"Condition": True, "Output": {"rule": 1}, "Assign": {"v": 2}, "Next": "Yes"}
    execution = jsonata([rule], Output={"state": 1}, Assign={"v": 3})
    assert execution.output == {"rule": 1}
    assert execution.events[2].details["assignedVariables"] == {"v": 2}
    other = jsonata([{**rule, "Condition": False}], Output={"state": 1}, Assign={"v": 3})
    assert other.output == {"state": 1}
    assert other.events[2].details["assignedVariables"] == {"v": 3}


def test_jsonata__a_rule_without_output_leaves_the_input_as_it_is() -> None:
    """The state's own Output belongs to the default."""
    rules = [{"Condition": "{% $states.input.x = 1 %}", "Assign": {"v": 2}, "Next": "Yes"}]
    execution = jsonata(rules, {"x": 1}, Output={"state": 1})
    assert execution.output == {"x": 1}
    assert execution.events[2].details["assignedVariables"] == {"v": 2}
    assert jsonata(rules, {"x": 2}, Output={"state": 1}).output == {"state": 1}


def test_choice__sets_variables_from_its_context() -> None:
    rule = {"Variable": "$.x", "NumericEquals": 1, "Next": "Yes", "Assign": {"by.$": "$$.State.Name"}}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "Yes", "Assign": {"by.$": "$$.Execution.Name"}}
    shown = {"Type": "Pass", "Parameters": {"by.$": "$by"}, "End": True}
    machine = StateMachine({"StartAt": "C", "States": {"C": choice, "Yes": shown}})
    assert machine.run({"x": 1}).output == {"by": "C"}
    assert machine.run({"x": 2}, execution_name="night").output == {"by": "night"}
