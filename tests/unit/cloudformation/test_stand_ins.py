"""Templates read with stand-ins for what only a deployment knows."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipeproof.cloudformation import Template, TemplateError, parse_document
from pipeproof.cloudformation.stand_ins import Places, parameter_value, text_called

PLACES = Places("Name", "eu-west-1", "111122223333", "aws")
TEMPLATE = """\
Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]
Parameters:
  Given: {Type: String, Default: here}
  Missing: {Type: String}
  Stage: {Type: String, AllowedValues: [dev, prod]}
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>'}
  FunctionArn: {Type: String}
  Path: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /orders/bucket}
  Count: {Type: Number, MinValue: 3}
Mappings:
  Sizes: {prod: {memory: 512}}
Conditions:
  Production: !Equals [!Ref Stage, prod]
  Unset: !Equals [!Ref Missing, '']
Resources:
  Machine:
    Type: AWS::Serverless::StateMachine
    Properties:
      Events: {Nightly: {Type: Schedule}}
  Api: {Type: 'AWS::Serverless::Api', Properties: {StageName: live}}
  Work:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: work
      AutoPublishAlias: live
      Events: {Get: {Type: Api}}
  Layer: {Type: 'AWS::Serverless::LayerVersion', Properties: {LayerName: shared}}
  Version: {Type: 'AWS::Lambda::Version', Properties: {FunctionName: !Ref Work}}
  Blue: {Type: 'AWS::Lambda::Alias', Properties: {FunctionName: !Ref Work, Name: blue}}
  Search: {Type: 'AWS::OpenSearchServerless::Collection', Properties: {Name: search}}
  Connection: {Type: 'AWS::Events::Connection', Properties: {Name: shop}}
  Endpoint: {Type: 'AWS::SageMaker::Endpoint'}
  Database: {Type: 'AWS::RDS::DBCluster', Properties: {DBClusterIdentifier: db}}
  Own: {Type: 'Custom::Thing'}
  Made: {Type: 'Vendor::Service::Thing'}
  Vpc: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: vpc.yaml, Parameters: {Zone: z, Odd: x}}}
  Far: {Type: 'AWS::Serverless::Application', Properties: {Location: {ApplicationId: a, SemanticVersion: '1'}}}
