"""What is left of an execution, and what a human reads of one that failed."""

from pathlib import Path
from typing import Any

import pytest

from pipeproof import ExecutionAborted, ExecutionFailed, ExecutionTimedOut, StateMachine, returns, throws
from pipeproof.stepfunctions.engine.settings import Settings
from pipeproof.stepfunctions.errors import StateNameError

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:work"
TASK = {"Type": "Task", "Resource": LAMBDA, "End": True}
ALL = ["States.ALL"]


def machine(**states: Any) -> StateMachine:
    return StateMachine({"StartAt": next(iter(states)), "States": states})


def failing(made: StateMachine, given: Any = None, **mocks: Any) -> str:
    with pytest.raises(ExecutionFailed) as caught:
        made.run(given, mocks, execution_name="night")
    return str(caught.value)


def test_message__of_a_task_that_failed_at_once() -> None:
    assert failing(machine(A=TASK), {"n": 1}, A=throws("Boom", "it broke")).splitlines() == [
        "the execution 'night' failed after 0 virtual seconds: Boom",
        "  cause: it broke",
        "  path: A",
        "  failing state: A [Task]",
        '  its input: {"n":1}',
    ]


def test_message__of_retries() -> None:
    retrying = {**TASK, "Retry": [{"ErrorEquals": ALL, "MaxAttempts": 1, "IntervalSeconds": 4}]}
    mock = [throws("Boom", after=1.5), throws("Bang")]
    assert failing(machine(A=retrying), A=mock).splitlines()[-2:] == [
        "  attempt 1: 0 s → 1.5 s Boom, retried at 5.5 s",
        "  attempt 2: 5.5 s → 5.5 s Bang",
    ]


def test_message__of_an_error_without_a_name() -> None:
    assert failing(machine(A={"Type": "Fail"})).splitlines() == [
        "the execution 'night' failed after 0 virtual seconds",
        "  path: A",
        "  failing state: A [Fail]",
        "  its input: {}",
    ]


