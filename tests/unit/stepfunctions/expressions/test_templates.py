"""Payload templates, and definitions that change under them."""

from typing import Any

import pytest

from pipeproof import ExecutionFailed, StateMachine


def pass_with(parameters: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": parameters, "End": True}}}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ({"x": 1, "y": [True, None]}, {"x": 1, "y": [True, None]}),
        ({"x.$": "$.a"}, {"x": 1}),
        ({"x.$": "$.b.c"}, {"x": [2, 3]}),
        ({"x.$": "$.b.c[1]"}, {"x": 3}),
        ({"x.$": "$.b.c[*]"}, {"x": [2, 3]}),
        ({"x.$": "$"}, {"x": {"a": 1, "b": {"c": [2, 3]}}}),
        ({"x.$": "$$.State.Name"}, {"x": "A"}),
        ({"x": [{"y.$": "$.a"}, {"z": "$.a"}]}, {"x": [{"y": 1}, {"z": "$.a"}]}),
        ({"x": {"y.$": "States.MathAdd($.a, 1)", "z": 0}}, {"x": {"y": 2, "z": 0}}),
    ],
)
def test_templates__each_kind_of_field(template: Any, value: Any) -> None:
    machine = StateMachine(pass_with(template))
    document = {"a": 1, "b": {"c": [2, 3]}}
    assert machine.run(document).output == machine.run(document).output == value


@pytest.mark.parametrize("path", ["$.c", "$.a.b", "$.b.c.d", "$.b.c[7]", "$.t.u"])
def test_templates__a_path_that_leads_nowhere_says_so_each_time(path: str) -> None:
    machine = StateMachine(pass_with({"x.$": path}))
    for _ in range(2):
        with pytest.raises(ExecutionFailed, match="could not be found in the input"):
            machine.run({"a": 1, "b": {"c": [2, 3]}, "t": "text"})


def test_templates__a_definition_that_changes_later_is_another_machine() -> None:
    definition = pass_with({"x.$": "$.a", "y": {"z": 1}})
    before = StateMachine(definition)
    before.run({"a": 1})
    definition["States"]["A"]["Parameters"]["x.$"] = "$.b"
    assert StateMachine(definition).run({"a": 1, "b": 2}).output["x"] == 2
    assert before.run({"a": 1, "b": 2}).output["x"] == 1


def test_templates__what_a_test_does_to_a_payload_stays_there() -> None:
    states = {"A": {"Type": "Pass", "Parameters": {"y": {"z": [1]}}, "Next": "B"}, "B": {"Type": "Succeed"}}
    machine = StateMachine({"StartAt": "A", "States": states})
    machine.run({}).inputs("B")[0]["y"]["z"].append(2)
    assert machine.run({}).output == {"y": {"z": [1]}}