"""
NESTED = """\
Parameters: {Zone: {Type: String}}
Resources: {Net: {Type: 'AWS::EC2::VPC'}}
Outputs: {Subnet: {Value: !Sub 'subnet-in-${Zone}'}}
"""


@pytest.fixture
def make(tmp_path: Path) -> Any:
    (tmp_path / "vpc.yaml").write_text(NESTED)

    def template(**options: Any) -> Template:
        return Template(parse_document(TEMPLATE, tmp_path / "template.yaml"), **options)

    return template


KNOWN = [
    ("!Ref Given", "here"),
    ("!Ref ServerlessRestApi", "pipeline-ServerlessRestApi"),
    ("!Ref ServerlessHttpApi", "pipeline-ServerlessHttpApi"),
    ("!Ref ServerlessRestApiProdStage", "pipeline-ServerlessRestApiProdStage"),
    ("!GetAtt WorkRole.Arn", "arn:aws:iam::123456789012:role/pipeline-WorkRole"),
    ("!GetAtt MachineNightlyRole.Arn", "arn:aws:iam::123456789012:role/pipeline-MachineNightlyRole"),
    ("!GetAtt MachineNightly.Arn", "arn:aws:events:us-east-1:123456789012:rule/pipeline-MachineNightly"),
    ("!Ref Work.Alias", "arn:aws:lambda:us-east-1:123456789012:function:work:live"),
    ("!Sub '${Work.Version}'", "arn:aws:lambda:us-east-1:123456789012:function:work:1"),
    ("!Ref WorkAliaslive", "arn:aws:lambda:us-east-1:123456789012:function:work:1"),
    ("!Ref Version", "arn:aws:lambda:us-east-1:123456789012:function:work:1"),
    ("!Ref Blue", "arn:aws:lambda:us-east-1:123456789012:function:work:blue"),
    ("!Ref Layer", "arn:aws:lambda:us-east-1:123456789012:layer:shared:1"),
    ("!GetAtt Search.Arn", "arn:aws:aoss:us-east-1:123456789012:collection/pipeline-Search"),
    ("!GetAtt Connection.ArnForPolicy", "arn:aws:events:us-east-1:123456789012:connection/shop"),
    ("!Ref Endpoint", "arn:aws:sagemaker:us-east-1:123456789012:endpoint/pipeline-Endpoint"),
    ("!GetAtt Vpc.Outputs.Subnet", "subnet-in-z"),
]
STAND_INS = [
    ("!Ref Missing", "Missing", "*"),
    ("!Ref Stage", "dev", "*"),
    ("!Ref Subnets", ["subnet-0123456789abcdef0"], ["*"]),
    ("!Select [2, !Ref Subnets]", "item2", "*"),
    ("!Ref FunctionArn", "arn:aws:lambda:us-east-1:123456789012:function:FunctionArn", "*"),
    ("!Ref Path", "bucket", "*"),
    ("!Ref Count", "3", "3"),
    ("!ImportValue shared-topic-arn", "arn:aws:sns:us-east-1:123456789012:shared-topic-arn", "*"),
    ("!FindInMap [Sizes, !Ref Stage, memory]", 512, 512),
    ("!Select [7, !Split ['-', !Ref AWS::StackId]]", "item7", "*"),
    ("!GetAtt Own.Result", "Own.Result", "*"),
    ("!GetAtt Made.Arn", *["arn:aws:custom:us-east-1:123456789012:thing/pipeline-Made"] * 2),
    ("!GetAtt Far.Outputs.QueueArn", "arn:aws:sqs:us-east-1:123456789012:Far.Outputs.QueueArn", "*"),
    ("!GetAtt Database.DBClusterArn", *["arn:aws:rds:us-east-1:123456789012:cluster:db"] * 2),
    ("!GetAtt Database.Endpoint.Address", "Database.Endpoint.Address", "*"),
    ("'{{resolve:ssm:/shop/table:3}}'", "table", "*"),
    ("!Sub '${Given}-{{resolve:secretsmanager:db:SecretString:password}}'", "here-db", "here-*"),
    ("!If [Production, a, b]", "b", "b"),
    ("!If [Unset, a, b]", "b", "b"),
]


@pytest.mark.parametrize(("expression", "expected"), KNOWN)
def test_resolve__what_follows_from_the_template__is_the_same_however_it_is_read(
    make: Any, expression: str, expected: Any
) -> None:
    for unknown in ("named", "any"):
        assert make(unknown=unknown).resolve(parse_document(f"v: {expression}"))["v"] == expected


@pytest.mark.parametrize(("expression", "named", "possible"), STAND_INS)
def test_resolve__what_only_a_deployment_knows__has_a_stand_in(
    make: Any, expression: str, named: Any, possible: Any
) -> None:
    document = parse_document(f"v: {expression}")
    assert make(unknown="named").resolve(document)["v"] == named
    assert make(unknown="any").resolve(document)["v"] == possible


@pytest.mark.parametrize(
    "expression",
    [
        "!Ref Missing",
        "!Ref Path",
        "!ImportValue x",
        "!GetAtt Own.Result",
        "!GetAtt Database.Endpoint.Address",
        "!GetAtt Far.Outputs.Q",
        "!FindInMap [Sizes, dev, memory]",
        "!Select [7, !Split ['-', !Ref AWS::StackId]]",
    ],
)
def test_resolve__without_stand_ins__is_an_error(make: Any, expression: str) -> None:
    with pytest.raises(TemplateError):
        make().resolve(parse_document(f"v: {expression}"))


@pytest.mark.parametrize("expression", ["!Select [2, [a, b]]", "!Ref Nowhere", "!GetAtt Nothing.Arn"])
def test_resolve__what_no_deployment_could_know__is_an_error_with_stand_ins_too(make: Any, expression: str) -> None:
    for unknown in ("named", "any"):
        with pytest.raises(TemplateError):
            make(unknown=unknown).resolve(parse_document(f"v: {expression}"))


def test_parameters__given_ones_take_the_place_of_stand_ins(make: Any) -> None:
    found = make(parameters={"Missing": "mine", "Path": "real", "Stage": "prod"}, unknown="any")
    assert [found.ref(name) for name in ("Missing", "Path", "Stage")] == ["mine", "real", "prod"]
    assert found.condition("Production")


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ({"Type": "String"}, "Name"),
        ({"Type": "String", "MinLength": 6, "MaxLength": 8}, "Name00"),
        ({"Type": "String", "MaxLength": 2}, "Na"),
        ({"Type": "String", "AllowedValues": [3, 4]}, "3"),
        ({"Type": "Number"}, "1"),
        ({"Type": "Number", "MinValue": 128}, "128"),
        ({"Type": "List<Number>"}, ["1"]),
        ({"Type": "CommaDelimitedList"}, ["Name"]),
        ({"Type": "AWS::EC2::VPC::Id"}, "vpc-0123456789abcdef0"),
        ({"Type": "List<AWS::EC2::SecurityGroup::Id>"}, ["sg-0123456789abcdef0"]),
        ({"Type": "AWS::EC2::AvailabilityZone::Name"}, "eu-west-1a"),
        ({"Type": "AWS::EC2::KeyPair::KeyName"}, "Name"),
        ({"Type": "AWS::SSM::Parameter::Name"}, "Name"),
        ({"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/a/b"}, "ami-0123456789abcdef0"),
        ({"Type": "AWS::SSM::Parameter::Value<List<String>>", "Default": "/a/b"}, ["b"]),
    ],
)
def test_parameter_value__is_one_that_the_declaration_allows(declared: dict[str, Any], expected: Any) -> None:
    assert parameter_value("Name", declared, PLACES) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("AlertTopicArn", "arn:aws:sns:eu-west-1:111122223333:Name"),
        ("RoleARN", "arn:aws:iam::111122223333:role/Name"),
        ("DataBucketArn", "arn:aws:s3:::Name"),
        ("StateMachineArn", "arn:aws:states:eu-west-1:111122223333:stateMachine:Name"),
        ("KmsKeyArn", "arn:aws:kms:eu-west-1:111122223333:key/Name"),
        ("FfmpegLayerARN", "arn:aws:lambda:eu-west-1:111122223333:layer:Name:1"),
        ("SourceBucketName", "name"),
        ("NotificationEmail", "name@example.com"),
        ("VpcId", "vpc-0123456789abcdef0"),
        ("AccountId", "111122223333"),
        ("ApiUrl", "https://name.example.com"),
        ("Warn", "Name"),
        ("Learn", "Name"),
    ],
)
def test_text_called__has_the_form_that_its_name_tells(words: str, expected: str) -> None:
    assert text_called(words, PLACES) == expected


def test_loops__are_unrolled_in_resources_outputs_and_properties() -> None:
    document = parse_document(
        """\
