"""What the service knows: machines that tests deployed, executions so far, activities' tasks, and its time."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.engine.history import events_of
from pipeproof.stepfunctions.engine.run import CURRENT, PendingToken
from pipeproof.stepfunctions.engine.running import RunningExecution
from pipeproof.stepfunctions.machine import StateMachine

Observer = Callable[[StateMachine, Execution], None]


@dataclass(slots=True)
class Deployed:
    """A machine that a test deployed, with its definition as the service was given it, and its mocks."""

    machine: StateMachine
    definition: str
    mocks: Mapping[str, Any]


@dataclass(slots=True)
class Started:
    """An execution that was started through the API.

    Attributes:
        arn: Its ARN.
        machine_arn: The ARN of its machine, without version or alias.
        input: Its input as it was given.
        running: What runs it.
        version_arn: The version that it was started by, also by way of an alias.
        alias_arn: The alias that it was started by.
        redrives: When it was redriven.
        redrive_tokens: The client tokens of these calls.
        described: What DescribeStateMachine said of its machine when it was started.
    """

    arn: str
    name: str
    machine: StateMachine
    machine_arn: str
    input: str
    running: RunningExecution
    version_arn: str | None = None
    alias_arn: str | None = None
    trace: str | None = None
    redrives: list[datetime] = field(default_factory=list)
    redrive_tokens: dict[str, datetime] = field(default_factory=dict)
    described: Mapping[str, Any] = field(default_factory=dict)

    @property
    def start(self) -> datetime:
        """Its virtual start."""
        return self.running.run.clock.start

    def history(self) -> list[dict[str, Any]]:
        """Return its history's events, as boto3 gives them."""
        return [event.to_dict(self.start) for event in events_of(self.running.run.history.records)]


@dataclass(frozen=True, slots=True)
class ActivityTask:
    """A task of an activity, for a worker to take."""

    token: str
    input: Any
    pending: PendingToken


@dataclass(slots=True)
class Service:
    """The state of the API on the stubs of one test.

    Attributes:
        deployed: By the machine's ARN; others are made of the definitions that the service was given.
        made: The machines that run, by ARN, definition and role.
        executions: By ARN, in the order in which they were started.
        tasks: By the activity's ARN.
        revisions: The revision of a machine or version, by ARN, where it is not the first.
        version_revisions: The revision of each version, by ARN.
        observers: Called with each machine and execution that ended.
        passed: How much virtual time the test let pass.
        random: Of names and of aliases that share their executions out.
    """

    deployed: dict[str, Deployed] = field(default_factory=dict)
    made: dict[tuple[str, str, str], StateMachine] = field(default_factory=dict)
    executions: dict[str, Started] = field(default_factory=dict)
    tasks: dict[str, deque[ActivityTask]] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    version_revisions: dict[str, str] = field(default_factory=dict)
    observers: list[Observer] = field(default_factory=list)
    passed: timedelta = timedelta()
    random: Random = field(default_factory=lambda: Random(0))  # noqa: S311 - chance that a test can repeat, no secret

    def now(self) -> datetime:
        """The service's time: the virtual one of an execution that asks, else the machine's and what was let pass."""
        current = CURRENT.get()
        if current is not None:
            return current.clock.date()
        date = datetime.now(UTC) + self.passed
        return date.replace(microsecond=date.microsecond // 1000 * 1000)

    def pass_time(self, seconds: float) -> None:
        """Lets virtual time pass: executions that wait see it, and their limits run out."""
        for started in list(self.executions.values()):
            if not started.running.is_over and not started.running.is_awaited:
                started.running.pass_time(seconds)
        self.passed += timedelta(seconds=seconds)

    def deploy(self, arn: str, deployed: Deployed) -> None:
        """Lets a machine run for the service's of that ARN, from now on."""
        self.deployed[arn] = deployed
        self.made = {key: machine for key, machine in self.made.items() if key[0] != arn}

    def machine_of(self, found: Any) -> tuple[StateMachine, Mapping[str, Any]]:
        """Return the machine that runs for one of moto's machines or versions, and its mocks."""
        source = getattr(found, "source_arn", found.arn)
        deployed = self.deployed.get(source)
        key = (source, found.definition, found.roleArn)
        if deployed is not None and deployed.definition == found.definition:
            self.made[key] = deployed.machine
        if key not in self.made:
            self.made[key] = _make(found, source) if deployed is None else _change(deployed.machine, found.definition)
        return self.made[key], {} if deployed is None else deployed.mocks

    def tell(self, machine: StateMachine, execution: Execution) -> None:
        """An execution has ended."""
        machine.keep(execution)
        for observer in self.observers:
            observer(machine, execution)


def _make(found: Any, arn: str) -> StateMachine:
    """Return a machine that only the service was given."""
    region, account = arn.split(":")[3:5]
    return StateMachine(
        found.definition, name=found.name, type=found.type, account=account, region=region, role_arn=found.roleArn
    )


def _change(machine: StateMachine, definition: str) -> StateMachine:
    """Return a deployed machine with the definition that the service was given later."""
    return machine.with_definition(json.loads(definition))
