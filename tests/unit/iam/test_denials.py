"""How AWS says no: codes and texts by service and kind of policy.

The facts are those of the IAM user guide's "Troubleshoot access denied error messages" and of each service's errors.
"""

from typing import Any

import pytest

from pipeproof.iam import Policy, evaluate, render_denial
from pipeproof.iam.calls import Call
from pipeproof.iam.context import passed_to
from pipeproof.iam.wording import denial_code

ALL = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
NONE: dict[str, Any] = {"Statement": []}
NEVER = {"Statement": [ALL["Statement"], {"Effect": "Deny", "Action": "*", "Resource": "*"}]}


@pytest.mark.parametrize(
    ("service", "protocol", "code"),
    [
        ("s3", "rest-xml", "AccessDenied"),
        ("sts", "query", "AccessDenied"),
        ("dynamodb", "json", "AccessDeniedException"),
        ("lambda", "rest-json", "AccessDeniedException"),
        ("ec2", "ec2", "UnauthorizedOperation"),
        ("sns", "query", "AuthorizationError"),
        ("sqs", "json", "AccessDenied"),
        ("sqs", "query", "AccessDenied"),
    ],
)
def test_code__by_service_and_protocol(service: str, protocol: str, code: str) -> None:
    assert denial_code(service, protocol) == code


KINDS = {
    "identity": ("identity-based policy", "an identity-based policy"),
    "boundary": ("permissions boundary", "a permissions boundary"),
    "session": ("session policy", "a session policy"),
    "scp": ("service control policy", "a service control policy"),
}


def denial(kind: Any, document: Any, action: str = "sqs:SendMessage", resource: str = "arn:aws:sqs:r:1:q") -> str:
    policies = [Policy.parse(document, kind=kind)] + ([] if kind == "identity" else [Policy.parse(ALL)])
    return render_denial(evaluate(policies, action, resource), "arn:aws:sts::1:assumed-role/R/s")


@pytest.mark.parametrize("kind", KINDS)
def test_text__says_which_kind_of_policy_is_silent_or_denies(kind: str) -> None:
    start = "User: arn:aws:sts::1:assumed-role/R/s is not authorized to perform: states:StartExecution on resource: m "
    silent, denying = KINDS[kind]
    said = denial(kind, NONE, "states:StartExecution", "m")
    assert said == f"{start}because no {silent} allows the states:StartExecution action"
    assert denial(kind, NEVER, "states:StartExecution", "m") == f"{start}with an explicit deny in {denying}"


@pytest.mark.parametrize(
    ("action", "resource", "shown"),
    [
        ("s3:GetObject", "arn:aws:s3:::raw/a", 's3:GetObject on resource: "arn:aws:s3:::raw/a"'),
        ("s3:ListAllMyBuckets", "*", "s3:ListAllMyBuckets"),
        ("sns:Publish", "arn:aws:sns:r:1:t", "SNS:Publish on resource: arn:aws:sns:r:1:t"),
        ("sqs:SendMessage", "arn:aws:sqs:r:1:q", "sqs:sendmessage on resource: arn:aws:sqs:r:1:q"),
        ("dynamodb:ListTables", "*", "dynamodb:ListTables on resource: *"),
    ],
)
def test_text__names_action_and_resource_as_the_service_does(action: str, resource: str, shown: str) -> None:
    said = denial("identity", NEVER, action, resource)
    assert said.split("perform: ")[1] == f"{shown} with an explicit deny in an identity-based policy"


@pytest.mark.parametrize(
    ("service", "principal"),
    [
        ("stepfunctions", "states.amazonaws.com"),
        ("sfn", "states.amazonaws.com"),
        ("ecs", "ecs-tasks.amazonaws.com"),
        ("glue", "glue.amazonaws.com"),
        ("sagemaker", "sagemaker.amazonaws.com"),
    ],
)
def test_passed_role__goes_to_the_services_principal(service: str, principal: str) -> None:
    assert passed_to(Call(service, "Create", {})) == principal
