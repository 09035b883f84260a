"""What a function is called with and what Step Functions makes of its answer, by each of the ways to call it."""

import base64
import json
import math
from decimal import Decimal
from typing import Any

import pytest

from pipeproof import StateMachine, returns
from pipeproof.stepfunctions.answers.mocks import callback
from pipeproof.stepfunctions.errors import MockError

ARN = "arn:aws:lambda:us-east-1:123456789012:function:work"
INVOKE = "arn:aws:states:::lambda:invoke"
SDK = "arn:aws:states:::aws-sdk:lambda:invoke"


def machine(resource: str, handler: Any, payload: Any = None, **parameters: Any) -> StateMachine:
    state: dict[str, Any] = {"Type": "Task", "Resource": resource, "End": True}
    if resource != ARN:
        given = {"Payload": payload} if payload is not None else {}
        state["Parameters"] = {"FunctionName": "work", **given, **parameters}
    return StateMachine({"StartAt": "Work", "States": {"Work": state}}, lambdas={"work": handler})


def echo(event: Any, context: Any) -> Any:
    return event


def event_of(resource: str, payload: Any) -> Any:
    output = machine(resource, echo, payload).run().output
    return output["Payload"] if resource == INVOKE else json.loads(output["Payload"])


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        ({"a": 1}, {"a": 1}),
        ([1, 2], [1, 2]),
        ("0", 0),
        ("0.5", 0.5),
        ("true", True),
        ("null", None),
        ('"quoted"', "quoted"),
        ('{"a": 1}', {"a": 1}),
        ("[]", []),
        ("plain", "plain"),
        ("{broken", "{broken"),
        (None, {}),
    ],
)
def test_payload__that_is_text_is_read_as_json_where_it_can_be(payload: Any, event: Any) -> None:
    assert event_of(INVOKE, payload) == event


@pytest.mark.parametrize("payload", [1, 0, 0.5, True, False])
def test_payload__that_is_a_plain_number_or_boolean_is_refused(payload: Any) -> None:
    execution = machine(INVOKE, echo, payload).run(check=False)
    assert execution.error == "States.Runtime"
    assert "[The value for the field 'Payload' must be a STRING]" in execution.cause


@pytest.mark.parametrize(("payload", "event"), [({"a": 1}, {"a": 1}), ('{"a": 1}', {"a": 1}), ("0", 0)])
def test_sdk_integration__gives_text_and_takes_json(payload: Any, event: Any) -> None:
    assert event_of(SDK, payload) == event


def test_sdk_integration__does_not_take_text_that_is_no_json() -> None:
    assert machine(SDK, echo, "plain").run(check=False).error == "Lambda.InvalidRequestContentException"


def test_sdk_integration__a_functions_error_is_no_failure() -> None:
    def work(event: Any, context: Any) -> None:
        raise ValueError("bad")

    output = machine(SDK, work).run().output
    assert (output["FunctionError"], output["StatusCode"]) == ("Unhandled", 200)
    assert json.loads(output["Payload"])["errorType"] == "ValueError"


@pytest.mark.parametrize(("resource", "blank"), [(ARN, " "), (INVOKE, "")])
def test_cause__is_the_payload_as_the_way_of_calling_writes_it(resource: str, blank: str) -> None:
    def work(event: Any, context: Any) -> None:
        raise ValueError("bad")

    execution = machine(resource, work).run(check=False)
    assert execution.error == "ValueError"
    assert execution.cause.startswith(f'{{"errorMessage":{blank}"bad",{blank}"errorType":{blank}"ValueError"')


@pytest.mark.parametrize("resource", [ARN, INVOKE])
def test_cause__of_what_the_service_reports_has_no_blanks(resource: str) -> None:
    def work(event: Any, context: Any) -> None:
        raise SystemExit(1)

    execution = machine(resource, work).run(check=False)
    assert execution.error == "Runtime.ExitError"
    assert execution.cause.startswith('{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ')


@pytest.mark.parametrize("result", [math.nan, {"a": [math.inf]}, Decimal("NaN")])
def test_result__with_nan_is_no_json_for_the_service(result: Any) -> None:
    execution = machine(ARN, lambda event, context: result).run(check=False)
    assert execution.error == "States.Runtime"
    assert "NaN or Infinity" in execution.cause


@pytest.mark.parametrize(
    ("result", "output"),
    [(Decimal("1.10"), 1.1), (b'{"a": 1}', {"a": 1}), (b"plain", "plain"), ({"a": b"x"}, {"a": "x"}), ((1, 2), [1, 2])],
)
def test_result__is_what_the_service_reads(result: Any, output: Any) -> None:
    assert machine(ARN, lambda event, context: result).run().output == output


