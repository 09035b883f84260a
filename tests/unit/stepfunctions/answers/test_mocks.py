"""Mocks: what answers a Task, and what is said where nothing does."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, Mock, create_autospec

import pytest

from pipeproof import StateMachine, returns, throws
from pipeproof.stepfunctions.errors import MockError, TaskNotHandled

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"
INVOKE = "arn:aws:states:::lambda:invoke"


def machine(resource: str = FUNCTION, **options: Any) -> StateMachine:
    fields = options.pop("fields", {})
    state = {"Type": "Task", "Resource": resource, "End": True, **fields}
    return StateMachine({"StartAt": "Work", "States": {"Work": state}}, **options)


INVOKED = {"Parameters": {"FunctionName": "work", "Payload.$": "$"}, "OutputPath": "$.Payload"}


@pytest.mark.parametrize("key", ["Work", FUNCTION, "work", INVOKE])
def test_mocks__are_found_by_state_function_and_resource(key: str) -> None:
    assert machine(INVOKE, fields=INVOKED).run(mocks={key: returns(1)}).output == 1


@pytest.mark.parametrize("resource", [FUNCTION, INVOKE])
def test_lambdas__are_found_by_name(resource: str) -> None:
    fields = INVOKED if resource == INVOKE else {}
    assert machine(resource, fields=fields, lambdas={"work": "json:dumps"}).run({"a": 1}).output == '{"a": 1}'


@pytest.mark.parametrize("name", ["Wrok", "Wor"])
def test_mocks__whose_name_is_a_slip_of_a_states_are_refused(name: str) -> None:
    with pytest.raises(MockError, match="Did you mean 'Work'"):
        machine(INVOKE, fields=INVOKED).run(mocks={name: returns(1), "Work": returns(2)})


def test_mocks__may_name_a_function_that_only_the_input_knows() -> None:
    fields = {"Parameters": {"FunctionName.$": "$.function"}, "OutputPath": "$.Payload"}
    assert machine(INVOKE, fields=fields).run({"function": "resize"}, mocks={"resize": returns(1)}).output == 1


def test_mocks__of_the_parent_execution_are_no_slips_of_the_childs_states() -> None:
    start = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": True}
    start["Parameters"] = {"StateMachineArn": "child"}
    states = {"Works": {"Type": "Task", "Resource": FUNCTION, "Next": "Start"}, "Start": start}
    parent = StateMachine({"StartAt": "Works", "States": states})
    execution = parent.run(mocks={"Works": returns({}), "Start": machine(), "Work": returns(7)})
    assert execution.output["Output"] == 7


def test_lambdas__that_cannot_be_loaded_say_so() -> None:
    with pytest.raises(MockError, match=r"nowhere:at_all.*cannot be loaded"):
        machine(lambdas={"work": "nowhere:at_all"}).run()


def test_unhandled__names_the_state_and_the_way_out() -> None:
    with pytest.raises(TaskNotHandled, match=r"(?s)'Work'.*lambdas=\{'work': "):
        machine().run()


def test_unhandled__integrations_point_to_the_aws_fixture() -> None:
    with pytest.raises(TaskNotHandled, match=r"(?s)`aws` fixture"):
        machine("arn:aws:states:::sqs:sendMessage").run()


def test_list__used_up_is_loud() -> None:
    fields = {"Retry": [{"ErrorEquals": ["States.ALL"]}]}
    with pytest.raises(MockError, match="called a 2nd time, but its mock has 1 answers"):
        machine(fields=fields).run(mocks={"Work": [throws("Boom")]})


@pytest.mark.parametrize("mock", [1, "text", {"a": 1}, [1]])
def test_mocks__of_another_form_are_refused(mock: Any) -> None:
    with pytest.raises(MockError, match="A mock is a callable"):
        machine().run(mocks={"Work": mock})


@pytest.mark.parametrize("kind", [Mock, MagicMock])
def test_mock__of_unittest_is_a_callable_that_gets_the_payload(kind: type[Mock]) -> None:
    work = kind(return_value={"paid": True})
    assert machine().run({"id": 7}, mocks={"Work": work}).output == {"paid": True}
    work.assert_called_once_with({"id": 7})


def test_mock__of_unittest_with_side_effects_fails_and_succeeds() -> None:
    work = MagicMock(side_effect=[ValueError("no"), 3])
    retry = {"Retry": [{"ErrorEquals": ["ValueError"]}]}
    assert machine(fields=retry).run(mocks={"Work": work}).output == 3
    assert work.call_count == 2


def test_mock__of_unittest_with_a_handlers_signature_gets_its_context() -> None:
    def handler(event: Any, context: Any) -> Any: ...

    work = create_autospec(handler, return_value=1)
    machine().run(mocks={"Work": work})
    assert work.call_args.args[1].state == "Work"


def test_mock__of_unittest_that_gives_a_mock_is_refused() -> None:
    """It would be an error of the task, which a Catcher takes for one of production's."""
    catch = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Work"}]}
    with pytest.raises(MockError, match="'Work' gave a MagicMock"):
        machine(fields=catch).run(mocks={"Work": MagicMock()})


