"""The smallest policy for what was called, and how another one differs from it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from pipeproof.iam.calls import Requirement
from pipeproof.iam.policies import Policy
from pipeproof.iam.usage import Grant, Usage

MOST_OBJECTS = 5
"""So many objects of a bucket are named one by one; more become their common folder and a star."""


@dataclass(frozen=True, slots=True)
class PolicyDifference:
    """How a policy differs from what was called: `missing` requirements, `unused` grants."""

    missing: tuple[Requirement, ...]
    unused: tuple[Grant, ...]

    def __bool__(self) -> bool:
        return bool(self.missing or self.unused)

    def __str__(self) -> str:
        lines = [f"missing: {action} on {resource}" for action, resource in self.missing]
        lines += [f"unused: {grant.action} ({grant.place})" for grant in self.unused]
        return "\n".join(lines) or "no difference"


@dataclass(frozen=True)
class LeastPrivilege:
    """The smallest policy that allows what was needed, as narrow as it was seen.

    Objects of one bucket beyond five are taken together by their folder, the ids of executions and the random ends of
    secrets' ARNs become wildcards: they are others at the next run.
    """

    needs: tuple[Requirement, ...]

    @cached_property
    def document(self) -> dict[str, Any]:
        """The policy document: statements in the order of service and action."""
        by_action: dict[str, list[str]] = {}
        for action, resource in self.needs:
            by_action.setdefault(action, []).append(_general(resource))
        by_resources: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for action in sorted(by_action):
            resources = tuple(_collapse(by_action[action]))
            by_resources.setdefault((action.partition(":")[0], resources), []).append(action)
        return {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": actions, "Resource": list(resources)}
                for (_, resources), actions in by_resources.items()
            ],
        }

    @property
    def policy(self) -> Policy:
        """The same, to be enforced or compared."""
        return Policy.parse(self.document, name="least privilege")

    def to_json(self) -> str:
        """Return the document as JSON."""
        return json.dumps(self.document, indent=2)

    def to_template(self) -> str:
        """The document as YAML for a SAM or CloudFormation template: partition, region and account are the stack's."""
        return yaml.safe_dump(_for_template(self.document), sort_keys=False, width=1000)

    def difference(
        self, policy: Policy | Mapping[str, Any] | str | Path, *, role: str | None = None, **options: Any
    ) -> PolicyDifference:
        """What `policy` (as [Policy.load][pipeproof.iam.Policy] takes it) lacks, and what it allows for nothing."""
        usage = Usage(Policy.load(policy, role=role, **options))
        usage.decide(self.needs, {})
        return PolicyDifference(tuple(usage.missing), tuple(usage.unused))


def _general(resource: str) -> str:
    """Return an ARN without what differs from run to run."""
    resource = re.sub(r"(:(?:execution|express|mapRun):[^:]+:).+$", r"\1*", resource)
    resource = re.sub(r"(:secretsmanager:[^:]*:[^:]*:secret:.+)-[A-Za-z0-9]{6}$", r"\1-??????", resource)
    return re.sub(r"(:log-stream:).*$", r"\1*", resource)


def _collapse(resources: Iterable[str]) -> list[str]:
    found = sorted(set(resources))
    if "*" in found:
        return ["*"]
    objects: dict[str, list[str]] = {}
    others: list[str] = []
    for arn in found:
        bucket, slash, _ = arn.partition("/")
        (objects.setdefault(bucket, []) if slash and ":s3:::" in arn else others).append(arn)
    for bucket, arns in objects.items():
        others += arns if len(arns) <= MOST_OBJECTS else [f"{_common_folder(arns, bucket)}*"]
    return sorted(others)


def _common_folder(arns: list[str], bucket: str) -> str:
    first, last = min(arns), max(arns)
    length = next(
        (index for index, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first)
    )
    return first[: max(first.rfind("/", 0, length), len(bucket)) + 1]


def _for_template(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _for_template(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_for_template(item) for item in value]
    if isinstance(value, str) and value.startswith("arn:"):
        _, _, service, region, account, rest = value.split(":", 5)
        region = "${AWS::Region}" if region else ""
        account = "${AWS::AccountId}" if account else ""
        return {"Fn::Sub": f"arn:${{AWS::Partition}}:{service}:{region}:{account}:{rest}"}
    return value
