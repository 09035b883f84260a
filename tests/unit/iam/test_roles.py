"""A role's policy as a template writes it: all the places, the names and lines in reports, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from pipeproof.cloudformation import Template, TemplateError
from pipeproof.iam import Policy, PolicyError, evaluate
from pipeproof.iam.roles import find_role, policy_of_role

HERE = "arn:aws:iam::123456789012"
ONE = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}


def role(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def function(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


def parts(name: str | None, **resources: Any) -> list[tuple[str, list[str]]]:
    """Each document's name, with the actions of its statements."""
    policy = Policy.of_role(Template({"Resources": resources}), name, "t.yaml")
    found: dict[str, list[str]] = {}
    for statement in policy.statements:
        found.setdefault(statement.policy, []).extend(statement.actions)
    return list(found.items())


def attached(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::IAM::{kind}", "Properties": {"PolicyDocument": ONE, **properties}}


READ = ["s3:GetObject"]


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"R": role(Policies=[{"PolicyName": "read", "PolicyDocument": ONE}])}, [("read", READ)]),
        ({"R": role(Policies=[{"PolicyDocument": ONE}])}, [("R", READ)]),
        ({"R": role()}, []),
        ({"R": role(Policies=None, ManagedPolicyArns=None)}, []),
        ({"R": role(), "P": attached("Policy", Roles=[{"Ref": "R"}])}, [("P", READ)]),
        ({"R": role(), "P": attached("Policy", Roles=["other"])}, []),
        ({"R": role(), "P": attached("Policy")}, []),
        ({"R": role(RoleName="app"), "P": attached("Policy", Roles=["app"])}, [("P", READ)]),
        ({"R": role(), "P": attached("RolePolicy", RoleName={"Ref": "R"})}, [("P", READ)]),
        ({"R": role(), "P": attached("RolePolicy", RoleName="other")}, []),
        ({"R": role(), "P": attached("ManagedPolicy", Roles=[{"Ref": "R"}])}, [("P", READ)]),
        ({"R": role(ManagedPolicyArns=[{"Ref": "P"}]), "P": attached("ManagedPolicy")}, [("P", READ)]),
        (
            {"R": role(ManagedPolicyArns=[{"Ref": "P"}]), "P": attached("ManagedPolicy", Roles=[{"Ref": "R"}])},
            [("P", READ)],
        ),
        ({"R": role(), "P": attached("UserPolicy", UserName="R")}, []),
    ],
)
def test_role__is_written_in(resources: Any, expected: list[Any]) -> None:
    assert parts("R", **resources) == expected


LOGS = ("AWSLambdaBasicExecutionRole", ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"])


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        (None, []),
        ([], []),
        ("AWSXRayDaemonWriteAccess", ["AWSXRayDaemonWriteAccess"]),
        (["AWSXRayDaemonWriteAccess"], ["AWSXRayDaemonWriteAccess"]),
        (f"{HERE.replace('123456789012', 'aws')}:policy/AWSXRayDaemonWriteAccess", ["AWSXRayDaemonWriteAccess"]),
        ({"Ref": "Own"}, ["Own"]),
        (ONE, ["F"]),
        ([ONE], ["F"]),
        ([{"SQSPollerPolicy": {"QueueName": "q"}}, ONE], ["SQSPollerPolicy", "F"]),
        ([{"CloudWatchPutMetricPolicy": None}], ["CloudWatchPutMetricPolicy"]),
    ],
)
def test_sam_function__policies(policies: Any, expected: list[str]) -> None:
    found = parts("F", F=function(Policies=policies), Own=attached("ManagedPolicy"))
    assert [name for name, _ in found] == [*expected, "AWSLambdaBasicExecutionRole"]
    assert found[-1] == LOGS


def test_sam_state_machine__writes_no_log_of_itself() -> None:
    assert parts("M", M={"Type": "AWS::Serverless::StateMachine", "Properties": {"Policies": [ONE]}}) == [("M", READ)]


@pytest.mark.parametrize(
    ("name", "arn", "shown"),
    [
        ("R", f"{HERE}:role/pipeline-R", "t.yaml:R"),
        ("N", f"{HERE}:role/team/app", "t.yaml:N"),
        ("F", f"{HERE}:role/pipeline-FRole", "t.yaml:F"),
        ("FRole", f"{HERE}:role/pipeline-FRole", "t.yaml:F"),
        ("G", f"{HERE}:role/team/app", "t.yaml:N"),
    ],
)
def test_role__its_arn_and_its_name_in_reports(name: str, arn: str, shown: str) -> None:
    named = role(RoleName="app", Path="/team/")
    borrowing = function(Role={"Fn::GetAtt": ["N", "Arn"]})
    template = Template({"Resources": {"R": role(), "N": named, "F": function(Policies=[]), "G": borrowing}})
    policy = Policy.of_role(template, name, "t.yaml")
    assert (policy.principal_arn, policy.name) == (arn, shown)


