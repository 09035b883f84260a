"""An API call, and what it needs where names tell it: the action called as the operation, on the ARNs it names.

Source: the ARN formats of AWS's service authorization reference.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeproof.iam.reference import find_action
from pipeproof.text import PLACEHOLDER

Requirement = tuple[str, str]
"""An action and the ARN of the resource that it is needed on; `"*"` for an action that knows no resources."""


@dataclass(frozen=True, slots=True)
class Call:
    """An API call: boto3's name of the service, the operation and its parameters, and where it is sent."""

    service: str
    operation: str
    params: Mapping[str, Any]
    region: str = "us-east-1"
    account: str = "123456789012"
    partition: str = "aws"

    def arn(self, service: str, resource: str) -> str:
        """Return an ARN of this call's region and account."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


PREFIXES: Mapping[str, str] = {
    "accessanalyzer": "access-analyzer",
    "amp": "aps",
    "apigatewaymanagementapi": "execute-api",
    "apigatewayv2": "apigateway",
    "appconfigdata": "appconfig",
    "appintegrations": "app-integrations",
    "application-insights": "applicationinsights",
    "backupsearch": "backup-search",
    "bedrock-agent": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "bedrock-agentcore-control": "bedrock-agentcore",
    "bedrock-data-automation": "bedrock",
    "bedrock-data-automation-runtime": "bedrock",
    "bedrock-runtime": "bedrock",
    "cleanroomsml": "cleanrooms-ml",
    "cloudcontrol": "cloudformation",
    "cloudhsmv2": "cloudhsm",
    "cloudwatchlogs": "logs",
    "codeguruprofiler": "codeguru-profiler",
    "connect-contact-lens": "connect",
    "connectcampaigns": "connect-campaigns",
    "connectcampaignsv2": "connect-campaigns",
    "connectcases": "cases",
    "customer-profiles": "profile",
    "docdb": "rds",
    "dynamodbstreams": "dynamodb",
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "eventbridge": "events",
    "forecastquery": "forecast",
    "greengrassv2": "greengrass",
    "iot-data": "iot",
    "iot-jobs-data": "iot",
    "ivs-realtime": "ivs",
    "keyspaces": "cassandra",
    "keyspacesstreams": "cassandra",
    "kinesis-video-archived-media": "kinesisvideo",
    "kinesis-video-media": "kinesisvideo",
    "kinesis-video-signaling": "kinesisvideo",
    "kinesisanalyticsv2": "kinesisanalytics",
    "lex-models": "lex",
    "lex-runtime": "lex",
    "lexv2-models": "lex",
    "lexv2-runtime": "lex",
    "location": "geo",
    "mailmanager": "ses",
    "marketplace-agreement": "aws-marketplace",
    "marketplace-catalog": "aws-marketplace",
    "marketplace-entitlement": "aws-marketplace",
    "mediastore-data": "mediastore",
    "meteringmarketplace": "aws-marketplace",
    "mwaa": "airflow",
    "neptune": "rds",
    "neptunedata": "neptune-db",
    "opensearch": "es",
    "opensearchserverless": "aoss",
    "personalize-events": "personalize",
    "personalize-runtime": "personalize",
    "pinpoint": "mobiletargeting",
    "pinpoint-email": "ses",
    "pinpoint-sms-voice": "sms-voice",
    "pinpoint-sms-voice-v2": "sms-voice",
    "qconnect": "wisdom",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "s3outposts": "s3-outposts",
    "sagemaker-a2i-runtime": "sagemaker",
    "sagemaker-edge": "sagemaker",
    "sagemaker-featurestore-runtime": "sagemaker",
    "sagemaker-metrics": "sagemaker",
    "sagemaker-runtime": "sagemaker",
    "service-quotas": "servicequotas",
    "servicecatalog-appregistry": "servicecatalog",
    "sesv2": "ses",
    "sfn": "states",
    "socialmessaging": "social-messaging",
    "sso-admin": "sso",
    "sso-oidc": "sso-oauth",
    "stepfunctions": "states",
    "support-app": "supportapp",
    "taxsettings": "tax",
    "timestream-query": "timestream",
    "timestream-write": "timestream",
    "voice-id": "voiceid",
}
"""IAM's prefix of the services whose name in boto3 is another one."""

_RENAMED: Mapping[str, str] = {
    "bedrock:RetrieveAndGenerateStream": "RetrieveAndGenerate",
    "budgets:DescribeBudget": "ViewBudget",
    "budgets:DescribeBudgets": "ViewBudget",
    "comprehendmedical:DetectEntities": "DetectEntitiesV2",
    "execute-api:DeleteConnection": "ManageConnections",
    "execute-api:GetConnection": "ManageConnections",
    "execute-api:PostToConnection": "ManageConnections",
    "lambda:GetLayerVersionByArn": "GetLayerVersion",
    "timestream:Query": "Select",
}
"""Operations whose action has another name, of services without a rule of their own."""


def by_name(prefix: str, call: Call, action: str | None = None) -> Iterator[Requirement]:
    """The action called as the operation (or `action`), on what the parameters say in the reference's ARN formats."""
    wanted = action or _RENAMED.get(f"{prefix}:{call.operation}", call.operation)
    facts = find_action(prefix, wanted)
    name = f"{prefix}:{facts.name if facts else wanted}"
    if facts is None or not (facts.required or facts.optional):
        yield name, "*"
        return
    filled = [arn for pattern in facts.required if (arn := _fill(pattern, call))]
    filled = filled or [arn for pattern in facts.optional if (arn := _fill(pattern, call))][:1]
    if filled:
        yield from ((name, arn) for arn in filled)
    else:
        yield name, (facts.required and _fill(facts.required[0], call, unknown="*")) or "*"


def _fill(pattern: str, call: Call, unknown: str | None = None) -> str | None:
    given = {key.lower(): value for key, value in call.params.items() if isinstance(value, str) and value}
    for value in given.values():
        if value.startswith("arn:") and _same_kind(pattern, value):
            return value
    fixed = {"partition": call.partition, "region": call.region, "account": call.account}
    parts: list[str] = []
    position = 0
    for match in PLACEHOLDER.finditer(pattern):
        name = match.group(1).lower()
        found = fixed.get(name) or _parameter(name, given) or unknown
        if found is None:
            return None
        parts += [pattern[position : match.start()], found]
        position = match.end()
    return "".join([*parts, pattern[position:]])


def _parameter(placeholder: str, given: Mapping[str, str]) -> str | None:
    """Return the parameter that a placeholder means: `${TableName}` is TableName, or Name, or TableId, or Table."""
    stem = placeholder.removesuffix("name").removesuffix("id")
    for name in (placeholder, f"{stem}name", f"{stem}id", f"{stem}identifier", stem, "name", "id"):
        value = given.get(name)
        if value and not value.startswith("arn:"):
            return value
    return None


def _same_kind(pattern: str, arn: str) -> bool:
    """Return whether an ARN is of the format's service and begins its last part alike (`table/`, `stateMachine:`)."""
    wanted, found = pattern.split(":", 5), arn.split(":", 5)
    return (
        len(wanted) == len(found) == 6
        and wanted[2] == found[2]
        and found[5].startswith(PLACEHOLDER.split(wanted[5], maxsplit=1)[0])
    )
