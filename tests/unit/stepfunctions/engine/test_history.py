"""An execution's history: each type of event with its details and the event before it.

The facts are those of AWS's API reference (GetExecutionHistory, HistoryEvent and the types of its details); botocore has the
same reference as data, against which every event of the gallery is held.
"""
# ruff: noqa: E501, ISC004 - a table is read by its rows

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator

from pipeproof import StateMachine, returns, throws
from pipeproof.stepfunctions.answers.mocks import by_iteration
from pipeproof.stepfunctions.engine.history import Event, History, details_name
from pipeproof.stepfunctions.engine.visits import Visit

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:work"
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:worker"
ROLE = "arn:aws:iam::123456789012:role/StateMachineRole"
TASK = {"Type": "Task", "Resource": LAMBDA, "End": True}
FAST = {"Type": "Pass", "End": True}


def machine(language: str = "JSONPath", limit: int | None = None, **states: Any) -> StateMachine:
    timeout = {} if limit is None else {"TimeoutSeconds": limit}
    return StateMachine({"QueryLanguage": language, "StartAt": next(iter(states)), **timeout, "States": states})


def task(resource: str = LAMBDA, **fields: Any) -> StateMachine:
    return machine(T={**TASK, "Resource": resource, **fields})


def mapping(inner: Any = FAST, *, distributed: bool = False, **fields: Any) -> StateMachine:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"} if distributed else {"Mode": "INLINE"}
    processor = {"ProcessorConfig": config, "StartAt": "I", "States": {"I": inner}}
    return machine(M={"Type": "Map", "ItemProcessor": processor, "End": True, **fields})


def parallel(**branches: Any) -> StateMachine:
    written = [{"StartAt": name, "States": {name: state}} for name, state in branches.items()]
    return machine(P={"Type": "Parallel", "Branches": written, "End": True})


def run(made: StateMachine, given: Any = None, mock: Any = None) -> Any:
    return made.run({} if given is None else given, {"T": mock, "I": mock} if mock else None, check=False)


def told(execution: Any) -> list[str]:
    """Each event between the first and the last: the id before it, its type, its details."""
    shown = []
    for event in execution.events[1:-1]:
        details = f" {json.dumps(dict(event.details))}" if event.details else ""
        shown.append(f"{event.previous_id} {event.type}{details}")
    return shown


def named(name: str, **details: Any) -> str:
    return " " + json.dumps({"name": name, **details})


