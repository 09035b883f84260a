"""TestState and ValidateStateMachineDefinition through boto3."""
# ruff: noqa: E501 - a table is read by its rows

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeproof import StateMachine
from pipeproof.stepfunctions.errors import TaskNotHandled

ROLE = "arn:aws:iam::123456789012:role/r"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
CALL = {"Type": "Task", "Resource": FUNCTION, "End": True}
INVOKE = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f", "Payload.$": "$.p"},
    "ResultSelector": {"n.$": "$.Payload.n"},
    "ResultPath": "$.r",
    "Next": "After",
}
RETRY = [{"ErrorEquals": ["E"], "MaxAttempts": 2, "IntervalSeconds": 3, "BackoffRate": 2}]
CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Rescue"}]
ITEMS = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
FAR = {**ITEMS, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}


def ok(value: Any) -> dict[str, Any]:
    return {"result": json.dumps(value)}


def error(name: str, cause: str = "") -> dict[str, Any]:
    return {"errorOutput": {"error": name, "cause": cause}}


@pytest.fixture
def ask(states):
    """Calls test_state with values in place of JSON texts; gives the answer with values in place of them."""

    def call(definition: Any, value: Any = None, **options: Any) -> dict[str, Any]:
        texts = {key: json.dumps(options.pop(key)) for key in ("context", "variables") if key in options}
        given = {"definition": json.dumps(definition), "input": json.dumps({} if value is None else value)}
        answer = states.test_state(**given, **texts, **options)
        del answer["ResponseMetadata"]
        if "output" in answer:
            answer["output"] = json.loads(answer["output"])
        seen = answer.get("inspectionData")
        if seen:
            answer["inspectionData"] = {
                key: json.loads(item) if isinstance(item, str) else item for key, item in seen.items()
            }
        return answer

    return call


