"""Templates, resolved without a stack."""

from typing import Any

import pytest

from pipeproof.cloudformation import Template, TemplateError, is_template, locate, parse_document

TEMPLATE = """\
Parameters:
  Stage: {Type: String, Default: dev}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
  Secret: {Type: String}
Mappings:
  Sizes: {dev: {count: 1}, prod: {count: 5}}
Conditions:
  Prod: !Equals [!Ref Stage, prod]
  Test: !Not [!Condition Prod]
  Both: !And [!Condition Prod, !Condition Test]
  Either: !Or [!Condition Prod, !Condition Test]
Globals:
  Function: {Environment: {Variables: {A: "1"}}, Layers: [x], Timeout: 3}
Resources:
  Orders: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: !Sub 'orders-${Stage}'}}
  Raw: {Type: 'AWS::S3::Bucket'}
  Jobs: {Type: 'AWS::SQS::Queue', Properties: {QueueName: jobs}}
  Alarms: {Type: 'AWS::SNS::Topic', Properties: {TopicName: alarms}}
  Role: {Type: 'AWS::IAM::Role', Properties: {RoleName: etl, Path: /data/}}
  Flow: {Type: 'AWS::StepFunctions::StateMachine', Properties: {StateMachineName: flow}}
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: load
      Layers: [y]
      Timeout: 9
  OnlyProd: {Type: 'AWS::S3::Bucket', Condition: Prod}
  Loop: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref Loop}}
"""


def template(**options: Any) -> Template:
    return Template(parse_document(TEMPLATE, "template.yaml"), **options)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!Ref Stage", "dev"),
        ("!Ref Zones", ["a", "b"]),
        ("!Ref Orders", "orders-dev"),
        ("!GetAtt Orders.Arn", "arn:aws:dynamodb:us-east-1:123456789012:table/orders-dev"),
        ("!Ref Raw", "pipeline-raw"),
        ("!GetAtt Raw.Arn", "arn:aws:s3:::pipeline-raw"),
        ("!Ref Jobs", "https://sqs.us-east-1.amazonaws.com/123456789012/jobs"),
        ("!GetAtt Jobs.Arn", "arn:aws:sqs:us-east-1:123456789012:jobs"),
        ("!Ref Alarms", "arn:aws:sns:us-east-1:123456789012:alarms"),
        ("!Ref Role", "etl"),
        ("!GetAtt Role.Arn", "arn:aws:iam::123456789012:role/data/etl"),
        ("!Ref Flow", "arn:aws:states:us-east-1:123456789012:stateMachine:flow"),
        ("!GetAtt FnRole.Arn", "arn:aws:iam::123456789012:role/pipeline-FnRole"),
        ("!Sub '${Raw.Arn}/${!Literal}/${AWS::Region}'", "arn:aws:s3:::pipeline-raw/${Literal}/us-east-1"),
        ("!Sub ['${x}-${Stage}', {x: !Ref Orders}]", "orders-dev-dev"),
        ("!Join ['/', [a, !Ref Stage]]", "a/dev"),
        ("!Select [1, !Split ['-', a-b-c]]", "b"),
        ("!Select ['0', !Ref Zones]", "a"),
        ("!If [Prod, yes it is, no it is not]", "no it is not"),
        ("{a: !If [Prod, 1, !Ref 'AWS::NoValue'], b: 2}", {"b": 2}),
        ("[!If [Prod, 1, !Ref 'AWS::NoValue'], 2]", [2]),
        ("!FindInMap [Sizes, !Ref Stage, count]", 1),
        ("!FindInMap [Sizes, none, count, {DefaultValue: 7}]", 7),
        ("!Base64 hello", "aGVsbG8="),
        ("!Cidr [10.0.0.0/16, 2, 8]", ["10.0.0.0/24", "10.0.1.0/24"]),
        ("!GetAZs ''", ["us-east-1a", "us-east-1b", "us-east-1c"]),
        ("!Length [1, 2]", 2),
        ("!ToJsonString {a: !Ref Stage}", '{"a":"dev"}'),
        ("!Condition Either", True),
        ("!Condition Both", False),
        ("{Condition: {StringEquals: {a: b}}}", {"Condition": {"StringEquals": {"a": "b"}}}),
    ],
)
def test_resolve__each_function(expression: str, expected: object) -> None:
    assert template().resolve(parse_document(expression)) == expected


def test_resolve__given_values_win() -> None:
    made = template(
        parameters={"Stage": "prod"},
        names={"Raw": "my-raw"},
        attributes={"Raw.Odd": "odd"},
        imports={"other": "x"},
        region="cn-north-1",
        account="999999999999",
    )
    expression = "[!Ref Orders, !GetAtt Raw.Arn, !GetAtt Raw.Odd, !ImportValue other, !GetAtt Orders.Arn]"
    assert made.resolve(parse_document(expression)) == [
        "orders-prod",
        "arn:aws-cn:s3:::my-raw",
        "odd",
        "x",
        "arn:aws-cn:dynamodb:cn-north-1:999999999999:table/orders-prod",
    ]
    assert "OnlyProd" in made.resources
    assert "OnlyProd" not in template().resources


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("!Ref Nothing", "no parameter or resource 'Nothing'"),
        ("!Ref Secret", "the parameter 'Secret' has no value"),
        ("!GetAtt Raw.Odd", r"only AWS knows Raw\.Odd"),
        ("!ImportValue other", "another stack exports 'other'"),
        ("!Condition Nope", "no condition 'Nope'"),
        ("!Join [a]", r"Fn::Join takes a list of 2 values"),
        ("!FindInMap [Sizes, none, count]", "has no value for 'none', 'count'"),
        ("!Select [9, [a]]", "Fn::Select takes an index"),
        ("!Transform {Name: 'AWS::Include'}", "Fn::Transform is not resolved here"),
        ("!Ref Loop", "Loop depends on itself"),
        ("!Ref AWS::Weather", "no pseudo parameter"),
    ],
)
def test_resolve__what_cannot_be_known__is_an_error_with_its_line(expression: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message) as caught:
        template().resolve(parse_document(f"\n\nx: {expression}", "broken.yaml"))
    if "Loop" not in message:
        assert caught.value.location.line == 3


def test_properties__resolved__keep_their_lines_and_take_globals() -> None:
    properties = template().properties("Fn")
    assert properties == {
        "FunctionName": "load",
        "Layers": ["x", "y"],
        "Timeout": 9,
        "Environment": {"Variables": {"A": "1"}},
    }
    assert str(locate(properties, "Layers")) == "template.yaml:25:7"
    assert template().resources["Fn"].location.line == 21


def test_template__unknown_parameter__is_refused() -> None:
    with pytest.raises(TemplateError, match="no parameter is called Stgae"):
        template(parameters={"Stgae": "x"})


def test_is_template__other_documents__are_none() -> None:
    assert is_template(parse_document(TEMPLATE))
    assert not is_template({"Version": "2012-10-17", "Statement": []})
    assert not is_template([])
