"""How Step Functions names services' errors: as the classes of the Java SDK."""

from typing import Any

import pytest

from pipeproof import StateMachine
from pipeproof.environments.aws import open_aws
from pipeproof.stepfunctions.aws.names import error_name, java_name, sdk_prefix, service_model


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("DynamoDB", "DynamoDb"),
        ("SESv2", "SesV2"),
        ("WAFV2", "Wafv2"),
        ("ApiGatewayV2", "ApiGatewayV2"),
        ("Route 53", "Route53"),
        ("ACM PCA", "AcmPca"),
        ("EMR containers", "EmrContainers"),
        ("DBInstanceNotFound", "DbInstanceNotFound"),
        ("KMSInvalidStateException", "KmsInvalidStateException"),
        ("EC2ThrottledException", "Ec2ThrottledException"),
        ("NoSuchKey", "NoSuchKey"),
    ],
)
def test_java_name__words_begin_where_the_sdk_says(text: str, name: str) -> None:
    assert java_name(text) == name


@pytest.mark.parametrize(
    ("service", "prefix"), [("stepfunctions", "Sfn"), ("ds", "Directory"), ("dms", "DatabaseMigration"), ("sqs", "Sqs")]
)
def test_sdk_prefix__is_the_sdks_name_of_the_service(service: str, prefix: str) -> None:
    assert sdk_prefix(service_model(service)) == prefix


@pytest.mark.parametrize(
    ("service", "boto", "code", "name"),
    [
        ("aws-sdk:s3", "s3", "NoSuchKey", "S3.NoSuchKeyException"),
        ("aws-sdk:s3", "s3", "InvalidBucketName", "S3.S3Exception"),
        ("aws-sdk:sqs", "sqs", "QueueDoesNotExist", "Sqs.QueueDoesNotExistException"),
        ("aws-sdk:dynamodb", "dynamodb", "ConditionalCheckFailedException", "DynamoDb.ConditionalCheckFailedException"),
        ("aws-sdk:dynamodb", "dynamodb", "ValidationException", "DynamoDb.DynamoDbException"),
        ("aws-sdk:iam", "iam", "NoSuchEntity", "Iam.NoSuchEntityException"),
        ("aws-sdk:rds", "rds", "DBInstanceNotFound", "Rds.DbInstanceNotFoundException"),
        ("aws-sdk:rds", "rds", "DBInstanceNotFoundFault", "Rds.DbInstanceNotFoundException"),
        ("aws-sdk:ec2", "ec2", "InvalidInstanceID.NotFound", "Ec2.Ec2Exception"),
        ("aws-sdk:sfn", "stepfunctions", "InvalidToken", "Sfn.InvalidTokenException"),
        ("aws-sdk:kinesis", "kinesis", "ResourceNotFoundException", "Kinesis.ResourceNotFoundException"),
        ("dynamodb", "dynamodb", "ResourceNotFoundException", "DynamoDB.ResourceNotFoundException"),
        ("dynamodb", "dynamodb", "ValidationException", "DynamoDB.AmazonDynamoDBException"),
        ("sqs", "sqs", "QueueDoesNotExist", "SQS.QueueDoesNotExistException"),
    ],
)
def test_error_name__of_each_kind(service: str, boto: str, code: str, name: str) -> None:
    assert error_name(service, code, service_model(boto)) == name


CALLS: list[tuple[str, dict[str, Any], str]] = [
    ("s3:getObject", {"Bucket": "bucket", "Key": "none"}, "S3.NoSuchKeyException"),
    ("s3:getObject", {"Bucket": "none", "Key": "none"}, "S3.NoSuchBucketException"),
    ("sqs:sendMessage", {"QueueUrl": "https://sqs/none", "MessageBody": "x"}, "Sqs.QueueDoesNotExistException"),
    ("dynamodb:getItem", {"TableName": "none", "Key": {"id": {"S": "1"}}}, "DynamoDb.ResourceNotFoundException"),
    ("dynamodb:putItem", {"TableName": "none", "Item": None}, "DynamoDb.DynamoDbException"),
    ("iam:getRole", {"RoleName": "none"}, "Iam.NoSuchEntityException"),
    ("secretsmanager:getSecretValue", {"SecretId": "none"}, "SecretsManager.ResourceNotFoundException"),
    ("ssm:getParameter", {"Name": "none"}, "Ssm.ParameterNotFoundException"),
    ("sfn:describeStateMachine", {"StateMachineArn": "none"}, "Sfn.InvalidArnException"),
]


@pytest.mark.parametrize(("resource", "parameters", "error"), CALLS)
def test_integrations__failed_calls_on_the_stubs__have_the_sdks_names(
    resource: str, parameters: dict[str, Any], error: str
) -> None:
    task = {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{resource}", "Parameters": parameters, "End": True}
    with open_aws() as aws:
        aws.client("s3").create_bucket(Bucket="bucket")
        execution = StateMachine({"StartAt": "Call", "States": {"Call": task}}).run(check=False)
    assert (execution.status, execution.error) == ("FAILED", error)
