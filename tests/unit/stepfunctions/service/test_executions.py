"""Executions through boto3: started, described, listed and their histories, with AWS's error codes."""
# ruff: noqa: E501 - a table is read by its rows

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeproof import StateMachine, returns, throws

ARN = "arn:aws:states:us-east-1:123456789012"
PASS = {"Type": "Pass"}
CALL = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}


@pytest.fixture
def machine(create, chain) -> str:
    return create("m", chain(A=PASS, B={"Type": "Pass", "Result": {"b": 1}}))


def test_start__runs_to_its_end(states, machine: str) -> None:
    started = states.start_execution(stateMachineArn=machine, name="one", input='{"a": 1}', traceHeader="Root=1-2")
    assert started["executionArn"] == f"{ARN}:execution:m:one"
    described = states.describe_execution(executionArn=started["executionArn"])
    del described["ResponseMetadata"]
    assert described.pop("startDate") == described.pop("stopDate") == started["startDate"]
    assert described == {
        "executionArn": f"{ARN}:execution:m:one",
        "stateMachineArn": machine,
        "name": "one",
        "status": "SUCCEEDED",
        "input": '{"a": 1}',
        "inputDetails": {"included": True},
        "output": '{"b":1}',
        "outputDetails": {"included": True},
        "redriveCount": 0,
        "redriveStatus": "NOT_REDRIVABLE",
        "redriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
        "traceHeader": "Root=1-2",
    }


def test_start__without_name_or_input(states, machine: str) -> None:
    first = states.start_execution(stateMachineArn=machine)["executionArn"]
    second = states.start_execution(stateMachineArn=machine)["executionArn"]
    assert first != second
    assert states.describe_execution(executionArn=first)["input"] == "{}"


def test_start__a_name_twice__exists_already(states, machine: str) -> None:
    states.start_execution(stateMachineArn=machine, name="one")
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machine, name="one")


def test_start__a_running_one_with_the_same_input__is_the_same(states, create, chain) -> None:
    activity = states.create_activity(name="work")["activityArn"]
    arn = create("waits", chain(Work={"Type": "Task", "Resource": activity}))
    first = states.start_execution(stateMachineArn=arn, name="one", input='{"a": 1}')
    again = states.start_execution(stateMachineArn=arn, name="one", input='{"a":1}')
    assert (again["executionArn"], again["startDate"]) == (first["executionArn"], first["startDate"])
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=arn, name="one", input='{"a": 2}')


def test_start__tasks_are_answered_by_what_was_deployed(states, chain) -> None:
    arn = StateMachine(chain(F=CALL), name="m").deploy(mocks={"F": [throws("E", "once"), returns({"x": 1})]})
    first = states.start_execution(stateMachineArn=arn)["executionArn"]
    described = states.describe_execution(executionArn=first)
    assert (described["status"], described["error"], described["cause"]) == ("FAILED", "E", "once")
    assert described["redriveStatus"] == "REDRIVABLE"
    assert "output" not in described


def test_describe__metadata_only__leaves_the_data_out(states, machine: str) -> None:
    arn = states.start_execution(stateMachineArn=machine, input='{"a": 1}')["executionArn"]
    described = states.describe_execution(executionArn=arn, includedData="METADATA_ONLY")
    assert (described["inputDetails"], described["outputDetails"]) == ({"included": False}, {"included": False})
    assert not {"input", "output"} & described.keys()


