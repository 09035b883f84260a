"""State machines of templates: SAM, CloudFormation, CDK's output, Terraform's."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeproof import StateMachine
from pipeproof.cloudformation import TemplateError
from pipeproof.errors import InputError
from pipeproof.iam import PolicyError
from pipeproof.stepfunctions.definition.files import read_machines
from pipeproof.stepfunctions.errors import DefinitionError

TASK = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": "${Fn}", "End": True}}}


def machine(properties: str, rest: str = "") -> str:
    return f"""\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Name: {{Type: String}}
  Arn: {{Type: String}}
  Limit: {{Type: String}}
Resources:
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties: {properties}
{rest}"""


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(name: str, content: Any) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    return write


def test_parameters__without_a_value__have_stand_ins(write: Any) -> None:
    write("m.asl.json", TASK)
    file = write("t.yaml", machine("{DefinitionUri: m.asl.json, DefinitionSubstitutions: {Fn: !Ref Arn}}"))
    made = StateMachine(file)
    assert made.definition.graph.states["T"].raw["Resource"] == "arn:aws:lambda:us-east-1:123456789012:function:Arn"
    given = StateMachine(file, parameters={"Arn": "arn:aws:lambda:us-east-1:123456789012:function:mine"})
    assert given.run({}, {"mine": lambda event: 1}).output == 1


def test_parameters__of_another_name_or_of_no_template__are_errors(write: Any) -> None:
    file = write("t.yaml", machine("{Definition: {StartAt: P, States: {P: {Type: Pass, End: true}}}}"))
    with pytest.raises(TemplateError, match="no parameter is called Naem"):
        StateMachine(file, parameters={"Naem": "x"})
    with pytest.raises(InputError, match="is not a template"):
        StateMachine(write("m.json", {"StartAt": "P", "States": {}}), parameters={"Name": "x"})


def test_stand_ins__are_numbers_where_a_definition_wants_them(write: Any) -> None:
    definition = """{"StartAt": "W", "States": {
        "W": {"Type": "Wait", "Seconds": ${Limit}, "Next": "P"},
        "P": {"Type": "Pass", "Result": {"list": [${Limit}], "text": "${Limit}"}, "End": true}}}"""
    write("m.asl.json", definition)
    values = "{DefinitionUri: m.asl.json, DefinitionSubstitutions: {Limit: !Ref Limit}}"
    assert StateMachine(write("t.yaml", machine(values))).run({}).output == {"list": [1], "text": "Limit"}
    write("m.asl.yaml", "StartAt: W\nStates: {W: {Type: Wait, Seconds: ${Limit}, End: true}}\n".replace("{W", "{ W"))
    yaml = write("y.yaml", machine(values.replace("m.asl.json", "m.asl.yaml")))
    assert StateMachine(yaml).run({}).elapsed == 1


def test_definition_uri__with_other_letters_case__is_found_and_doubted(write: Any) -> None:
    write("states/Machine.asl.json", {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    file = write("t.yaml", machine("{DefinitionUri: States/machine.asl.json}"))
    found = read_machines(file)
    assert found is not None
    assert "Machine.asl.json, not machine.asl.json" in (found.found[0].doubt or "")


@pytest.mark.parametrize("location", ["{Bucket: b, Key: k.json}", "missing.json"])
def test_definition__that_is_not_there__is_an_error_that_says_where(write: Any, location: str) -> None:
    with pytest.raises(DefinitionError, match=r"t\.yaml:.*(s3://b/k\.json|missing\.json)"):
        StateMachine(write("t.yaml", machine(f"{{DefinitionUri: {location}}}")))


def test_cdk__joined_definition_and_assets(write: Any) -> None:
    head, tail = json.dumps(TASK).split("${Fn}")
    resources = {
        "Inline1": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "DefinitionString": {"Fn::Join": ["", [head, {"Fn::GetAtt": ["Work0", "Arn"]}, tail]]},
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            },
            "Metadata": {"aws:cdk:path": "Stack/Inline/Resource"},
        },
        "Asset2": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "DefinitionS3Location": {
                    "Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"},
                    "Key": "abc123.json",
                },
                "DefinitionSubstitutions": {"Fn": {"Fn::GetAtt": ["Work0", "Arn"]}},
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            },
        },
        "Work0": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "index.handler", "Runtime": "python3.13"}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {}},
    }
    version = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/cdk-bootstrap/hnb659fds/version"}
    file = write("cdk.out/Stack.template.json", {"Resources": resources, "Parameters": {"BootstrapVersion": version}})
    manifest = {
        "version": "36.0.0",
        "files": {
            "abc123": {
                "source": {"path": "asset.abc123.json", "packaging": "file"},
                "destinations": {"current": {"bucketName": "b", "objectKey": "abc123.json"}},
            }
        },
    }
    write("cdk.out/Stack.assets.json", manifest)
    write("cdk.out/asset.abc123.json", TASK)
    for name in ("Inline1", "Asset2"):
        state = StateMachine(file, name=name).definition.graph.states["T"]
        assert state.raw["Resource"] == "arn:aws:lambda:us-east-1:123456789012:function:pipeline-Work0"


def test_serverless_framework__substituted_definition(write: Any) -> None:
    text = json.dumps(TASK).replace("${Fn}", "${0a1b}")
    resource = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "DefinitionString": {"Fn::Sub": [text, {"0a1b": {"Fn::GetAtt": ["HelloLambdaFunction", "Arn"]}}]},
            "StateMachineName": "hello",
        },
    }
    function = {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "shop-dev-hello"}}
    template = {"Resources": {"Hello": resource, "HelloLambdaFunction": function}}
    file = write(".serverless/cloudformation-template-update-stack.json", template)
    assert StateMachine(file).run({}, {"shop-dev-hello": lambda event: "hi"}).output == "hi"


def terraform(values: dict[str, Any], section: str = "values", **others: dict[str, Any]) -> dict[str, Any]:
    resource = {"address": "module.flow.aws_sfn_state_machine.m", "mode": "managed", "type": "aws_sfn_state_machine"}
    rest = [
        {"address": f"{kind}.x", "mode": "managed", "type": kind, "name": "x", "values": of}
        for kind, of in others.items()
    ]
    child = {"address": "module.flow", "resources": [{**resource, "name": "m", "values": values}]}
    module = {"resources": rest, "child_modules": [child]}
    return {"format_version": "1.0", "terraform_version": "1.9.0", section: {"root_module": module}}


@pytest.mark.parametrize("section", ["values", "planned_values"])
def test_terraform__state_and_plan(write: Any, section: str) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:work"
    values = {"name": "flow", "type": "EXPRESS", "definition": json.dumps(TASK).replace("${Fn}", arn)}
    function = {"function_name": "work", "handler": "app.handler", "runtime": "python3.13"}
    file = write("state.json", terraform(values, section, aws_lambda_function=function))
    found = read_machines(file)
    assert found is not None
    (only,) = found.found
    assert (only.logical_id, only.name, only.type) == ("module.flow.aws_sfn_state_machine.m", "flow", "EXPRESS")
    assert only.functions["work"]["handler"] == "app:handler"
    assert StateMachine(file, name="flow").run({}, {"work": lambda event: 2}).output == 2


def test_terraform__definition_that_only_the_deployment_makes__says_so(write: Any) -> None:
    file = write("plan.json", terraform({"name": "flow"}, "planned_values"))
    with pytest.raises(DefinitionError, match="known only after the deployment"):
        StateMachine(file)


ROLE = """\
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: flow
      Policies: [{PolicyName: p, PolicyDocument: {Statement: [{Effect: Allow, Action: 'sns:Publish', Resource: '*'}]}}]
