"""State machines on the stub: their executions are their own role's."""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from pipeproof.environments.aws import AwsStub, open_aws
from pipeproof.stepfunctions.moto_service import engine_in_moto

ROLE = "arn:aws:iam::123456789012:role/machine"
DEFINITION = {
    "StartAt": "Store",
    "States": {
        "Store": {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:putItem",
            "Parameters": {"TableName": "orders", "Item": {"id": {"S.$": "$.id"}}},
            "Retry": [{"ErrorEquals": ["DynamoDB.ProvisionedThroughputExceededException"], "MaxAttempts": 2}],
            "End": True,
        }
    },
}


@pytest.fixture
def stub() -> Iterator[AwsStub]:
    with open_aws() as stub:
        stub.client("dynamodb").create_table(
            TableName="orders",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        stub.on_first_use("stepfunctions", lambda opened: opened.stack.enter_context(engine_in_moto()))
        yield stub


@pytest.fixture
def machine(stub: AwsStub) -> str:
    created = stub.client("stepfunctions").create_state_machine(
        name="store", definition=json.dumps(DEFINITION), roleArn=ROLE
    )
    stub.calls.clear()
    return str(created["stateMachineArn"])


def test_enforce__policy_of_who_starts_an_execution__is_not_the_machines(stub: AwsStub, machine: str) -> None:
    policy = {"Statement": {"Effect": "Allow", "Action": ["states:StartExecution"], "Resource": machine}}
    states = stub.client("stepfunctions")
    with stub.enforce(policy) as enforced:
        execution = states.start_execution(stateMachineArn=machine, input='{"id": "1"}')["executionArn"]
        with pytest.raises(ClientError, match="dynamodb:Scan"):
            stub.client("dynamodb").scan(TableName="orders")
    assert states.describe_execution(executionArn=execution)["status"] == "SUCCEEDED"
    assert enforced.missing == [("dynamodb:Scan", "arn:aws:dynamodb:us-east-1:123456789012:table/orders")]
    assert [(call.operation, call.principal) for call in stub.calls[:2]] == [
        ("PutItem", ROLE),
        ("StartExecution", None),
    ]


def test_fail__service_that_a_machine_calls__fails_its_task(stub: AwsStub, machine: str) -> None:
    states = stub.client("stepfunctions")
    stub.fail("dynamodb", "PutItem", "ResourceNotFoundException")
    execution = states.start_execution(stateMachineArn=machine, input='{"id": "1"}')["executionArn"]
    described = states.describe_execution(executionArn=execution)
    assert (described["status"], described["error"]) == ("FAILED", "DynamoDB.ResourceNotFoundException")
