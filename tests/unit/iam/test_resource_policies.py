"""What resources of a template grant a role themselves, and deny it.

The facts are those of AWS's IAM user guide ("Policy evaluation for requests within a single account", the elements
"Principal" and "NotPrincipal") and of the reference of `AWS::Lambda::Permission`.
"""
# ruff: noqa: E501 - a table is read by its rows

from pathlib import Path
from typing import Any

import pytest

from pipeproof.cloudformation import Template
from pipeproof.iam import Policy, evaluate
from pipeproof.iam.errors import ConditionKeyError
from pipeproof.iam.resource_policies import resource_grants

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/app"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
GET, OBJECT = "s3:GetObject", "arn:aws:s3:::raw/a"
TLS = {"Bool": {"aws:SecureTransport": "false"}}
SOURCE = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:flow"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:work"
NOWHERE = {"Fn::ImportValue": "of-another-stack"}


def policy(*resources: dict[str, Any], statements: Any = ()) -> Policy:
    """The role `app`, which has `statements` of its own, beside resources with policies of theirs."""
    inline = [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}]
    role = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "app", "Policies": inline if statements else []}}
    named = {f"R{index}": resource for index, resource in enumerate(resources)}
    template = Template({"Resources": {"Role": role, **named}})
    return Policy.of_role(template, "Role", "t.yaml").with_grants_of_resources(template)


def attached(*statements: Any, kind: str = "AWS::S3::BucketPolicy", version: str = "2012-10-17") -> dict[str, Any]:
    return {"Type": kind, "Properties": {"PolicyDocument": {"Version": version, "Statement": list(statements)}}}


def says(effect: str, principal: Any, action: str = GET, resource: str = OBJECT, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource, **more}


ALLOWING: list[tuple[str, Any, bool]] = [
    ("the role", {"AWS": ROLE}, True),
    ("one of several", {"AWS": [OTHER, ROLE]}, True),
    ("anybody", "*", True),
    ("anybody with an identity", {"AWS": "*"}, True),
    ("another role", {"AWS": OTHER}, False),
    ("the whole account leaves it to the role's policy", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, False),
    ("the whole account by its number", {"AWS": ACCOUNT}, False),
    ("a service", {"Service": "lambda.amazonaws.com"}, False),
    ("any service", {"Service": "*"}, False),
    ("an identity provider", {"Federated": "*"}, False),
    ("nobody", {"AWS": []}, False),
    ("a role of the same name elsewhere", {"AWS": "arn:aws:iam::999999999999:role/app"}, False),
]


@pytest.mark.parametrize(("principal", "granted"), [row[1:] for row in ALLOWING], ids=[row[0] for row in ALLOWING])
def test_allow__for(principal: Any, granted: bool) -> None:
    decision = evaluate(policy(attached(says("Allow", principal))), GET, OBJECT)
    assert decision.reason == ("allowed" if granted else "implicit")


DENYING: list[tuple[str, Any, bool]] = [
    ("the role", {"Principal": {"AWS": ROLE}}, True),
    ("one of several", {"Principal": {"AWS": [OTHER, ROLE]}}, True),
    ("anybody", {"Principal": "*"}, True),
    ("the whole account", {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}, True),
    ("the whole account by its number", {"Principal": {"AWS": ACCOUNT}}, True),
    ("another role", {"Principal": {"AWS": OTHER}}, False),
    ("another account", {"Principal": {"AWS": "arn:aws:iam::999999999999:root"}}, False),
    ("another account by its number", {"Principal": {"AWS": "999999999999"}}, False),
    ("a service", {"Principal": {"Service": "lambda.amazonaws.com"}}, False),
    ("everybody but another role", {"NotPrincipal": {"AWS": OTHER}}, True),
    ("everybody but another role and the account", {"NotPrincipal": {"AWS": [OTHER, f"arn:aws:iam::{ACCOUNT}:root"]}}, True),
    ("everybody but a service", {"NotPrincipal": {"Service": "lambda.amazonaws.com"}}, True),
    ("everybody but the role", {"NotPrincipal": {"AWS": [ROLE, f"arn:aws:iam::{ACCOUNT}:root"]}}, False),
    ("under a condition that a call tells", {"Principal": "*", "Condition": TLS}, False),
    ("everybody but another role under a condition", {"NotPrincipal": {"AWS": OTHER}, "Condition": TLS}, False),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "denied"), [row[1:] for row in DENYING], ids=[row[0] for row in DENYING])
def test_deny__for(fields: Any, denied: bool) -> None:
    own = [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]
    statement = {"Effect": "Deny", "Action": GET, "Resource": OBJECT, **fields}
    assert evaluate(policy(attached(statement), statements=own), GET, OBJECT).reason == (
        "explicit" if denied else "allowed"
    )


def test_allow__for_everybody_but_somebody__grants_nothing_here() -> None:
    """IAM's guide advises against it, since it grants to anonymous users too; the role's own policy has to allow."""
    statement = {"Effect": "Allow", "NotPrincipal": {"AWS": OTHER}, "Action": GET, "Resource": OBJECT}
    assert evaluate(policy(attached(statement)), GET, OBJECT).reason == "implicit"