def test_callable__may_take_the_context() -> None:
    def work(payload: Any, context: Any) -> Any:
        context.takes(90)
        return [context.state, context.attempt, context.execution["State"]["Name"]]

    execution = machine().run(mocks={"Work": work})
    assert (execution.output, execution.elapsed) == (["Work", 1, "Work"], 90)


def test_callable__cannot_change_what_the_state_has() -> None:
    def work(payload: Any) -> Any:
        payload["a"] = 2
        return {}

    assert machine(fields={"ResultPath": "$.r"}).run({"a": 1}, {"Work": work}).output == {"a": 1, "r": {}}


def test_callable__errors_keep_their_traceback() -> None:
    with pytest.raises(Exception, match="ZeroDivisionError") as caught:
        machine().run(mocks={"Work": lambda payload: 1 / 0})
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_callable__results_without_a_form_in_json_are_errors() -> None:
    assert machine().run(mocks={"Work": lambda payload: object()}, check=False).error == "Runtime.MarshalError"


def test_machine__as_a_mock_is_a_nested_execution() -> None:
    child = StateMachine(
        {"StartAt": "Nap", "States": {"Nap": {"Type": "Wait", "Seconds": 60, "End": True}}}, name="child"
    )
    parameters = {"StateMachineArn": child.arn, "Input": {"a": 1}}
    parent = machine("arn:aws:states:::states:startExecution.sync:2", fields={"Parameters": parameters})
    execution = parent.run(mocks={child.arn: child})
    assert (execution.output["Output"], execution.elapsed) == ({"a": 1}, 60)


def test_machine__a_failed_nested_execution_fails_the_task() -> None:
    child = StateMachine({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Bad"}}}, name="child")
    parent = machine(
        "arn:aws:states:::states:startExecution.sync", fields={"Parameters": {"StateMachineArn": child.arn}}
    )
    execution = parent.run(mocks={child.arn: child}, check=False)
    assert execution.error == "States.TaskFailed"
    assert json.loads(execution.cause)["Error"] == "Bad"


def test_http__an_errors_status_is_a_failure() -> None:
    answer = returns({"StatusCode": 503, "ResponseBody": "busy"})
    execution = machine("arn:aws:states:::http:invoke").run(mocks={"Work": answer}, check=False)
    assert execution.error == "States.Http.StatusCode.503"


@pytest.mark.parametrize(
    ("mode", "result", "accepted"),
    [
        ("STRICT", {"MessageId": "1"}, True),
        ("STRICT", {"MessageId": 1}, False),
        ("STRICT", {"Unknown": 1}, True),
        ("PRESENT", {"MessageId": 1}, False),
        ("NONE", {"MessageId": 1}, True),
        ("STRICT", [], False),
    ],
)
def test_validation__of_mocked_results(mode: str, result: Any, accepted: bool) -> None:
    machine_ = machine("arn:aws:states:::sqs:sendMessage", validation=mode)
    if accepted:
        assert machine_.run(mocks={"Work": returns(result)}).output == result
    else:
        with pytest.raises(MockError, match="not what the service gives"):
            machine_.run(mocks={"Work": returns(result)})


@pytest.mark.parametrize(
    ("resource", "parameters", "statement", "error"),
    [
        (FUNCTION, {}, {"Action": "s3:*", "Resource": "*"}, "Lambda.AWSLambdaException"),
        (FUNCTION, {}, {"Action": "lambda:InvokeFunction", "Resource": FUNCTION}, None),
        ("arn:aws:states:::aws-sdk:s3:getObject", {"Bucket": "b", "Key": "k"},
         {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::other/*"}, "S3.S3Exception"),
    ],
)  # fmt: skip
def test_role_policy__refuses_as_aws_does(resource: str, parameters: Any, statement: Any, error: str | None) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}
    execution = machine(resource, fields={"Parameters": parameters}, role_policy=policy).run(
        mocks={"Work": returns({})}, check=False
    )
    assert execution.error == error
    assert error is None or "is not authorized to perform" in execution.cause


def test_mock_config__says_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "mocks.json"
    file.write_text(json.dumps({"StateMachines": {"m": {"TestCases": {"a": {}, "b": {}}}}}))
    named = machine(name="m")
    with pytest.raises(MockError, match="2 test cases"):
        named.run(mocks=file)
    with pytest.raises(MockError, match="no test case 'c'"):
        named.run(mocks=file, test_case="c")


def test_limits__a_payload_that_is_too_large() -> None:
    execution = machine().run({"a": "x" * 10}, {"Work": returns("y" * 300_000)}, check=False)
    assert execution.error == "States.DataLimitExceeded"
    assert machine(payload_limit=None).run(mocks={"Work": returns("y" * 300_000)}).status == "SUCCEEDED"


def test_limits__a_loop_ends_at_the_event_limit() -> None:
    states = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Choice", "Choices": [
        {"Variable": "$.x", "IsPresent": True, "Next": "C"}], "Default": "A"}, "C": {"Type": "Succeed"}}  # fmt: skip
    execution = StateMachine({"StartAt": "A", "States": states}, event_limit=100).run(check=False)
    assert execution.error == "States.Runtime"
    assert "maximum number of history events (100)" in execution.cause