def test_message__of_an_iteration_names_its_place() -> None:
    inner = {"StartAt": "I", "States": {"I": {**TASK}}}
    outer = {"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": inner, "End": True}}}
    nested = {"Type": "Map", "ItemProcessor": outer, "End": True}
    lines = failing(machine(O=nested), [[1], [2, 3]], I=lambda item: 1 // (item - 3)).splitlines()
    assert "  failing state: I [Task] (iteration 1.1)" in lines
    assert lines[-1] == "  its input: 3"


def test_message__of_what_was_caught_on_the_way() -> None:
    first = {**TASK, "Catch": [{"ErrorEquals": ALL, "Next": "B"}]}
    lines = failing(
        machine(A=first, B={"Type": "Fail", "Error": "Given.Up"}), A=throws("Boom", "it broke")
    ).splitlines()
    assert lines[-1] == "  caught on the way: A Boom: it broke"
    assert "  path: A → B" in lines


def test_message__long_texts_and_paths_are_cut() -> None:
    assert f"  cause: {'x' * 600}… (601 characters)" in failing(machine(A=TASK), A=throws("Boom", "x" * 601))
    assert f"  cause: {'x' * 600}\n" in failing(machine(A=TASK), A=throws("Boom", "x" * 600))
    steps = {f"S{number:02}": {"Type": "Pass", "Next": f"S{number + 1:02}"} for number in range(40)}
    path = next(line for line in failing(machine(**steps, S40={"Type": "Fail"})).splitlines() if "path" in line)
    assert path.startswith("  path: S00 → S01")
    assert " S19 → … 1 more … → S21 →" in path
    assert path.endswith("→ S40")
    del steps["S39"]
    short = next(line for line in failing(machine(**steps, S39={"Type": "Fail"})).splitlines() if "path" in line)
    assert "more" not in short


def test_message__of_a_time_that_ran_out() -> None:
    made = StateMachine(
        {"StartAt": "A", "TimeoutSeconds": 5, "States": {"A": {"Type": "Wait", "Seconds": 9, "End": True}}}
    )
    with pytest.raises(ExecutionTimedOut) as caught:
        made.run(execution_name="night")
    assert str(caught.value).splitlines()[0] == "the execution 'night' timed out after 5 virtual seconds"
    assert "  failing state: A [Wait]" in str(caught.value).splitlines()


def test_message__of_an_execution_that_was_stopped() -> None:
    running = machine(A={**TASK}).start({}, {"A": returns(1)})
    running.stop("Enough", "by hand")
    with pytest.raises(ExecutionAborted) as caught:
        running.result().raise_for_status()
    assert str(caught.value).splitlines() == [
        "the execution 'execution-1' was aborted after 0 virtual seconds: Enough",
        "  cause: by hand",
        "  path: (no state was entered)",
    ]


def test_message__of_a_task_that_was_under_way() -> None:
    retrying = {**TASK, "Retry": [{"ErrorEquals": ALL}]}
    made = StateMachine({"StartAt": "A", "TimeoutSeconds": 5, "States": {"A": retrying}})
    with pytest.raises(ExecutionTimedOut) as caught:
        made.run(mocks={"A": [throws("Boom"), returns(1, after=60)]})
    assert str(caught.value).splitlines()[-2:] == [
        "  attempt 1: 0 s → 0 s Boom, retried at 1 s",
        "  attempt 2: 1 s running",
    ]


def test_error__has_its_execution_and_place(tmp_path: Path) -> None:
    file = tmp_path / "m.asl.json"
    file.write_text('{"StartAt": "A",\n "States": {\n  "A": {"Type": "Fail", "Error": "E"}}}')
    with pytest.raises(ExecutionFailed) as caught:
        StateMachine(file).run()
    assert (caught.value.location.file, caught.value.location.line) == (file, 3)
    assert caught.value.execution.location == caught.value.location
    assert caught.value.execution.status == "FAILED"


def test_location__of_an_execution_that_entered_nothing_is_the_definitions(tmp_path: Path) -> None:
    file = tmp_path / "m.asl.json"
    file.write_text('{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}')
    running = StateMachine(file).start()
    running.stop()
    assert running.result().failing is None
    assert running.result().location.file == file


def test_failing__is_the_innermost_that_failed_so() -> None:
    branches = [{"StartAt": name, "States": {name: TASK}} for name in ("A", "B")]
    made = machine(P={"Type": "Parallel", "Branches": branches, "End": True})
    execution = made.run(mocks={"A": throws("Boom", after=1), "B": returns(1, after=9)}, check=False)
    assert execution.failing.state.name == "A"
    assert machine(A={"Type": "Succeed"}).run().failing is None


def test_attempts__of_a_state() -> None:
    retrying = {**TASK, "Retry": [{"ErrorEquals": ["Boom"]}], "Parameters": {"n.$": "$.n"}}
    execution = machine(A=retrying).run({"n": 1}, {"A": [throws("Boom", "c", after=2), returns(7, after=1)]})
    first, second = execution.attempts("A")
    assert (first.number, first.started, first.ended, first.error, first.cause, first.retry_at) == (
        1,
        0,
        2,
        "Boom",
        "c",
        3,
    )
    assert (second.number, second.started, second.ended, second.error, second.retry_at) == (2, 3, 4, None, None)
    assert (first.succeeded, second.succeeded, second.result) == (False, True, 7)
    assert execution.payloads("A") == [{"n": 1}, {"n": 1}]


def test_states__what_went_in_and_came_out_at_each_visit() -> None:
    add = {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "?"}
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 3, "Next": "Add"}], "Default": "End"}
    made = machine(**{"Add": add, "?": choice, "End": {"Type": "Fail"}})
    execution = made.run({"n": 1}, check=False)
    assert execution.path == ["Add", "?", "Add", "?", "End"]
    assert execution.inputs("Add") == [{"n": 1}, {"n": 2}]
    assert execution.outputs("Add") == [{"n": 2}, {"n": 3}]
    assert execution.inputs("End") == [{"n": 3}]
    assert execution.outputs("End") == execution.attempts("End") == execution.payloads("Add") == []


@pytest.mark.parametrize("asked", ["attempts", "inputs", "outputs", "payloads"])
def test_states__one_that_there_is_not(asked: str) -> None:
    execution = machine(Add={"Type": "Succeed"}).run()
    with pytest.raises(StateNameError, match="Add"):
        getattr(execution, asked)("Ad")


