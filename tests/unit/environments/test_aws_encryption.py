"""Keys and secrets under a policy that is enforced: aliases, names, and data that lies under a customer's key."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipeproof.environments.aws import open_aws
from pipeproof.environments.aws.stub import AwsStub
from pipeproof.iam.errors import ConditionKeyError

ALIAS = "alias/etl"


@pytest.fixture(scope="module")
def aws() -> Iterator[AwsStub]:
    with open_aws() as stub:
        stub.kms = stub.client("kms")
        stub.own, stub.other = (stub.kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
        stub.kms.create_alias(AliasName=ALIAS, TargetKeyId=stub.own)
        secrets, tags = stub.client("secretsmanager"), [{"Key": "team", "Value": "sales"}]
        stub.secret = secrets.create_secret(Name="db", SecretString="x", KmsKeyId=ALIAS, Tags=tags)["ARN"]
        secrets.create_secret(Name="plain", SecretString="x")
        ssm = stub.client("ssm")
        ssm.put_parameter(Name="/etl/secret", Value="v", Type="SecureString", KeyId=ALIAS)
        ssm.put_parameter(Name="/etl/default", Value="v", Type="SecureString")
        ssm.put_parameter(Name="/etl/text", Value="v", Type="String")
        stub.client("s3").create_bucket(Bucket="data")
        yield stub


def call(service: str, method: str, **params: Any) -> Any:
    return lambda aws: getattr(aws.client(service), method)(**params)


SECRET = call("secretsmanager", "get_secret_value", SecretId="db")
PLAIN = call("secretsmanager", "get_secret_value", SecretId="plain")
WRITE = call("secretsmanager", "put_secret_value", SecretId="db", SecretString="y")
ENCRYPT = call("kms", "encrypt", KeyId=ALIAS, Plaintext=b"x")
PUT = call("s3", "put_object", Bucket="data", Key="k", Body=b"", ServerSideEncryption="aws:kms", SSEKMSKeyId=ALIAS)
PARAMETER = call("ssm", "get_parameter", Name="/etl/secret", WithDecryption=True)
VERSION = call("ssm", "get_parameter", Name="/etl/secret:1", WithDecryption=True)
DEFAULT = call("ssm", "get_parameter", Name="/etl/default", WithDecryption=True)
CIPHER = call("ssm", "get_parameter", Name="/etl/secret")
SEVERAL = call("ssm", "get_parameters", Names=["/etl/text", "/etl/secret"], WithDecryption=True)
PATH = call("ssm", "get_parameters_by_path", Path="/etl/", WithDecryption=True)
NEW = call("ssm", "put_parameter", Name="/new", Value="v", Type="SecureString", KeyId=ALIAS, Overwrite=True)
ADVANCED = call(
    "ssm", "put_parameter", Name="/new", Value="v", Type="SecureString", KeyId=ALIAS, Overwrite=True, Tier="Advanced"
)
TEAM = {"StringEquals": {"aws:ResourceTag/team": "sales"}}
OTHERS = {"StringEquals": {"aws:ResourceTag/team": "hr"}}


def via(service: str) -> dict[str, Any]:
    return {"StringEquals": {"kms:ViaService": f"{service}.us-east-1.amazonaws.com"}}


@pytest.mark.parametrize(
    ("called", "grants", "allowed"),
    [
        (ENCRYPT, ["kms:Encrypt on OWN"], True),
        (ENCRYPT, ["kms:Encrypt on OTHER"], False),
        (PUT, ["s3:PutObject", "kms:GenerateDataKey on OWN"], True),
        (PUT, ["s3:PutObject", "kms:GenerateDataKey on OTHER"], False),
        (PUT, ["s3:PutObject", ("kms:GenerateDataKey on OWN", via("s3"))], True),
        (PUT, ["s3:PutObject", ("kms:GenerateDataKey on OWN", via("sqs"))], False),
        (SECRET, ["secretsmanager:GetSecretValue on SECRET", "kms:Decrypt on OWN"], True),
        (SECRET, ["secretsmanager:GetSecretValue on SECRET", ("kms:Decrypt on OWN", via("secretsmanager"))], True),
        (SECRET, ["secretsmanager:GetSecretValue on SECRET"], False),
        (SECRET, ["secretsmanager:GetSecretValue on SECRET", "kms:Decrypt on OTHER"], False),
        (SECRET, ["secretsmanager:GetSecretValue on arn:aws:secretsmanager:*:*:secret:db-??????", "kms:Decrypt"], True),
        (
            SECRET,
            ["secretsmanager:GetSecretValue on arn:aws:secretsmanager:*:*:secret:db-zzzzzz", "kms:*"],
            False,
        ),
        (SECRET, [("secretsmanager:GetSecretValue", TEAM), "kms:Decrypt"], True),
        (SECRET, [("secretsmanager:GetSecretValue", OTHERS), "kms:Decrypt"], False),
        (PLAIN, ["secretsmanager:GetSecretValue"], True),
        (WRITE, ["secretsmanager:PutSecretValue", "kms:GenerateDataKey kms:Decrypt on OWN"], True),
        (WRITE, ["secretsmanager:PutSecretValue", "kms:Decrypt on OWN"], False),
        (PARAMETER, ["ssm:GetParameter on arn:aws:ssm:*:*:parameter/etl/secret", "kms:Decrypt on OWN"], True),
        (PARAMETER, ["ssm:GetParameter", ("kms:Decrypt on OWN", via("ssm"))], True),
        (PARAMETER, ["ssm:GetParameter"], False),
        (PARAMETER, ["ssm:GetParameter", "kms:Decrypt on OTHER"], False),
        (VERSION, ["ssm:GetParameter on arn:aws:ssm:*:*:parameter/etl/secret", "kms:Decrypt on OWN"], True),
        (VERSION, ["ssm:GetParameter"], False),
        (DEFAULT, ["ssm:GetParameter"], True),
        (CIPHER, ["ssm:GetParameter"], True),
        (SEVERAL, ["ssm:GetParameters"], False),
        (SEVERAL, ["ssm:GetParameters", "kms:Decrypt on OWN"], True),
        (PATH, ["ssm:GetParametersByPath on arn:aws:ssm:*:*:parameter/etl/*", "kms:Decrypt on OWN"], True),
        (PATH, ["ssm:GetParametersByPath"], False),
        (NEW, ["ssm:PutParameter", "kms:Encrypt on OWN"], True),
        (NEW, ["ssm:PutParameter"], False),
        (ADVANCED, ["ssm:PutParameter", "kms:Encrypt on OWN"], False),
        (ADVANCED, ["ssm:PutParameter", "kms:GenerateDataKey kms:Decrypt on OWN"], True),
    ],
)
def test_enforce__keys_and_secrets(aws: Any, called: Any, grants: list[Any], allowed: bool) -> None:
    with aws.enforce(policy(aws, grants)):
        if allowed:
            called(aws)
        else:
            with pytest.raises(ClientError, match="AccessDenied"):
                called(aws)


def test_enforce__context_that_a_service_encrypts_with_is_the_tests_to_give(aws: Any) -> None:
    condition = {"StringEquals": {"kms:EncryptionContext:PARAMETER_ARN": "arn"}}
    asked = policy(aws, ["ssm:GetParameter", ("kms:Decrypt on OWN", condition)])
    with aws.enforce(asked), pytest.raises(ConditionKeyError, match="kms:encryptioncontext:parameter_arn"):
        PARAMETER(aws)
    with aws.enforce(asked, context={"kms:EncryptionContext:PARAMETER_ARN": "arn"}):
        PARAMETER(aws)


def policy(aws: Any, grants: list[Any]) -> dict[str, Any]:
    arns = {"OWN": aws.own, "OTHER": aws.other, "SECRET": aws.secret, "": "*"}
    statements = []
    for grant in grants:
        text, condition = grant if isinstance(grant, tuple) else (grant, {})
        actions, _, resource = text.partition(" on ")
        statement = {"Effect": "Allow", "Action": actions.split(), "Resource": arns.get(resource, resource)}
        statements.append({**statement, **({"Condition": condition} if condition else {})})
    return {"Version": "2012-10-17", "Statement": statements}
