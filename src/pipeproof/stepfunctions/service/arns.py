"""The ARNs of Step Functions, taken apart, and names that the service accepts."""

import re
from dataclasses import dataclass

from pipeproof.stepfunctions.service.errors import ServiceError, too_long

_ARN = re.compile(r"^arn:(aws[a-z-]*):states:([a-z0-9-]+):(\d{12}):([A-Za-z]+):(.+)$")
_NOT_IN_NAMES = re.compile(r'[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]|\U0010ffff')
_MOST = 80


@dataclass(frozen=True, slots=True)
class StatesArn:
    """An ARN of Step Functions.

    Attributes:
        kind: `stateMachine`, `execution`, `express`, `mapRun` or `activity`.
        parts: What follows, between colons: the machine's name, and a version, alias or execution.
    """

    text: str
    region: str
    account: str
    kind: str
    parts: tuple[str, ...]

    @property
    def qualifier(self) -> str | None:
        """The version or alias of a state machine's ARN."""
        return self.parts[1] if self.kind == "stateMachine" and len(self.parts) > 1 else None

    @property
    def machine(self) -> str:
        """The state machine's ARN, without version or alias, of the ARN of a machine or one of its executions."""
        return f"{self.text.split(':' + self.kind + ':')[0]}:stateMachine:{self.parts[0].split('/')[0]}"


def parse_arn(text: str, *kinds: str) -> StatesArn:
    """Return an ARN of one of the kinds.

    Raises:
        ServiceError: InvalidArn: it is none, or one of another kind.
    """
    found = _ARN.match(text)
    if found is None:
        raise ServiceError("InvalidArn", f"Invalid Arn: 'Invalid ARN prefix: {text}'")
    _, region, account, kind, rest = found.groups()
    if kind not in kinds:
        raise ServiceError("InvalidArn", f"Invalid Arn: 'Resource type not valid in this context: {kind}'")
    return StatesArn(text, region, account, kind, tuple(rest.split(":")))


def check_name(name: str) -> None:
    """Refuse a name that the service would refuse.

    Raises:
        ServiceError: InvalidName, or ValidationException for one that is too long.
    """
    if len(name) > _MOST:
        raise too_long("name", name, _MOST)
    if not name or _NOT_IN_NAMES.search(name):
        raise ServiceError("InvalidName", f"Invalid Name: '{name}'")
