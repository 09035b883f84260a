"""The calls that a test makes: what was called, which of IAM's actions that takes, on which resources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeproof.iam import Requirement


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One call of an AWS API.

    `service` and `operation` are boto3's names (`"s3"`, `"GetObject"`); `actions` IAM's (`("s3:GetObject",)`) and
    `resources` the ARNs that they are needed on; `needs` the pairs of both. `status` is the HTTP status of the last
    attempt (0 where there was no answer), `error` the code of its error, `attempts` how often it was sent. `principal`
    is the ARN of the role that made the call where it is not the test's own (a state machine's).
    """

    service: str
    operation: str
    params: Mapping[str, Any] = field(repr=False)
    needs: tuple[Requirement, ...] = ()
    status: int = 0
    error: str | None = None
    attempts: int = 0
    region: str = ""
    principal: str | None = None

    @property
    def actions(self) -> tuple[str, ...]:
        """IAM's actions, each once."""
        return tuple(dict.fromkeys(action for action, _ in self.needs))

    @property
    def resources(self) -> tuple[str, ...]:
        """The ARNs, each once; `"*"` for an action that knows no resources."""
        return tuple(dict.fromkeys(resource for _, resource in self.needs))


def summarize(calls: list[AwsCall]) -> dict[str, Any]:
    """Return the evidence `aws.calls`: calls of the same kind in one entry.

    `{"count": 3, "calls": [{"service", "operation", "principal", "actions", "resources", "count", "errors"}]}`, with at
    most twenty resources an entry and `errors` a mapping of codes to how often.
    """
    groups: dict[tuple[str, str, str | None], list[AwsCall]] = {}
    for call in calls:
        groups.setdefault((call.service, call.operation, call.principal), []).append(call)
    return {"count": len(calls), "calls": [_entry(group) for group in groups.values()]}


def _entry(group: list[AwsCall]) -> dict[str, Any]:
    errors: dict[str, int] = {}
    for call in group:
        if call.error:
            errors[call.error] = errors.get(call.error, 0) + 1
    return {
        "service": group[0].service,
        "operation": group[0].operation,
        "principal": group[0].principal,
        "actions": list(dict.fromkeys(action for call in group for action in call.actions)),
        "resources": list(dict.fromkeys(resource for call in group for resource in call.resources))[:20],
        "count": len(group),
        "errors": errors,
    }
