"""What stands for a value that only a deployment knows: a parameter without default, an attribute that AWS makes up.

A stand-in has the form of its type (`vpc-…` for a VPC's id, an ARN for what is called so) and is the same in each run,
so that a definition and a role of one template that name the same thing still do.
"""

import re
from collections.abc import Mapping
from typing import Any

from pipeproof.cloudformation.pattern_texts import text_for

ANY = "*"
"""The stand-in of a template that is read to see what *may* be: a wildcard, as IAM's patterns and our needs have it."""

_DIGITS = "0123456789abcdef0"
_IDS: Mapping[str, str] = {
    "AWS::EC2::Image::Id": f"ami-{_DIGITS}",
    "AWS::EC2::Instance::Id": f"i-{_DIGITS}",
    "AWS::EC2::SecurityGroup::Id": f"sg-{_DIGITS}",
    "AWS::EC2::Subnet::Id": f"subnet-{_DIGITS}",
    "AWS::EC2::VPC::Id": f"vpc-{_DIGITS}",
    "AWS::EC2::Volume::Id": f"vol-{_DIGITS}",
    "AWS::Route53::HostedZone::Id": "Z0123456789ABCDEFGHIJ",
}
"""CloudFormation's own types of parameters."""

_ARNS: tuple[tuple[str, str], ...] = (
    (r"layer", "lambda:{region}:{account}:layer:{name}:1"),
    (r"state_?machine|workflow|sfn|step_?function", "states:{region}:{account}:stateMachine:{name}"),
    (r"lambda|function|fn\b|authorizer|handler", "lambda:{region}:{account}:function:{name}"),
    (r"topic|sns", "sns:{region}:{account}:{name}"),
    (r"queue|sqs|dlq", "sqs:{region}:{account}:{name}"),
    (r"secret", "secretsmanager:{region}:{account}:secret:{name}-??????"),
    (r"kms|key", "kms:{region}:{account}:key/{name}"),
    (r"role", "iam::{account}:role/{name}"),
    (r"policy|boundary", "iam::{account}:policy/{name}"),
    (r"bucket|s3", "s3:::{name}"),
    (r"table|dynamo", "dynamodb:{region}:{account}:table/{name}"),
    (r"task_?def", "ecs:{region}:{account}:task-definition/{name}:1"),
    (r"job_?def", "batch:{region}:{account}:job-definition/{name}:1"),
    (r"connection", "events:{region}:{account}:connection/{name}/00000000-0000-0000-0000-000000000000"),
    (r"event_?bus|bus", "events:{region}:{account}:event-bus/{name}"),
    (r"ecs|cluster", "ecs:{region}:{account}:cluster/{name}"),
    (r"stream|kinesis", "kinesis:{region}:{account}:stream/{name}"),
    (r"certificate|cert", "acm:{region}:{account}:certificate/{name}"),
    (r"activity", "states:{region}:{account}:activity:{name}"),
    (r"", "lambda:{region}:{account}:function:{name}"),
)
"""Which ARN a name that ends in Arn means, by words in it; the first that fits. Lambda's where nothing is said."""

_WORDS: tuple[tuple[str, str], ...] = (
    (r"e?mail(_?address)?$", "{lower}@example.com"),
    (r"(vpc|subnet|security_?group|sg)_?ids?$", ""),
    (r"account_?(id|number)?$", "{account}"),
    (r"region$", "{region}"),
    (r"(url|endpoint|uri)$", "https://{lower}.example.com"),
    (r"cidr(_?block)?$|_?cidr", "10.0.0.0/16"),
    (r"cron|schedule(_?expression)?$", "rate(1 day)"),
    (r"phone(_?number)?$", "+12025550100"),
    (r"bucket(_?name)?$", "{lower}"),
)
"""Which form a text has whose name ends so."""


class StandIn(str):
    """A text that stands for one that only a deployment knows."""

    __slots__ = ()


class Places(Mapping[str, str]):
    """The words that forms are filled with: `name`, `lower`, `region`, `account`, `partition`."""

    def __init__(self, name: str, region: str, account: str, partition: str) -> None:
        lower = re.sub(r"[^a-z0-9-]+", "-", name.lower()).strip("-") or "name"
        self._rest = (region, account, partition)
        self._words = {"name": name, "lower": lower, "region": region, "account": account, "partition": partition}

    def called(self, name: str) -> "Places":
        """Return the same with another name."""
        return Places(name, *self._rest)

    def __getitem__(self, key: str) -> str:
        return self._words[key]

    def __iter__(self) -> Any:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)


def text_called(words: str, places: Places) -> str:
    """Return a text that is what `words` say: an ARN, an id of a network, an address, or else the name itself."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", words).lower()
    if re.search(r"(^|[^a-z])arns?$", words):
        form = next(form for pattern, form in _ARNS if re.search(pattern, words))
        return f"arn:{places['partition']}:" + form.format_map(places)
    for pattern, form in _WORDS:
        found = re.search(pattern, words)
        if found and form:
            return form.format_map(places)
        if found:
            kind = {"vpc": "VPC", "subnet": "Subnet"}.get(found[1], "SecurityGroup")
            return _IDS[f"AWS::EC2::{kind}::Id"]
    return places["name"]


def parameter_value(name: str, declared: Mapping[str, Any], places: Places) -> Any:
    """Return a value that a parameter's declaration allows; a list for the types that are lists.

    AllowedValues come first, then AllowedPattern, MinValue and the lengths.
    """
    allowed = declared.get("AllowedValues")
    kind = str(declared.get("Type", "String"))
    inner = re.fullmatch(r"AWS::SSM::Parameter::Value<(.+)>", kind)
    if inner:
        path = str(declared.get("Default") or name).rstrip("/").rpartition("/")[2]
        return parameter_value(path or name, {"Type": inner[1]}, places.called(path or name))
    many = re.fullmatch(r"List<(.+)>", kind)
    one = many[1] if many else "String" if kind == "CommaDelimitedList" else kind
    if isinstance(allowed, list) and allowed:
        value: Any = str(allowed[0])
    else:
        value = _single(name, one, declared, places)
    return [value] if many or kind == "CommaDelimitedList" else value


def _single(name: str, kind: str, declared: Mapping[str, Any], places: Places) -> str:
    if kind == "Number":
        return str(declared.get("MinValue", 1))
    if kind in _IDS:
        return _IDS[kind]
    if kind == "AWS::EC2::AvailabilityZone::Name":
        return f"{places['region']}a"
    text = text_called(name, places)
    least, most = int(declared.get("MinLength", 0)), int(declared.get("MaxLength", len(text) or 1))
    text = text[:most].ljust(least, "0")
    pattern = declared.get("AllowedPattern")
    allowed = text_for(str(pattern), text, least) if pattern else None
    return text if allowed is None else allowed
