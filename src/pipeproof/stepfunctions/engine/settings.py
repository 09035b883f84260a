"""Who runs what, where and as what: what a machine's runs have in common."""

import uuid
from dataclasses import dataclass

EXPRESS_SECONDS = 300.0
STANDARD_SECONDS = 31_536_000.0


@dataclass(frozen=True, slots=True)
class Settings:
    """The names, the place and the limits of a machine's runs.

    Attributes:
        payload_limit: Bytes that a state's input or output may have (AWS: 262,144), or None.
        event_limit: Events that a history may have (AWS: 25,000 for Standard), or None.
        start: Which of the machine's executions it is: of Express ones several may have one name.
    """

    machine_name: str = "StateMachine"
    execution_name: str = "execution"
    account: str = "123456789012"
    region: str = "us-east-1"
    role_arn: str = "arn:aws:iam::123456789012:role/StateMachineRole"
    type: str = "STANDARD"
    payload_limit: int | None = 262_144
    event_limit: int | None = 25_000
    start: int = 0

    @property
    def time_limit(self) -> float:
        """How many virtual seconds an execution may last at most (AWS: five minutes of Express, a year of Standard)."""
        return EXPRESS_SECONDS if self.type == "EXPRESS" else STANDARD_SECONDS

    @property
    def machine_arn(self) -> str:
        """The state machine's ARN."""
        return f"arn:aws:states:{self.region}:{self.account}:stateMachine:{self.machine_name}"

    @property
    def execution_arn(self) -> str:
        """The execution's ARN."""
        if self.type == "EXPRESS":
            unique = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.execution_name} {self.start}")
            name = f"{self.machine_name}:{self.execution_name}:{unique}"
            return f"arn:aws:states:{self.region}:{self.account}:express:{name}"
        return f"arn:aws:states:{self.region}:{self.account}:execution:{self.machine_name}:{self.execution_name}"
