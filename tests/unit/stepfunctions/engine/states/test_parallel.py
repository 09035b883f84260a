"""Parallel, from the specification ("Parallel State")."""

from typing import Any

import pytest

from pipeproof import MockError, StateMachine, returns, throws

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"


def branch(name: str, **state: Any) -> dict[str, Any]:
    if not state:
        state = {"Type": "Task", "Resource": FUNCTION}
    ends = {} if state["Type"] in ("Succeed", "Fail") else {"End": True}
    return {"StartAt": name, "States": {name: {**state, **ends}}}


def machine(*branches: Any, language: str = "JSONPath", **fields: Any) -> StateMachine:
    state = {"Type": "Parallel", "Branches": list(branches), "Next": "Done", **fields}
    states = {"All": state, "Done": {"Type": "Succeed"}}
    for catcher in fields.get("Catch", ()):
        states[catcher["Next"]] = {"Type": "Succeed"}
    return StateMachine({"QueryLanguage": language, "StartAt": "All", "States": states})


def events(execution: Any) -> list[str]:
    return [event.type for event in execution.events]


def test_parallel__results_are_in_the_branches_order() -> None:
    mocks = {"A": returns("a", after=30), "B": returns("b", after=10), "C": returns("c", after=20)}
    execution = machine(branch("A"), branch("B"), branch("C")).run(mocks=mocks)
    assert execution.output == ["a", "b", "c"]


def test_parallel__takes_as_long_as_its_longest_branch() -> None:
    mocks = {"A": returns(1, after=30), "B": returns(2, after=10)}
    assert machine(branch("A"), branch("B")).run(mocks=mocks).elapsed == 30


def test_parallel__each_branch_gets_a_copy_of_the_input() -> None:
    def change(event: Any) -> Any:
        event["a"] += 1
        return event

    assert machine(branch("A"), branch("B")).run({"a": 1}, {"A": change, "B": change}).output == [{"a": 2}, {"a": 2}]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"InputPath": "$.a"}, [1]),
        ({"Parameters": {"x.$": "$.a"}}, [{"x": 1}]),
        ({"InputPath": "$.b", "Parameters": {"x.$": "$.c"}}, [{"x": 2}]),
        ({"InputPath": "$.a", "ResultPath": "$.r"}, {"a": 1, "b": {"c": 2}, "r": [1]}),
        ({"InputPath": "$.a", "ResultSelector": {"first.$": "$[0]"}}, {"first": 1}),
        ({"InputPath": "$.a", "OutputPath": "$[0]"}, 1),
        ({"ResultPath": None}, {"a": 1, "b": {"c": 2}}),
    ],
)
def test_parallel__shapes_its_data(fields: Any, expected: Any) -> None:
    assert machine(branch("A", Type="Pass"), **fields).run({"a": 1, "b": {"c": 2}}).output == expected


def test_parallel__jsonata_arguments_and_output() -> None:
    fields = {"Arguments": {"x": "{% $states.input.a %}"}, "Output": "{% $states.result[0].x + 1 %}"}
    assert machine(branch("A", Type="Pass"), language="JSONata", **fields).run({"a": 1}).output == 2


def test_parallel__a_failing_branch_fails_it() -> None:
    execution = machine(branch("A"), branch("B")).run(
        mocks={"A": throws("Boom", "why"), "B": returns(1, after=9)}, check=False
    )
    assert (execution.status, execution.error, execution.cause, execution.elapsed) == ("FAILED", "Boom", "why", 0)


def test_parallel__the_others_are_aborted() -> None:
    execution = machine(branch("A"), branch("B", Type="Wait", Seconds=60)).run(
        mocks={"A": throws("Boom", after=5)}, check=False
    )
    assert "WaitStateAborted" in events(execution)
    assert "WaitStateExited" not in events(execution)
    assert execution.elapsed == 5


