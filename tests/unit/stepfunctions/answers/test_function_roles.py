"""A handler calls AWS as its own function's role, however the execution was started."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeproof import StateMachine
from pipeproof.environments.aws import AwsStub, open_aws
from pipeproof.stepfunctions.moto_service import engine_in_moto

TEMPLATE = """\
Resources:
  Store:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: store
      Runtime: python3.12
      Handler: index.handler
      InlineCode: |
        import boto3
        def handler(event, context):
            for bucket in event["buckets"]:
                boto3.client("s3").put_object(Bucket=bucket, Key="a", Body=b"1")
            return "stored"
      ROLE
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Name: machine
      DefinitionSubstitutions: {Store: !GetAtt Store.Arn}
      Definition:
        StartAt: Call
        States:
          Call: {Type: Task, Resource: "${Store}", End: true}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: of-the-function
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
      Policies:
        - PolicyName: p
          PolicyDocument: POLICY
"""
POLICY = {"Statement": {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::mine/*"}}
SAM = f"Policies: [{json.dumps(POLICY)}]"
ROLES = {"sam": SAM, "role": "Role: !GetAtt Role.Arn"}
ELSEWHERE = "Role: arn:aws:iam::123456789012:role/of-another-team"
Run = Callable[[StateMachine, Any], Any]


def run_directly(machine: StateMachine, value: Any) -> Any:
    return machine.run(value, check=False)


def start_through_boto3(machine: StateMachine, value: Any) -> Any:
    import boto3

    boto3.client("stepfunctions").start_execution(stateMachineArn=machine.deploy(), input=json.dumps(value))
    return machine.executions[-1]


def start_as_a_child(machine: StateMachine, value: Any) -> Any:
    parameters = {"StateMachineArn": machine.deploy(), "Input": value}
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": parameters,
        "End": True,
    }
    StateMachine({"StartAt": "Child", "States": {"Child": state}}, name="parent").run(check=False)
    return machine.executions[-1]


def denial(execution: Any) -> str:
    """What boto3 said: the class of its error is another in each of its versions."""
    cause = json.loads(execution.cause)
    assert cause["errorType"] in ("ClientError", "AccessDenied")
    return str(cause["errorMessage"]).replace('"', "")


@pytest.fixture
def aws() -> Iterator[AwsStub]:
    with open_aws() as stub:
        for bucket in ("mine", "theirs"):
            stub.client("s3").create_bucket(Bucket=bucket)
        stub.on_first_use("stepfunctions", lambda opened: opened.stack.enter_context(engine_in_moto()))
        yield stub


def machine(folder: Path, role: str, **options: Any) -> StateMachine:
    file = folder / "template.yaml"
    file.write_text(TEMPLATE.replace("ROLE", role).replace("POLICY", json.dumps(POLICY)))
    return StateMachine(file, **options)


@pytest.mark.parametrize("run", [run_directly, start_through_boto3])
@pytest.mark.parametrize("role", ROLES.values(), ids=ROLES)
def test_role__allows_what_its_policy_says(aws: AwsStub, tmp_path: Path, role: str, run: Run) -> None:
    assert run(machine(tmp_path, role), {"buckets": ["mine"]}).output == "stored"
    put = next(call for call in aws.calls if call.operation == "PutObject")
    assert put.principal.startswith("arn:aws:iam::123456789012:role/")
    assert put.principal.endswith("of-the-function" if "GetAtt" in role else "StoreRole")


@pytest.mark.parametrize("run", [run_directly, start_through_boto3, start_as_a_child])
@pytest.mark.parametrize("role", ROLES.values(), ids=ROLES)
def test_role__refuses_all_else_as_aws_words_it(aws: AwsStub, tmp_path: Path, role: str, run: Run) -> None:
    execution = run(machine(tmp_path, role), {"buckets": ["mine", "theirs"]})
    assert execution.status == "FAILED"
    assert "is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::theirs/a" in denial(execution)
    assert [call.error for call in aws.calls if call.operation == "PutObject"] == [None, "AccessDenied"]


@pytest.mark.parametrize("run", [run_directly, start_through_boto3])
def test_role__that_the_template_does_not_tell_holds_nobody(aws: AwsStub, tmp_path: Path, run: Run) -> None:
    assert run(machine(tmp_path, ELSEWHERE), {"buckets": ["mine", "theirs"]}).output == "stored"


@pytest.mark.parametrize("run", [run_directly, start_through_boto3])
def test_role__is_not_who_started_the_execution(aws: AwsStub, tmp_path: Path, run: Run) -> None:
    starting = {"Statement": {"Effect": "Allow", "Action": ["states:*", "iam:PassRole"], "Resource": "*"}}
    with aws.enforce(starting):
        assert run(machine(tmp_path, SAM), {"buckets": ["mine"]}).output == "stored"


@pytest.mark.parametrize("run", [run_directly, start_through_boto3])
def test_role__of_a_function_that_a_test_gives(aws: AwsStub, run: Run) -> None:
    def work(event: Any, context: Any) -> None:
        aws.client("s3").put_object(Bucket=event["bucket"], Key="a", Body=b"1")

    definition = {"StartAt": "Call", "States": {"Call": {"Type": "Task", "Resource": FUNCTION, "End": True}}}
    given = {"store": {"handler": work, "role_policy": POLICY}}
    assert run(StateMachine(definition, name="a", lambdas=given), {"bucket": "mine"}).status == "SUCCEEDED"
    execution = run(StateMachine(definition, name="b", lambdas=given), {"bucket": "theirs"})
    assert "arn:aws:s3:::theirs/a" in denial(execution)


FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:store"