NAMES = '"resourceType": "sqs", "resource": "sendMessage'
QUEUE = {"QueueUrl": "q", "MessageBody": "b"}
TASKS: list[tuple[str, StateMachine, Any, list[str]]] = [
    ("a function", task(), returns(7), [
        f'2 LambdaFunctionScheduled {{"resource": "{LAMBDA}", "input": {{}}}}', "3 LambdaFunctionStarted",
        '4 LambdaFunctionSucceeded {"output": 7, "outputDetails": {"truncated": false}}',
    ]),
    ("a function with limits, of which its event has one", task(TimeoutSeconds=9, HeartbeatSeconds=3), returns(7), [
        f'2 LambdaFunctionScheduled {{"resource": "{LAMBDA}", "input": {{}}, "timeoutInSeconds": 9}}',
        "3 LambdaFunctionStarted", '4 LambdaFunctionSucceeded {"output": 7, "outputDetails": {"truncated": false}}',
    ]),
    ("a function that fails", task(), throws("E", "c"), [
        f'2 LambdaFunctionScheduled {{"resource": "{LAMBDA}", "input": {{}}}}', "3 LambdaFunctionStarted",
        '4 LambdaFunctionFailed {"error": "E", "cause": "c"}',
    ]),
    ("a function that is late", task(TimeoutSeconds=2), returns(7, after=3), [
        f'2 LambdaFunctionScheduled {{"resource": "{LAMBDA}", "input": {{}}, "timeoutInSeconds": 2}}',
        "3 LambdaFunctionStarted", '4 LambdaFunctionTimedOut {"error": "States.Timeout"}',
    ]),
    ("an activity", task(ACTIVITY, TimeoutSeconds=9, HeartbeatSeconds=3), returns(7), [
        f'2 ActivityScheduled {{"resource": "{ACTIVITY}", "input": {{}}, "timeoutInSeconds": 9, "heartbeatInSeconds": 3}}',
        '3 ActivityStarted {"workerName": "worker"}',
        '4 ActivitySucceeded {"output": 7, "outputDetails": {"truncated": false}}',
    ]),
    ("an activity that fails", task(ACTIVITY), throws("E", "c"), [
        f'2 ActivityScheduled {{"resource": "{ACTIVITY}", "input": {{}}}}',
        '3 ActivityStarted {"workerName": "worker"}', '4 ActivityFailed {"error": "E", "cause": "c"}',
    ]),
    ("an activity that is silent", task(ACTIVITY, HeartbeatSeconds=3), returns(7, after=4), [
        f'2 ActivityScheduled {{"resource": "{ACTIVITY}", "input": {{}}, "heartbeatInSeconds": 3}}',
        '3 ActivityStarted {"workerName": "worker"}', '4 ActivityTimedOut {"error": "States.Timeout"}',
    ]),
    ("an integration", task("arn:aws:states:::sqs:sendMessage", Parameters=QUEUE), returns({"MessageId": "1"}), [
        f'2 TaskScheduled {{{NAMES}", "region": "us-east-1", "parameters": {json.dumps(QUEUE)}}}',
        f'3 TaskStarted {{{NAMES}"}}',
        f'4 TaskSucceeded {{{NAMES}", "output": {{"MessageId": "1"}}, "outputDetails": {{"truncated": false}}}}',
    ]),
    ("an integration that waits for its token",
     task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", Parameters=QUEUE, HeartbeatSeconds=3), returns(7), [
        f'2 TaskScheduled {{{NAMES}.waitForTaskToken", "region": "us-east-1", "parameters": {json.dumps(QUEUE)}, '
        '"heartbeatInSeconds": 3}', f'3 TaskStarted {{{NAMES}.waitForTaskToken"}}',
        f'4 TaskSubmitted {{{NAMES}.waitForTaskToken", "output": {{}}}}',
        f'5 TaskSucceeded {{{NAMES}.waitForTaskToken", "output": 7, "outputDetails": {{"truncated": false}}}}',
    ]),
    ("an integration that fails", task("arn:aws:states:::sqs:sendMessage", Parameters=QUEUE), throws("E", "c"), [
        f'2 TaskScheduled {{{NAMES}", "region": "us-east-1", "parameters": {json.dumps(QUEUE)}}}',
        f'3 TaskStarted {{{NAMES}"}}', f'4 TaskFailed {{{NAMES}", "error": "E", "cause": "c"}}',
    ]),
    ("an integration that is late",
     task("arn:aws:states:::sqs:sendMessage", Parameters=QUEUE, TimeoutSeconds=2), returns({}, after=3), [
        f'2 TaskScheduled {{{NAMES}", "region": "us-east-1", "parameters": {json.dumps(QUEUE)}, "timeoutInSeconds": 2}}',
        f'3 TaskStarted {{{NAMES}"}}', f'4 TaskTimedOut {{{NAMES}", "error": "States.Timeout"}}',
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("made", "mock", "expected"), [row[1:] for row in TASKS], ids=[row[0] for row in TASKS])
def test_task__events(made: StateMachine, mock: Any, expected: list[str]) -> None:
    execution = run(made, mock=mock)
    exited = [f"{len(expected) + 2} TaskStateExited" + named("T", output=execution.output)]
    assert told(execution) == ["0 TaskStateEntered" + named("T", input={})] + expected + (
        exited if execution.status == "SUCCEEDED" else []
    )


SIMPLE: list[tuple[str, StateMachine, list[str]]] = [
    ("Pass", machine(A={**FAST, "Result": 1}), ["0 PassStateEntered" + named("A", input={}), "2 PassStateExited" + named("A", output=1)]),
    ("Wait", machine(A={"Type": "Wait", "Seconds": 1, "End": True}), ["0 WaitStateEntered" + named("A", input={}), "2 WaitStateExited" + named("A", output={})]),
    ("Succeed", machine(A={"Type": "Succeed"}), ["0 SucceedStateEntered" + named("A", input={}), "2 SucceedStateExited" + named("A", output={})]),
    ("Fail", machine(A={"Type": "Fail", "Error": "E", "Cause": "c"}), ["0 FailStateEntered" + named("A", input={})]),
    ("Choice", machine(A={"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "B"}], "Default": "B"}, B={"Type": "Succeed"}),
     ["0 ChoiceStateEntered" + named("A", input={}), "2 ChoiceStateExited" + named("A", output={}),
      "3 SucceedStateEntered" + named("B", input={}), "4 SucceedStateExited" + named("B", output={})]),
    ("Pass that sets variables, which are told in the order of their names", machine(A={**FAST, "Assign": {"b": 1, "a": [2]}}),
     ["0 PassStateEntered" + named("A", input={}),
      "2 PassStateExited" + named("A", output={}, assignedVariables={"a": [2], "b": 1}, assignedVariablesDetails={"truncated": False})]),
]  # fmt: skip


@pytest.mark.parametrize(("made", "expected"), [row[1:] for row in SIMPLE], ids=[row[0] for row in SIMPLE])
def test_state__events(made: StateMachine, expected: list[str]) -> None:
    assert told(run(made)) == expected


def test_map__events_of_iterations_side_by_side() -> None:
    assert told(run(mapping(), [5, 6])) == [
        "0 MapStateEntered" + named("M", input=[5, 6]),
        '2 MapStateStarted {"length": 2}',
        '3 MapIterationStarted {"index": 0, "name": "M"}',
        '3 MapIterationStarted {"index": 1, "name": "M"}',
        "4 PassStateEntered" + named("I", input=5),
        "6 PassStateExited" + named("I", output=5),
        '7 MapIterationSucceeded {"index": 0, "name": "M"}',
        "5 PassStateEntered" + named("I", input=6),
        "9 PassStateExited" + named("I", output=6),
        '10 MapIterationSucceeded {"index": 1, "name": "M"}',
        "11 MapStateSucceeded",
        "11 MapStateExited" + named("M", output=[5, 6]),
    ]


def test_map__events_of_iterations_one_after_the_other() -> None:
    """Each begins after the last event of the one before it."""
    assert told(run(mapping(MaxConcurrency=1), [5, 6]))[1:] == [
        '2 MapStateStarted {"length": 2}',
        '3 MapIterationStarted {"index": 0, "name": "M"}',
        "4 PassStateEntered" + named("I", input=5),
        "5 PassStateExited" + named("I", output=5),
        '6 MapIterationSucceeded {"index": 0, "name": "M"}',
        '6 MapIterationStarted {"index": 1, "name": "M"}',
        "8 PassStateEntered" + named("I", input=6),
        "9 PassStateExited" + named("I", output=6),
        '10 MapIterationSucceeded {"index": 1, "name": "M"}',
        "11 MapStateSucceeded",
        "11 MapStateExited" + named("M", output=[5, 6]),
    ]


def test_map__events_of_an_iteration_that_fails() -> None:
    mock = by_iteration({1: throws("E", after=1)}, otherwise=returns(0, after=2))
    assert told(run(mapping(TASK), [5, 6, 7], mock))[14:] == [
        '12 LambdaFunctionFailed {"error": "E", "cause": ""}',
        '16 MapIterationFailed {"index": 1, "name": "M"}',
        "9 TaskStateAborted",
        '18 MapIterationAborted {"index": 0, "name": "M"}',
        "15 TaskStateAborted",
        '20 MapIterationAborted {"index": 2, "name": "M"}',
        "16 MapStateFailed",
    ]


def test_map__events_of_nothing() -> None:
    assert told(run(mapping(), []))[1:] == [
        '2 MapStateStarted {"length": 0}', "3 MapStateSucceeded", "3 MapStateExited" + named("M", output=[]),
    ]  # fmt: skip


def test_parallel__events_of_branches() -> None:
    made = parallel(A=FAST, B={"Type": "Wait", "Seconds": 5, "End": True})
    assert told(run(made)) == [
        "0 ParallelStateEntered" + named("P", input={}),
        "2 ParallelStateStarted",
        "3 PassStateEntered" + named("A", input={}),
        "4 PassStateExited" + named("A", output={}),
        "3 WaitStateEntered" + named("B", input={}),
        "6 WaitStateExited" + named("B", output={}),
        "7 ParallelStateSucceeded",
        "7 ParallelStateExited" + named("P", output=[{}, {}]),
    ]


@pytest.mark.parametrize(
    ("kind", "waiting"),
    [
        ("Wait", {"Type": "Wait", "Seconds": 5, "End": True}),
        ("Task", TASK),
        ("Parallel", {"Type": "Parallel", "Branches": [{"StartAt": "T", "States": {"T": TASK}}], "End": True}),
        (
            "Map",
            {"Type": "Map", "ItemProcessor": {"StartAt": "T", "States": {"T": TASK}}, "ItemsPath": "$.x", "End": True},
        ),
    ],
)
def test_parallel__the_state_of_another_branch_is_aborted(kind: str, waiting: Any) -> None:
    made = parallel(I=TASK, B=waiting)
    execution = made.run({"x": [1]}, {"I": throws("E", after=1), "B": returns(1, after=9), "T": returns(1, after=9)}, check=False)  # fmt: skip
    types = [event.type for event in execution.events]
    assert types[-3:] == [f"{kind}StateAborted", "ParallelStateFailed", "ExecutionFailed"]
    assert types.count("TaskStateAborted") == {"Wait": 1, "Task": 2, "Parallel": 2, "Map": 2}[kind]
    failed = next(event.id for event in execution.events if event.type == "LambdaFunctionFailed")
    assert [event.previous_id for event in execution.events[-2:]] == [failed + 1, execution.events[-2].id]


def test_distributed_map__events_of_its_run() -> None:
    arn = '"mapRunArn": "arn:aws:states:us-east-1:123456789012:mapRun:StateMachine/L:'
    succeeding = told(run(mapping(distributed=True, Label="L"), [1, 2]))
    assert succeeding[1] == '2 MapStateStarted {"length": 2}'
    assert succeeding[2].startswith(f"3 MapRunStarted {{{arn}")
    assert succeeding[3:] == [
        "4 MapRunSucceeded", "5 MapStateSucceeded", "4 MapStateExited" + named("M", output=[1, 2]),
    ]  # fmt: skip
    failing = told(run(mapping(TASK, distributed=True, Label="L"), [1, 2], throws("E")))
    assert failing[3:] == [
        '4 MapRunFailed {"error": "States.ExceedToleratedFailureThreshold", '
        '"cause": "The specified tolerated failure threshold was exceeded"}',
        "5 MapStateFailed",
    ]


def test_retry__each_attempt_has_its_events_and_the_state_is_entered_once() -> None:
    retry = [{"ErrorEquals": ["E"]}]
    execution = run(task(Retry=retry), mock=[throws("E"), returns(1)])
    assert [(event.type, event.previous_id, event.elapsed) for event in execution.events[1:]] == [
        ("TaskStateEntered", 0, 0.0),
        ("LambdaFunctionScheduled", 2, 0.0),
        ("LambdaFunctionStarted", 3, 0.0),
        ("LambdaFunctionFailed", 4, 0.0),
        ("LambdaFunctionScheduled", 5, 1.0),
        ("LambdaFunctionStarted", 6, 1.0),
        ("LambdaFunctionSucceeded", 7, 1.0),
        ("TaskStateExited", 8, 1.0),
        ("ExecutionSucceeded", 9, 1.0),
    ]


def test_evaluation__that_fails_has_an_event_with_its_place() -> None:
    execution = run(machine("JSONata", A={**FAST, "Output": "{% $nothing %}"}))
    cause = (
        "An error occurred while executing the state 'A' (entered at the event id #2). The JSONata expression "
        "'$nothing' specified for the field 'Output' returned nothing (undefined)."
    )
    assert dict(execution.events[2].details) == {
        "cause": cause, "error": "States.QueryEvaluationError", "location": "Output", "state": "A",
    }  # fmt: skip
    assert dict(execution.events[-1].details) == {"error": "States.QueryEvaluationError", "cause": cause}


ENDS: list[tuple[str, StateMachine, dict[str, Any]]] = [
    ("ExecutionSucceeded", machine(A={**FAST, "Result": [1]}), {"output": [1]}),
    ("ExecutionFailed", machine(A={"Type": "Fail", "Error": "E", "Cause": "c"}), {"error": "E", "cause": "c"}),
    ("ExecutionFailed", machine(A={"Type": "Fail"}), {}),
    ("ExecutionFailed", machine(A={"Type": "Fail", "Error": "E"}), {"error": "E"}),
    ("ExecutionTimedOut", machine(limit=3, A={"Type": "Wait", "Seconds": 9, "End": True}), {}),
]


@pytest.mark.parametrize(("kind", "made", "details"), ENDS, ids=[f"{row[0]}-{len(row[2])}" for row in ENDS])
def test_execution__its_first_and_last_event(kind: str, made: StateMachine, details: dict[str, Any]) -> None:
    execution = run(made, {"a": 1})
    first, last = execution.events[0], execution.events[-1]
    assert (first.id, first.previous_id, first.type, dict(first.details)) == (
        1, 0, "ExecutionStarted", {"input": {"a": 1}, "roleArn": ROLE},
    )  # fmt: skip
    assert (last.id, last.type, dict(last.details)) == (len(execution.events), kind, details)


@pytest.mark.parametrize(
    ("error", "cause", "details"),
    [("E", "c", {"error": "E", "cause": "c"}), (None, "c", {"cause": "c"}), (None, None, {})],
)
def test_execution__that_is_stopped(error: str | None, cause: str | None, details: dict[str, str]) -> None:
    running = machine(A={"Type": "Wait", "Seconds": 9, "End": True}).start({})
    running.stop(error, cause)
    running.stop("again", "no")
    result = running.result()
    assert (result.status, result.error, result.cause, result.output) == ("ABORTED", error, cause, None)
    assert (result.events[-1].type, dict(result.events[-1].details)) == ("ExecutionAborted", details)


def gallery() -> list[Any]:
    """Executions that between them have every type of event that an execution writes of itself."""
    made = [run(row[1], mock=row[2]) for row in TASKS]
    made += [run(row[1]) for row in [*SIMPLE]] + [run(row[1]) for row in ENDS]
    made += [
        run(mapping(), [1]),
        run(mapping(distributed=True), [1]),
        run(mapping(TASK, distributed=True), [1], throws("E")),
    ]
    made += [run(mapping(TASK), [1, 2], by_iteration({0: throws("E")}, otherwise=returns(1, after=2)))]
    made += [
        run(parallel(A=FAST)),
        run(parallel(I=TASK, B={"Type": "Wait", "Seconds": 9, "End": True}), mock=throws("E")),
    ]
    made += [run(machine("JSONata", A={**FAST, "Output": "{% $nothing %}"}))]
    return made


@cache
def _shape() -> Any:
    return get_session().get_service_model("stepfunctions").operation_model("GetExecutionHistory").output_shape


def test_to_dict__is_what_the_api_documents() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    kinds = set(_shape().members["events"].member.members["type"].enum)
    seen = set()
    for execution in gallery():
        events = [event.to_dict(start) for event in execution.events]
        report = ParamValidator().validate({"events": events}, _shape())
        assert not report.has_errors(), report.generate_report()
        assert all(isinstance(event.details, dict) for event in execution.events)
        for event in events:
            seen.add(event["type"])
            assert event.keys() <= {"timestamp", "type", "id", "previousEventId", details_name(event["type"])}
    assert seen <= kinds
    assert len(seen) == 51


def test_to_dict__json_stands_in_texts() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    execution = run(machine(A={"Type": "Wait", "Seconds": 2, "Next": "B"}, B={**FAST, "Assign": {"v": {"a": 1}}}), [1])
    first, _, _, _, exited, last = (event.to_dict(start) for event in execution.events)
    complete = {"truncated": False}
    assert first == {
        "timestamp": start, "type": "ExecutionStarted", "id": 1, "previousEventId": 0,
        "executionStartedEventDetails": {"input": "[1]", "inputDetails": complete, "roleArn": ROLE},
    }  # fmt: skip
    assert exited == {
        "timestamp": datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC), "type": "PassStateExited", "id": 5, "previousEventId": 4,
        "stateExitedEventDetails": {
            "name": "B", "output": "[1]", "outputDetails": complete,
            "assignedVariables": {"v": '{"a":1}'}, "assignedVariablesDetails": complete,
        },
    }  # fmt: skip
    assert last["executionSucceededEventDetails"] == {"output": "[1]", "outputDetails": complete}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("PassStateEntered", "stateEnteredEventDetails"),
        ("ParallelStateExited", "stateExitedEventDetails"),
        ("TaskScheduled", "taskScheduledEventDetails"),
        ("LambdaFunctionFailed", "lambdaFunctionFailedEventDetails"),
        ("MapStateStarted", "mapStateStartedEventDetails"),
        ("ExecutionStarted", "executionStartedEventDetails"),
    ],
)
def test_details__are_called_after_their_type(kind: str, name: str) -> None:
    assert details_name(kind) == name


