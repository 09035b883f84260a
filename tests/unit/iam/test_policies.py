"""Policy documents and the roles of templates."""

import re
from pathlib import Path

import pytest

from pipeproof.iam import Policy, PolicyError, evaluate

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters: {Stage: {Type: String, Default: dev}}
Resources:
  Raw: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub 'raw-${Stage}'}}
  Orders: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: orders}}
  Shared:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {Statement: {Effect: Allow, Action: 'sns:Publish', Resource: '*'}}
  Limit:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {Statement: {Effect: Allow, Action: ['s3:*', 'dynamodb:*'], Resource: '*'}}
  Loader:
    Type: AWS::IAM::Role
    Properties:
      RoleName: loader
      PermissionsBoundary: !Ref Limit
      ManagedPolicyArns: [!Ref Shared, 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole']
      Policies:
        - PolicyName: read
          PolicyDocument:
            Version: 2012-10-17
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource: !Sub '${Raw.Arn}/*'
  More:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: more
      Roles: [!Ref Loader]
      PolicyDocument: {Statement: {Effect: Allow, Action: 'dynamodb:PutItem', Resource: !GetAtt Orders.Arn}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - S3ReadPolicy: {BucketName: !Ref Raw}
        - DynamoDBCrudPolicy: {TableName: !Ref Orders}
        - Statement: [{Effect: Allow, Action: 'sqs:SendMessage', Resource: '*'}]
  Borrower:
    Type: AWS::Serverless::Function
    Properties: {Role: !GetAtt Loader.Arn}
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return path


def test_load__role_of_a_template__has_all_its_policies(template: Path) -> None:
    policy = Policy.load(template, role="Loader", parameters={"Stage": "prod"})
    assert policy.principal_arn == "arn:aws:iam::123456789012:role/loader"
    assert policy.name == "template.yaml:Loader"
    assert evaluate(policy, "s3:GetObject", "arn:aws:s3:::raw-prod/a").allowed
    assert evaluate(policy, "dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:123456789012:table/orders").allowed
    beyond = evaluate(policy, "sns:Publish", "arn:aws:sns:us-east-1:1:t")
    assert (beyond.reason, beyond.kind) == ("implicit", "boundary")
    assert {statement.policy for statement in policy.statements} == {
        "read",
        "Shared",
        "More",
        "AWSLambdaBasicExecutionRole",
    }


def test_load__role_of_a_template__knows_the_line_of_each_statement(template: Path) -> None:
    policy = Policy.load(template, role="Loader")
    statement = evaluate(policy, "s3:GetObject", "arn:aws:s3:::raw-dev/a").statement
    assert (statement.location.file, statement.location.line) == (template, 25)


@pytest.mark.parametrize("role", ["Fn", "FnRole"])
def test_load__sam_function__has_policy_templates_and_its_log(template: Path, role: str) -> None:
    policy = Policy.load(template, role=role)
    table = "arn:aws:dynamodb:us-east-1:123456789012:table/orders"
    assert evaluate(policy, "s3:ListBucket", "arn:aws:s3:::raw-dev").allowed
    assert evaluate(policy, "dynamodb:Query", f"{table}/index/by-day").allowed
    assert evaluate(policy, "sqs:SendMessage", "arn:aws:sqs:us-east-1:1:q").allowed
    assert evaluate(policy, "logs:PutLogEvents", "arn:aws:logs:us-east-1:1:log-group:g:log-stream:s").allowed
    assert not evaluate(policy, "s3:PutObject", "arn:aws:s3:::raw-dev/a").allowed
    assert policy.principal_arn == "arn:aws:iam::123456789012:role/pipeline-FnRole"


def test_load__function_with_a_role__has_that_roles_policy(template: Path) -> None:
    policy = Policy.load(template, role="Borrower")
    assert policy.principal_arn == "arn:aws:iam::123456789012:role/loader"


def test_load__several_roles_and_none_named__asks(template: Path) -> None:
    with pytest.raises(PolicyError, match=r"no single role(.|\n)*Loader, Fn"):
        Policy.load(template)


def test_load__no_such_role__says_which_there_are(template: Path) -> None:
    with pytest.raises(PolicyError, match=r"no role 'Laoder'(.|\n)*Loader"):
        Policy.load(template, role="Laoder")


@pytest.mark.parametrize(
    "text",
    [
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}',
        "Version: 2012-10-17\nStatement:\n- {Effect: Allow, Action: 's3:*', Resource: '*'}\n",
    ],
)
def test_load__document_as_text_and_as_file(text: str, tmp_path: Path) -> None:
    file = tmp_path / "policy"
    file.write_text(text)
    for policy in (Policy.load(text), Policy.load(file), Policy.load(str(file))):
        assert evaluate(policy, "s3:GetObject", "arn:aws:s3:::raw/a").allowed


@pytest.mark.parametrize(
    ("document", "message", "line"),
    [
        ("Statement:\n- Effect: Maybe\n  Action: s3:*\n  Resource: '*'", "Effect is Allow or Deny", 2),
        ("Statement:\n- Effect: Allow\n  Action: s3:*", "no Resource or NotResource", 2),
        ("Statement:\n- {Effect: Allow, Action: 's3:*',\n  NotAction: 's3:*', Resource: '*'}", "both Action or", 2),
        ("Statement:\n- Effect: Allow\n  Action: GetObject\n  Resource: '*'", "an action is service:Name", 3),
        ("Statement:\n- Effect: Allow\n  Resources: '*'", "a statement has no 'Resources'", 3),
        ("Statement:\n- Effect: Allow\n  Principal: '*'", "Principal belongs to policies of resources", 3),
        ("Version: 2026-01-01\nStatement: []", "Version is 2012-10-17", 1),
        ("Version: 2012-10-17\nStatements: []", "it has no Statement", 1),
        (
            "Statement:\n- Effect: Allow\n  Action: s3:*\n  Resource: '*'\n  Condition:\n    StringSame: {a: b}",
            "no condition operator 'StringSame'",
            6,
        ),
        ("Statement:\n- Effect: Allow\n  Action: []\n  Resource: '*'", "Action is a string or a list", 3),
    ],
)
def test_load__what_iam_would_refuse__is_an_error_with_its_line(
    document: str, message: str, line: int, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(document)
    with pytest.raises(PolicyError, match=message) as caught:
        Policy.load(file)
    assert (caught.value.location.file, caught.value.location.line) == (file, line)


def test_load__unknown_sam_policy_template__says_where(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(
        "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      Policies:\n"
        "        - MagicPolicy: {}\n"
    )
    with pytest.raises(PolicyError, match="MagicPolicy") as caught:
        Policy.load(file)
    assert caught.value.location.line == 6


def test_load__sam_policy_template_without_its_parameter__says_which(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(
        "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      Policies:\n"
        "        - S3ReadPolicy: {}\n"
    )
    with pytest.raises(PolicyError, match="S3ReadPolicy needs the parameter BucketName"):
        Policy.load(file)


def test_load__unknown_managed_policy__says_where(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(
        "Resources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      ManagedPolicyArns:\n"
        "        - arn:aws:iam::1:policy/own\n"
    )
    with pytest.raises(PolicyError, match="arn:aws:iam::1:policy/own") as caught:
        Policy.load(file)
    assert caught.value.location.line == 6


CONNECTED = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Flow:
    Type: AWS::Serverless::StateMachine
    Properties: {Name: flow}
    Connectors:
      Steps: {Properties: {Destination: [{Id: Work}, {Id: Orders}], Permissions: [Write]}}
  Plain:
    Type: AWS::StepFunctions::StateMachine
    Properties: {RoleArn: !GetAtt Own.Arn}
  Own: {Type: 'AWS::IAM::Role', Properties: {RoleName: own}}
  Work: {Type: 'AWS::Serverless::Function', Properties: {FunctionName: work}}
  Orders: {Type: 'AWS::Serverless::SimpleTable', Properties: {TableName: orders}}
  Raw: {Type: 'AWS::S3::Bucket', Properties: {BucketName: raw}}
  Read:
    Type: AWS::Serverless::Connector
    Properties: {Source: {Id: Flow}, Destination: {Id: Raw}, Permissions: [Read]}
  Nested:
    Type: AWS::Serverless::Connector
    Properties: {Source: {Id: Plain}, Destination: {Id: Flow}, Permissions: [Read, Write]}
  Elsewhere:
    Type: AWS::Serverless::Connector
    Properties:
      Source: {Id: Plain}
      Destination: {Type: 'AWS::SNS::Topic', Arn: 'arn:aws:sns:us-east-1:123456789012:far'}
      Permissions: [Write]
"""


@pytest.mark.parametrize(
    ("role", "action", "resource", "allowed"),
    [
        ("Flow", "lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:work", True),
        ("Flow", "dynamodb:PutItem", "arn:aws:dynamodb:us-east-1:123456789012:table/orders", True),
        ("Flow", "dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/orders", False),
        ("Flow", "s3:GetObject", "arn:aws:s3:::raw/a", True),
        ("Flow", "s3:PutObject", "arn:aws:s3:::raw/a", False),
        ("Own", "states:StartExecution", "arn:aws:states:us-east-1:123456789012:stateMachine:flow", True),
        ("Own", "states:DescribeExecution", "arn:aws:states:us-east-1:123456789012:execution:flow:x", True),
        ("Own", "sns:Publish", "arn:aws:sns:us-east-1:123456789012:far", True),
        ("Own", "lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:work", False),
    ],
)
def test_load__connectors__put_their_policies_on_the_role_of_their_source(
    tmp_path: Path, role: str, action: str, resource: str, allowed: bool
) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(CONNECTED)
    assert evaluate(Policy.load(file, role=role), action, resource).allowed is allowed


def test_load__every_policy_template_of_sam__with_its_parameters(tmp_path: Path) -> None:
    from pipeproof.iam import sam_policies

    for name, rules in sam_policies._table().items():
        words = set(re.findall(r"\$\{(\w+)\}", str(rules)))
        found = sam_policies.policy_template(name, dict.fromkeys(words, "x"), lambda value: value["Fn::Sub"], None)
        assert found.content["Statement"], name


def test_load__policy_template_that_sam_does_not_have__names_the_nearest(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(
        "Resources: {F: {Type: 'AWS::Serverless::Function', Properties: {Policies: [{S3ReadPolice: {BucketName: b}}]}}}"
    )
    with pytest.raises(PolicyError, match="Did you mean S3ReadPolicy"):
        Policy.load(file, role="F")
