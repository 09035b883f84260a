"""What a state that is run alone records of its steps."""

from typing import Any

import pytest

from pipeproof import StateMachine, returns

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
UUID = "States.UUID()"


def machine(**state: Any) -> StateMachine:
    return StateMachine({"StartAt": "S", "States": {"S": {"End": True, **state}}})


def echo(payload: Any) -> Any:
    return payload


def test_inspection__holds_the_payload_that_the_mock_got() -> None:
    task = machine(Type="Task", Resource=FUNCTION, Parameters={"id.$": UUID})
    result = task.run_state("S", mocks={"S": echo})
    assert result.inspection["afterParameters"] == result.inspection["result"] == result.output


def test_inspection__holds_the_arguments_that_the_mock_got() -> None:
    task = machine(Type="Task", QueryLanguage="JSONata", Resource=FUNCTION, Arguments={"id": "{% $uuid() %}"})
    result = task.run_state("S", mocks={"S": echo})
    assert result.inspection["afterArguments"] == result.output


def test_inspection__holds_the_result_that_the_state_placed() -> None:
    task = machine(Type="Task", Resource=FUNCTION, ResultSelector={"id.$": UUID}, ResultPath="$.made")
    result = task.run_state("S", {"a": 1}, {"S": returns({})})
    assert result.inspection["afterResultPath"] == result.output
    assert result.inspection["afterResultSelector"] == result.output["made"]


def test_inspection__holds_what_a_pass_state_made() -> None:
    result = machine(Type="Pass", Parameters={"id.$": UUID}).run_state("S")
    assert result.inspection["afterParameters"] == result.output


def test_inspection__ends_with_the_step_that_failed() -> None:
    task = machine(Type="Task", Resource=FUNCTION, Parameters={"a.$": "$.a"}, ResultPath="$.a.b.c")
    assert list(task.run_state("S", {"b": 1}, {"S": echo}).inspection) == ["input", "afterInputPath"]
    failed = task.run_state("S", {"a": 1}, {"S": echo})
    assert failed.error == "States.ResultPathMatchFailure"
    assert list(failed.inspection) == ["input", "afterInputPath", "afterParameters", "result", "afterResultSelector"]


@pytest.mark.parametrize(
    ("fields", "failures", "error"),
    [
        ({"ToleratedFailureCount": 1}, 1, None),
        ({"ToleratedFailureCount": 1}, 2, "States.ExceedToleratedFailureThreshold"),
        ({"ToleratedFailureCountPath": "$.most"}, 1, None),
        ({"ToleratedFailureCountPath": "$.most"}, 2, "States.ExceedToleratedFailureThreshold"),
    ],
)
def test_tolerance__of_a_mocked_map_in_any_form(fields: dict[str, Any], failures: int, error: str | None) -> None:
    from pipeproof.stepfunctions.engine.single_state import UnitOptions

    processor = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    mapping = machine(Type="Map", ItemsPath="$.items", ItemProcessor=processor, **fields)
    options = UnitOptions(iteration_failures=failures)
    result = mapping.run_state("S", {"items": [1], "most": 1}, {"S": returns([1])}, options=options)
    assert result.error == error
    assert result.inspection["toleratedFailureCount"] == 1


def test_steps__are_recorded_for_single_states_alone() -> None:
    execution = machine(Type="Pass").run()
    assert [visit.steps for visit in execution.visits] == [None]