ANSWERS: list[tuple[str, dict[str, Any], Any, dict[str, Any], dict[str, Any]]] = [
    ("pass", {"Type": "Pass", "Result": {"a": 1}, "Next": "B"}, {}, {"roleArn": ROLE},
     {"status": "SUCCEEDED", "output": {"a": 1}, "nextState": "B"}),
    ("wait", {"Type": "Wait", "Seconds": 3600, "End": True}, {"a": 1}, {"roleArn": ROLE},
     {"status": "SUCCEEDED", "output": {"a": 1}}),
    ("choice", {"Type": "Choice", "Choices": [{"Variable": "$.n", "NumericLessThan": 5, "Next": "Low"}], "Default": "High"}, {"n": 7},
     {"roleArn": ROLE}, {"status": "SUCCEEDED", "output": {"n": 7}, "nextState": "High"}),
    ("fail", {"Type": "Fail", "Error": "E", "Cause": "c"}, {}, {"roleArn": ROLE},
     {"status": "FAILED", "error": "E", "cause": "c"}),
    ("result", INVOKE, {"p": {}}, {"mock": ok({"Payload": {"n": 1}, "StatusCode": 200})},
     {"status": "SUCCEEDED", "output": {"p": {}, "r": {"n": 1}}, "nextState": "After"}),
    ("retriable", {**INVOKE, "Retry": RETRY}, {"p": {}}, {"mock": error("E", "c")},
     {"status": "RETRIABLE", "error": "E", "cause": "c"}),
    ("used up", {**INVOKE, "Retry": RETRY}, {"p": {}}, {"mock": error("E"), "stateConfiguration": {"retrierRetryCount": 2}},
     {"status": "FAILED", "error": "E", "cause": ""}),
    ("caught", {**INVOKE, "Catch": CATCH}, {"p": {}}, {"mock": error("E", "c")},
     {"status": "CAUGHT_ERROR", "error": "E", "cause": "c", "nextState": "Rescue", "output": {"p": {}, "e": {"Error": "E", "Cause": "c"}}}),
    ("variables", {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $n + 1 %}", "End": True}, {},
     {"roleArn": ROLE, "variables": {"n": 4}}, {"status": "SUCCEEDED", "output": 5}),
    ("context", {**CALL, "QueryLanguage": "JSONata", "Output": "{% $states.context.Execution.Name %}"}, {},
     {"mock": ok(1), "context": {"Execution": {"Name": "mine"}}}, {"status": "SUCCEEDED", "output": "mine"}),
    ("map", {"Type": "Map", "ItemProcessor": ITEMS, "End": True}, [1, 2], {"mock": ok(["a", "b"])},
     {"status": "SUCCEEDED", "output": ["a", "b"]}),
    ("map that failed", {"Type": "Map", "ItemProcessor": FAR, "ToleratedFailureCount": 1, "End": True}, [1, 2],
     {"mock": ok([1, 2]), "stateConfiguration": {"mapIterationFailureCount": 2}},
     {"status": "FAILED", "error": "States.ExceedToleratedFailureThreshold", "cause": "The specified tolerated failure threshold was exceeded"}),
    ("parallel", {"Type": "Parallel", "Branches": [ITEMS, {**ITEMS, "StartAt": "J", "States": {"J": {"Type": "Pass", "End": True}}}], "End": True}, {},
     {"mock": ok([1, 2])}, {"status": "SUCCEEDED", "output": [1, 2]}),
    ("activity", {"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "End": True}, {}, {"mock": ok(1)},
     {"status": "SUCCEEDED", "output": 1}),
    ("sync", {"Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": "j"}, "End": True}, {},
     {"mock": ok({"JobRunState": "SUCCEEDED"})}, {"status": "SUCCEEDED", "output": {"JobRunState": "SUCCEEDED"}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("definition", "value", "options", "expected"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS]
)
def test_state__answers(ask, definition: Any, value: Any, options: dict[str, Any], expected: dict[str, Any]) -> None:
    assert ask(definition, value, **options) == expected


def test_state__of_a_whole_machine__by_name(ask) -> None:
    machine = {
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Result": 2, "End": True}},
    }
    assert ask(machine, stateName="B", roleArn=ROLE) == {"status": "SUCCEEDED", "output": 2}


def test_state__debug__shows_each_step(ask) -> None:
    state = {**INVOKE, "InputPath": "$.in", "OutputPath": "$.r", "Assign": {"v": 7}}
    answer = ask(
        state,
        {"in": {"p": 1}},
        mock=ok({"Payload": {"n": 1}, "StatusCode": 200}),
        inspectionLevel="DEBUG",
        variables={"w": 1},
    )
    assert answer["inspectionData"] == {
        "input": {"in": {"p": 1}},
        "afterInputPath": {"p": 1},
        "afterParameters": {"FunctionName": "f", "Payload": 1},
        "result": {"Payload": {"n": 1}, "StatusCode": 200},
        "afterResultSelector": {"n": 1},
        "afterResultPath": {"in": {"p": 1}, "r": {"n": 1}},
        "variables": {"w": 1, "v": 7},
    }


READER = {
    "Resource": "arn:aws:states:::s3:getObject",
    "ReaderConfig": {"InputType": "JSON", "ItemsPointer": "/all"},
    "Parameters": {"Bucket": "b", "Key": "k"},
}
MAP = {"Type": "Map", "ItemProcessor": FAR, "ItemsPath": "$.items", "End": True}


@pytest.mark.parametrize(
    ("state", "options", "seen"),
    [
        (MAP, {}, {"afterItemsPath": [1, 2]}),
        ({**MAP, "ItemSelector": {"v.$": "$$.Map.Item.Value"}}, {}, {"afterItemSelector": [{"v": 1}, {"v": 2}]}),
        ({**MAP, "ItemBatcher": {"MaxItemsPerBatch": 2}}, {}, {"afterItemBatcher": [{"Items": [1, 2]}]}),
        ({**MAP, "ToleratedFailurePercentage": 20}, {}, {"toleratedFailurePercentage": 20.0}),
        (
            {"Type": "Map", "ItemProcessor": FAR, "ItemReader": READER, "End": True},
            {"stateConfiguration": {"mapItemReaderData": '{"all": [7, 8]}'}},
            {"afterItemsPointer": [7, 8]},
        ),
        (
            {"QueryLanguage": "JSONata", **CALL, "Arguments": {"n": "{% $states.input.x + 1 %}"}},
            {},
            {"afterArguments": {"n": 10}},
        ),
        ({**CALL, "Catch": CATCH}, {"mock": error("E")}, {"errorDetails": {"catchIndex": 0}}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) and "Type" not in value else None,
)
def test_state__debug__shows_what_a_field_made(ask, state: Any, options: Any, seen: Any) -> None:
    answer = ask(state, {"items": [1, 2], "x": 9}, **{"mock": ok([1]), "inspectionLevel": "DEBUG", **options})
    assert {key: answer["inspectionData"][key] for key in seen} == seen


def test_state__debug__shows_retrier_and_limits(ask) -> None:
    answer = ask(
        {**INVOKE, "Retry": RETRY},
        {"p": 1},
        mock=error("E"),
        inspectionLevel="DEBUG",
        stateConfiguration={"retrierRetryCount": 1},
    )
    assert answer["inspectionData"]["errorDetails"] == {"retryIndex": 0, "retryBackoffIntervalSeconds": 6}
    state = {"Type": "Map", "ItemProcessor": FAR, "MaxConcurrency": 3, "ToleratedFailureCount": 2, "End": True}
    seen = ask(state, [1], mock=ok([1]), inspectionLevel="TRACE")["inspectionData"]
    assert (seen["maxConcurrency"], seen["toleratedFailureCount"]) == (3, 2)


def test_state__without_a_mock__reaches_stubs_and_deployed_functions(aws, ask) -> None:
    aws.client("s3").create_bucket(Bucket="bucket")
    put = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObject", "End": True}
    put["Parameters"] = {"Bucket": "bucket", "Key": "k", "Body": "x"}
    assert "ETag" in ask(put, roleArn=ROLE)["output"]
    assert aws.client("s3").get_object(Bucket="bucket", Key="k")["Body"].read() == b"x"
    with pytest.raises(TaskNotHandled, match="'f'"):
        ask(CALL, roleArn=ROLE)
    StateMachine(
        {"StartAt": "F", "States": {"F": CALL}}, name="m", lambdas={"f": lambda event: event["n"] + 1}
    ).deploy()
    assert ask(CALL, {"n": 1}, roleArn=ROLE)["output"] == 2


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"definition": "{"}, "InvalidDefinition", "INVALID_JSON_DESCRIPTION"),
    ({"definition": "[]"}, "InvalidDefinition", "valid JSON object"),
    ({"definition": json.dumps({"Type": "Pass"}), "roleArn": ROLE}, "InvalidDefinition", "neither Next nor End"),
    ({"definition": json.dumps(CALL)}, "ValidationException", "RoleArn must be specified"),
    ({"definition": json.dumps(CALL), "input": "{", "mock": ok(1)}, "InvalidExecutionInput", "Invalid State Machine Execution Input"),
    ({"definition": json.dumps(CALL), "mock": {"result": "{"}}, "ValidationException", "mock.result must be valid JSON"),
    ({"definition": json.dumps(CALL), "mock": {}}, "ValidationException", "exactly one"),
    ({"definition": json.dumps(CALL), "mock": {**ok(1), **error("E")}}, "ValidationException", "exactly one"),
    ({"definition": json.dumps(CALL), "roleArn": ROLE, "context": "{}"}, "ValidationException", "together with a mock"),
    ({"definition": json.dumps(CALL), "mock": ok(1), "stateName": "F"}, "ValidationException", "whole state machine"),
    ({"definition": json.dumps({"Type": "Pass", "End": True}), "mock": ok(1)}, "ValidationException", "State type 'Pass' is not supported"),
    ({"definition": json.dumps({"Type": "Map", "ItemProcessor": ITEMS, "End": True}), "roleArn": ROLE}, "ValidationException", "only be tested with a mock"),
    ({"definition": json.dumps({"StartAt": "F", "States": {"F": CALL}}), "stateName": "no", "mock": ok(1)}, "ValidationException", "State not found: 'no'"),
    ({"definition": json.dumps(INVOKE), "input": '{"p": 1}', "mock": ok({"StatusCode": "no"})}, "ValidationException", "StatusCode"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "code", "said"), REFUSED)
