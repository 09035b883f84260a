"""What a Task asks and what answers it: the request, the context that a callable can see, and the reply."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from pipeproof.errors import Location
from pipeproof.stepfunctions.definition.resources import Resource
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.values import MISSING


@dataclass(slots=True)
class TaskContext:
    """What a callable can ask for as its second argument.

    Attributes:
        state: The state's name.
        resource: Its Resource.
        attempt: Which attempt of this visit it is, from 1.
        iteration: The index of the innermost Map iteration around it, or None.
        token: The task token, of a task that waits for one.
        execution: The context object's Execution, State and so on.
        seconds: Virtual seconds that the task takes; see [takes][].
    """

    state: str
    resource: str
    attempt: int
    iteration: int | None
    token: str | None
    execution: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def takes(self, seconds: float) -> None:
        """Lets virtual time pass, as if the task had worked for so long."""
        self.seconds += seconds

    def get_remaining_time_in_millis(self) -> int:
        """What Lambda handlers ask of their context: fifteen minutes, less what was taken."""
        return int((900 - self.seconds) * 1000)

    @property
    def aws_request_id(self) -> str:
        """A request id, for Lambda handlers."""
        return f"{self.state}-{self.attempt}"

    @property
    def function_name(self) -> str:
        """For Lambda handlers: the last part of the Resource."""
        return self.resource.rsplit(":", 1)[-1]


@dataclass(slots=True)
class Request:
    """One attempt of a Task, or a call of a Map's reader or writer, whose mocks may give plain items."""

    state: str
    resource: Resource
    payload: Any
    context: TaskContext
    iterations: tuple[int, ...]
    random: Random
    location: Location | None = None
    started: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    is_task: bool = True


@dataclass(slots=True)
class Reply:
    """What answers an attempt.

    Attributes:
        value: The result, or MISSING where it is not there yet or failed.
        failure: Why it failed.
        after: Virtual seconds until then.
        submitted: What the call itself answered, of a task that waits for something else.
        later: Gives the reply that follows the call, when its time has come.
        waits: Nobody answers yet: the task waits for its token.
        exception: What a handler raised, for the failed test's traceback.
    """

    value: Any = MISSING
    failure: StateFailure | None = None
    after: float = 0.0
    submitted: Any = MISSING
    later: Callable[[], "Reply"] | None = None
    waits: bool = False
    exception: BaseException | None = None
