"""What an API call needs: IAM's actions, and the resources that it needs them on.

Most operations share their name with their action, and their parameters fill the ARN formats of AWS's service
authorization reference. The rest is written down in `service_rules.py` (S3 in `s3_rules.py`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeproof.iam.reference import find_action

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
        """An ARN of this call's region and account."""
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

NO_PERMISSION_NEEDED = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken", "sts:GetAccessKeyInfo"})

_PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
_ROLE_KEY = re.compile(r"(.*role(arn)?|(iam)?role|jobflowrole|servicerole)$", re.IGNORECASE)
_HANDS_OVER = re.compile(r"(Create|Update|Put|Register|Run|Start|Submit|Modify|Add)[A-Z]")


def required_actions(
    service: str,
    operation: str,
    params: Mapping[str, Any],
    *,
    region: str = "us-east-1",
    account: str = "123456789012",
    partition: str = "aws",
) -> list[Requirement]:
    """The actions that a call needs, each with the ARN that it is needed on; empty for calls that need none.

    Args:
        service: The service as boto3 or an SDK integration of Step Functions calls it: `"s3"`, `"stepfunctions"`.
        operation: `"GetObject"`; an SDK integration's `"getObject"` does too.
        params: The parameters as boto3 takes them.
        region: Where the call is sent.
        account: Whose resources it means where the parameters say nothing else.
        partition: `"aws"`, `"aws-cn"` or `"aws-us-gov"`.

    A part of an ARN that the call does not tell (an Athena query's work group, a KMS alias's key) is `*`.
    """
    from pipeproof.iam.service_rules import RULES

    call = Call(service.lower(), operation[:1].upper() + operation[1:], params, region, account, partition)
    prefix = PREFIXES.get(call.service, call.service)
    rule = RULES.get(prefix)
    found = rule(call) if rule else None
    needed = [*(by_name(prefix, call) if found is None else found), *_passed_roles(prefix, call)]
    return list(dict.fromkeys(item for item in needed if item[0] not in NO_PERMISSION_NEEDED))


def by_name(prefix: str, call: Call, action: str | None = None) -> Iterator[Requirement]:
    """The action called as the operation (or `action`), on what the parameters say in the reference's ARN formats."""
    facts = find_action(prefix, action or call.operation)
    name = f"{prefix}:{facts.name if facts else action or call.operation}"
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
    given = {_plain(key): value for key, value in call.params.items() if isinstance(value, str) and value}
    for value in given.values():
        if value.startswith("arn:") and _same_kind(pattern, value):
            return value
    fixed = {"partition": call.partition, "region": call.region, "account": call.account}
    parts: list[str] = []
    position = 0
    for match in _PLACEHOLDER.finditer(pattern):
        name = _plain(match.group(1))
        found = fixed.get(name) or _parameter(name, given) or unknown
        if found is None:
            return None
        parts += [pattern[position : match.start()], found]
        position = match.end()
    return "".join([*parts, pattern[position:]])


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _parameter(placeholder: str, given: Mapping[str, str]) -> str | None:
    """The parameter that a placeholder means: `${TableName}` is TableName, or Name, or TableId, or Table."""
    stem = placeholder.removesuffix("name").removesuffix("id")
    for name in (placeholder, f"{stem}name", f"{stem}id", f"{stem}identifier", stem, "name", "id"):
        value = given.get(name)
        if value and not value.startswith("arn:"):
            return value
    return None


def _same_kind(pattern: str, arn: str) -> bool:
    """Whether an ARN is of the format's service and begins its last part alike (`table/`, `stateMachine:`)."""
    wanted, found = pattern.split(":", 5), arn.split(":", 5)
    return (
        len(wanted) == len(found) == 6
        and wanted[2] == found[2]
        and found[5].startswith(_PLACEHOLDER.split(wanted[5], maxsplit=1)[0])
    )


_CARRIES_DATA = re.compile(
    r"(dynamodb|sns|sqs|sts|iam):.*|events:PutEvents|(firehose|kinesis):PutRecord.*|logs:PutLogEvents|s3:PutObject.*"
)
"""The calls that carry the caller's own data, in which a role's ARN is nothing that is handed over."""
_ROLE_NAMES = frozenset(
    {("glue", "Role"), ("elasticmapreduce", "ServiceRole"), ("elasticmapreduce", "AutoScalingRole")}
)
"""The parameters that take a role's bare name."""


def _passed_roles(prefix: str, call: Call) -> Iterator[Requirement]:
    if _CARRIES_DATA.fullmatch(f"{prefix}:{call.operation}") or not _HANDS_OVER.match(call.operation):
        return
    given = {key: value for key, value in call.params.items() if key.lower() not in ("input", "payload")}
    for key, value in _strings(given):
        if _ROLE_KEY.match(key) and (":role/" in value or value == "*" or (prefix, key) in _ROLE_NAMES):
            if value == "*":
                yield "iam:PassRole", "*"
                continue
            arn = value if value.startswith("arn:") else f"arn:{call.partition}:iam::{call.account}:role/{value}"
            yield "iam:PassRole", arn


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _strings(item, str(name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item, key)