CALLS: list[tuple[str, dict[str, Any], str, str]] = [
    ("start_execution", {"stateMachineArn": "m"}, "InvalidArn", "Invalid Arn: 'Invalid ARN prefix: m'"),
    ("start_execution", {"stateMachineArn": f"{ARN}:execution:m:x"}, "InvalidArn", "Resource type not valid in this context: execution"),
    ("start_execution", {"stateMachineArn": f"{ARN}:stateMachine:no"}, "StateMachineDoesNotExist", "State Machine Does Not Exist: "),
    ("start_execution", {"stateMachineArn": f"{ARN}:stateMachine:m/Map"}, "ValidationException", "Distributed Map"),
    ("start_execution", {"stateMachineArn": f"{ARN}:stateMachine:m", "input": "{"}, "InvalidExecutionInput", "Invalid State Machine Execution Input"),
    ("start_execution", {"stateMachineArn": f"{ARN}:stateMachine:m", "name": "a b"}, "InvalidName", "Invalid Name: 'a b'"),
    ("start_execution", {"stateMachineArn": f"{ARN}:stateMachine:m", "name": "n" * 81}, "ValidationException", "less than or equal to 80"),
    ("start_execution", {"stateMachineArn": f"{ARN}:stateMachine:m", "input": json.dumps("x" * 300_000)}, "ValidationException", "262144"),
    ("describe_execution", {"executionArn": f"{ARN}:execution:m:no"}, "ExecutionDoesNotExist", "Execution Does Not Exist: "),
    ("describe_execution", {"executionArn": f"{ARN}:stateMachine:m"}, "InvalidArn", "Resource type not valid in this context: stateMachine"),
    ("stop_execution", {"executionArn": f"{ARN}:execution:m:no"}, "ExecutionDoesNotExist", "Execution Does Not Exist: "),
    ("get_execution_history", {"executionArn": f"{ARN}:execution:m:no"}, "ExecutionDoesNotExist", "Execution Does Not Exist: "),
    ("describe_state_machine_for_execution", {"executionArn": f"{ARN}:execution:m:no"}, "ExecutionDoesNotExist", "Execution Does Not Exist: "),
    ("list_map_runs", {"executionArn": f"{ARN}:execution:m:no"}, "ExecutionDoesNotExist", "Execution Does Not Exist: "),
    ("list_executions", {"stateMachineArn": f"{ARN}:stateMachine:no"}, "StateMachineDoesNotExist", "State Machine Does Not Exist: "),
    ("list_executions", {}, "ValidationException", "Must provide"),
    ("list_executions", {"stateMachineArn": f"{ARN}:stateMachine:m", "statusFilter": "PENDING_REDRIVE"}, "ValidationException", "PENDING_REDRIVE"),
    ("list_executions", {"stateMachineArn": f"{ARN}:stateMachine:m", "maxResults": 1001}, "ValidationException", "1000"),
    ("list_executions", {"stateMachineArn": f"{ARN}:stateMachine:m", "nextToken": "no"}, "InvalidToken", "Invalid token"),
    ("list_executions", {"mapRunArn": f"{ARN}:mapRun:m/M:no"}, "ResourceNotFound", "Resource not found"),
    ("describe_map_run", {"mapRunArn": f"{ARN}:mapRun:m/M:no"}, "ResourceNotFound", "Resource not found"),
    ("update_map_run", {"mapRunArn": f"{ARN}:mapRun:m/M:no"}, "ResourceNotFound", "Resource not found"),
    ("get_activity_task", {"activityArn": f"{ARN}:activity:no"}, "ActivityDoesNotExist", "Activity Does Not Exist: "),
    ("send_task_success", {"taskToken": "no", "output": "{}"}, "InvalidToken", "Invalid Token: 'Invalid token'"),
    ("send_task_failure", {"taskToken": "no"}, "InvalidToken", "Invalid Token: 'Invalid token'"),
    ("send_task_heartbeat", {"taskToken": "no"}, "InvalidToken", "Invalid Token: 'Invalid token'"),
    ("start_sync_execution", {"stateMachineArn": f"{ARN}:stateMachine:m"}, "StateMachineTypeNotSupported", "not supported by this type"),
    ("tag_resource", {"resourceArn": f"{ARN}:stateMachine:no", "tags": []}, "ResourceNotFound", "Resource not found"),
    ("untag_resource", {"resourceArn": f"{ARN}:activity:no", "tagKeys": []}, "ResourceNotFound", "Resource not found"),
    ("list_tags_for_resource", {"resourceArn": f"{ARN}:execution:m:x"}, "InvalidArn", "Resource type not valid"),
    ("describe_state_machine", {"stateMachineArn": f"{ARN}:stateMachine:m:7"}, "StateMachineDoesNotExist", "m:7"),
    ("update_state_machine", {"stateMachineArn": f"{ARN}:stateMachine:m"}, "MissingRequiredParameter", "must be specified"),
    ("update_state_machine", {"stateMachineArn": f"{ARN}:stateMachine:m", "definition": "{}"}, "InvalidDefinition", "Invalid State Machine Definition: "),
    ("publish_state_machine_version", {"stateMachineArn": f"{ARN}:stateMachine:m", "revisionId": "x"}, "ConflictException", "revision x"),
    ("publish_state_machine_version", {"stateMachineArn": f"{ARN}:stateMachine:m:1"}, "ValidationException", "version or an alias"),
    ("delete_state_machine_version", {"stateMachineVersionArn": f"{ARN}:stateMachine:m"}, "ValidationException", "not that of a state machine version"),
    ("describe_state_machine_alias", {"stateMachineAliasArn": f"{ARN}:stateMachine:m:no"}, "ResourceNotFound", "Resource not found"),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "parameters", "code", "said"), CALLS)
