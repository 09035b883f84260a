"""How Step Functions names services, parameters and errors, beside how boto3 does."""

import re
from functools import lru_cache
from typing import Any

_BOTO_NAMES = {
    "applicationautoscaling": "application-autoscaling",
    "cloudwatchlogs": "logs",
    "cognitoidentity": "cognito-identity",
    "cognitoidentityprovider": "cognito-idp",
    "configservice": "config",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticmapreduce": "emr",
    "eventbridge": "events",
    "sfn": "stepfunctions",
    "states": "stepfunctions",
    "redshiftdata": "redshift-data",
    "bedrock": "bedrock-runtime",
}
"""Step Functions' names of services for which leaving out hyphens does not lead to boto3's."""

_OPTIMIZED_PREFIXES = {
    "dynamodb": ("DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException"),
    "sns": ("SNS", "AmazonSNS", "AmazonSNSException"),
    "sqs": ("SQS", "AmazonSQS", "AmazonSQSException"),
    "lambda": ("Lambda", "AWSLambda", "AWSLambdaException"),
    "states": ("StepFunctions", "AWSStepFunctions", "AWSStepFunctionsException"),
    "events": ("EventBridge", "AmazonEventBridge", "AmazonEventBridgeException"),
    "s3": ("S3", "Amazon S3", "AmazonS3Exception"),
    "glue": ("Glue", "AWSGlue", "AWSGlueException"),
    "athena": ("Athena", "AmazonAthena", "AmazonAthenaException"),
    "batch": ("Batch", "AWSBatch", "AWSBatchException"),
    "ecs": ("ECS", "AmazonECS", "AmazonECSException"),
    "sagemaker": ("SageMaker", "AmazonSageMaker", "AmazonSageMakerException"),
    "codebuild": ("CodeBuild", "AWSCodeBuild", "AWSCodeBuildException"),
    "elasticmapreduce": ("EMR", "AmazonElasticMapReduce", "AmazonElasticMapReduceException"),
}
"""Of an optimized integration: the prefix of its errors, the service in their text, and the error for all else."""

_GENERAL_CODES = {"ValidationException", "AccessDeniedException", "AccessDenied", "AuthorizationError"}


@lru_cache(maxsize=256)
def boto_name(service: str) -> str | None:
    """boto3's name of a service that Step Functions names, or None where there is none."""
    from botocore.session import get_session  # type: ignore[import-untyped]

    known = get_session().get_available_services()
    plain = service.lower()
    if plain in _BOTO_NAMES:
        return _BOTO_NAMES[plain]
    return plain if plain in known else next((name for name in known if name.replace("-", "") == plain), None)


@lru_cache(maxsize=256)
def service_model(name: str) -> Any:
    """botocore's model of a service."""
    from botocore.session import get_session

    return get_session().get_service_model(name)


def operation_name(model: Any, action: str) -> str | None:
    """The operation that an action (`putItem`) means, or None."""
    wanted = action[:1].upper() + action[1:]
    if wanted in model.operation_names:
        return wanted
    folded = wanted.lower()
    return next((name for name in model.operation_names if name.lower() == folded), None)


def sdk_prefix(model: Any) -> str:
    """The prefix of an SDK integration's errors: the Java SDK's name of the service (`DynamoDb`, `Sfn`)."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", str(model.metadata.get("serviceId", model.service_name)))
    return "".join(word.capitalize() if not word.isdigit() else word for word in words)


def error_name(service: str, code: str, model: Any) -> str:
    """An error's name as Retry and Catch see it."""
    is_sdk = service.startswith("aws-sdk:")
    name = code.rsplit(".", 1)[-1].rsplit("#", 1)[-1]
    if is_sdk:
        prefix = sdk_prefix(model)
        general = f"{prefix}Exception"
    else:
        prefix, _, general = _optimized(service)
    if not is_sdk and name in _GENERAL_CODES:
        return f"{prefix}.{general}"
    return f"{prefix}.{name if name.endswith(('Exception', 'Error', 'Fault')) else name + 'Exception'}"


def error_cause(service: str, code: str, message: str, status: int, request: str, model: Any) -> str:
    """An error's text, as the two kinds of integrations word it."""
    if service.startswith("aws-sdk:"):
        name = sdk_prefix(model)
        return f"{message} (Service: {name}, Status Code: {status}, Request ID: {request}) (SDK Attempt Count: 1)"
    label = _optimized(service)[1]
    return (
        f"{message} (Service: {label}; Status Code: {status}; Error Code: {code}; Request ID: {request}; Proxy: null)"
    )


def _optimized(service: str) -> tuple[str, str, str]:
    plain = service.capitalize()
    return _OPTIMIZED_PREFIXES.get(service, (plain, f"Amazon{plain}", f"Amazon{plain}Exception"))
