"""How long executions last and how long their histories get, from the quotas of Standard and Express."""

from pathlib import Path
from typing import Any

import pytest

from pipeproof import StateMachine, returns

TEMPLATE = """
Resources:
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Type: EXPRESS
      Definition: {StartAt: A, States: {A: {Type: Wait, Seconds: 301, End: true}}}
"""
YEAR = 31_536_000


def waiting(seconds: float, **fields: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": seconds, "End": True}}, **fields}


@pytest.mark.parametrize(
    ("kind", "definition", "status", "elapsed"),
    [
        ("EXPRESS", waiting(300), "SUCCEEDED", 300),
        ("EXPRESS", waiting(301), "TIMED_OUT", 300),
        ("EXPRESS", waiting(301, TimeoutSeconds=900), "TIMED_OUT", 300),
        ("EXPRESS", waiting(301, TimeoutSeconds=9), "TIMED_OUT", 9),
        ("STANDARD", waiting(301), "SUCCEEDED", 301),
        ("STANDARD", waiting(YEAR), "SUCCEEDED", YEAR),
        ("STANDARD", waiting(YEAR + 1), "TIMED_OUT", YEAR),
    ],
)
def test_time__of_each_type(kind: str, definition: Any, status: str, elapsed: float) -> None:
    execution = StateMachine(definition, type=kind).run(check=False)
    assert (execution.status, execution.elapsed) == (status, elapsed)
    assert execution.events[-1].type == ("ExecutionTimedOut" if status == "TIMED_OUT" else "ExecutionSucceeded")


def test_time__a_task_that_takes_too_long() -> None:
    task = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}
    machine = StateMachine({"StartAt": "A", "States": {"A": task}}, type="EXPRESS")
    assert machine.run(mocks={"A": returns(1, after=400)}, check=False).status == "TIMED_OUT"


@pytest.mark.parametrize(("kind", "status"), [("STANDARD", "FAILED"), ("EXPRESS", "SUCCEEDED")])
def test_history__express_has_no_limit(kind: str, status: str) -> None:
    states = {
        "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
        "Enough": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericGreaterThan": 7_000, "Next": "Done"}],
            "Default": "Count",
        },
        "Done": {"Type": "Succeed"},
    }
    execution = StateMachine({"StartAt": "Count", "States": states}, type=kind).run({"n": 0}, check=False)
    assert execution.status == status
    assert (len(execution.events) > 27_000) == (status == "SUCCEEDED")


def test_type__is_the_templates(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(TEMPLATE)
    assert StateMachine(file).settings.type == "EXPRESS"
    assert StateMachine(file).run(check=False).status == "TIMED_OUT"
    assert StateMachine(file, type="STANDARD").run().status == "SUCCEEDED"
