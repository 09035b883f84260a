"""The keys and secrets that calls name by an alias, by a name or not at all, found out from the stubs.

What a call needs of the key under which a secret or a SecureString parameter lies: AWS Secrets Manager user guide,
"Secret encryption and decryption"; AWS Systems Manager user guide, "How Parameter Store uses AWS KMS". The services'
own keys (`aws/secretsmanager`, `aws/ssm`) may be used by whoever may use the service.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipeproof.iam.calls import Call, Requirement

Ask = Callable[..., dict[str, Any]]
"""A service, a region, a client's method and its parameters → its answer; empty where there is an error."""

_KEY_PARAMETERS = {"kms:ReEncryptFrom": "SourceKeyId", "kms:ReEncryptTo": "DestinationKeyId"}
_SERVICES_OWN = "alias/aws/"
_UNKNOWN_SUFFIX = "-??????"


def exact_need(ask: Ask, call: Call, need: Requirement) -> Requirement:
    """Return a need on the ARN that AWS has, where the stubs know it; else as it is."""
    action, arn = need
    if arn.startswith("arn:") and arn.split(":", 3)[2] == "secretsmanager":
        return action, _secret(ask, call, arn.removesuffix(_UNKNOWN_SUFFIX)).get("ARN") or arn
    if action.startswith("kms:") and arn.endswith(":key/*"):
        named = call.params.get(_KEY_PARAMETERS.get(action, "KeyId")) or call.params.get("SSEKMSKeyId")
        return action, _key(ask, call, str(named)) if named else arn
    return need


def encryption_needs(ask: Ask, call: Call) -> list[Requirement]:
    """Return what a call needs of the keys under which its secrets or parameters lie."""
    if call.service == "secretsmanager":
        return list(_needs_of_secrets(ask, call))
    return list(_needs_of_parameters(ask, call)) if call.service == "ssm" else []


def _needs_of_secrets(ask: Ask, call: Call) -> Iterator[Requirement]:
    params = call.params
    named = [params.get("SecretId"), *(params.get("SecretIdList") or ())]
    keys = [_secret(ask, call, str(name)).get("KmsKeyId") for name in named if name]
    if call.operation in ("GetSecretValue", "BatchGetSecretValue"):
        yield from _on_keys(ask, call, keys, "kms:Decrypt")
    writes = call.operation == "PutSecretValue" or "SecretString" in params or "SecretBinary" in params
    if call.operation in ("CreateSecret", "UpdateSecret", "PutSecretValue") and writes:
        key = params.get("KmsKeyId") or next(iter(keys), None)
        yield from _on_keys(ask, call, [key], "kms:GenerateDataKey", "kms:Decrypt")


def _needs_of_parameters(ask: Ask, call: Call) -> Iterator[Requirement]:
    params = call.params
    if call.operation == "PutParameter" and params.get("Type") == "SecureString":
        is_advanced = params.get("Tier") == "Advanced"
        actions = ("kms:GenerateDataKey", "kms:Decrypt") if is_advanced else ("kms:Encrypt",)
        yield from _on_keys(ask, call, [params.get("KeyId")], *actions)
    if not call.operation.startswith("GetParameter") or not params.get("WithDecryption"):
        return
    if call.operation == "GetParametersByPath":
        depth = "Recursive" if params.get("Recursive") else "OneLevel"
        condition = {"Key": "Path", "Option": depth, "Values": [params.get("Path")]}
    else:
        names = params.get("Names") or [params.get("Name")]
        plain = [":".join(str(name).split(":")[:1]) for name in names if not str(name).startswith("arn:")]
        plain += [f"/{str(name).partition(':parameter/')[2]}" for name in names if str(name).startswith("arn:")]
        condition = {"Key": "Name", "Option": "Equals", "Values": plain}
    found = ask("ssm", call.region, "describe_parameters", ParameterFilters=[condition]).get("Parameters", ())
    keys = [parameter.get("KeyId") for parameter in found if parameter.get("Type") == "SecureString"]
    yield from _on_keys(ask, call, keys, "kms:Decrypt")


def _on_keys(ask: Ask, call: Call, keys: list[Any], *actions: str) -> Iterator[Requirement]:
    for key in dict.fromkeys(str(key) for key in keys if key and not str(key).startswith(_SERVICES_OWN)):
        arn = _key(ask, call, key)
        yield from ((action, arn) for action in actions)


def _secret(ask: Ask, call: Call, name: str) -> Mapping[str, Any]:
    return ask("secretsmanager", call.region, "describe_secret", SecretId=name)


def _key(ask: Ask, call: Call, named: str) -> str:
    """Return the ARN of a key by its id, its ARN or an alias; `key/*` where there is no such key."""
    found = ask("kms", call.region, "describe_key", KeyId=named).get("KeyMetadata", {})
    return str(found.get("Arn") or call.arn("kms", "key/*"))