"""


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("!GetAtt Role.Arn", True),
        ("{'Fn::GetAtt': Role.Arn}", True),
        ("{'Fn::GetAtt': [Role, Arn]}", True),
        ("!Sub '${Role.Arn}'", True),
        ("!Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${Role}'", True),
        ("!Join ['', ['arn:aws:iam::', !Ref AWS::AccountId, ':role/flow']]", True),
        ("!If [Own, !GetAtt Role.Arn, !Ref Arn]", True),
        ("!Ref Arn", False),
        ("!ImportValue shared-role-arn", False),
        ("arn:aws:iam::123456789012:role/elsewhere", False),
    ],
)
@pytest.mark.parametrize("kind", ["Serverless", "StepFunctions"])
def test_role__however_it_is_named(write: Any, kind: str, written: str, known: bool) -> None:
    field = "Role" if kind == "Serverless" else "RoleArn"
    definition = "{StartAt: P, States: {P: {Type: Pass, End: true}}}"
    if kind == "StepFunctions":
        definition = json.dumps(json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}))
    name = "Definition" if kind == "Serverless" else "DefinitionString"
    text = machine(f"{{{field}: {written}, {name}: {definition}}}", ROLE)
    text = text.replace("AWS::Serverless::StateMachine", f"AWS::{kind}::StateMachine")
    found = read_machines(write("t.yaml", f"Conditions: {{Own: !Equals [a, a]}}\n{text}"))
    assert found is not None
    assert found.found[0].read_role is not None
    if known:
        assert found.found[0].read_role().policy.statements[0].actions == ("sns:Publish",)
        return
    with pytest.raises(PolicyError):
        found.found[0].read_role()


def test_role_policy__own_template__is_that_of_the_machines_role(write: Any) -> None:
    definition = (
        "{StartAt: T, States: {T: {Type: Task, Resource: 'arn:aws:states:::sns:publish',"
        " Parameters: {TopicArn.$: $.topic, Message: x}, End: true}}}"
    )
    grant = "[{SNSPublishMessagePolicy: {TopicName: !Ref Name}}]"
    file = write("t.yaml", machine(f"{{Definition: {definition}, Policies: {grant}}}"))
    topic = "arn:aws:sns:us-east-1:123456789012:"
    made = StateMachine(file, role_policy=file, parameters={"Name": "alarms"}, validation="NONE")
    answer = {"T": lambda payload: {"MessageId": "1"}}
    assert made.run({"topic": f"{topic}alarms"}, answer).status == "SUCCEEDED"
    assert "sns:Publish" in (made.run({"topic": f"{topic}other"}, answer, check=False).cause or "").replace(
        "SNS", "sns"
    )
    without = StateMachine(file, role_policy=str(file), validation="NONE")
    assert without.run({"topic": f"{topic}Name"}, answer).status == "SUCCEEDED"


BUCKET = """
  Policy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: data
      PolicyDocument: {Statement: [{Effect: EFFECT, Action: "s3:GetObject", Resource: "arn:aws:s3:::data/*", REST}]}