def test_state__what_makes_no_sense__is_refused(states, parameters: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(ClientError) as caught:
        states.test_state(**parameters)
    assert caught.value.response["Error"]["Code"] == code
    assert said in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(("mode", "is_refused"), [(None, True), ("STRICT", True), ("PRESENT", True), ("NONE", False)])
def test_state__field_validation_mode(states, mode: str | None, is_refused: bool) -> None:
    state = {**INVOKE, "ResultSelector": {}, "ResultPath": "$"}
    mock = ok({"StatusCode": "no"}) | ({"fieldValidationMode": mode} if mode else {})
    if is_refused:
        with pytest.raises(states.exceptions.ValidationException):
            states.test_state(definition=json.dumps(state), input='{"p": 1}', mock=mock)
    else:
        assert states.test_state(definition=json.dumps(state), input='{"p": 1}', mock=mock)["status"] == "SUCCEEDED"


DIAGNOSED: list[tuple[Any, str, str, str]] = [
    (
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}},
        "MISSING_TRANSITION_TARGET",
        "/States/A/Next",
        "B",
    ),
    ({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}, "SCHEMA_VALIDATION_FAILED", "/States/A", "Next"),
    (
        {"StartAt": "A", "States": {"A": {**CALL, "Resource": "arn:aws:states:::nothing"}}},
        "INVALID_RESOURCE",
        "/States/A/Resource",
        "nothing",
    ),
    ("{", "INVALID_JSON_DESCRIPTION", "", ""),
    (" ", "SCHEMA_VALIDATION_FAILED", "", "valid JSON object"),
    ("[]", "SCHEMA_VALIDATION_FAILED", "", "valid JSON object"),
]


