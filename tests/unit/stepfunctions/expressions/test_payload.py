"""What a state makes of its input and result: InputPath, OutputPath, ResultPath, Assign and JSONata's templates."""

from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.expressions.environment import Clock, Environment, Scope
from pipeproof.stepfunctions.expressions.payload import assignments, fill_expressions, place_result, select

INPUT = {"a": {"b": 1}, "list": [1, {"c": 2}], "text": "x", "none": None}


class Place(Environment):
    """An environment with one variable, `$v`, and a context object of one field."""

    scope = Scope(None, {"v": 5})
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    random = Random(1)

    def context(self) -> dict[str, Any]:
        return {"Execution": {"Id": "e"}}


PLACE = Place()


@pytest.mark.parametrize("field", ["InputPath", "OutputPath"])
@pytest.mark.parametrize(
    ("path", "found"),
    [("$", INPUT), (None, {}), ("$.a", {"b": 1}), ("$.list[1].c", 2), ("$$.Execution.Id", "e"), ("$v", 5)],
)
def test_select__what_the_path_finds(field: str, path: str | None, found: Any) -> None:
    assert select({field: path}, field, INPUT, PLACE) == found


def test_select__everything_where_there_is_no_path() -> None:
    assert select({}, "InputPath", INPUT, PLACE) is INPUT
    assert select({"InputPath": "$.a"}, "OutputPath", INPUT, PLACE) is INPUT


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("$.no", "Invalid path '$.no' : No results for path: $['no']"),
        ("$w", "Invalid path '$w' : No results for path: $['w']"),
        ("$.", "Invalid path '$.' : a name is missing at column 3 of '$.'"),
    ],
)
def test_select__a_path_that_finds_nothing(path: str, cause: str) -> None:
    with pytest.raises(StateFailure) as failed:
        select({"InputPath": path}, "InputPath", INPUT, PLACE)
    assert failed.value.error == "States.Runtime"
    assert failed.value.cause == cause


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, "r"),
        ({"ResultPath": "$"}, "r"),
        ({"ResultPath": None}, INPUT),
        ({"ResultPath": "$.new"}, {**INPUT, "new": "r"}),
        ({"ResultPath": "$.text"}, {**INPUT, "text": "r"}),
        ({"ResultPath": "$.a"}, {**INPUT, "a": "r"}),
        ({"ResultPath": "$.a.b"}, {**INPUT, "a": {"b": "r"}}),
        ({"ResultPath": "$.a.c"}, {**INPUT, "a": {"b": 1, "c": "r"}}),
        ({"ResultPath": "$.new.deep.er"}, {**INPUT, "new": {"deep": {"er": "r"}}}),
        ({"ResultPath": "$.list[0]"}, {**INPUT, "list": ["r", {"c": 2}]}),
        ({"ResultPath": "$.list[-1]"}, {**INPUT, "list": [1, "r"]}),
        ({"ResultPath": "$.list[-2]"}, {**INPUT, "list": ["r", {"c": 2}]}),
        ({"ResultPath": "$.list[1].c"}, {**INPUT, "list": [1, {"c": "r"}]}),
        ({"ResultPath": "$.list[1].d"}, {**INPUT, "list": [1, {"c": 2, "d": "r"}]}),
    ],
)
def test_place_result__where_it_goes(raw: dict[str, Any], expected: Any) -> None:
    before = repr(INPUT)
    assert place_result(raw, INPUT, "r") == expected
    assert repr(INPUT) == before


@pytest.mark.parametrize(
    "path", ["$.text.x", "$.none.x", "$.list.x", "$.list[2]", "$.list[-3]", "$.a[0]", "$.new[0]", "$.list[0].x"]
)
def test_place_result__only_through_what_is_there(path: str) -> None:
    with pytest.raises(StateFailure) as failed:
        place_result({"ResultPath": path}, INPUT, "r")
    assert failed.value.error == "States.ResultPathMatchFailure"
    told = f"Unable to apply ReferencePath {path} to the state's input: it does not lead through objects"
    assert failed.value.cause == told
    assert failed.value.wrap


@pytest.mark.parametrize("document", ["text", None, 5, [1]])
def test_place_result__into_what_is_no_object(document: Any) -> None:
    with pytest.raises(StateFailure):
        place_result({"ResultPath": "$.x"}, document, "r")


def test_place_result__a_text_that_is_no_path() -> None:
    with pytest.raises(StateFailure) as failed:
        place_result({"ResultPath": "$."}, INPUT, "r")
    assert failed.value.error == "States.Runtime"
    assert failed.value.cause == "Invalid path '$.' : a name is missing at column 3 of '$.'"


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{% $states.input.n + 1 %}", 3),
        ("{%$states.input.n%}", 2),
        ("{% $v %}", 5),
        ("{% $states.context.Execution.Id %}", "e"),
        ("plain", "plain"),
        ("{% half", "{% half"),
        ("half %}", "half %}"),
        (" {% 1 %}", " {% 1 %}"),
        ("{%}", "{%}"),
        (None, None),
        (True, True),
        (1.5, 1.5),
        ({"a": "{% 1 %}", "b": ["{% 2 %}", {"c": "{% 3 %}", "d": "x"}]}, {"a": 1, "b": [2, {"c": 3, "d": "x"}]}),
        ({"{% 1 %}": 2}, {"{% 1 %}": 2}),
        ([], []),
    ],
)
def test_fill_expressions__only_whole_texts_are_expressions(template: Any, value: Any) -> None:
    assert fill_expressions(template, "Output", {"input": {"n": 2}}, PLACE) == value


@pytest.mark.parametrize(
    ("template", "place"),
    [
        ("{% $none %}", "Output"),
        ({"a": "{% $none %}"}, "Output/a"),
        (["x", "{% $none %}"], "Output[1]"),
        ({"a": [{"b": "{% $none %}"}]}, "Output/a[0]/b"),
    ],
)
def test_fill_expressions__a_failure_says_where(template: Any, place: str) -> None:
    with pytest.raises(StateFailure) as failed:
        fill_expressions(template, "Output", {}, PLACE)
    assert failed.value.error == "States.QueryEvaluationError"
    told = f"The JSONata expression '$none' specified for the field '{place}' returned nothing (undefined)."
    assert failed.value.cause == told
    assert failed.value.location == place


@pytest.mark.parametrize(
    ("raw", "language", "expected"),
    [
        ({}, "JSONPath", {}),
        ({"Assign": {}}, "JSONata", {}),
        ({"Assign": {"x.$": "$.a.b", "y": 1}}, "JSONPath", {"x": 1, "y": 1}),
        ({"Assign": {"x": "{% $states.input %}", "y.$": "$.a"}}, "JSONata", {"x": "i", "y.$": "$.a"}),
        ({"Assign": {"x": "{% $v %}", "v": "{% $v + 1 %}", "w": "{% $v %}"}}, "JSONata", {"x": 5, "v": 6, "w": 5}),
    ],
)
def test_assignments__in_the_language_of_the_state(raw: dict[str, Any], language: str, expected: Any) -> None:
    assert dict(assignments(raw, language, INPUT, {"input": "i"}, PLACE)) == expected


@pytest.mark.parametrize(("prefix", "place"), [("", "Assign/x"), ("Catch[0]/", "Catch[0]/Assign/x")])
def test_assignments__a_failure_says_where(prefix: str, place: str) -> None:
    with pytest.raises(StateFailure) as failed:
        assignments({"Assign": {"x": "{% $none %}"}}, "JSONata", INPUT, {}, PLACE, prefix=prefix)
    assert f"specified for the field '{place}' returned nothing" in (failed.value.cause or "")
