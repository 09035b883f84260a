"""What a failed execution's error is chained to: the exception that failed it, and none that was dealt with before."""

from typing import Any

import pytest

from pipeproof import ExecutionFailed, StateMachine, returns, throws

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:"
ALL = ["States.ALL"]


def task(name: str, **fields: Any) -> dict[str, Any]:
    ending = {} if "Next" in fields else {"End": True}
    return {"Type": "Task", "Resource": FUNCTION + name, **ending, **fields}


def machine(**states: Any) -> StateMachine:
    return StateMachine({"StartAt": next(iter(states)), "States": states})


def boom(payload: Any) -> Any:
    raise ValueError("boom")


def failure_of(failing: StateMachine, mocks: dict[str, Any]) -> ExecutionFailed:
    with pytest.raises(ExecutionFailed) as caught:
        failing.run(mocks=mocks)
    return caught.value


def test_cause__is_what_the_handler_raised() -> None:
    cause = failure_of(machine(A=task("a")), {"A": boom}).__cause__
    assert isinstance(cause, ValueError)
    assert cause.__traceback__ is not None


def test_cause__is_not_what_a_catcher_dealt_with() -> None:
    first = task("a", Next="B", Catch=[{"ErrorEquals": ALL, "Next": "B"}])
    error = failure_of(machine(A=first, B=task("b")), {"A": boom, "B": throws("Other")})
    assert error.execution.error == "Other"
    assert error.__cause__ is None


def test_cause__is_not_what_a_retrier_dealt_with() -> None:
    answers = iter([ValueError("first"), None])

    def once(payload: Any) -> Any:
        error = next(answers)
        if error is not None:
            raise error
        return {}

    first = task("a", Next="B", Retry=[{"ErrorEquals": ALL}])
    assert failure_of(machine(A=first, B=task("b")), {"A": once, "B": throws("Other")}).__cause__ is None


def test_cause__is_not_what_a_timed_out_execution_dealt_with() -> None:
    first = task("a", Next="Wait", Catch=[{"ErrorEquals": ALL, "Next": "Wait"}])
    wait = {"Type": "Wait", "Seconds": 60, "End": True}
    timed = StateMachine({"StartAt": "A", "TimeoutSeconds": 5, "States": {"A": first, "Wait": wait}})
    assert timed.run(mocks={"A": boom}, check=False).exception is None


@pytest.mark.parametrize("kind", ["branch", "iteration", "child"])
def test_cause__comes_through_what_holds_the_state(kind: str) -> None:
    inner = {"StartAt": "A", "States": {"A": task("a")}}
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"} if kind == "child" else {"Mode": "INLINE"}
    outer: dict[str, Any] = {"Type": "Map", "ItemProcessor": {**inner, "ProcessorConfig": config}, "End": True}
    if kind == "branch":
        outer = {"Type": "Parallel", "Branches": [inner], "End": True}
    with pytest.raises(ExecutionFailed) as caught:
        machine(Outer=outer).run([1], {"A": boom})
    assert str(caught.value.__cause__) == "boom"


def test_cause__comes_through_a_nested_execution() -> None:
    start = task("", Resource="arn:aws:states:::states:startExecution.sync:2", Parameters={"StateMachineArn": "child"})
    parent = machine(Start=start)
    assert str(failure_of(parent, {"Start": machine(A=task("a")), "A": boom}).__cause__) == "boom"


def test_message__names_the_error_that_was_caught_on_the_way() -> None:
    """What a Catcher leads to is a Fail state as a rule, which hides what happened."""
    first = task("a", Catch=[{"ErrorEquals": ALL, "Next": "Give up"}])
    states = {"A": first, "Give up": {"Type": "Fail", "Error": "JobFailed"}}
    assert "caught on the way: A ValueError" in str(failure_of(machine(**states), {"A": boom}))


def test_message__names_no_caught_error_where_there_was_none() -> None:
    assert "caught" not in str(failure_of(machine(A=task("a", Next="B"), B=task("b")), {"A": returns(1), "B": boom}))
