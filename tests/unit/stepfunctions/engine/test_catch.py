"""Catch, from the specification ("Error handling, Catchers") and the developer guide."""

import json
from typing import Any

import pytest

from pipeproof import StateMachine, returns, throws

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"


def catcher(*errors: str, **fields: Any) -> dict[str, Any]:
    return {"ErrorEquals": list(errors or ("States.ALL",)), "Next": "Rescue", **fields}


def machine(catchers: Any, **fields: Any) -> StateMachine:
    work = {"Type": "Task", "Resource": FUNCTION, "Catch": catchers, "Next": "Done", **fields}
    states = {"Work": work, "Done": {"Type": "Succeed"}, "Rescue": {"Type": "Pass", "End": True}}
    other = {"Other": {"Type": "Pass", "Result": "other", "End": True}}
    used = {entry["Next"] for entry in catchers}
    return StateMachine({"StartAt": "Work", "States": {**states, **(other if "Other" in used else {})}})


BOOM = {"Work": throws("Boom", "it broke")}


@pytest.mark.parametrize(
    ("names", "error", "caught"),
    [
        (["Boom"], "Boom", True),
        (["Bang"], "Boom", False),
        (["Bang", "Boom"], "Boom", True),
        (["States.ALL"], "Boom", True),
        (["States.TaskFailed"], "Boom", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["States.ALL"], "States.DataLimitExceeded", True),
        (["States.ALL"], "States.Runtime", False),
        (["States.Permissions"], "States.Permissions", True),
    ],
)
def test_catch__matches_error_names(names: list[str], error: str, caught: bool) -> None:
    execution = machine([catcher(*names)]).run(mocks={"Work": throws(error)}, check=False)
    assert execution.path == (["Work", "Rescue"] if caught else ["Work"])


def test_catch__hands_error_and_cause_on() -> None:
    assert machine([catcher()]).run({"a": 1}, BOOM).output == {"Error": "Boom", "Cause": "it broke"}


@pytest.mark.parametrize(
    ("result_path", "expected"),
    [
        ("$", {"Error": "Boom", "Cause": "it broke"}),
        ("$.problem", {"a": 1, "problem": {"Error": "Boom", "Cause": "it broke"}}),
        ("$.deep.down", {"a": 1, "deep": {"down": {"Error": "Boom", "Cause": "it broke"}}}),
        (None, {"a": 1}),
    ],
)
def test_catch__result_path(result_path: Any, expected: Any) -> None:
    assert machine([catcher(ResultPath=result_path)]).run({"a": 1}, BOOM).output == expected


def test_catch__the_first_catcher_that_matches_wins() -> None:
    catchers = [catcher("Bang"), catcher("Boom", Next="Other"), catcher()]
    assert machine(catchers).run(mocks=BOOM).output == "other"


def test_catch__result_path_applies_to_the_states_own_input() -> None:
    """InputPath narrows what the task gets, not what a Catcher adds to."""
    execution = machine([catcher(ResultPath="$.e")], InputPath="$.b").run({"a": 1, "b": 2}, BOOM)
    assert execution.output["a"] == 1


def test_catch__assigns_variables() -> None:
    states = {
        "Work": {
            "Type": "Task", "Resource": FUNCTION, "Next": "Rescue",
            "Catch": [catcher(Assign={"why.$": "$.Error"})],
        },
        "Rescue": {"Type": "Pass", "Parameters": {"why.$": "$why"}, "End": True},
    }  # fmt: skip
    assert StateMachine({"StartAt": "Work", "States": states}).run(mocks=BOOM).output == {"why": "Boom"}


def test_catch__jsonata_output_and_assign() -> None:
    catch = {
        "ErrorEquals": ["States.ALL"], "Next": "Rescue", "Assign": {"why": "{% $states.errorOutput.Error %}"},
        "Output": {"was": "{% $states.input.a %}", "cause": "{% $states.errorOutput.Cause %}"},
    }  # fmt: skip
    states = {
        "Work": {"Type": "Task", "Resource": FUNCTION, "Catch": [catch], "End": True},
        "Rescue": {"Type": "Pass", "Output": "{% $merge([$states.input, {'why': $why}]) %}", "End": True},
    }
    machine = StateMachine({"QueryLanguage": "JSONata", "StartAt": "Work", "States": states})
    assert machine.run({"a": 1}, BOOM).output == {"was": 1, "cause": "it broke", "why": "Boom"}


def test_catch__python_exceptions_are_named_as_lambda_names_them() -> None:
    class StockOut(Exception):  # noqa: N818 - a user's name
        pass

    def work(event: Any) -> Any:
        raise StockOut("none left")

    output = machine([catcher("StockOut")]).run(mocks={"Work": work}).output
    cause = json.loads(output["Cause"])
    assert (output["Error"], cause["errorType"], cause["errorMessage"]) == ("StockOut", "StockOut", "none left")
    assert "in work" in cause["stackTrace"][-1]


def test_catch__uncaught_errors_fail_the_execution() -> None:
    execution = machine([catcher("Bang")]).run(mocks=BOOM, check=False)
    assert (execution.status, execution.error, execution.cause) == ("FAILED", "Boom", "it broke")


def test_catch__does_not_catch_a_result_path_that_cannot_be_applied_by_another_name() -> None:
    execution = machine([catcher("Bang")], ResultPath="$.a.b").run({"a": 1}, {"Work": returns(2)}, check=False)
    assert execution.error == "States.ResultPathMatchFailure"


def test_catch__catches_a_result_path_that_cannot_be_applied() -> None:
    execution = machine([catcher("States.ResultPathMatchFailure")], ResultPath="$.a.b").run(
        {"a": 1}, {"Work": returns(2)}
    )
    assert execution.path == ["Work", "Rescue"]


def test_catch__catches_query_evaluation_errors() -> None:
    states = {
        "Work": {
            "Type": "Task", "Resource": FUNCTION, "Arguments": "{% $nothing %}", "End": True,
            "Catch": [catcher("States.QueryEvaluationError")],
        },
        "Rescue": {"Type": "Succeed"},
    }  # fmt: skip
    machine = StateMachine({"QueryLanguage": "JSONata", "StartAt": "Work", "States": states})
    assert machine.run().path == ["Work", "Rescue"]


def test_catch__a_missing_path_is_a_runtime_error_that_nothing_catches() -> None:
    execution = machine([catcher()], Parameters={"a.$": "$.missing"}).run(mocks={"Work": returns(1)}, check=False)
    assert execution.error == "States.Runtime"
    assert "'$.missing' specified for the field 'a.$'" in execution.cause


def test_catch__the_way_out_counts_as_covered() -> None:
    execution = machine([catcher("Bang"), catcher()]).run(mocks=BOOM)
    from pipeproof.stepfunctions.reporting.coverage import measure_coverage

    items = measure_coverage(execution.definition, execution.hits).items
    assert (items["catcher:Work:0"], items["catcher:Work:1"], items["state:Done"]) == (0, 1, 0)
