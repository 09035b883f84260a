"""RedriveExecution through boto3: what succeeded is not run again."""

import json
from collections import Counter
from typing import Any

import pytest

from pipeproof import StateMachine


def call(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:lambda:us-east-1:123456789012:function:{name}", **fields}


class Functions(dict[str, Any]):
    """Lambda functions that count their calls; those that are broken fail."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self.broken: set[str] = set()
        for name in ("first", "second", "third"):
            self[name] = self._function(name)

    def _function(self, name: str) -> Any:
        def handler(event: Any) -> Any:
            key = name if not isinstance(event, int) else f"{name} {event}"
            self.calls[key] += 1
            if key in self.broken:
                raise ValueError(key)
            return {"by": key}

        return handler


@pytest.fixture
def functions() -> Functions:
    return Functions()


@pytest.fixture
def start(states, functions: Functions):
    def begin(definition: dict[str, Any], value: Any = None) -> str:
        arn = StateMachine(definition, name="m", lambdas=functions).deploy()
        given = json.dumps({} if value is None else value)
        return str(states.start_execution(stateMachineArn=arn, name="e", input=given)["executionArn"])

    return begin


def redrive(states: Any, arn: str) -> dict[str, Any]:
    states.redrive_execution(executionArn=arn)
    return dict(states.describe_execution(executionArn=arn))


def test_redrive__goes_on_with_the_state_that_failed(states, chain, functions: Functions, start) -> None:
    functions.broken = {"second"}
    arn = start(
        chain(A=call("first", Assign={"kept": 1}), B=call("second"), C={"Type": "Pass", "Parameters": {"k.$": "$kept"}})
    )
    assert states.describe_execution(executionArn=arn)["redriveStatus"] == "REDRIVABLE"
    functions.broken = set()
    described = redrive(states, arn)
    assert (described["status"], json.loads(described["output"])) == ("SUCCEEDED", {"k": 1})
    assert functions.calls == {"first": 1, "second": 2}
    assert (described["redriveCount"], described["redriveStatus"]) == (1, "NOT_REDRIVABLE")
    assert described["redriveDate"] >= described["startDate"]
    assert not {"error", "cause"} & described.keys()
    types = [event["type"] for event in states.get_execution_history(executionArn=arn)["events"]]
    assert types == [
        "ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled", "LambdaFunctionStarted",
        "LambdaFunctionSucceeded", "TaskStateExited", "TaskStateEntered", "LambdaFunctionScheduled",
        "LambdaFunctionStarted", "LambdaFunctionFailed", "ExecutionFailed", "ExecutionRedriven",
        "LambdaFunctionScheduled", "LambdaFunctionStarted", "LambdaFunctionSucceeded", "TaskStateExited",
        "PassStateEntered", "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    listed = states.list_executions(stateMachineArn=described["stateMachineArn"], redriveFilter="REDRIVEN")[
        "executions"
    ]
    assert [item["redriveCount"] for item in listed] == [1]


def test_redrive__that_fails_again__can_be_redriven_again(states, chain, functions: Functions, start) -> None:
    functions.broken = {"first"}
    retry = [{"ErrorEquals": ["ValueError"], "MaxAttempts": 1}]
    arn = start(chain(A=call("first", Retry=retry)))
    assert functions.calls["first"] == 2
    assert redrive(states, arn)["status"] == "FAILED"
    assert functions.calls["first"] == 4  # the retrier starts anew
    functions.broken = set()
    described = redrive(states, arn)
    assert (described["status"], described["redriveCount"]) == ("SUCCEEDED", 2)


def test_redrive__parallel__only_the_branches_that_did_not_succeed(states, chain, functions: Functions, start) -> None:
    functions.broken = {"third"}
    branches = [
        chain(A1=call("first"), A2={"Type": "Pass"}),
        chain(B1=call("second"), B2=call("third")),
        chain(C1={"Type": "Wait", "Seconds": 60}, C2=call("first")),
    ]
    arn = start(chain(P={"Type": "Parallel", "Branches": branches}, After={"Type": "Pass"}))
    assert states.describe_execution(executionArn=arn)["status"] == "FAILED"
    functions.broken = set()
    described = redrive(states, arn)
    assert json.loads(described["output"]) == [{"by": "first"}, {"by": "third"}, {"by": "first"}]
    assert functions.calls == {"first": 2, "second": 1, "third": 2}


@pytest.mark.parametrize("concurrency", [0, 1])
def test_redrive__map__only_the_iterations_that_did_not_succeed(
    states, chain, functions: Functions, start, concurrency: int
) -> None:
    functions.broken = {"first 3"}
    processor = chain(I=call("first", ResultPath=None), J=call("second"))
    arn = start(chain(M={"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": concurrency}), [1, 2, 3, 4])
    assert states.describe_execution(executionArn=arn)["status"] == "FAILED"
    functions.broken = set()
    described = redrive(states, arn)
    assert json.loads(described["output"]) == [{"by": f"second {number}"} for number in (1, 2, 3, 4)]
    assert functions.calls["first 3"] == 2
    assert functions.calls["first 1"] == functions.calls["second 1"] == functions.calls["second 2"] == 1


def test_redrive__nested_parallel_in_a_map(states, chain, functions: Functions, start) -> None:
    functions.broken = {"second 2"}
    branches = [chain(A=call("first")), chain(B=call("second"))]
    processor = chain(P={"Type": "Parallel", "Branches": branches})
    arn = start(chain(M={"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": 1}), [1, 2])
    functions.broken = set()
    described = redrive(states, arn)
    assert json.loads(described["output"]) == [[{"by": f"first {n}"}, {"by": f"second {n}"}] for n in (1, 2)]
    assert functions.calls == {"first 1": 1, "second 1": 1, "first 2": 1, "second 2": 2}


def test_redrive__stopped_and_timed_out(aws, states, create, chain) -> None:
    activity = states.create_activity(name="work")["activityArn"]
    arn = create("m", {**chain(W={"Type": "Task", "Resource": activity}), "TimeoutSeconds": 60})
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    states.stop_execution(executionArn=execution)
    described = redrive(states, execution)
    assert described["status"] == "RUNNING"
    aws.pass_time(59)
    assert states.describe_execution(executionArn=execution)["status"] == "RUNNING"
    aws.pass_time(1)
    assert states.describe_execution(executionArn=execution)["status"] == "TIMED_OUT"
    redrive(states, execution)
    states.send_task_success(taskToken=states.get_activity_task(activityArn=activity)["taskToken"], output="1")
    assert states.describe_execution(executionArn=execution)["output"] == "1"


def test_redrive__context__tells_count_and_time(states, chain, functions: Functions, start) -> None:
    functions.broken = {"first"}
    shown = {"Type": "Pass", "Parameters": {"n.$": "$$.Execution.RedriveCount", "t.$": "$$.Execution.RedriveTime"}}
    arn = start(chain(A=call("first"), B=shown))
    functions.broken = set()
    output = json.loads(redrive(states, arn)["output"])
    assert output["n"] == 1
    assert output["t"].endswith("Z")


def test_redrive__of_what_cannot_be_redriven__is_refused(states, create, chain) -> None:
    arn = create("m", chain(A={"Type": "Pass"}))
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    with pytest.raises(states.exceptions.ExecutionNotRedrivable, match="Execution is SUCCEEDED and cannot be redriven"):
        states.redrive_execution(executionArn=execution)


def test_redrive__a_client_token_twice__is_one_redrive(states, chain, functions: Functions, start) -> None:
    functions.broken = {"first"}
    arn = start(chain(A=call("first")))
    first, second = (states.redrive_execution(executionArn=arn, clientToken="t")["redriveDate"] for _ in range(2))
    assert first == second
    assert functions.calls["first"] == 2


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_redrive__distributed_map__only_the_children_that_did_not_succeed(
    states, chain, functions: Functions, start, kind: str
) -> None:
    """A Standard child goes on with the state that failed, an Express one begins anew; the Map Run is the same."""
    functions.broken = {"second 3"}
    processor = chain(I=call("first", ResultPath=None), J=call("second"))
    processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    arn = start(chain(M={"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": 1}), [1, 2, 3, 4])
    [before] = states.list_map_runs(executionArn=arn)["mapRuns"]
    assert states.describe_map_run(mapRunArn=before["mapRunArn"])["itemCounts"]["succeeded"] == 2
    functions.broken = set()
    described = redrive(states, arn)
    assert json.loads(described["output"]) == [{"by": f"second {number}"} for number in (1, 2, 3, 4)]
    again = 1 if kind == "STANDARD" else 2
    assert functions.calls == {
        "first 1": 1, "second 1": 1, "first 2": 1, "second 2": 1, "first 3": again, "second 3": 2, "first 4": 1,
        "second 4": 1,
    }  # fmt: skip
    [after] = states.list_map_runs(executionArn=arn)["mapRuns"]
    found = states.describe_map_run(mapRunArn=after["mapRunArn"])
    assert (after["mapRunArn"], found["redriveCount"], found["status"]) == (before["mapRunArn"], 1, "SUCCEEDED")
    assert {key: value for key, value in found["itemCounts"].items() if value} == {"succeeded": 4, "total": 4}
    listed = states.list_executions(mapRunArn=after["mapRunArn"])["executions"]
    assert [item["redriveCount"] for item in listed].count(1) == (1 if kind == "STANDARD" else 0)
    assert any(event["type"] == "MapRunRedriven" for event in states.get_execution_history(executionArn=arn)["events"])


@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_retry__of_a_map__begins_all_iterations_anew(states, chain, functions: Functions, start, mode: str) -> None:
    """Unlike a redrive, also where the execution may be redriven."""
    functions.broken = {"first 2"}
    processor = {**chain(I=call("first")), "ProcessorConfig": {"Mode": mode, "ExecutionType": "STANDARD"}}
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]
    start(chain(M={"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": 1, "Retry": retry}), [1, 2])
    assert functions.calls == {"first 1": 2, "first 2": 2}