def test_request_id__of_context_and_error_are_one() -> None:
    seen: list[str] = []

    def work(event: Any, context: Any) -> None:
        seen.append(context.aws_request_id)
        raise ValueError

    execution = machine(ARN, work).run(check=False)
    assert json.loads(execution.cause)["requestId"] == seen[0]


@pytest.mark.parametrize(("kind", "status"), [("Event", 202), ("DryRun", 204)])
def test_asynchronous_call__does_not_wait_for_the_function(kind: str, status: int) -> None:
    called: list[Any] = []

    def work(event: Any, context: Any) -> None:
        called.append(event)
        raise ValueError("nobody hears of it")

    execution = machine(INVOKE, work, {"a": 1}, InvocationType=kind).run()
    assert (execution.output["StatusCode"], execution.output["Payload"]) == (status, "")
    assert called == ([{"a": 1}] if kind == "Event" else [])


def context_of(resource: str, **parameters: Any) -> Any:
    kept: list[Any] = []
    machine(resource, lambda event, context: kept.append(context), **parameters).run()
    return kept[0]


@pytest.mark.parametrize(
    ("name", "qualifier", "arn", "version"),
    [
        ("work", None, ARN, "$LATEST"),
        ("work:7", None, f"{ARN}:7", "7"),
        ("work", "live", f"{ARN}:live", "$LATEST"),
        (ARN, "7", f"{ARN}:7", "7"),
        (f"{ARN}:live", None, f"{ARN}:live", "$LATEST"),
        ("123456789012:function:work", None, ARN, "$LATEST"),
    ],
)
def test_context__knows_the_function_by_what_was_called(
    name: str, qualifier: str | None, arn: str, version: str
) -> None:
    more = {"Qualifier": qualifier} if qualifier else {}
    context = context_of(INVOKE, FunctionName=name, **more)
    assert (context.invoked_function_arn, context.function_version) == (arn, version)
    assert (context.function_name, context.log_group_name) == ("work", "/aws/lambda/work")
    assert (context.memory_limit_in_mb, context.tenant_id) == ("128", None)
    assert context.identity.cognito_identity_id is None
    assert context.client_context is None
    assert context.log_stream_name


def test_context__has_what_the_client_says_of_itself() -> None:
    given = {"custom": {"a": "b"}, "env": {"locale": "de"}, "client": {"installation_id": "1"}}
    encoded = base64.b64encode(json.dumps(given).encode()).decode()
    found = context_of(INVOKE, ClientContext=encoded).client_context
    assert (found.custom, found.env, found.client.installation_id) == ({"a": "b"}, {"locale": "de"}, "1")
    assert found.client.app_title is None


@pytest.mark.parametrize(
    "given", ["not base64", base64.b64encode(b"no JSON").decode(), base64.b64encode(b"[]").decode()]
)
def test_context__that_a_client_gives_wrongly_is_refused(given: str) -> None:
    execution = machine(INVOKE, echo, ClientContext=given).run(check=False)
    assert execution.error == "Lambda.InvalidRequestContentException"


def test_context__writes_to_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    machine(ARN, lambda event, context: context.log("a line")).run()
    assert capsys.readouterr().out == "a line"


@pytest.mark.parametrize("given", [1, None, {"handel": "a:b"}, {"handler": 1}])
def test_lambdas__of_another_form_are_refused(given: Any) -> None:
    with pytest.raises(MockError, match="'work' is neither a handler nor a mapping of environment, handler, memory"):
        machine(ARN, given)


def test_lambdas__may_have_variables_and_memory() -> None:
    import os

    given = {"handler": lambda event, context: [os.environ["STAGE"], context.memory_limit_in_mb], "memory": 512}
    assert machine(ARN, {**given, "environment": {"STAGE": "test"}}).run().output == ["test", "512"]


TOKEN = "arn:aws:states:::lambda:invoke.waitForTaskToken"


def test_token__what_a_function_returns_is_not_the_answer() -> None:
    running = machine(TOKEN, lambda event, context: "not the answer").start()
    running.advance()
    assert not running.is_over
    assert running.result().status == "RUNNING"


def test_token__a_function_that_fails_fails_the_task() -> None:
    def work(event: Any, context: Any) -> None:
        raise ValueError("bad")

    assert machine(TOKEN, work).run(check=False).error == "ValueError"


def test_token__a_mock_is_the_answer() -> None:
    assert machine(TOKEN, echo).run(mocks={"Work": returns({"a": 1})}).output == {"a": 1}
    assert machine(TOKEN, echo).run(mocks={"Work": callback(lambda event: 7, call=returns({}))}).output == 7
