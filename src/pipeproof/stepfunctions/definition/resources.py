"""What a Task's Resource names: a Lambda function, an activity, or an operation of a service and how it is awaited."""

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeproof.text import PLACEHOLDER

_PLACE = PLACEHOLDER.pattern  # what a deployment puts in
_INTEGRATION = re.compile(
    rf"arn:(?P<partition>aws[\w-]*|{_PLACE}):states:(?P<region>[\w-]*|{_PLACE}):(?P<account>\d*|{_PLACE}):"
    r"(?P<service>aws-sdk:[\w-]+|[\w-]+):"
    r"(?P<action>\w+)(?:\.(?P<pattern>sync:2|sync|waitForTaskToken))?"
)
_WHERE = rf"(?P<region>[\w-]+|{_PLACE}):(?P<account>[\w-]+|{_PLACE})"
_LAMBDA = re.compile(rf"arn:(?:aws[\w-]*|{_PLACE}):lambda:{_WHERE}:function:(?P<name>[^:]+)(?::[^:]+)?")
_ACTIVITY = re.compile(rf"arn:(?:aws[\w-]*|{_PLACE}):states:{_WHERE}:activity:(?P<name>.+)")


@dataclass(frozen=True, slots=True)
class Resource:
    """A parsed Resource.

    Attributes:
        kind: `lambda` (a function's ARN), `activity`, `integration` or `unknown`.
        service: `lambda`, `sqs`, `aws-sdk:s3` and so on, of an integration.
        action: `invoke`, `sendMessage` and so on, of an integration.
        pattern: How it is waited for: `` (request and response), `sync`, `sync:2` or `waitForTaskToken`.
        name: The function's or activity's name.
    """

    arn: str
    kind: str
    service: str = ""
    action: str = ""
    pattern: str = ""
    name: str = ""

    @property
    def event_resource(self) -> str:
        """The `resource` of the history's Task events."""
        return f"{self.action}.{self.pattern}" if self.pattern else self.action

    @property
    def is_lambda_invoke(self) -> bool:
        """Whether it is the optimized integration that calls a function."""
        return self.service == "lambda" and self.action == "invoke"

    @property
    def sdk_service(self) -> str:
        """The service without the mark of the SDK integrations."""
        return self.service.removeprefix("aws-sdk:")


@lru_cache(maxsize=1024)
def parse_resource(arn: str) -> Resource:
    """Parses a Resource."""
    function = _LAMBDA.fullmatch(arn)
    if function:
        return Resource(arn, "lambda", name=function["name"])
    activity = _ACTIVITY.fullmatch(arn)
    if activity:
        return Resource(arn, "activity", name=activity["name"])
    found = _INTEGRATION.fullmatch(arn)
    if not found:
        return Resource(arn, "unknown")
    return Resource(arn, "integration", found["service"], found["action"], found["pattern"] or "")


def function_name(reference: str) -> str:
    """Return a function's plain name from its name, partial ARN, ARN or qualified ARN."""
    parts = reference.split(":")
    if "function" in parts:
        return parts[parts.index("function") + 1]
    return parts[0] if len(parts) <= 2 else reference
