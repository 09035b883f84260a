"""The names that expressions use."""

from typing import Any

import pytest

from pipeproof.stepfunctions.definition.source import Document
from pipeproof.stepfunctions.definition.validation import validate

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"


def findings(state: dict[str, Any], language: str = "JSONata") -> list[tuple[str, str]]:
    states = {"A": {**state, "Next": "Z"}, "Z": {"Type": "Succeed"}}
    found = validate(Document({"QueryLanguage": language, "StartAt": "A", "States": states}))
    return [(finding.code, finding.severity) for finding in found]


@pytest.mark.parametrize(
    "expression",
    [
        "$states.input.a",
        "$states.result",
        "$states.context.Execution.Id",
        "$sum([1, 2])",
        "$uuid() & $hash('a', 'MD5') & $string($partition([1], 1)) & $string($range(1, 2, 1)) & $parse('1')",
        "$now() & $string($random())",
        "($x := 1; $x + 1)",
        "($f := function($a, $b) { $a + $b }; $f(1, 2))",
        "$map($states.input.xs, function($v, $i) { $v * $i })",
        "$map($states.input.xs, λ($v) { $v })",
        "$states.input.xs[$ > 5]",
        "$states.input.xs#$i.{'index': $i}",
        "$states.input.xs@$x.{'x': $x}",
        "'$no is a text' & \"$$\"",
        "/* $no */ 1",
        "$states.input.`$no`",
        "$known + 1",
        "$states . input",
    ],
)
def test_jsonata__known_names(expression: str) -> None:
    assert (
        findings({"Type": "Task", "Resource": FUNCTION, "Output": f"{{% {expression} %}}", "Assign": {"known": 1}})
        == []
    )


@pytest.mark.parametrize(
    "expression", ["$no", "$no + 1", "$states.input.a & $no.b", "$sums([1])", "function() { $no }"]
)
def test_jsonata__names_that_nothing_assigns_are_doubtful(expression: str) -> None:
    assert findings({"Type": "Pass", "Output": {"deep": [f"{{% {expression} %}}"]}}) == [("SFN306", "warning")]


@pytest.mark.parametrize(
    "expression",
    [
        "name",
        "customer.name",
        "name & 'x'",
        "'x' & name",
        "$sum(prices)",
        "[name]",
        "{'a': name}",
        "name ? 1 : 2",
        "true ? name : 2",
        "($x := name; $x)",
        "name[0]",
        "name[$ > 1].other",
        "name^(a)",
        "-name",
        "`a b`",
        "$exists(name)",
        "name ~> $sum",
    ],
)
def test_jsonata__bare_names_find_nothing(expression: str) -> None:
    assert findings({"Type": "Pass", "Output": f"{{% {expression} %}}"}) == [("SFN306", "warning")]


@pytest.mark.parametrize(
    "expression",
    [
        "$states.input.xs[a = 1].b",
        "$states.input.xs.(a + b)",
        "$states.input.xs.{'k': a}",
        "$states.input.xs{a: b}",
        "$states.input.xs^(a)",
        "$states.input.xs.$sum(a)",
        "$map($states.input.xs, function($v) { $v.a })",
        "$states.input.xs@$x.a[b = $x.c]",
        "$states.input ~> |xs|{'a': b}|",
        "$states.input.and",
        "null",
        "'text'",
    ],
)
def test_jsonata__names_on_what_stands_before_them(expression: str) -> None:
    assert findings({"Type": "Pass", "Output": f"{{% {expression} %}}"}) == []


@pytest.mark.parametrize("expression", ["$$", "$$.a", "$states.errorOutput"])
def test_jsonata__what_the_service_refuses(expression: str) -> None:
    assert findings({"Type": "Pass", "Output": f"{{% {expression} %}}"}) == [("SFN306", "error")]


def test_jsonata__the_error_is_there_in_a_catch() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "Z"}]
    assert findings({"Type": "Task", "Resource": FUNCTION, "Catch": catch}) == []


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"Parameters": {"x.$": "$no"}}, 1),
        ({"InputPath": "$no.a"}, 1),
        ({"Parameters": {"x.$": "$known.a"}, "Assign": {"known.$": "$.a"}}, 0),
        ({"Parameters": {"x": "$no"}}, 0),
        ({"Result": {"x.$": "{% $no %}"}}, 0),
        ({"InputPath": "$$.Execution.Input"}, 0),
        ({"InputPath": "$.a"}, 0),
    ],
)
def test_jsonpath__variables(fields: Any, found: int) -> None:
    assert findings({"Type": "Pass", **fields}, "JSONPath") == [("SFN306", "warning")] * found


def test_inner_states__are_looked_at_too() -> None:
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "Output": "{% $no %}", "End": True}}}
    assert findings({"Type": "Parallel", "Branches": [inner]}) == [("SFN306", "warning")]
    assert findings({"Type": "Map", "ItemProcessor": inner}) == [("SFN306", "warning")]
