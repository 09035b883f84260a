"""Options that cannot have the value that they have are refused where they are given."""

from typing import Any

import pytest

from pipeproof import MachineOptionError, StateMachine, callback, returns, throws
from pipeproof.stepfunctions.engine.single_state import UnitOptions

PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
TASK = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": True}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"type": "EXPRES"}, r"type cannot be 'EXPRES'\n.*STANDARD or EXPRESS; did you mean 'EXPRESS'\?"),
        ({"validation": "STRIKT"}, r"validation cannot be 'STRIKT'\n.*did you mean 'STRICT'\?"),
        ({"validation": True}, r"validation cannot be True\n  it is STRICT or PRESENT or NONE"),
        ({"payload_limit": -1}, r"payload_limit cannot be -1\n  it is a positive whole number, or None for no limit"),
        ({"payload_limit": 0}, "payload_limit cannot be 0"),
        ({"event_limit": -25_000}, "event_limit cannot be -25000"),
        ({"event_limit": 1.5}, "event_limit cannot be 1.5"),
        ({"event_limit": True}, "event_limit cannot be True"),
        ({"handler_limit": -0.5}, r"handler_limit cannot be -0.5\n  it is a positive number of seconds"),
        ({"handler_limit": "3"}, "handler_limit cannot be '3'"),
    ],
)
def test_machine__refuses_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MachineOptionError, match=message):
        StateMachine(PASS, **options)


@pytest.mark.parametrize("options", [{"type": "express"}, {"validation": "none"}, {"handler_limit": 0.5}])
def test_machine__takes_options(options: dict[str, Any]) -> None:
    assert StateMachine(PASS, **options).run().status == "SUCCEEDED"


def test_machine__takes_none_for_no_limit() -> None:
    machine = StateMachine(PASS, payload_limit=None, event_limit=None, handler_limit=None)
    assert machine.run("x" * 300_000).status == "SUCCEEDED"


@pytest.mark.parametrize("after", [-1, float("nan"), float("inf"), "3", None])
def test_mocks__refuse_such_times(after: Any) -> None:
    for mock in (
        lambda: returns(1, after=after),
        lambda: throws("E", after=after),
        lambda: callback(print, after=after),
    ):
        with pytest.raises(MachineOptionError, match=r"after cannot be .*\n  it is a number of seconds, from 0"):
            mock()


def test_context__cannot_take_negative_seconds() -> None:
    """Virtual time goes on, as real time does; a Catcher shall not deal with it either."""
    states = {"T": {**TASK, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "T"}]}}
    with pytest.raises(MachineOptionError, match=r"takes\(seconds\) cannot be -1"):
        StateMachine({"StartAt": "T", "States": states}).run(mocks={"T": lambda event, context: context.takes(-1)})


@pytest.mark.parametrize("options", [{"retry_count": -1}, {"iteration_failures": -1}, {"retry_count": 0.5}])
def test_unit_options__refuse_such_counts(options: dict[str, Any]) -> None:
    with pytest.raises(MachineOptionError, match="it is a whole number, from 0"):
        UnitOptions(**options)