def test_hits__count_what_was_covered() -> None:
    retry = [{"ErrorEquals": ["X"]}, {"ErrorEquals": ["Boom"], "MaxAttempts": 1}]
    first = {
        "Type": "Task",
        "Resource": LAMBDA,
        "Next": "B",
        "Retry": retry,
        "Catch": [{"ErrorEquals": ALL, "Next": "B"}],
    }
    choice = {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "C"}], "Default": "D"}
    made = machine(A=first, B=choice, C={"Type": "Pass", "Next": "D"}, D={"Type": "Succeed"})
    positions = {name: state.position for name, state in made.definition.graph.states.items()}

    def hits(given: Any, mock: Any) -> dict[Any, int]:
        return dict(made.run(given, {"A": mock}).hits)

    assert hits({}, throws("Boom")) == {
        ("state", positions["A"]): 1, ("state", positions["B"]): 1, ("state", positions["D"]): 1,
        ("retrier", positions["A"], 1): 2, ("catcher", positions["A"], 0): 1,
        ("transition", positions["A"], "catch 0"): 1, ("transition", positions["B"], "default"): 1,
    }  # fmt: skip
    assert hits({}, returns({"x": 1})) == {
        **{("state", positions[name]): 1 for name in "ABCD"},
        ("transition", positions["A"], "next"): 1,
        ("transition", positions["B"], "choice 0"): 1,
        ("transition", positions["C"], "next"): 1,
    }


def test_context__of_each_type_of_state() -> None:
    states = {
        "W": {"Type": "Wait", "Seconds": 5, "Next": "A"},
        "A": {"Type": "Task", "Resource": LAMBDA, "Parameters": {"context.$": "$$"}, "Next": "P"},
        "P": {"Type": "Pass", "Parameters": {"context.$": "$$"}, "End": True},
    }
    made = StateMachine({"StartAt": "W", "States": states}, name="flow")
    execution = made.run({"n": 1}, {"A": lambda payload: {}}, execution_name="night")
    execution_part = {
        "Id": "arn:aws:states:us-east-1:123456789012:execution:flow:night",
        "Input": {"n": 1},
        "StartTime": execution.payloads("A")[0]["context"]["Execution"]["StartTime"],
        "Name": "night",
        "RoleArn": "arn:aws:iam::123456789012:role/flowRole",
        "RedriveCount": 0,
    }
    of_machine = {"Id": "arn:aws:states:us-east-1:123456789012:stateMachine:flow", "Name": "flow"}
    started = execution_part["StartTime"]
    task, plain = execution.payloads("A")[0]["context"], execution.output["context"]
    assert task.keys() == plain.keys() == {"Execution", "StateMachine", "State"}
    assert (task["Execution"], task["StateMachine"]) == (execution_part, of_machine)
    assert task["State"].keys() == {"Name", "EnteredTime", "RetryCount"}
    assert (task["State"]["Name"], task["State"]["RetryCount"]) == ("A", 0)
    assert plain["State"].keys() == {"Name", "EnteredTime"}
    assert task["State"]["EnteredTime"] > started


@pytest.mark.parametrize(
    ("settings", "machine_arn", "execution_arn", "seconds"),
    [
        (
            Settings(),
            "arn:aws:states:us-east-1:123456789012:stateMachine:StateMachine",
            "arn:aws:states:us-east-1:123456789012:execution:StateMachine:execution",
            31_536_000,
        ),
        (
            Settings("flow", "night", "1", "eu-west-1", type="EXPRESS"),
            "arn:aws:states:eu-west-1:1:stateMachine:flow",
            "arn:aws:states:eu-west-1:1:express:flow:night:",
            300,
        ),
    ],
)
def test_settings__names(settings: Settings, machine_arn: str, execution_arn: str, seconds: float) -> None:
    assert settings.machine_arn == machine_arn
    assert settings.execution_arn.startswith(execution_arn)
    assert settings.time_limit == seconds


def test_settings__express_executions_of_one_name_differ() -> None:
    first, second = (Settings(type="EXPRESS", start=start).execution_arn for start in (0, 1))
    assert first != second
    assert first == Settings(type="EXPRESS").execution_arn