def test_operations__what_makes_no_sense__is_refused(
    states, machine: str, operation: str, parameters: dict[str, Any], code: str, said: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(states, operation)(**parameters)
    assert caught.value.response["Error"]["Code"] == code
    assert said in caught.value.response["Error"]["Message"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_operations__all_of_them_are_answered(states) -> None:
    """Each operation of the API has an answer here or in moto; none leaves boto3 as "not implemented"."""
    from moto.core.utils import camelcase_to_underscores
    from moto.stepfunctions.responses import StepFunctionResponse

    from pipeproof.stepfunctions.service.operations import OPERATIONS

    model = states.meta.service_model
    lacking = [
        name
        for name in model.operation_names
        if name not in OPERATIONS and not hasattr(StepFunctionResponse, camelcase_to_underscores(name))
    ]
    assert lacking == []


def test_list__by_status_and_in_pages_the_latest_first(states, create, chain, machine: str) -> None:
    failing = create("failing", {"StartAt": "F", "States": {"F": {"Type": "Fail"}}})
    names = [f"n{number}" for number in range(5)]
    for name in names:
        states.start_execution(stateMachineArn=machine, name=name)
        states.start_execution(stateMachineArn=failing, name=name)
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine, PaginationConfig={"PageSize": 2})
    found = [item for page in pages for item in page["executions"]]
    assert sorted(item["name"] for item in found) == names
    assert [item["stopDate"] for item in found] == sorted((item["stopDate"] for item in found), reverse=True)
    assert states.list_executions(stateMachineArn=machine, statusFilter="FAILED")["executions"] == []
    listed = states.list_executions(stateMachineArn=failing, statusFilter="FAILED", maxResults=3)
    assert len(listed["executions"]) == 3
    assert states.list_executions(stateMachineArn=failing, redriveFilter="REDRIVEN")["executions"] == []


def test_history__reversed_paged_and_without_data(states, machine: str) -> None:
    arn = states.start_execution(stateMachineArn=machine, input='{"a": 1}')["executionArn"]
    events = states.get_execution_history(executionArn=arn)["events"]
    assert [event["type"] for event in events] == [
        "ExecutionStarted", "PassStateEntered", "PassStateExited", "PassStateEntered", "PassStateExited",
        "ExecutionSucceeded",
    ]  # fmt: skip
    assert states.get_execution_history(executionArn=arn, reverseOrder=True)["events"] == events[::-1]
    page = states.get_execution_history(executionArn=arn, maxResults=4)
    rest = states.get_execution_history(executionArn=arn, maxResults=4, nextToken=page["nextToken"])
    assert page["events"] + rest["events"] == events
    assert "nextToken" not in rest
    plain = states.get_execution_history(executionArn=arn, includeExecutionData=False)["events"]
    assert plain[1]["stateEnteredEventDetails"] == {"name": "A"}
    assert "A" in str(plain)
    assert "'a'" not in str(plain)
    assert events[0]["executionStartedEventDetails"]["input"] == '{"a":1}'


def test_history__of_each_kind_of_state__fits_the_model(states, chain, aws) -> None:
    """The fixture holds every answer to botocore's shapes."""
    topic = aws.client("sns").create_topic(Name="t")["TopicArn"]
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 9}]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "P"}]

    def inner(name: str) -> dict[str, Any]:
        return {"StartAt": name, "States": {name: {**CALL, "Resource": CALL["Resource"] + "2", "End": True}}}

    far = {**inner("I4"), "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}}
    definition = chain(
        W={"Type": "Wait", "Seconds": 5},
        C={"Type": "Choice", "Choices": [{"Variable": "$.a", "IsPresent": False, "Next": "F"}]},
        F={**CALL, "Retry": retry, "Catch": catch, "TimeoutSeconds": 60},
        P={"Type": "Parallel", "Branches": [inner("I1"), inner("I2")], "ResultPath": None},
        N={
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"TopicArn": topic, "Message": "x"},
        },
        J={"Type": "Pass", "QueryLanguage": "JSONata", "Output": [1, 2], "Assign": {"v": 1}},
        M={"Type": "Map", "ItemProcessor": inner("I3")},
        D={"Type": "Map", "ItemProcessor": far},
    )
    machine = StateMachine(definition, name="all", lambdas={"f": lambda event: 1 / 0, "f2": lambda event: event})
    arn = states.start_execution(stateMachineArn=machine.deploy())["executionArn"]
    assert states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED"
    types = {event["type"] for event in states.get_execution_history(executionArn=arn)["events"]}
    assert {
        "LambdaFunctionFailed",
        "TaskSucceeded",
        "MapRunStarted",
        "ParallelStateSucceeded",
        "WaitStateExited",
    } <= types


