"""SAM's policy templates (`S3ReadPolicy: {BucketName: …}`) for the services that data pipelines use.

Facts from the AWS SAM developer guide, "AWS SAM policy templates". Where the package `aws-sam-translator` is installed
its table is used for the templates that are not here.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeproof.cloudformation import load_document
from pipeproof.errors import Location
from pipeproof.iam.policies import Policy, PolicyError

_ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
_BUCKET = ("arn:${AWS::Partition}:s3:::${BucketName}", "arn:${AWS::Partition}:s3:::${BucketName}/*")
_TABLE = (_ARN % ("dynamodb", "table/${TableName}"), _ARN % ("dynamodb", "table/${TableName}/index/*"))
_STREAM = _ARN % ("dynamodb", "table/${TableName}/stream/${StreamName}")
_QUEUE = _ARN % ("sqs", "${QueueName}")
_KINESIS = _ARN % ("kinesis", "stream/${StreamName}")
_FIREHOSE = _ARN % ("firehose", "deliverystream/${DeliveryStreamName}")
_KEY = _ARN % ("kms", "key/${KeyId}")

_Rule = tuple[str, str | tuple[str, ...]]

_TEMPLATES: Mapping[str, tuple[_Rule, ...]] = {
    "S3ReadPolicy": (
        ("s3: GetObject ListBucket GetBucketLocation GetObjectVersion GetLifecycleConfiguration", _BUCKET),
    ),
    "S3WritePolicy": (("s3: PutObject PutObjectAcl PutLifecycleConfiguration", _BUCKET),),
    "S3CrudPolicy": (
        (
            (
                "s3: GetObject ListBucket GetBucketLocation GetObjectVersion PutObject PutObjectAcl "
                "GetLifecycleConfiguration PutLifecycleConfiguration DeleteObject"
            ),
            _BUCKET,
        ),
    ),
    "S3FullAccessPolicy": (
        (
            (
                "s3: GetObject GetObjectAcl GetObjectVersion PutObject PutObjectAcl DeleteObject DeleteObjectTagging "
                "DeleteObjectVersionTagging GetObjectTagging GetObjectVersionTagging PutObjectTagging "
                "PutObjectVersionTagging"
            ),
            _BUCKET[1],
        ),
        ("s3: ListBucket GetBucketLocation GetLifecycleConfiguration PutLifecycleConfiguration", _BUCKET[0]),
    ),
    "DynamoDBReadPolicy": (("dynamodb: GetItem Scan Query BatchGetItem DescribeTable", _TABLE),),
    "DynamoDBWritePolicy": (("dynamodb: PutItem UpdateItem BatchWriteItem", _TABLE),),
    "DynamoDBCrudPolicy": (
        (
            (
                "dynamodb: GetItem DeleteItem PutItem Scan Query UpdateItem BatchWriteItem BatchGetItem DescribeTable "
                "ConditionCheckItem"
            ),
            _TABLE,
        ),
    ),
    "DynamoDBStreamReadPolicy": (
        ("dynamodb: DescribeStream GetRecords GetShardIterator", _STREAM),
        ("dynamodb: ListStreams", _ARN % ("dynamodb", "table/${TableName}/stream/*")),
    ),
    "SQSPollerPolicy": (
        (
            (
                "sqs: ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage DeleteMessageBatch "
                "GetQueueAttributes ReceiveMessage"
            ),
            _QUEUE,
        ),
    ),
    "SQSSendMessagePolicy": (("sqs: SendMessage*", _QUEUE),),
    "SNSPublishMessagePolicy": (("sns: Publish", _ARN % ("sns", "${TopicName}")),),
    "LambdaInvokePolicy": (("lambda: InvokeFunction", _ARN % ("lambda", "function:${FunctionName}*")),),
    "StepFunctionsExecutionPolicy": (
        ("states: StartExecution", _ARN % ("states", "stateMachine:${StateMachineName}")),
    ),
    "SSMParameterReadPolicy": (
        ("ssm: DescribeParameters", "*"),
        ("ssm: GetParameters GetParameter GetParametersByPath", _ARN % ("ssm", "parameter/${ParameterName}")),
    ),
    "SSMParameterWithSlashPrefixReadPolicy": (
        ("ssm: DescribeParameters", "*"),
        ("ssm: GetParameters GetParameter GetParametersByPath", _ARN % ("ssm", "parameter${ParameterName}")),
    ),
    "AWSSecretsManagerGetSecretValuePolicy": (("secretsmanager: GetSecretValue", "${SecretArn}"),),
    "KMSDecryptPolicy": (("kms: Decrypt", _KEY),),
    "KMSEncryptPolicy": (("kms: Encrypt", _KEY),),
    "EventBridgePutEventsPolicy": (("events: PutEvents", _ARN % ("events", "event-bus/${EventBusName}")),),
    "KinesisStreamReadPolicy": (
        ("kinesis: ListStreams DescribeLimits", _ARN % ("kinesis", "stream/*")),
        ("kinesis: DescribeStream DescribeStreamSummary GetRecords GetShardIterator", _KINESIS),
    ),
    "KinesisCrudPolicy": (
        (
            (
                "kinesis: AddTagsToStream CreateStream DecreaseStreamRetentionPeriod DeleteStream DescribeStream "
                "DescribeStreamSummary GetShardIterator IncreaseStreamRetentionPeriod ListTagsForStream MergeShards "
                "PutRecord PutRecords SplitShard RemoveTagsFromStream"
            ),
            _KINESIS,
        ),
    ),
    "FirehoseWritePolicy": (("firehose: PutRecord PutRecordBatch", _FIREHOSE),),
    "CloudWatchPutMetricPolicy": (("cloudwatch: PutMetricData", "*"),),
}


def policy_template(
    name: str, parameters: Mapping[str, Any], resolve: Callable[[Any], Any], at: Location | None
) -> Policy:
    """What SAM makes of its template `name`; raises [PolicyError][] where SAM has none or a parameter is missing."""
    rules = _TEMPLATES.get(name)
    if rules is None:
        return Policy.parse(resolve(_from_translator(name, parameters, at)), name=name)
    statements = []
    for actions, resources in rules:
        service, _, names = actions.partition(": ")
        patterns = [resources] if isinstance(resources, str) else list(resources)
        statements.append(
            {
                "Effect": "Allow",
                "Action": [f"{service}:{action}" for action in names.split()],
                "Resource": [_filled(name, pattern, parameters, resolve, at) for pattern in patterns],
            }
        )
    policy = Policy.parse({"Version": "2012-10-17", "Statement": statements}, name=name)
    return _placed(policy, at)


def _filled(
    name: str, pattern: str, parameters: Mapping[str, Any], resolve: Callable[[Any], Any], at: Location | None
) -> str:
    for parameter, value in parameters.items():
        pattern = pattern.replace("${" + parameter + "}", str(value))
    filled = pattern.replace("${AWS::", "\0")
    if "${" in filled:
        missing = filled.partition("${")[2].partition("}")[0]
        raise PolicyError(f"{name} needs the parameter {missing}", location=at)
    return str(resolve({"Fn::Sub": pattern}))


def _placed(policy: Policy, at: Location | None) -> Policy:
    from dataclasses import replace

    return replace(policy, statements=tuple(replace(item, location=at) for item in policy.statements), location=at)


def _from_translator(name: str, parameters: Mapping[str, Any], at: Location | None) -> Any:
    entry = _translator_table().get(name)
    if entry is None:
        known = ", ".join(sorted(_TEMPLATES))
        raise PolicyError(
            f"the SAM policy template {name!r} is not known",
            hint=f"Known: {known}. With the package aws-sam-translator installed, all of SAM's are.",
            location=at,
        )
    return _with_parameters(entry["Definition"], parameters)


@cache
def _translator_table() -> Mapping[str, Any]:
    spec = find_spec("samtranslator")
    if spec is None or spec.origin is None:
        return {}
    table = Path(spec.origin).parent / "policy_templates_data" / "policy_templates.json"
    found: Mapping[str, Any] = load_document(table)["Templates"] if table.is_file() else {}
    return found


def _with_parameters(value: Any, parameters: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"Ref"} and value["Ref"] in parameters:
            return parameters[value["Ref"]]
        return {key: _with_parameters(item, parameters) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_parameters(item, parameters) for item in value]
    return value
