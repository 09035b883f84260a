"""What an expression can see, and how its failures are told."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

import pytest

from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.expressions.environment import Clock, Environment, Scope
from pipeproof.stepfunctions.expressions.jsonata.errors import MEMORY

DOCUMENT = {"a": {"b": [1, 2]}, "text": "x"}
IN_INPUT = """in the input '{"a":{"b":[1,2]},"text":"x"}'"""
CONTEXT = {"State": {"Name": "S"}}
START = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


class Place(Environment):
    """An environment that counts how often the context object is asked for."""

    def __init__(self) -> None:
        self.asked = 0

    scope = Scope(Scope(None, {"outer": 1, "both": "outer"}), {"own": {"x": [7]}, "both": "own"})
    clock = Clock(START)
    random = Random(1)

    def context(self) -> dict[str, Any]:
        self.asked += 1
        return CONTEXT


def test_scope__an_inner_one_sees_the_outer_and_hides_it() -> None:
    assert dict(Place.scope.visible()) == {"outer": 1, "both": "own", "own": {"x": [7]}}


def test_scope__assigning_changes_its_own_level_alone() -> None:
    outer = Scope(None, {"x": 1})
    inner = Scope(outer)
    assert dict(inner.visible()) == {"x": 1}
    before = inner.visible()
    inner.assign({})
    assert inner.visible() is before
    inner.assign({"x": 2, "y": 3})
    assert dict(inner.visible()) == {"x": 2, "y": 3}
    inner.assign({"y": 4})
    assert dict(inner.visible()) == {"x": 2, "y": 4}
    assert dict(outer.visible()) == {"x": 1}
    assert Scope().visible() == {}


@pytest.mark.parametrize(
    ("start", "seconds", "text"),
    [
        (START, 0, "2026-01-02T03:04:05.678Z"),
        (START, 0.0004, "2026-01-02T03:04:05.678Z"),
        (START, 54.322, "2026-01-02T03:05:00.000Z"),
        (START, 86400, "2026-01-03T03:04:05.678Z"),
        (START.replace(tzinfo=None), 0, "2026-01-02T03:04:05.678Z"),
        (START.replace(tzinfo=timezone(timedelta(hours=2))), 0, "2026-01-02T01:04:05.678Z"),
    ],
)
def test_clock__writes_the_time_as_the_context_object_has_it(start: datetime, seconds: float, text: str) -> None:
    clock = Clock(start)
    assert clock.text(seconds) == text
    clock.now = seconds
    assert clock.text() == clock.text() == text
    assert clock.date() == (start if start.tzinfo else start.replace(tzinfo=UTC)) + timedelta(seconds=seconds)
    assert clock.millis() == int(clock.date().timestamp() * 1000)
    assert clock.text(seconds + 1) != text
    assert clock.text() == text


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", DOCUMENT),
        ("$.a.b[1]", 2),
        ("$$", CONTEXT),
        ("$$.State.Name", "S"),
        ("$own.x[0]", 7),
        ("$both", "own"),
        ("$outer", 1),
        ("States.Array($.text, $own.x[0], $$.State.Name)", ["x", 7, "S"]),
    ],
)
def test_query__finds_in_the_input_the_context_and_variables(path: str, found: Any) -> None:
    assert Place().query(path, DOCUMENT) == found
    assert Place().template(path, "f.$", DOCUMENT) == found


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("$.no", "Invalid path '$.no' : No results for path: $['no']"),
        ("$none", "Invalid path '$none' : No results for path: $['none']"),
        ("$own.y", "Invalid path '$own.y' : No results for path: $['y']"),
        ("$$.No.Thing", "Invalid path '$$.No.Thing' : Missing property in path $['No']"),
        ("$.", "Invalid path '$.' : a name is missing at column 3 of '$.'"),
        (
            "States.Array($.no)",
            f"The JSONPath '$.no' specified for the field 'States.Array($.no)' could not be found {IN_INPUT}",
        ),
        (
            "States.Nope()",
            "The intrinsic function 'States.Nope()' cannot be parsed: there is no intrinsic function States.Nope",
        ),
    ],
)
def test_query__says_what_it_did_not_find(path: str, cause: str) -> None:
    with pytest.raises(StateFailure) as failed:
        Place().query(path, DOCUMENT)
    assert (failed.value.error, failed.value.cause) == ("States.Runtime", cause)


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("$.no", "The JSONPath '$.no' specified for the field 'f.$' could not be found in the input '{\"c\":1}'"),
        ("$none", "The JSONPath '$none' specified for the field 'f.$' could not be found in the input '{\"c\":1}'"),
        (
            "States.Array($$.no)",
            "The JSONPath '$$.no' specified for the field 'f.$' could not be found in the input '{\"c\":1}'",
        ),
        ("$[", "Invalid path '$[' : a ']' is missing in '$['"),
        (
            "States.(",
            "The intrinsic function 'States.(' cannot be parsed: 'States.(' is not a call of an intrinsic function",
        ),
    ],
)
def test_template__says_which_field_found_nothing(path: str, cause: str) -> None:
    with pytest.raises(StateFailure) as failed:
        Place().template(path, "f.$", {"c": 1})
    assert (failed.value.error, failed.value.cause) == ("States.Runtime", cause)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("{% $states.input.a.b[1] %}", 2),
        ("{% $states.context.State.Name %}", "S"),
        ("{% $own.x[0] + $outer %}", 8),
        ("{% $both %}", "own"),
        ("{% $millis() %}", int(START.timestamp() * 1000)),
        ("{% $now() %}", "2026-01-02T03:04:05.678Z"),
        ("{%1%}", 1),
    ],
)
def test_jsonata__sees_states_variables_and_the_time(expression: str, value: Any) -> None:
    assert Place().jsonata(expression, "Output", {"input": DOCUMENT}) == value


@pytest.mark.parametrize(
    ("expression", "asked"),
    [
        ("{% 1 %}", 0),
        ("{% $states.input %}", 0),
        ("{% $states.inputs %}", 0),
        ("{% $statesman.context %}", 0),
        ("{% $states.context %}", 1),
        ("{% $count($states) %}", 1),
        ("{% $states.`context` %}", 1),
        ("{% $states.input & $states.context %}", 1),
        ("{% $states['context'] %}", 1),
    ],
)
def test_jsonata__makes_the_context_object_only_where_it_is_looked_at(expression: str, asked: int) -> None:
    place = Place()
    place.jsonata(expression.replace(" %}", "; true) %}").replace("{% ", "{% ("), "Output", {"input": 1})
    assert place.asked == asked


@pytest.mark.parametrize(
    ("expression", "ending"),
    [
        ("$none", "returned nothing (undefined)."),
        ("$sum", "returned an unsupported result type."),
        (
            "1 + 'a'",
            'threw an error during evaluation. T2002: The right side of the "+" operator must evaluate to a number',
        ),
        ("1 +", "threw an error during evaluation. Unexpected end of expression"),
        ("/(?x)/", "threw an error during evaluation: Invalid regular expression: /(?x)/: invalid group"),
        (
            "[1..900000]",
            f"threw an error during evaluation: {MEMORY}",
        ),
        ("$base64decode('!')", "threw an internal error during evaluation. $base64decode: '!' is not base64"),
    ],
)
def test_jsonata__says_how_it_failed(expression: str, ending: str) -> None:
    with pytest.raises(StateFailure) as failed:
        Place().jsonata(f"{{% {expression} %}}", "Output/x", {})
    assert failed.value.error == "States.QueryEvaluationError"
    assert failed.value.location == "Output/x"
    assert failed.value.cause == f"The JSONata expression '{expression}' specified for the field 'Output/x' {ending}"
