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
    """Return the operation that an action (`putItem`) means, or None."""
    wanted = action[:1].upper() + action[1:]
    if wanted in model.operation_names:
        return wanted
    folded = wanted.lower()
    return next((name for name in model.operation_names if name.lower() == folded), None)


_VERSION = re.compile(r"(?<=[^a-z][^a-z])v(?=\d)")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+")


def java_name(text: str) -> str:
    """Return a name of a service's model as the Java SDK writes it: `DBInstanceNotFound` becomes `DbInstanceNotFound`.

    The rule is the SDK's (`CodegenNamingUtils` in aws-sdk-java-v2): words begin at a change to upper case, after an
    acronym, after a number and at a version; each has one capital.
    """
    return "".join(word.capitalize() for word in _WORD.findall(_VERSION.sub(" V", text)))


def sdk_prefix(model: Any) -> str:
    """Return the prefix of an SDK integration's errors: the Java SDK's name of the service (`DynamoDb`, `Sfn`)."""
    name = java_name(str(model.metadata.get("serviceId", model.service_name)))
    return name.removeprefix("Amazon").removeprefix("Aws").removesuffix("Service")


def exception_class(model: Any, code: str) -> str | None:
    """Return the Java SDK's class for an error of a service's model, or None where the model does not know the code.

    The rule is the SDK's (`DefaultNamingStrategy.getExceptionName` in aws-sdk-java-v2): the shape's name, with
    `Exception` at its end in place of `Fault` or nothing. The shapes are those of botocore, which is made of the same
    models.

    Args:
        model: botocore's model of the service.
        code: The error's code, or the name of its shape.
    """
    for shape in model.error_shapes if model is not None else ():
        if code in (shape.name, (shape.metadata.get("error") or {}).get("code")):
            return java_name(str(shape.name).removesuffix("Fault").removesuffix("Exception")) + "Exception"
    return None


def error_name(service: str, code: str, model: Any) -> str:
    """Return an error's name as Retry and Catch see it.

    One that the service's model knows is named by its class; of the SDK integrations all others have the name of the
    service's general one (`DynamoDb.DynamoDbException`).
    """
    is_sdk = service.startswith("aws-sdk:")
    name = code.rsplit(".", 1)[-1].rsplit("#", 1)[-1]
    known = exception_class(model, code) or exception_class(model, name)
    if is_sdk:
        prefix = sdk_prefix(model)
        return f"{prefix}.{known or prefix + 'Exception'}"
    prefix, _, general = _optimized(service)
    if name in _GENERAL_CODES:
        return f"{prefix}.{general}"
    return f"{prefix}.{known or _as_exception(name)}"


def _as_exception(name: str) -> str:
    return name if name.endswith(("Exception", "Error", "Fault")) else f"{name}Exception"


def error_cause(service: str, code: str, message: str, status: int, request: str, model: Any) -> str:
    """Return an error's text, as the two kinds of integrations word it."""
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