@pytest.mark.parametrize(("definition", "code", "location", "said"), DIAGNOSED)
def test_validate__says_what_is_wrong_and_where(states, definition: Any, code: str, location: str, said: str) -> None:
    text = definition if isinstance(definition, str) else json.dumps(definition)
    answer = states.validate_state_machine_definition(definition=text)
    assert (answer["result"], answer["truncated"]) == ("FAIL", False)
    first = answer["diagnostics"][0]
    assert (first["code"], first.get("location", ""), first["severity"]) == (code, location, "ERROR")
    assert said in first["message"]


def test_validate__a_good_one(states) -> None:
    definition = json.dumps({"StartAt": "F", "States": {"F": CALL}})
    answer = states.validate_state_machine_definition(definition=definition, type="STANDARD")
    assert (answer["result"], answer["diagnostics"]) == ("OK", [])


def test_validate__severity_type_and_max_results(states) -> None:
    wait = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": True}
    wait["Parameters"] = {"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"}
    definition = json.dumps({"StartAt": "W", "States": {"W": wait}})
    assert states.validate_state_machine_definition(definition=definition)["result"] == "OK"
    assert states.validate_state_machine_definition(definition=definition, type="EXPRESS")["result"] == "FAIL"
    bad = {name: {"Type": "Pass", "Next": "no"} for name in "ABCD"}
    answer = states.validate_state_machine_definition(
        definition=json.dumps({"StartAt": "A", "States": bad}), maxResults=2
    )
    assert (len(answer["diagnostics"]), answer["truncated"]) == (2, True)
    doubtful = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Parameters": {"a": "$.b"}, "End": True}}}
    for severity, most in (("ERROR", 0), ("WARNING", 5)):
        answer = states.validate_state_machine_definition(definition=json.dumps(doubtful), severity=severity)
        assert answer["result"] == "OK"
        assert len(answer["diagnostics"]) <= most
    with pytest.raises(states.exceptions.ValidationException):
        states.validate_state_machine_definition(definition="{}", maxResults=101)
