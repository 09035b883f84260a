"""What a user reads where a field's value cannot be: the cause, and for JSONata the field of the event EvaluationFailed.

An expression is shown without its marks, as the service shows it.
"""
# ruff: noqa: E501 - a table is read by its rows

from pathlib import Path
from typing import Any

import pytest

from pipeproof import StateMachine, returns, throws
from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.engine.items.writer import check_config
from pipeproof.stepfunctions.engine.retries import delay_before
from pipeproof.stepfunctions.errors import StateFailure, TaskNotHandled

PREFIX = "An error occurred while executing the state 'S' (entered at the event id #2). "
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:work"
SEND = "arn:aws:states:::sqs:sendMessage"
TASK = {"Type": "Task", "Resource": LAMBDA}
INLINE = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
CHILDREN = {**INLINE, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
MAP = {"Type": "Map", "ItemProcessor": CHILDREN}
GIVEN = {"n": 5, "t": "soon", "list": [1], "minus": -1, "half": 1.5}
TOO_BIG = "returned a result with a size exceeding the maximum number of bytes service limit."


def machine(state: dict[str, Any], language: str = "JSONPath") -> StateMachine:
    ends = {} if state["Type"] in ("Succeed", "Fail", "Choice") else {"End": True}
    states = {"S": {**state, **ends}, **({"Z": {"Type": "Succeed"}} if state["Type"] == "Choice" else {})}
    return StateMachine({"QueryLanguage": language, "StartAt": "S", "States": states})


def run(state: dict[str, Any], language: str = "JSONPath", mock: Any = None, given: Any = GIVEN) -> Any:
    return machine(state, language).run(
        given, {"S": mock or returns(1)} if state["Type"] == "Task" else None, check=False
    )


def wrong_type(expression: str, field: str, expected: str, found: str) -> str:
    return (
        f"The JSONata expression '{expression}' specified for the field '{field}' returned an unexpected result type. "
        f"Expected {expected}, but was {found}"
    )


JSONATA: list[tuple[dict[str, Any], str, str]] = [
    ({"Type": "Wait", "Seconds": "{% -1 %}"}, "Seconds",
     "The JSONata expression '-1' specified for the field 'Seconds' returned an unexpected result. Expected a non-negative integer, but was -1"),
    ({"Type": "Wait", "Seconds": "{% 'x' %}"}, "Seconds",
     "The JSONata expression ''x'' specified for the field 'Seconds' returned an unexpected result. Expected a non-negative integer, but was \"x\""),
    ({"Type": "Wait", "Timestamp": "{% 5 %}"}, "Timestamp",
     "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: 5"),
    ({"Type": "Wait", "Timestamp": "{% 'soon' %}"}, "Timestamp",
     "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: soon"),
    ({"Type": "Fail", "Error": "{% 5 %}"}, "Error", wrong_type("5", "Error", "'string'", "'number' for value: 5")),
    ({"Type": "Fail", "Cause": "{% [1] %}"}, "Cause", wrong_type("[1]", "Cause", "'string'", "'array' for value: [1]")),
    ({**TASK, "TimeoutSeconds": "{% 0 %}"}, "TimeoutSeconds",
     "The JSONata expression '0' specified for the field 'TimeoutSeconds' must give a positive integer, not 0"),
    ({**TASK, "HeartbeatSeconds": "{% 'x' %}"}, "HeartbeatSeconds",
     "The JSONata expression ''x'' specified for the field 'HeartbeatSeconds' must give a positive integer, not \"x\""),
    ({"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "Z"}]}, "Choices[0]/Condition",
     wrong_type("1", "Choices[0]/Condition", "'boolean'", "'number' for value: 1")),
    ({**MAP, "Items": "{% 5 %}"}, "Items", wrong_type("5", "Items", "'array'", "'number' for value: 5")),
    ({**MAP, "Items": {"a": "{% 5 %}"}, "ItemProcessor": INLINE}, "Items",
     wrong_type('{"a":"{% 5 %}"}', "Items", "'array'", "'object' for value: {\"a\":5}")),
    ({**MAP, "Items": "{% [1] %}", "MaxConcurrency": "{% -1 %}"}, "MaxConcurrency",
     "Expected non-negative integer for MaxConcurrency, got '-1' instead."),
    ({**MAP, "Items": "{% [1] %}", "MaxConcurrency": "{% 'x' %}"}, "MaxConcurrency",
     wrong_type("'x'", "MaxConcurrency", "'number'", "'string' for value: \"x\"")),
    ({**MAP, "Items": "{% [1] %}", "ToleratedFailureCount": "{% -1 %}"}, "ToleratedFailureCount",
     "ToleratedFailureCount cannot be negative."),
    ({**MAP, "Items": "{% [1] %}", "ToleratedFailurePercentage": "{% 101 %}"}, "ToleratedFailurePercentage",
     "ToleratedFailurePercentage must be between 0 and 100."),
    ({**MAP, "Items": "{% [1] %}", "ItemBatcher": {"MaxItemsPerBatch": "{% 'x' %}"}}, "ItemBatcher/MaxItemsPerBatch",
     wrong_type("'x'", "ItemBatcher/MaxItemsPerBatch", "'number'", "'string' for value: \"x\"")),
    ({**MAP, "Items": "{% [1] %}", "ItemBatcher": {"MaxInputBytesPerBatch": "{% true %}"}}, "ItemBatcher/MaxInputBytesPerBatch",
     wrong_type("true", "ItemBatcher/MaxInputBytesPerBatch", "'number'", "'boolean' for value: true")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "field", "cause"), JSONATA, ids=[f"{row[0]['Type']}-{row[1]}-{i}" for i, row in enumerate(JSONATA)]
)
def test_jsonata__cause_and_field(state: dict[str, Any], field: str, cause: str) -> None:
    execution = run(state, "JSONata")
    assert (execution.error, execution.cause) == ("States.QueryEvaluationError", PREFIX + cause)
    failed = next(event for event in execution.events if event.type == "EvaluationFailed")
    assert (failed.details["location"], failed.details["state"], failed.details["cause"]) == (
        field,
        "S",
        PREFIX + cause,
    )


JSONPATH: list[tuple[dict[str, Any], str]] = [
    ({"Type": "Fail", "ErrorPath": "$.n"}, "The path '$.n' of the field 'ErrorPath' must give a string, not 5"),
    ({"Type": "Fail", "CausePath": "States.MathAdd($.n, 1)"},
     "The intrinsic function 'States.MathAdd($.n, 1)' of the field 'CausePath' must give a string, not 6"),
    ({**TASK, "TimeoutSecondsPath": "$.t"},
     'The TimeoutSecondsPath parameter does not reference a positive integer value: $.t == "soon"'),
    ({**TASK, "HeartbeatSecondsPath": "$.minus"},
     "The HeartbeatSecondsPath parameter does not reference a positive integer value: $.minus == -1"),
    ({**TASK, "TimeoutSecondsPath": "$.half"},
     "The TimeoutSecondsPath parameter does not reference a positive integer value: $.half == 1.5"),
    ({**MAP, "ItemsPath": "$.n"}, 'Reference path "$.n" must point to array.'),
    ({**MAP, "ItemsPath": "$$.Execution.Id"}, 'Reference path "$$.Execution.Id" must point to array.'),
    ({**MAP, "ItemsPath": "$$.Execution.Id", "ItemProcessor": INLINE}, 'Reference path "$.Execution.Id" must point to array.'),
    ({**MAP, "ItemsPath": "$.list", "ItemBatcher": {"MaxItemsPerBatchPath": "$.t"}},
     'The MaxItemsPerBatchPath field refers to value "soon" which is not a valid integer: $.t'),
    ({**MAP, "ItemsPath": "$.list", "MaxConcurrencyPath": "$.half"},
     'The MaxConcurrencyPath field refers to value "1.5" which is not a valid integer: $.half'),
    ({**MAP, "ItemsPath": "$.list", "MaxConcurrencyPath": "$.minus"},
     "Expected non-negative integer for MaxConcurrency, got '-1' instead."),
    ({**MAP, "ItemsPath": "$.list", "ToleratedFailurePercentagePath": "$.t"},
     'The ToleratedFailurePercentagePath field refers to value "soon" which is not a valid float: $.t'),
]  # fmt: skip


@pytest.mark.parametrize(("state", "cause"), JSONPATH, ids=[f"{row[0]['Type']}-{i}" for i, row in enumerate(JSONPATH)])
def test_jsonpath__cause(state: dict[str, Any], cause: str) -> None:
    execution = run(state)
    assert (execution.error, execution.cause) == ("States.Runtime", PREFIX + cause)
    assert "EvaluationFailed" not in [event.type for event in execution.events]


def test_choice__without_a_rule_that_holds() -> None:
    execution = run({"Type": "Choice", "Choices": [{"Variable": "$.no", "IsPresent": True, "Next": "Z"}]})
    assert (execution.error, execution.cause) == (
        "States.NoChoiceMatched",
        f"{PREFIX}Failed to transition out of the state. The state does not point to a next state.",
    )


SIZES: list[tuple[str, dict[str, Any], Any, str | None]] = [
    ("a function's result", TASK, "x" * 262_142, None),
    ("a function's result, a byte more", TASK, "x" * 262_143, LAMBDA),
    (
        "an integration's result",
        {"Type": "Task", "Resource": SEND, "Parameters": {}},
        {"MessageId": "x" * 262_143},
        "sqs",
    ),
    ("a state's output", {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}}, None, "S"),
]


@pytest.mark.parametrize(("state", "result", "name"), [row[1:] for row in SIZES], ids=[row[0] for row in SIZES])
def test_size__is_limited_to_256_kib(state: dict[str, Any], result: Any, name: str | None) -> None:
    execution = run(state, mock=returns(result), given="x" * 200_000)
    if name is None:
        assert execution.status == "SUCCEEDED"
        return
    assert (execution.error, execution.cause) == ("States.DataLimitExceeded", f"The state/task '{name}' {TOO_BIG}")


def test_size__a_task_that_gives_too_much_may_be_caught_and_a_state_may_not() -> None:
    catch = {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Z"}], "Next": "Z"}
    big = {"Type": "Task", "Resource": LAMBDA, **catch}
    made = StateMachine({"StartAt": "S", "States": {"S": big, "Z": {"Type": "Succeed"}}})
    assert made.run("x", {"S": returns("x" * 262_143)}).path == ["S", "Z"]
    other = {"StartAt": "J", "States": {"J": {"Type": "Pass", "End": True}}}
    parallel = {"Type": "Parallel", "Branches": [INLINE, other], **catch}
    made = StateMachine({"StartAt": "S", "States": {"S": parallel, "Z": {"Type": "Succeed"}}})
    assert made.run("x" * 200_000, check=False).error == "States.DataLimitExceeded"


class Recorder:
    """Answers every call and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def call(self, request: Request) -> Reply:
        self.requests.append(request)
        return Reply({})


def requests_of(made: StateMachine, given: Any) -> list[Request]:
    recorder = Recorder()
    running = made.start(given)
    running.run.handlers.backends = (recorder,)
    running.advance()
    return recorder.requests


@pytest.mark.parametrize(
    ("language", "credentials", "role"),
    [
        ("JSONPath", {"RoleArn": "arn:aws:iam::1:role/r"}, "arn:aws:iam::1:role/r"),
        ("JSONPath", {"RoleArn.$": "$.role"}, "from-input"),
        ("JSONata", {"RoleArn": "{% $states.input.role %}"}, "from-input"),
        ("JSONPath", None, None),
    ],
)
def test_request__the_role_of_credentials(language: str, credentials: Any, role: str | None) -> None:
    fields = {"Credentials": credentials} if credentials else {}
    made = machine({"Type": "Task", "Resource": SEND, **fields}, language)
    (request,) = requests_of(made, {"role": "from-input"})
    assert request.credentials == role


def test_request__what_a_task_asks() -> None:
    made = machine({"Type": "Task", "Resource": SEND, "Parameters": {"MessageBody.$": "$.n"}, "TimeoutSeconds": 9})
    (request,) = requests_of(made, {"n": 5})
    assert (request.state, request.resource.arn, request.payload) == ("S", SEND, {"MessageBody": 5})
    assert (request.timeout, request.iterations, request.is_task) == (9.0, (), True)
    context = request.context
    assert (context.state, context.resource, context.attempt, context.iteration, context.token) == (
        "S",
        SEND,
        1,
        None,
        None,
    )
    assert context.execution["State"]["Name"] == "S"


def test_request__of_an_iteration_and_of_a_token() -> None:
    inner = {
        "Type": "Task",
        "Resource": f"{SEND}.waitForTaskToken",
        "Parameters": {"token.$": "$$.Task.Token"},
        "End": True,
    }
    made = machine({"Type": "Map", "ItemProcessor": {"StartAt": "I", "States": {"I": inner}}})
    first, second = requests_of(made, [7, 8])
    assert (first.iterations, second.iterations, second.context.iteration) == ((0,), (1,), 1)
    assert first.payload == {"token": first.context.token}
    assert first.context.token != second.context.token
    assert second.context.execution["Map"]["Item"] == {"Index": 1, "Value": 8, "Source": "STATE_DATA"}


def test_request__of_a_reader() -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key.$": "$.t"}}
    (request,) = requests_of(machine({**MAP, "ItemReader": reader}), GIVEN)
    assert (request.is_task, request.payload, request.context.attempt) == (False, {"Bucket": "b", "Key": "soon"}, 1)
    assert request.iterations == ()


def test_retry__an_attempt_is_counted_in_the_request() -> None:
    seen: list[int] = []

    def work(payload: Any, context: Any) -> Any:
        seen.append(context.attempt)
        raise ValueError

    made = machine({**TASK, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]})
    made.run({}, {"S": work}, check=False)
    assert seen == [1, 2, 3]


@pytest.mark.parametrize(
    ("retrier", "delays"),
    [
        ({"IntervalSeconds": 99_999_999}, [31_622_400.0]),
        ({"IntervalSeconds": 99_999_999, "MaxDelaySeconds": 31_622_399}, [31_622_399.0]),
        ({"BackoffRate": 1e300, "MaxAttempts": 4}, [1.0, 31_622_400.0, 31_622_400.0]),
    ],
)
def test_retry__waits_366_days_at_most(retrier: dict[str, Any], delays: list[float]) -> None:
    """MaxDelaySeconds has to be below that; without it that is the bound."""
    made = machine({**TASK, "Retry": [{"ErrorEquals": ["States.ALL"], **retrier}]})
    (written,) = made.definition.graph.states["S"].retriers
    assert [delay_before(written, count) for count in range(len(delays))] == delays


def test_writer__words_that_there_are_not() -> None:
    for config, cause in [
        ({"Transformation": "$.t", "OutputType": "JSON"}, "Transformation '$.t' is none of NONE, COMPACT, FLATTEN."),
        ({"Transformation": "NONE", "OutputType": "$.t"}, "OutputType '$.t' is none of JSON, JSONL."),
    ]:
        with pytest.raises(StateFailure) as caught:
            check_config(config, exports=True)
        assert (caught.value.error, caught.value.cause) == ("States.ResultWriterFailed", cause)


def test_reader__one_that_throws_leaves_its_exception() -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"}}
    made = machine({**MAP, "ItemReader": reader})

    def fetch(where: Any) -> Any:
        raise KeyError("k")

    execution = made.run({}, {"arn:aws:states:::s3:getObject": fetch}, check=False)
    assert isinstance(execution.exception, KeyError)
    assert made.run({}, {"arn:aws:states:::s3:getObject": throws("E", "c")}, check=False).exception is None


def test_request__nobody_answers_is_an_error_on_the_states_line(tmp_path: Path) -> None:
    file = tmp_path / "m.asl.json"
    text = f'{{"StartAt": "S", "States": {{\n"S": {{"Type": "Task", "Resource": "{SEND}", "Parameters": {{}}, "End": true}}}}}}'
    file.write_text(text)
    with pytest.raises(TaskNotHandled) as caught:
        StateMachine(file).run()
    assert (caught.value.location.file, caught.value.location.line) == (file, 2)
