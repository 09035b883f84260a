"""S3: the service whose operations share the fewest names with their actions.

Source: Amazon S3 user guide, "Required permissions for Amazon S3 API operations", and the service authorization
reference.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from pipeproof.iam.calls import Call, Requirement

_BUCKET_ACTIONS: Mapping[str, str] = {
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketOwnershipControls": "PutBucketOwnershipControls",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "PutBucketCors": "PutBucketCORS",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycle": "PutLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
}
_CONFIGURATIONS = ("Analytics", "IntelligentTiering", "Inventory", "Metrics")

_OBJECT_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "CompleteMultipartUpload": ("PutObject",),
    "CreateMultipartUpload": ("PutObject",),
    "GetObject": ("GetObject",),
    "GetObjectAttributes": ("GetObject", "GetObjectAttributes"),
    "HeadObject": ("GetObject",),
    "ListParts": ("ListMultipartUploadParts",),
    "PutObjectLegalHold": ("PutObjectLegalHold",),
    "SelectObjectContent": ("GetObject",),
    "UploadPart": ("PutObject",),
}
_VERSIONED = frozenset(
    {
        "DeleteObject",
        "DeleteObjectTagging",
        "GetObject",
        "GetObjectAcl",
        "GetObjectAttributes",
        "GetObjectTagging",
        "GetObjectTorrent",
        "PutObjectAcl",
        "PutObjectTagging",
    }
)
"""The actions that another one stands for where a version is named: `GetObject` → `GetObjectVersion`."""


def s3_requirements(call: Call) -> Iterator[Requirement]:
    """Yield what an operation of S3 needs."""
    operation, params = call.operation, call.params
    if operation == "ListBuckets":
        yield "s3:ListAllMyBuckets", "*"
    elif operation == "DeleteObjects":
        listed = params["Delete"].get("Objects") if isinstance(params.get("Delete"), Mapping) else None
        for item in listed if isinstance(listed, list) else [{"Key": "*"}]:
            given = item if isinstance(item, Mapping) else {"Key": "*"}
            yield _object_action("DeleteObject", given.get("VersionId")), object_arn(call, str(given.get("Key", "*")))
    elif operation in ("CopyObject", "UploadPartCopy"):
        yield from _copy(call)
    elif "Key" in params or operation in _OBJECT_ACTIONS:
        for action in _OBJECT_ACTIONS.get(operation, (operation,)):
            yield _object_action(action, params.get("VersionId")), object_arn(call, str(params.get("Key", "*")))
        yield from _with_the_object(call)
    else:
        yield f"s3:{_bucket_action(operation)}", bucket_arn(call, str(params.get("Bucket", "*")))
        if operation == "CreateBucket":
            yield from _with_the_bucket(call)


def bucket_arn(call: Call, bucket: str) -> str:
    """Return the ARN of a bucket, or of the access point whose ARN stands in its place."""
    return bucket if bucket.startswith("arn:") else f"arn:{call.partition}:s3:::{bucket}"


def object_arn(call: Call, key: str, bucket: str | None = None) -> str:
    """Return the ARN of an object."""
    holder = bucket_arn(call, bucket if bucket is not None else str(call.params.get("Bucket", "*")))
    return f"{holder}/object/{key}" if ":accesspoint/" in holder else f"{holder}/{key}"


def _bucket_action(operation: str) -> str:
    for kind in _CONFIGURATIONS:
        if operation == f"DeleteBucket{kind}Configuration":
            return f"Put{kind}Configuration"
        if operation in (f"GetBucket{kind}Configuration", f"ListBucket{kind}Configurations"):
            return f"Get{kind}Configuration"
        if operation == f"PutBucket{kind}Configuration":
            return f"Put{kind}Configuration"
    return _BUCKET_ACTIONS.get(operation, operation)


def _object_action(action: str, version: Any) -> str:
    if version and action in _VERSIONED:
        stem = action.removesuffix("Acl").removesuffix("Tagging").removesuffix("Attributes").removesuffix("Torrent")
        return f"s3:{stem}Version{action.removeprefix(stem)}"
    return f"s3:{action}"


def _copy(call: Call) -> Iterator[Requirement]:
    source = call.params.get("CopySource", "*")
    if isinstance(source, Mapping):
        bucket, key, version = source.get("Bucket", "*"), source.get("Key", "*"), source.get("VersionId")
    else:
        path, _, version = str(source).partition("?versionId=")
        bucket, slash, key = unquote(path).lstrip("/").partition("/")
        if "*" in bucket and not slash:  # nothing tells where the bucket's name ends
            bucket, key = "*", "*"
    yield _object_action("GetObject", version), object_arn(call, str(key), str(bucket))
    yield "s3:PutObject", object_arn(call, str(call.params.get("Key", "*")))
    yield from _with_the_object(call)


def _with_the_object(call: Call) -> Iterator[Requirement]:
    """Yield what parameters of a write ask for beside the write itself."""
    if call.operation not in ("PutObject", "CreateMultipartUpload", "CopyObject"):
        return
    params, arn = call.params, object_arn(call, str(call.params.get("Key", "")))
    if any(key == "ACL" or key.startswith("Grant") for key in params):
        yield "s3:PutObjectAcl", arn
    if params.get("Tagging"):
        yield "s3:PutObjectTagging", arn
    if "ObjectLockMode" in params or "ObjectLockRetainUntilDate" in params:
        yield "s3:PutObjectRetention", arn
    if "ObjectLockLegalHoldStatus" in params:
        yield "s3:PutObjectLegalHold", arn
    key_id = params.get("SSEKMSKeyId")
    if key_id:
        yield "kms:GenerateDataKey", key_arn(call, str(key_id))
        if call.operation == "CreateMultipartUpload":
            yield "kms:Decrypt", key_arn(call, str(key_id))


def _with_the_bucket(call: Call) -> Iterator[Requirement]:
    arn = bucket_arn(call, str(call.params.get("Bucket", "*")))
    if any(key == "ACL" or key.startswith("Grant") for key in call.params):
        yield "s3:PutBucketAcl", arn
    if call.params.get("ObjectLockEnabledForBucket"):
        yield "s3:PutBucketObjectLockConfiguration", arn
        yield "s3:PutBucketVersioning", arn
    if call.params.get("ObjectOwnership"):
        yield "s3:PutBucketOwnershipControls", arn


def key_arn(call: Call, key: str) -> str:
    """Return the ARN of a KMS key; which key an alias means is not known, so it is `key/*`."""
    if "alias/" in key:
        return call.arn("kms", "key/*")
    return key if key.startswith("arn:") else call.arn("kms", f"key/{key}")