def test_to_dict__an_event_without_details_has_no_field_for_them() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    plain = {"timestamp": start, "id": 1, "previousEventId": 0}
    assert Event(1, "MapRunAborted", 0, 0.0, {}).to_dict(start) == {**plain, "type": "MapRunAborted"}
    kind = "ExecutionTimedOut"
    assert Event(1, kind, 0, 0.0, {}).to_dict(start) == {**plain, "type": kind, "executionTimedOutEventDetails": {}}


def test_repr__is_short() -> None:
    assert repr(Event(3, "MapStateStarted", 2, 0.0, {"length": 2})) == "<3 MapStateStarted {'length': 2}>"
    execution = run(machine(A={"Type": "Wait", "Seconds": 2, "Next": "B"}, B=FAST))
    assert [repr(visit) for visit in execution.visits] == ["<A entered at 0 s>", "<B entered at 2 s>"]


@pytest.mark.parametrize(("limit", "count", "full"), [(None, 9, False), (3, 2, False), (3, 3, True), (3, 4, True)])
def test_limit__is_reached_by_counting(limit: int | None, count: int, full: bool) -> None:
    history = History(limit)
    history.count = count
    assert history.is_full is full


def test_limit__ends_the_execution() -> None:
    made = StateMachine({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Succeed"}}})
    made.settings = made.settings.__class__(event_limit=3)
    execution = made.run({}, check=False)
    assert (execution.error, execution.cause) == (
        "States.Runtime", "The execution reached the maximum number of history events (3).",
    )  # fmt: skip
    assert execution.path == ["A"]


def test_visit__has_what_its_events_tell() -> None:
    state = machine(A=FAST).definition.graph.states["A"]
    visit = Visit(state, {"a": 1}, 0.0, (), 2)
    assert visit.entered_details == {"name": "A", "input": {"a": 1}}
    visit.output = 5
    assert visit.exited_details == {"name": "A", "output": 5}