def test_role__the_only_one_needs_no_name() -> None:
    others = {"Q": {"Type": "AWS::SQS::Queue"}, "F": function()}
    assert parts(None, R=role(Policies=[{"PolicyName": "read", "PolicyDocument": ONE}]), **others) == [("read", READ)]
    assert [name for name, _ in parts(None, F=function(Policies=[ONE]))] == ["F", "AWSLambdaBasicExecutionRole"]


@pytest.mark.parametrize(
    ("name", "resources", "message", "hint"),
    [
        (None, {"A": role(), "B": role()}, "t.yaml has no single role", "Name it: role=…; the template has: A, B."),
        (None, {"Q": {"Type": "AWS::SQS::Queue"}}, "t.yaml has no single role", "…; the template has: none."),
        ("C", {"A": role(), "B": function(Policies=[])}, "t.yaml has no role 'C'", "It has: A, B."),
        ("C", {"B": function()}, "t.yaml has no role 'C'", "It has: none."),
        ("Q", {"Q": {"Type": "AWS::SQS::Queue"}}, "t.yaml has no role 'Q'", "It has: none."),
    ],
)
def test_role__that_nobody_can_tell(name: str | None, resources: Any, message: str, hint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.of_role(Template({"Resources": resources}), name, "t.yaml")
    assert str(caught.value).startswith(message)
    assert caught.value.hint is not None
    assert caught.value.hint.endswith(hint)


WITH_LINES = """\
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Role: arn:aws:iam::123456789012:role/elsewhere
  Own:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - SQSPollerPolicy:
            QueueName: q
        - AWSXRayDaemonWriteAccess
  Role:
    Type: AWS::IAM::Role
    Properties:
      PermissionsBoundary: arn:aws:iam::aws:policy/ReadOnlyAccess
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess
  Lost:
    Type: AWS::IAM::Role
    Properties:
      PermissionsBoundary: arn:aws:iam::123456789012:policy/mine
"""


@pytest.fixture
def template(tmp_path: Path) -> Template:
    file = tmp_path / "t.yaml"
    file.write_text(WITH_LINES)
    return Template.load(file)


def test_lines__a_role_that_is_not_in_the_template(template: Template) -> None:
    with pytest.raises(PolicyError, match=r"the role of Fn is not in t\.yaml: .*role/elsewhere") as caught:
        Policy.of_role(template, "Fn", "t.yaml")
    assert caught.value.location.line == 5


def test_lines__a_boundary_that_nobody_has(template: Template) -> None:
    message = "neither the template nor AWS's managed policies have arn:aws:iam::123456789012:policy/mine"
    with pytest.raises(PolicyError, match=message) as caught:
        Policy.of_role(template, "Lost", "t.yaml")
    assert caught.value.location.line == 22
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("Load the template that has it")


def test_lines__of_what_a_template_names_and_does_not_write_out(template: Template) -> None:
    written = policy_of_role(template, "Own", "t.yaml")
    places = [(part.name, part.named_at.line, part.generated) for part in written.parts if part.named_at]
    assert places == [
        ("SQSPollerPolicy", 10, True),
        ("AWSXRayDaemonWriteAccess", 12, False),
        ("AWSLambdaBasicExecutionRole", 6, False),
    ]
    assert written.location.line == 6
    statement = Policy.of_role(template, "Own", "t.yaml").statements[0]
    assert (statement.policy, statement.location.line) == ("SQSPollerPolicy", 10)


def test_lines__of_a_managed_policy_and_a_boundary(template: Template) -> None:
    written = policy_of_role(template, "Role", "t.yaml")
    assert [(part.name, part.named_at.line) for part in written.parts] == [("AWSXRayDaemonWriteAccess", 18)]
    assert written.boundary is not None
    assert (written.boundary.name, written.boundary.named_at.line) == ("ReadOnlyAccess", 16)
    policy = Policy.of_role(template, "Role", "t.yaml")
    assert policy.boundary is not None
    assert (policy.boundary.kind, policy.boundary.name, policy.boundary.location.line) == (
        "boundary", "ReadOnlyAccess", 16,
    )  # fmt: skip
    assert evaluate(policy, "xray:PutTraceSegments", "*").kind == "boundary"
    assert policy.location.line == 13


def test_find_role__by_its_arn() -> None:
    template = Template({"Resources": {"A": role(), "B": role(RoleName="b")}})
    assert find_role(template, f"{HERE}:role/b") == "B"
    assert find_role(template, f"{HERE}:role/c") is None


def test_of_arn__is_the_roles_policy_or_nothing() -> None:
    whole = role(RoleName="b", Policies=[{"PolicyName": "read", "PolicyDocument": ONE}])
    refused = role(RoleName="c", Policies=[{"PolicyName": "read", "PolicyDocument": {"Statement": [{}]}}])
    unknown = role(RoleName="d", Policies=[{"PolicyName": "read", "PolicyDocument": {"Fn::ImportValue": "x"}}])
    template = Template({"Resources": {"A": role(), "B": whole, "C": refused, "D": unknown}})
    found = Policy.of_arn(template, f"{HERE}:role/b", "t.yaml")
    assert found is not None
    assert (found.name, evaluate(found, "s3:GetObject", "*").allowed) == ("t.yaml:B", True)
    for name in ("c", "d", "nobody"):
        assert Policy.of_arn(template, f"{HERE}:role/{name}", "t.yaml") is None


@pytest.mark.parametrize(
    "name", ["AmazonS3ReadOnlyAccess", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"], ids=["name", "arn"]
)
def test_managed__policies_of_aws(name: str) -> None:
    policy = Policy.managed(name)
    assert policy.name == "AmazonS3ReadOnlyAccess"
    assert evaluate(policy, "s3:GetObject", "arn:aws:s3:::raw/a").allowed
    assert not evaluate(policy, "s3:PutObject", "arn:aws:s3:::raw/a").allowed


@pytest.mark.parametrize("name", ["NoSuchPolicy", f"{HERE}:policy/AmazonS3ReadOnlyAccess"])
def test_managed__that_aws_does_not_have(name: str) -> None:
    with pytest.raises(PolicyError, match="neither the template nor AWS's managed policies have"):
        Policy.managed(name)


def connector(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Serverless::Connector", "Properties": properties}


QUEUE = "arn:aws:sqs:us-east-1:123456789012:jobs"


@pytest.mark.parametrize(
    ("fields", "actions"),
    [
        ({"Destination": {"Id": "Q"}, "Permissions": ["Write"]}, {"sqs:SendMessage"}),
        ({"Destination": {"Id": "Q"}, "Permissions": "Write"}, {"sqs:SendMessage"}),
        ({"Destination": [{"Id": "Q"}], "Permissions": ["Read", "Write"]}, {"sqs:SendMessage", "sqs:ReceiveMessage"}),
        ({"Destination": {"Type": "AWS::SQS::Queue", "Arn": QUEUE}, "Permissions": ["Write"]}, {"sqs:SendMessage"}),
        ({"Destination": {"Id": "Q"}, "Permissions": ["Dance"]}, set()),
        ({"Destination": {"Id": "Q"}}, set()),
        ({"Destination": {"Type": "AWS::No::Such", "Arn": QUEUE}, "Permissions": ["Write"]}, set()),
        ({"Destination": "Q", "Permissions": ["Write"]}, set()),
        ({"Permissions": ["Write"]}, set()),
    ],
)
def test_connector__from_a_function_to_a_queue(fields: Any, actions: set[str]) -> None:
    """Facts: the SAM guide's table of what a connector from a function to a queue allows."""
    resources = {
        "F": function(Policies=[]),
        "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
        "Link": connector(Source={"Id": "F"}, **fields),
        "Other": connector(Source={"Id": "G"}, Destination={"Id": "Q"}, Permissions=["Read"]),
        "Bare": connector(Destination={"Id": "Q"}, Permissions=["Read"]),
    }
    policy = Policy.of_role(Template({"Resources": resources}), "F", "t.yaml")
    for action in ("sqs:SendMessage", "sqs:ReceiveMessage"):
        assert evaluate(policy, action, QUEUE).allowed is (action in actions)
        assert not evaluate(policy, action, f"{QUEUE}-2").allowed
    names = {statement.policy for statement in policy.statements}
    assert names == ({"Link"} if actions else set()) | {"AWSLambdaBasicExecutionRole"}


def test_connector__embedded_ones_bear_both_names() -> None:
    embedded = {"Steps": {"Properties": {"Destination": {"Id": "Q"}, "Permissions": ["Write"]}}, "Odd": "text"}
    resources = {
        "F": {**function(Policies=[]), "Connectors": embedded},
        "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
    }
    assert "FSteps" in dict(parts("F", **resources))


def test_connector__of_a_function_that_has_a_role_goes_to_that_role() -> None:
    resources = {
        "R": role(RoleName="app"),
        "L": {"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["R", "Arn"]}}},
        "M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"RoleArn": {"Fn::ImportValue": "far"}}},
        "N": {"Type": "AWS::Lambda::Function", "Properties": {}},
        "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
        "Link": connector(Source={"Id": "L"}, Destination={"Id": "Q"}, Permissions=["Write"]),
        "Far": connector(Source={"Id": "M"}, Destination={"Id": "Q"}, Permissions=["Write"]),
    }
    assert [name for name, _ in parts("R", **resources)] == ["Link"]


def test_template__what_a_role_needs_and_nobody_gave_is_an_error() -> None:
    with pytest.raises(TemplateError):
        parts("R", R=role(Policies=[{"PolicyName": "p", "PolicyDocument": {"Fn::ImportValue": "x"}}]))