"""


@pytest.mark.parametrize(
    ("action", "effect", "rest", "succeeds"),
    [
        ("s3:ListBucket", "Allow", "Principal: {AWS: !GetAtt Role.Arn}", True),
        ("s3:ListBucket", "Allow", "Principal: '*'", True),
        ("s3:ListBucket", "Allow", "Principal: {AWS: 'arn:aws:iam::123456789012:root'}", False),
        ("s3:ListBucket", "Allow", "Principal: {AWS: 'arn:aws:iam::123456789012:role/other'}", False),
        ("s3:GetObject", "Deny", "Principal: '*'", False),
        ("s3:GetObject", "Deny", "Principal: {AWS: !GetAtt Role.Arn}", False),
        ("s3:GetObject", "Deny", "Principal: {AWS: 'arn:aws:iam::123456789012:root'}", False),
        ("s3:GetObject", "Deny", "Principal: {AWS: '123456789012'}", False),
        ("s3:GetObject", "Deny", "Principal: {AWS: 'arn:aws:iam::123456789012:role/other'}", True),
        ("s3:GetObject", "Deny", "Principal: '*', Condition: {Bool: {'aws:SecureTransport': 'false'}}", True),
    ],
)
def test_role_policy__own_template__counts_what_its_resources_allow_and_deny(
    write: Any, action: str, effect: str, rest: str, succeeds: bool
) -> None:
    definition = (
        "{StartAt: T, States: {T: {Type: Task, Resource: 'arn:aws:states:::aws-sdk:s3:getObject',"
        " Parameters: {Bucket: data, Key: k}, End: true}}}"
    )
    policy = f"[{{Statement: [{{Effect: Allow, Action: '{action}', Resource: '*'}}]}}]"
    role = f"""
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{}}
      Policies: [{{PolicyName: own, PolicyDocument: {policy[1:-1]}}}]
{BUCKET.replace("EFFECT", effect).replace("REST", rest)}"""
    file = write("t.yaml", machine(f"{{Definition: {definition}, Role: !GetAtt Role.Arn}}", role))
    made = StateMachine(file, role_policy=file, validation="NONE")
    execution = made.run({}, {"T": lambda payload: {"Body": "x"}}, check=False)
    assert (execution.status == "SUCCEEDED") == succeeds
    assert succeeds or "s3:GetObject" in (execution.cause or "")


def test_role_policy__own_template_without_the_role__is_an_error(write: Any) -> None:
    definition = "{StartAt: P, States: {P: {Type: Pass, End: true}}}"
    file = write("t.yaml", machine(f"{{Definition: {definition}, Role: !Ref Arn}}"))
    with pytest.raises(PolicyError):
        StateMachine(file, role_policy=file)
