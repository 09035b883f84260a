"""The condition keys of a request: those that each request has, and those that its parameters or its resource tell.

Source: AWS IAM user guide, "AWS global condition context keys", and the condition keys of each service in the service
authorization reference. Keys that only AWS could know (the caller's VPC, the principal's tags) are the test's to give:
[is_determined][] says which those are not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeproof.iam.calls import PREFIXES, Call, Requirement
from pipeproof.iam.dynamodb_keys import PartitionKey, dynamodb_keys
from pipeproof.iam.service_keys import Keys, service_keys, told_by_parameters, write

Tags = Mapping[str, str]


def nobody_knows(*_: Any) -> None:
    """The answer to a question about resources where there are none to ask."""


def as_named(_: Call, need: Requirement) -> Requirement:
    """A need as the call names its resource, where there are no resources to ask."""
    return need


def nothing_encrypted(_: Call) -> list[Requirement]:
    """What a call needs of keys where there are no resources to ask."""
    return []


@dataclass(frozen=True, slots=True)
class Resources:
    """What is asked of the resources that a call names.

    Attributes:
        tags: An ARN → the resource's tags; None where nobody can tell.
        object_tags: A bucket, a key and a version (or None) → the object's tags; None where there is no such object.
        partition_key: A table and an index (or None) → the name of the partition key.
        exact: A call and one of its needs → the need on the ARN that AWS has: of the key behind an alias, of a secret
            with its six characters.
        encryption: A call → what it needs of the keys under which its data lies (secrets, SecureString parameters).
    """

    tags: Callable[[str], Tags | None] = nobody_knows
    object_tags: Callable[[str, str, str | None], Tags | None] = nobody_knows
    partition_key: PartitionKey = nobody_knows
    exact: Callable[[Call, Requirement], Requirement] = as_named
    encryption: Callable[[Call], list[Requirement]] = nothing_encrypted


def request_context(
    call: Call,
    principal_arn: str,
    now: datetime | None = None,
    *,
    resource: str = "",
    resources: Resources | None = None,
    asked: frozenset[str] = frozenset(),
) -> Keys:
    """Return the condition keys of a call by the principal (the ARN of a role or of a user).

    Args:
        call: The call.
        principal_arn: Who makes it.
        now: When it is made; now, by default.
        resource: The ARN of the resource that an action of the call is needed on.
        resources: What is known of resources.
        asked: The keys, in lower case, that the policies ask for: only for these are the resources looked at.
    """
    known = resources or Resources()
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
        "aws:TokenIssueTime": moment.isoformat(),
        "aws:UserAgent": "Boto3",
        "aws:ViaAWSService": "false",
    }
    if name.startswith("user/"):
        keys["aws:username"] = name.rpartition("/")[2]
    keys.update(_request_tags(call.params))
    prefix = PREFIXES.get(call.service, call.service)
    keys.update(_named_as_parameters(prefix, call.params, asked))
    keys.update(service_keys(prefix, call))
    if prefix == "dynamodb":
        keys.update(dynamodb_keys(call, resource, known.partition_key))
    keys.update(_resource_tags(prefix, call, resource, known, asked))
    return keys


def is_determined(key: str, prefix: str, context: Mapping[str, Any], resource_tags: bool) -> bool:
    """Return whether a request's context says what a condition key is: by a value, or by having none.

    Args:
        key: The key in lower case.
        prefix: IAM's prefix of the service that is called.
        context: The request's keys in lower case.
        resource_tags: Whether the tags of the resource are known.
    """
    if key in context:
        return True
    family, _, name = key.partition("/")
    if name and family in ("aws:resourcetag", f"{prefix}:resourcetag", "s3:existingobjecttag", "s3:buckettag"):
        return resource_tags
    if family in ("aws:requesttag", "s3:requestobjecttag"):
        return True
    return key in _ABSENT or key in told_by_parameters(prefix) or family.startswith("kms:encryptioncontext:")


_ABSENT = frozenset(
    {
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:referer",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:tagkeys",
        "aws:username",
        "iam:passedtoservice",
        "kms:viaservice",
    }
)
"""The keys that a call by a role in its own name has only where they are in its context."""


def _named_as_parameters(prefix: str, params: Mapping[str, Any], asked: frozenset[str]) -> Keys:
    """Return the service's keys that have the name of a parameter (`rds:DatabaseName`, `ecs:cluster`)."""
    plain = {name.lower(): value for name, value in params.items() if isinstance(value, str | int | bool)}
    found = {key: plain.get(key.removeprefix(f"{prefix}:")) for key in asked if key.startswith(f"{prefix}:")}
    return {key: write(value) for key, value in found.items() if value is not None}


def tags_asked(asked: frozenset[str]) -> bool:
    """Return whether policies ask for tags of resources, which have to be looked up."""
    return any(key.partition("/")[0].endswith((":resourcetag", ":existingobjecttag", ":buckettag")) for key in asked)


def _resource_tags(prefix: str, call: Call, resource: str, known: Resources, asked: frozenset[str]) -> Keys:
    if not tags_asked(asked):
        return {}
    keys: Keys = {}
    for name, value in (known.tags(resource) or {}).items():
        keys[f"aws:ResourceTag/{name}"] = keys[f"{prefix}:ResourceTag/{name}"] = value
        if prefix == "s3":
            keys[f"s3:BucketTag/{name}"] = value
    bucket, key = call.params.get("Bucket"), call.params.get("Key")
    if prefix == "s3" and bucket and key:
        tags = known.object_tags(str(bucket), str(key), call.params.get("VersionId"))
        keys.update({f"s3:ExistingObjectTag/{name}": value for name, value in (tags or {}).items()})
    return keys


_TAGS = ("tags", "taglist", "tagset", "tagstoadd", "addtags")
_TAG_KEYS = ("tagkeys", "tagkeylist", "tagstoremove", "removetags")


def _request_tags(params: Mapping[str, Any]) -> Keys:
    """Return `aws:RequestTag/…` and `aws:TagKeys`, in whichever of the services' forms the tags are given."""
    pairs: dict[str, str] = {}
    removed: list[str] = []
    for name, value in params.items():
        if name.lower() in _TAGS:
            pairs.update(_tag_pairs(value))
        elif name == "TagSpecifications":  # EC2 has them by the type of what is made
            for specification in value:
                pairs.update(_tag_pairs(specification.get("Tags", ())))
        elif name.lower() in _TAG_KEYS and isinstance(value, list):
            removed += [key for key in value if isinstance(key, str)]
    names = [*pairs, *removed]
    return {
        **{f"aws:RequestTag/{key}": value for key, value in pairs.items()},
        **({"aws:TagKeys": names} if names else {}),
    }


def _tag_pairs(tags: Any) -> dict[str, str]:
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items() if isinstance(value, str)}
    lowered = [{str(key).lower(): value for key, value in tag.items()} for tag in tags if isinstance(tag, Mapping)]
    named = [(tag.get("key", tag.get("tagkey")), tag.get("value", tag.get("tagvalue", ""))) for tag in lowered]
    return {str(key): str(value) for key, value in named if key is not None}


_SERVICE_PRINCIPALS: Mapping[str, str] = {"stepfunctions": "states", "sfn": "states", "ecs": "ecs-tasks"}


def passed_to(call: Call) -> str:
    """Return the service principal that a role is handed to by a call: the value of `iam:PassedToService`."""
    return f"{_SERVICE_PRINCIPALS.get(call.service, call.service)}.amazonaws.com"