def test_parallel__events_of_a_failure() -> None:
    execution = machine(branch("A")).run(mocks={"A": throws("Boom")}, check=False)
    assert events(execution)[-4:] == [
        "LambdaFunctionFailed",
        "TaskStateAborted",
        "ParallelStateFailed",
        "ExecutionFailed",
    ]


def test_parallel__branches_advance_in_turns() -> None:
    """All branches have begun before one that fails ends the rest."""
    execution = machine(branch("A", Type="Fail", Error="E"), branch("B", Type="Pass")).run(check=False)
    assert execution.path == ["All", "A", "B"]


def test_parallel__catch_gets_the_branchs_error() -> None:
    catch = [{"ErrorEquals": ["Boom"], "Next": "Rescue", "ResultPath": "$.e"}]
    execution = machine(branch("A"), Catch=catch).run({"a": 1}, {"A": throws("Boom", "why")})
    assert execution.path == ["All", "A", "Rescue"]
    assert execution.output == {"a": 1, "e": {"Error": "Boom", "Cause": "why"}}


def test_parallel__a_fail_state_in_a_branch() -> None:
    execution = machine(branch("A", Type="Fail", Error="E", Cause="c")).run(check=False)
    assert (execution.error, execution.cause) == ("E", "c")


def test_parallel__a_succeed_state_ends_its_branch_only() -> None:
    execution = machine(branch("A", Type="Succeed"), branch("B", Type="Pass", Result=2)).run({"a": 1})
    assert execution.output == [{"a": 1}, 2]


def test_parallel__branches_read_outer_variables_and_keep_their_own() -> None:
    inner = {
        "StartAt": "Set",
        "States": {
            "Set": {"Type": "Pass", "Assign": {"own": "inner"}, "Next": "Use"},
            "Use": {"Type": "Pass", "Parameters": {"outer.$": "$x", "own.$": "$own"}, "End": True},
        },
    }
    states = {
        "Start": {"Type": "Pass", "Assign": {"x": 1}, "Next": "All"},
        "All": {"Type": "Parallel", "Branches": [inner], "Next": "After"},
        "After": {"Type": "Pass", "Parameters": {"own.$": "$own"}, "End": True},
    }
    execution = StateMachine({"StartAt": "Start", "States": states}).run(check=False)
    assert execution.outputs("Use") == [{"outer": 1, "own": "inner"}]
    assert execution.error == "States.Runtime"


def test_parallel__nests() -> None:
    inner = {"Type": "Parallel", "Branches": [branch("X", Type="Pass", Result=1), branch("Y", Type="Pass", Result=2)]}
    assert machine(branch("A", **inner), branch("B", Type="Pass", Result=3)).run().output == [[1, 2], 3]


def test_parallel__an_inner_failure_is_caught_inside() -> None:
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Plan B"}]
    inner = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Task", "Resource": FUNCTION, "Catch": catch, "End": True},
            "Plan B": {"Type": "Pass", "Result": "b", "End": True},
        },
    }
    assert machine(inner, branch("C", Type="Pass", Result="c")).run(mocks={"A": throws("Boom")}).output == ["b", "c"]


@pytest.mark.parametrize("count", [1, 2, 10, 40])
def test_parallel__has_an_event_for_each_branchs_states(count: int) -> None:
    execution = machine(*(branch(f"B{index}", Type="Pass") for index in range(count))).run()
    assert events(execution).count("PassStateEntered") == count
    assert events(execution).count("ParallelStateSucceeded") == 1


def test_branches_that_fail_at_one_instant__the_first_counts() -> None:
    failing = [{"StartAt": name, "States": {name: {"Type": "Fail", "Error": name}}} for name in ("First", "Second")]
    state = {"Type": "Parallel", "Branches": failing, "End": True}
    assert StateMachine({"StartAt": "P", "States": {"P": state}}).run(check=False).error == "First"


def test_parallel__what_is_no_failure_of_a_state_ends_the_run() -> None:
    with pytest.raises(MockError):
        machine(branch("A"), branch("B")).run(mocks={"A": [], "B": returns(1)})
