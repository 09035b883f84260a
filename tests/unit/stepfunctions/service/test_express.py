"""Express executions through boto3: answered at once, and of no other operation's concern."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeproof import StateMachine, returns

ARN = "arn:aws:states:us-east-1:123456789012"
PASS = {"Type": "Pass"}
CALL = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}


@pytest.fixture
def express(create, chain) -> str:
    return create("x", chain(W={"Type": "Wait", "Seconds": 2}, P={"Type": "Pass", "Result": [1]}), type="EXPRESS")


def test_sync__answers_with_the_result(states, express: str) -> None:
    answer = states.start_sync_execution(stateMachineArn=express, name="one", input='{"a": 1}', traceHeader="Root=1")
    assert (answer["status"], answer["output"], answer["input"], answer["name"]) == (
        "SUCCEEDED",
        "[1]",
        '{"a":1}',
        "one",
    )
    assert (answer["inputDetails"], answer["outputDetails"]) == ({"included": True}, {"included": True})
    assert (answer["stopDate"] - answer["startDate"]).total_seconds() == 2
    assert answer["billingDetails"] == {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": 2000}
    assert (answer["stateMachineArn"], answer["traceHeader"]) == (express, "Root=1")
    assert answer["executionArn"].startswith(f"{ARN}:express:x:one:")


def test_sync__a_failure_is_an_answer_too(states, create) -> None:
    arn = create("f", {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}}, type="EXPRESS")
    answer = states.start_sync_execution(stateMachineArn=arn)
    assert (answer["status"], answer["error"], answer["cause"]) == ("FAILED", "E", "c")
    assert "output" not in answer


def test_sync__metadata_only(states, express: str) -> None:
    answer = states.start_sync_execution(stateMachineArn=express, includedData="METADATA_ONLY")
    assert not {"input", "output"} & answer.keys()


def test_sync__that_takes_too_long__is_timed_out(states, create, chain) -> None:
    arn = create("s", {**chain(W={"Type": "Wait", "Seconds": 60}), "TimeoutSeconds": 10}, type="EXPRESS")
    answer = states.start_sync_execution(stateMachineArn=arn)
    assert answer["status"] == "TIMED_OUT"
    assert (answer["stopDate"] - answer["startDate"]).total_seconds() == 10


def test_start__a_name_twice__is_two_executions(states, express: str) -> None:
    first, second = (states.start_execution(stateMachineArn=express, name="one")["executionArn"] for _ in range(2))
    assert first != second
    assert {arn.rsplit(":", 1)[0] for arn in (first, second)} == {f"{ARN}:express:x:one"}


@pytest.mark.parametrize(
    "operation",
    ["describe_execution", "stop_execution", "get_execution_history", "describe_state_machine_for_execution"],
)
def test_operations__on_express_executions__are_refused(states, express: str, operation: str) -> None:
    arn = states.start_execution(stateMachineArn=express)["executionArn"]
    with pytest.raises(ClientError) as caught:
        getattr(states, operation)(executionArn=arn)
    error = caught.value.response["Error"]
    assert error["Code"] == "InvalidArn"
    assert error["Message"] == "Invalid Arn: 'Resource type not valid in this context: express'"


def test_list__of_an_express_machine__is_refused(states, express: str) -> None:
    with pytest.raises(states.exceptions.StateMachineTypeNotSupported):
        states.list_executions(stateMachineArn=express)


def call_of(**fields: Any) -> dict[str, Any]:
    parameters = {"StateMachineArn": f"{ARN}:stateMachine:x", "Input": {"a": 1}}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:startSyncExecution",
        "Parameters": parameters,
    } | fields


@pytest.mark.parametrize("how", ["deployed", "mock"])
def test_sync__as_a_task__gives_the_executions_result(request, chain, how: str) -> None:
    inner = StateMachine(
        chain(P=PASS, F=CALL), name="x", type="EXPRESS", lambdas={"f": lambda event: {"n": event["a"]}}
    )
    outer = StateMachine(chain(T=call_of()), name="outer")
    if how == "deployed":
        request.getfixturevalue("service")
        inner.deploy()
    output = outer.run(mocks={"T": inner} if how == "mock" else None).output
    assert (output["Status"], output["Output"], output["Input"]) == ("SUCCEEDED", '{"n":1}', '{"a":1}')
    assert output["BillingDetails"] == {"BilledMemoryUsedInMB": 64, "BilledDurationInMilliseconds": 100}
    assert output["StateMachineArn"] == f"{ARN}:stateMachine:x"
    assert output["ExecutionArn"].startswith(f"{ARN}:express:x:")
    assert output["StartDate"].endswith("Z")
    assert inner.executions[-1].output == {"n": 1}


@pytest.mark.parametrize("how", ["deployed", "mock"])
def test_sync__as_a_task__of_a_standard_machine__is_refused(request, chain, how: str) -> None:
    inner = StateMachine(chain(P=PASS), name="x")
    if how == "deployed":
        request.getfixturevalue("service")
        inner.deploy()
    execution = StateMachine(chain(T=call_of()), name="outer").run(
        mocks={"T": inner} if how == "mock" else None, check=False
    )
    assert execution.error == "Sfn.StateMachineTypeNotSupportedException"


def test_start__as_a_task__does_not_wait_for_the_end(service, chain) -> None:
    call = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution"}
    call["Parameters"] = {"StateMachineArn": f"{ARN}:stateMachine:x"}  # type: ignore[assignment]
    inner = StateMachine(chain(F=CALL), name="x", type="EXPRESS")
    inner.deploy(mocks={"F": returns(1, after=50)})
    execution = StateMachine(chain(T=call), name="outer").run()
    assert execution.elapsed == 0
    assert json.dumps(execution.output)
    assert inner.executions[-1].status == "SUCCEEDED"
