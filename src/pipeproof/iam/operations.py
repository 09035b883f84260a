"""What an API call needs: IAM's actions, and the resources that it needs them on.

Most operations share their name with their action, and their parameters fill the ARN formats of AWS's service
authorization reference. The rest is written down in `service_rules.py` (S3 in `s3_rules.py`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipeproof.iam.calls import PREFIXES, Call, Requirement, by_name
from pipeproof.iam.service_rules import RULES

NO_PERMISSION_NEEDED = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken", "sts:GetAccessKeyInfo"})

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
    """Return the actions that a call needs, each with the ARN that it is needed on; empty for calls that need none.

    Args:
        service: The service as boto3 or an SDK integration of Step Functions calls it: `"s3"`, `"stepfunctions"`.
        operation: `"GetObject"`; an SDK integration's `"getObject"` does too.
        params: The parameters as boto3 takes them.
        region: Where the call is sent.
        account: Whose resources it means where the parameters say nothing else.
        partition: `"aws"`, `"aws-cn"` or `"aws-us-gov"`.

    A part of an ARN that the call does not tell (an Athena query's work group, a KMS alias's key) is `*`.
    """
    call = Call(service.lower(), operation[:1].upper() + operation[1:], params, region, account, partition)
    prefix = PREFIXES.get(call.service, call.service)
    rule = RULES.get(prefix)
    found = rule(call) if rule else None
    needed = [*(by_name(prefix, call) if found is None else found), *_passed_roles(prefix, call)]
    return list(dict.fromkeys(item for item in needed if item[0] not in NO_PERMISSION_NEEDED))


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