@pytest.mark.parametrize(
    ("kind", "action", "resource"),
    [
        ("AWS::S3::BucketPolicy", GET, OBJECT),
        ("AWS::SQS::QueuePolicy", "sqs:SendMessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"),
        ("AWS::SNS::TopicPolicy", "sns:Publish", f"arn:aws:sns:us-east-1:{ACCOUNT}:t"),
    ],
)
def test_kinds__of_resources_with_a_policy(kind: str, action: str, resource: str) -> None:
    given = policy(attached(says("Allow", {"AWS": ROLE}, action, resource), kind=kind))
    assert evaluate(given, action, resource).allowed
    assert not evaluate(given, action, f"{resource}-other").allowed
    assert not evaluate(given, "iam:GetRole", resource).allowed


def test_kinds__other_resources_are_not_looked_at() -> None:
    assert not evaluate(policy(attached(says("Allow", "*"), kind="AWS::EFS::FileSystem")), GET, OBJECT).allowed


def test_statements__one_may_stand_alone_and_each_counts_for_itself() -> None:
    alone = {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": {"Statement": says("Allow", "*")}}}
    assert evaluate(policy(alone), GET, OBJECT).allowed
    mixed = policy(
        attached("no statement", says("Allow", {"AWS": OTHER}), says("Allow", {"AWS": ROLE}, "s3:PutObject"))
    )
    assert not evaluate(mixed, GET, OBJECT).allowed
    assert evaluate(mixed, "s3:PutObject", OBJECT).allowed


@pytest.mark.parametrize("properties", [{}, {"PolicyDocument": "text"}, {"PolicyDocument": {"Version": "2012-10-17"}}])
def test_statements__none_where_there_is_no_document(properties: dict[str, Any]) -> None:
    resource = {"Type": "AWS::S3::BucketPolicy", "Properties": properties}
    assert policy(resource).statements == ()


def test_statements__what_a_role_could_not_have_is_left_out_with_its_document() -> None:
    strange = attached(says("Allow", "*", Notes="for S3 alone"))
    usual = attached(says("Allow", {"AWS": ROLE}, "s3:PutObject"))
    assert [statement.actions for statement in policy(strange, usual).statements] == [("s3:PutObject",)]


def test_statements__what_only_the_deployment_knows_is_left_out() -> None:
    unknown = {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": NOWHERE}}
    usual = attached(says("Allow", {"AWS": ROLE}))
    assert evaluate(policy(unknown, usual), GET, OBJECT).allowed


def test_conditions__of_an_allow_have_to_hold() -> None:
    given = policy(attached(says("Allow", "*", Condition={"StringEquals": {"s3:ExistingObjectTag/stage": "raw"}})))
    assert evaluate(given, GET, OBJECT, {"s3:ExistingObjectTag/stage": "raw"}).allowed
    assert not evaluate(given, GET, OBJECT, {"s3:ExistingObjectTag/stage": "done"}).allowed


@pytest.mark.parametrize(("version", "allowed"), [("2012-10-17", True), ("2008-10-17", False)])
def test_variables__are_those_of_the_documents_version(version: str, allowed: bool) -> None:
    own = says("Allow", "*", resource="arn:aws:s3:::raw/${aws:PrincipalTag/team}/a")
    given = policy(attached(own, version=version))
    assert evaluate(given, GET, "arn:aws:s3:::raw/data/a", {"aws:PrincipalTag/team": "data"}).allowed is allowed


def test_variables__a_document_without_a_version_is_of_2008() -> None:
    own = says("Allow", "*", resource="arn:aws:s3:::raw/${aws:PrincipalTag/team}/a")
    resource = {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": {"Statement": [own]}}}
    assert not evaluate(policy(resource), GET, "arn:aws:s3:::raw/data/a", {"aws:PrincipalTag/team": "data"}).allowed


def test_boundary__limits_what_a_resource_grants() -> None:
    given = policy(attached(says("Allow", {"AWS": ROLE})))
    limit = {"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}
    assert evaluate(given.with_boundary(limit), GET, OBJECT).kind == "boundary"


def permission(principal: str = ROLE, function: str = "work", **fields: Any) -> dict[str, Any]:
    properties = {"Action": "lambda:InvokeFunction", "FunctionName": function, "Principal": principal, **fields}
    return {"Type": "AWS::Lambda::Permission", "Properties": properties}


def invokes(given: Policy, function: str = FUNCTION, context: Any = None) -> bool:
    return evaluate(given, "lambda:InvokeFunction", function, context).allowed


@pytest.mark.parametrize(
    ("principal", "granted"),
    [(ROLE, True), ("*", True), (OTHER, False), ("events.amazonaws.com", False), (ACCOUNT, False)],
)
def test_permission__for(principal: str, granted: bool) -> None:
    assert invokes(policy(permission(principal))) is granted


NAMES: list[tuple[str, str, bool]] = [
    ("work", FUNCTION, True),
    ("work", f"{FUNCTION}-2", False),
    ("work:live", f"{FUNCTION}:live", True),
    ("work:live", FUNCTION, False),
    (FUNCTION, FUNCTION, True),
    (FUNCTION, f"{FUNCTION}:live", False),
    (f"{ACCOUNT}:function:work", FUNCTION, True),
    (f"{ACCOUNT}:function:work:live", f"{FUNCTION}:live", True),
    ("999999999999:function:work", FUNCTION, False),
]


@pytest.mark.parametrize(("written", "called", "granted"), NAMES)
def test_permission__function_by_its_name_its_arn_or_a_part_of_it(written: str, called: str, granted: bool) -> None:
    assert invokes(policy(permission(function=written)), called) is granted


def test_permission__of_another_action() -> None:
    given = policy(permission(Action="lambda:GetFunction"))
    assert evaluate(given, "lambda:GetFunction", FUNCTION).allowed
    assert not invokes(given)


def test_permission__without_an_action_or_a_function_is_for_all() -> None:
    """CloudFormation asks for both; what a template leaves open is not held against the role."""
    given = policy({"Type": "AWS::Lambda::Permission", "Properties": {"Principal": ROLE}})
    assert invokes(given)
    assert evaluate(given, "lambda:GetFunction", FUNCTION).allowed


@pytest.mark.parametrize(
    ("fields", "context", "granted"),
    [
        ({"SourceArn": SOURCE}, {}, False),
        ({"SourceArn": SOURCE}, {"aws:SourceArn": SOURCE}, True),
        ({"SourceArn": SOURCE.replace("flow", "*")}, {"aws:SourceArn": SOURCE}, True),
        ({"SourceAccount": ACCOUNT}, {}, False),
        ({"SourceAccount": ACCOUNT}, {"aws:SourceAccount": ACCOUNT}, True),
        ({"SourceAccount": ACCOUNT}, {"aws:SourceAccount": "999999999999"}, False),
        ({"SourceAccount": ACCOUNT, "SourceArn": SOURCE}, {"aws:SourceAccount": ACCOUNT}, False),
        ({"PrincipalOrgID": "o-1"}, {"aws:PrincipalOrgID": "o-1"}, True),
        ({"PrincipalOrgID": "o-1"}, {"aws:PrincipalOrgID": "o-2"}, False),
        ({"EventSourceToken": "t"}, {}, False),
        ({"EventSourceToken": "t"}, {"lambda:EventSourceToken": "t"}, True),
        ({"FunctionUrlAuthType": "AWS_IAM"}, {}, False),
        ({"FunctionUrlAuthType": "AWS_IAM"}, {"lambda:FunctionUrlAuthType": "AWS_IAM"}, True),
    ],
)
def test_permission__its_limits_are_conditions(fields: Any, context: Any, granted: bool) -> None:
    """The keys against the confused deputy: a role that calls in its own name has no source, so it is not allowed."""
    assert invokes(policy(permission("*", **fields)), context=context) is granted


def test_permission__for_an_organization_hangs_on_what_only_aws_knows() -> None:
    given = policy(permission("*", PrincipalOrgID="o-1"))
    with pytest.raises(ConditionKeyError, match="aws:principalorgid"):
        evaluate(given, "lambda:InvokeFunction", FUNCTION, is_known=lambda key: False)


def test_permission__in_china_is_for_functions_there() -> None:
    template = Template({"Resources": {"P": permission("*")}}, region="cn-north-1")
    (document,) = resource_grants(template, ROLE)
    assert document.content["Statement"][0]["Resource"] == "arn:aws-cn:lambda:*:*:function:work"


def test_grants__bear_the_resources_name_and_place(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(
        "Resources:\n"
        "  Open:\n"
        "    Type: AWS::S3::BucketPolicy\n"
        "    Properties:\n"
        "      PolicyDocument:\n"
        "        Statement:\n"
        "          - {Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: '*'}\n"
    )
    (document,) = resource_grants(Template.load(file), ROLE)
    assert (document.name, document.named_at.file, document.named_at.line) == ("Open", file, 2)
    assert document.content["Statement"] == [{"Effect": "Allow", "Action": GET, "Resource": "*"}]
    statement = Policy.parse(document.content, name=document.name).statements[0]
    assert statement.policy == "Open"


def test_grants__of_a_policy_without_a_role_are_none() -> None:
    template = Template({"Resources": {"Open": attached(says("Allow", "*"))}})
    bare = Policy.parse({"Statement": []})
    assert bare.with_grants_of_resources(template).statements == ()


def test_grants__a_principal_that_is_no_arn_is_only_in_denies_for_anybody() -> None:
    template = Template({"Resources": {"R": attached(says("Deny", {"AWS": "arn:aws:iam::1:root"}), says("Deny", "*"))}})
    (document,) = resource_grants(template, "nobody")
    assert len(document.content["Statement"]) == 1
