"""The condition keys of a request: those that each request has, and those that its parameters tell.

Source: AWS IAM user guide, "AWS global condition context keys", and the condition keys of each service in the service
authorization reference. Keys that only AWS could know (tags of resources, the caller's VPC) are the test's to give.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pipeproof.iam.calls import PREFIXES, Call

Keys = dict[str, "str | list[str]"]


def request_context(call: Call, principal_arn: str, now: datetime | None = None) -> Keys:
    """The condition keys of a call by the principal (the ARN of a role or of a user)."""
    moment = now or datetime.now(UTC)
    _, _, _, _, account, name = principal_arn.split(":", 5)
    keys: Keys = {
        "aws:CurrentTime": moment.isoformat(),
        "aws:EpochTime": str(int(moment.timestamp())),
        "aws:PrincipalAccount": account,
        "aws:PrincipalArn": principal_arn,
        "aws:PrincipalIsAWSService": "false",
        "aws:PrincipalType": "User" if name.startswith("user/") else "AssumedRole",
        "aws:RequestedRegion": call.region,
        "aws:ResourceAccount": call.account,
        "aws:SecureTransport": "true",
        "aws:SourceIp": "127.0.0.1",
        "aws:UserAgent": "Boto3",
        "aws:ViaAWSService": "false",
    }
    if name.startswith("user/"):
        keys["aws:username"] = name.rpartition("/")[2]
    keys.update(_request_tags(call.params))
    of_service = _SERVICES.get(PREFIXES.get(call.service, call.service))
    if of_service:
        keys.update(of_service(call))
    return keys


def _request_tags(params: Mapping[str, Any]) -> Keys:
    tags = params.get("Tags") or params.get("tags") or {}
    if isinstance(tags, Mapping):
        pairs = {str(key): str(value) for key, value in tags.items() if isinstance(value, str)}
    else:
        lowered = [{str(key).lower(): value for key, value in tag.items()} for tag in tags if isinstance(tag, Mapping)]
        pairs = {str(tag["key"]): str(tag.get("value", "")) for tag in lowered if "key" in tag}
    if not pairs:
        return {}
    return {**{f"aws:RequestTag/{key}": value for key, value in pairs.items()}, "aws:TagKeys": list(pairs)}


def _pick(params: Mapping[str, Any], names: Mapping[str, str]) -> Keys:
    return {key: str(params[name]) for key, name in names.items() if params.get(name) is not None}


def _s3(call: Call) -> Keys:
    keys = _pick(
        call.params,
        {
            "s3:delimiter": "Delimiter",
            "s3:max-keys": "MaxKeys",
            "s3:prefix": "Prefix",
            "s3:versionid": "VersionId",
            "s3:x-amz-acl": "ACL",
            "s3:x-amz-copy-source": "CopySource",
            "s3:x-amz-server-side-encryption": "ServerSideEncryption",
            "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
            "s3:x-amz-storage-class": "StorageClass",
            "s3:object-lock-mode": "ObjectLockMode",
            "s3:if-none-match": "IfNoneMatch",
            "s3:if-match": "IfMatch",
        },
    )
    if call.operation.startswith("ListObject"):
        keys.setdefault("s3:prefix", "")
    for pair in str(call.params.get("Tagging") or "").split("&"):
        name, _, value = pair.partition("=")
        if name and isinstance(call.params.get("Tagging"), str):
            keys[f"s3:RequestObjectTag/{name}"] = value
    return keys


def _dynamodb(call: Call) -> Keys:
    params = call.params
    keys = _pick(params, {"dynamodb:Select": "Select", "dynamodb:ReturnValues": "ReturnValues"})
    item = params.get("Key") or params.get("Item")
    if isinstance(item, Mapping):
        keys["dynamodb:Attributes"] = [str(name) for name in item]
    return keys


def _kms(call: Call) -> Keys:
    encryption = call.params.get("EncryptionContext") or {}
    keys: Keys = {f"kms:EncryptionContext:{name}": str(value) for name, value in encryption.items()}
    if encryption:
        keys["kms:EncryptionContextKeys"] = [str(name) for name in encryption]
    if "alias/" in str(call.params.get("KeyId", "")):
        keys["kms:RequestAlias"] = "alias/" + str(call.params["KeyId"]).partition("alias/")[2]
    return keys


def _secretsmanager(call: Call) -> Keys:
    return _pick(
        call.params,
        {
            "secretsmanager:SecretId": "SecretId",
            "secretsmanager:Name": "Name",
            "secretsmanager:VersionStage": "VersionStage",
            "secretsmanager:VersionId": "VersionId",
        },
    )


def _sns(call: Call) -> Keys:
    return _pick(call.params, {"sns:Protocol": "Protocol", "sns:Endpoint": "Endpoint"})


def _events(call: Call) -> Keys:
    entries = call.params.get("Entries") or []
    keys: Keys = {}
    for key, name in {"events:source": "Source", "events:detail-type": "DetailType"}.items():
        values = [str(entry[name]) for entry in entries if isinstance(entry, Mapping) and name in entry]
        if values:
            keys[key] = values
    return keys


_SERVICES: Mapping[str, Callable[[Call], Keys]] = {
    "dynamodb": _dynamodb,
    "events": _events,
    "kms": _kms,
    "s3": _s3,
    "secretsmanager": _secretsmanager,
    "sns": _sns,
}

_SERVICE_PRINCIPALS: Mapping[str, str] = {"stepfunctions": "states", "sfn": "states", "ecs": "ecs-tasks"}


def passed_to(call: Call) -> str:
    """The service principal that a role is handed to by a call: the value of `iam:PassedToService`."""
    return f"{_SERVICE_PRINCIPALS.get(call.service, call.service)}.amazonaws.com"