Transform: AWS::LanguageExtensions
Parameters: {Names: {Type: CommaDelimitedList, Default: 'raw-zone,clean'}}
Resources:
  Fn::ForEach::Buckets:
    - Zone
    - !Ref Names
    - Bucket&{Zone}:
        Type: AWS::S3::Bucket
        Properties: {BucketName: !Sub 'shop-${Zone}', Tags: [{Key: zone, Value: !Ref Zone}]}
  Fn::ForEach::Outer:
    - A
    - [x, y]
    - Fn::ForEach::Inner:
        - B
        - ['1', '2']
        - Queue${A}${B}: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Join ['-', [!Ref A, !Ref B]]}}
"""
    )
    template = Template(document)
    assert list(template.resources) == ["Bucketrawzone", "Bucketclean", "Queuex1", "Queuex2", "Queuey1", "Queuey2"]
    assert template.properties("Bucketrawzone") == {
        "BucketName": "shop-raw-zone",
        "Tags": [{"Key": "zone", "Value": "raw-zone"}],
    }
    assert template.name("Queuey2") == "y-2"


@pytest.mark.parametrize("loop", ["[X, [a]]", "[X, text, {A: {Type: 'AWS::S3::Bucket'}}]", "{X: [a]}", "[X, [a], [b]]"])
def test_loops__written_otherwise__are_errors(loop: str) -> None:
    document = parse_document(f"Resources: {{A: {{Type: 'AWS::S3::Bucket'}}, 'Fn::ForEach::L': {loop}}}")
    with pytest.raises(TemplateError, match="Fn::ForEach::L"):
        Template(document)


def test_include__of_a_file_beside_the_template_is_what_stands_in_it(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("BucketName: !Ref AWS::Region")
    document = parse_document(
        "R: {'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: part.yaml}}}\nResources: {}",
        tmp_path / "t.yaml",
    )
    assert Template(document).resolve(document["R"]) == {"BucketName": "us-east-1"}


def test_keys__of_a_template_that_stand_twice__the_last_counts(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text("Resources:\n  A: {Type: 'AWS::S3::Bucket'}\n  A: {Type: 'AWS::SQS::Queue'}\n")
    assert Template.load(file).resources["A"].type == "AWS::SQS::Queue"


@pytest.mark.parametrize(
    ("head", "known"),
    [
        ("Transform: [AWS::Serverless-2016-10-31, OurMacro]", True),
        ("Transform: {Name: 'AWS::Include', Parameters: {Location: s3://b/k}}", True),
        ("Transform: AWS::LanguageExtensions", False),
        ("Description: plain", False),
    ],
)
def test_resolve__resource_that_a_macro_may_add__has_a_stand_in(head: str, known: bool) -> None:
    template = Template(parse_document(f"{head}\nResources: {{A: {{Type: 'AWS::S3::Bucket'}}}}"), unknown="named")
    if known:
        assert template.ref("MadeTopic") == "pipeline-MadeTopic"
        assert template.get_att("MadeTopic", "Arn").startswith("arn:aws:custom:")
        return
    with pytest.raises(TemplateError, match="no parameter or resource"):
        template.ref("MadeTopic")


PATTERNS = [
    r"^[a-z][a-z0-9-]{2,30}$", r"\d{12}", r"^(dev|prod)$", r"arn:aws:s3:::[a-z.-]+", r"[A-Z]{3,}", r".*\.json$",
    r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$", r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})/(\d{1,2})", r"s3://[^/]+/.+",
    r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", r"^$|^https://.*$", r"(?i)[X-Z]+", r"(?:cron|rate)\(.+\)",
    r"[^a-z]+", r"(?=x)xy?",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_parameter__with_a_pattern__has_a_value_that_it_allows(pattern: str) -> None:
    value = parameter_value("Where", {"Type": "String", "AllowedPattern": pattern}, PLACES)
    assert re.fullmatch(pattern, value)


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ({"AllowedPattern": "[a-z]+"}, "where"),
        ({"AllowedPattern": "[0-9]+", "MinLength": 5}, "00000"),
        ({"AllowedPattern": r"\\p{Upper}+(?<"}, "where"),
        ({"AllowedPattern": "[0-9]+", "AllowedValues": ["7", "8"]}, "7"),
        ({"AllowedPattern": "x*"}, "x"),
        ({"AllowedPattern": "^$"}, ""),
    ],
)
def test_parameter__the_words_come_first_where_they_are_allowed(declared: dict[str, Any], value: str) -> None:
    assert parameter_value("Where", {"Type": "String", **declared}, Places("where", "eu-west-1", "1", "aws")) == value
