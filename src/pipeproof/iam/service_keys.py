"""The condition keys of the services that a call's parameters tell.

Source: the condition keys of each service in AWS's service authorization reference.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from pipeproof.iam.calls import Call

Keys = dict[str, "str | list[str]"]

_PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "lambda": {"lambda:FunctionUrlAuthType": "AuthType"},
    "s3": {
        "s3:delimiter": "Delimiter",
        "s3:if-match": "IfMatch",
        "s3:if-none-match": "IfNoneMatch",
        "s3:max-keys": "MaxKeys",
        "s3:object-lock-legal-hold": "ObjectLockLegalHoldStatus",
        "s3:object-lock-mode": "ObjectLockMode",
        "s3:prefix": "Prefix",
        "s3:versionid": "VersionId",
        "s3:x-amz-acl": "ACL",
        "s3:x-amz-copy-source": "CopySource",
        "s3:x-amz-grant-full-control": "GrantFullControl",
        "s3:x-amz-grant-read": "GrantRead",
        "s3:x-amz-grant-read-acp": "GrantReadACP",
        "s3:x-amz-grant-write": "GrantWrite",
        "s3:x-amz-grant-write-acp": "GrantWriteACP",
        "s3:x-amz-metadata-directive": "MetadataDirective",
        "s3:x-amz-server-side-encryption": "ServerSideEncryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id": "SSEKMSKeyId",
        "s3:x-amz-server-side-encryption-customer-algorithm": "SSECustomerAlgorithm",
        "s3:x-amz-storage-class": "StorageClass",
        "s3:x-amz-website-redirect-location": "WebsiteRedirectLocation",
    },
    "secretsmanager": {
        "secretsmanager:Description": "Description",
        "secretsmanager:KmsKeyId": "KmsKeyId",
        "secretsmanager:Name": "Name",
        "secretsmanager:SecretId": "SecretId",
        "secretsmanager:VersionId": "VersionId",
        "secretsmanager:VersionStage": "VersionStage",
    },
    "sns": {"sns:Endpoint": "Endpoint", "sns:Protocol": "Protocol"},
    "sts": {
        "sts:ExternalId": "ExternalId",
        "sts:RoleSessionName": "RoleSessionName",
        "sts:SourceIdentity": "SourceIdentity",
    },
}
"""The keys that have the value of one parameter."""

_ALSO: Mapping[str, frozenset[str]] = {
    "dynamodb": frozenset(
        {
            "dynamodb:attributes",
            "dynamodb:enclosingoperation",
            "dynamodb:leadingkeys",
            "dynamodb:returnconsumedcapacity",
            "dynamodb:returnvalues",
            "dynamodb:select",
        }
    ),
    "events": frozenset({"events:source", "events:detail-type"}),
    "kms": frozenset({"kms:encryptioncontextkeys", "kms:requestalias"}),
    "lambda": frozenset({"lambda:functionarn", "lambda:layer"}),
    "s3": frozenset({"s3:requestobjecttagkeys"}),
    "ssm": frozenset({"ssm:overwrite", "ssm:recursive"}),
    "sts": frozenset({"sts:transitivetagkeys"}),
}
"""In lower case, the keys that the parameters tell in another way."""


def service_keys(prefix: str, call: Call) -> Keys:
    """Return the keys of the service (IAM's prefix) that the call has."""
    keys = _pick(call.params, _PARAMETERS.get(prefix, {}))
    if prefix in _SERVICES:
        keys.update(_SERVICES[prefix](call))
    return keys


def told_by_parameters(prefix: str) -> frozenset[str]:
    """Return the keys, in lower case, that a call to the service has exactly where its parameters say so."""
    return frozenset(key.lower() for key in _PARAMETERS.get(prefix, {})) | _ALSO.get(prefix, frozenset())


def write(value: Any) -> str:
    """Return a value as policies write it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pick(params: Mapping[str, Any], names: Mapping[str, str]) -> Keys:
    return {key: write(params[name]) for key, name in names.items() if params.get(name) is not None}


def _s3(call: Call) -> Keys:
    keys: Keys = {}
    if call.operation.startswith("ListObject") and call.params.get("Prefix") is None:
        keys["s3:prefix"] = ""
    source = call.params.get("CopySource")
    if isinstance(source, Mapping):
        keys["s3:x-amz-copy-source"] = f"/{source.get('Bucket')}/{source.get('Key')}"
    tagging = call.params.get("Tagging")
    tags = dict(parse_qsl(tagging, keep_blank_values=True)) if isinstance(tagging, str) else {}
    if call.operation == "PutObjectTagging" and isinstance(tagging, Mapping):
        tags = {str(tag["Key"]): str(tag["Value"]) for tag in tagging.get("TagSet") or []}
    if tags:
        keys.update({f"s3:RequestObjectTag/{name}": value for name, value in tags.items()})
        keys["s3:RequestObjectTagKeys"] = list(tags)
    return keys


def _kms(call: Call) -> Keys:
    encryption = call.params.get("EncryptionContext") or {}
    keys: Keys = {f"kms:EncryptionContext:{name}": str(value) for name, value in encryption.items()}
    if encryption:
        keys["kms:EncryptionContextKeys"] = [str(name) for name in encryption]
    if "alias/" in str(call.params.get("KeyId", "")):
        keys["kms:RequestAlias"] = "alias/" + str(call.params["KeyId"]).partition("alias/")[2]
    return keys


def _ssm(call: Call) -> Keys:
    if call.operation == "PutParameter":
        return {"ssm:Overwrite": write(bool(call.params.get("Overwrite", False)))}
    if call.operation == "GetParametersByPath":
        return {"ssm:Recursive": write(bool(call.params.get("Recursive", False)))}
    return {}


def _sts(call: Call) -> Keys:
    names = call.params.get("TransitiveTagKeys")
    return {"sts:TransitiveTagKeys": [str(name) for name in names]} if names else {}


def _lambda(call: Call) -> Keys:
    keys: Keys = {}
    if call.operation.endswith("EventSourceMapping") and call.params.get("FunctionName"):
        name = str(call.params["FunctionName"])
        keys["lambda:FunctionArn"] = name if name.startswith("arn:") else call.arn("lambda", f"function:{name}")
    if call.params.get("Layers"):
        keys["lambda:Layer"] = [str(layer) for layer in call.params["Layers"]]
    return keys


def _events(call: Call) -> Keys:
    entries = [entry for entry in call.params.get("Entries") or [] if isinstance(entry, Mapping)]
    keys: Keys = {}
    for key, name in {"events:source": "Source", "events:detail-type": "DetailType"}.items():
        values = [str(entry[name]) for entry in entries if name in entry]
        if values:
            keys[key] = values
    return keys


_SERVICES: Mapping[str, Callable[[Call], Keys]] = {
    "events": _events,
    "kms": _kms,
    "lambda": _lambda,
    "s3": _s3,
    "ssm": _ssm,
    "sts": _sts,
}