@pytest.mark.parametrize("by_version", [True, False])
def test_machine_for_execution__is_the_one_that_ran(states, create, chain, machine: str, by_version: bool) -> None:
    version = states.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    arn = states.start_execution(stateMachineArn=version if by_version else machine)["executionArn"]
    before = json.loads(states.describe_state_machine(stateMachineArn=machine)["definition"])
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(chain(New=PASS)))
    found = states.describe_state_machine_for_execution(executionArn=arn)
    assert (found["stateMachineArn"], json.loads(found["definition"])) == (machine, before)


def test_update__the_next_execution_runs_the_new_definition(states, chain) -> None:
    deployed = StateMachine(chain(F=CALL), name="m", lambdas={"f": lambda event: "old"})
    arn = deployed.deploy()
    changed = json.dumps(chain(F={**CALL, "ResultSelector": {"new.$": "$"}}))
    states.update_state_machine(stateMachineArn=arn, definition=changed)
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    assert json.loads(states.describe_execution(executionArn=execution)["output"]) == {"new": "old"}
    assert deployed.executions[-1].output == {"new": "old"}


def test_deploy__again__replaces_definition_and_mocks(states, chain) -> None:
    StateMachine(chain(F=CALL), name="m").deploy(mocks={"F": returns(1)})
    arn = StateMachine(chain(A=PASS, F=CALL), name="m").deploy(mocks={"F": returns(2)})
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    assert states.describe_execution(executionArn=execution)["output"] == "2"
    assert len(states.list_state_machines()["stateMachines"]) == 1


def test_delete__stops_what_runs(states, create, chain) -> None:
    activity = states.create_activity(name="work")["activityArn"]
    arn = create("waits", chain(Work={"Type": "Task", "Resource": activity}))
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    states.delete_state_machine(stateMachineArn=arn)
    assert states.describe_execution(executionArn=execution)["status"] == "ABORTED"
    with pytest.raises(states.exceptions.StateMachineDoesNotExist):
        states.start_execution(stateMachineArn=arn)


def test_create__again__is_idempotent_unless_something_differs(states, create, chain, machine: str) -> None:
    assert create("m", chain(A=PASS, B={"Type": "Pass", "Result": {"b": 1}})) == machine
    with pytest.raises(states.exceptions.StateMachineAlreadyExists):
        create("m", chain(A=PASS))
    with pytest.raises(ClientError, match="Version description can only be set when publish is true"):
        create("n", chain(A=PASS), versionDescription="v")
    with pytest.raises(states.exceptions.InvalidName):
        create("a b", chain(A=PASS))
    with pytest.raises(states.exceptions.InvalidDefinition):
        create("n", {"StartAt": "A", "States": {}})


def test_tags__of_machines_and_activities(states, create, chain) -> None:
    arn = create("m", chain(A=PASS), tags=[{"key": "team", "value": "data"}])
    activity = states.create_activity(name="work", tags=[{"key": "a", "value": "1"}])["activityArn"]
    states.tag_resource(resourceArn=arn, tags=[{"key": "stage", "value": "test"}, {"key": "team", "value": "core"}])
    states.untag_resource(resourceArn=arn, tagKeys=["stage"])
    assert states.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "team", "value": "core"}]
    assert states.list_tags_for_resource(resourceArn=activity)["tags"] == [{"key": "a", "value": "1"}]
    with pytest.raises(states.exceptions.TooManyTags):
        states.tag_resource(resourceArn=arn, tags=[{"key": str(n), "value": ""} for n in range(50)])
