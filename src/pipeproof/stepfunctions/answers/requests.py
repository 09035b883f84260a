"""What a Task asks and what answers it: the request and the reply."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from pipeproof.errors import Location
from pipeproof.stepfunctions.answers.context import TaskContext
from pipeproof.stepfunctions.definition.resources import Resource
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.values import MISSING


@dataclass(slots=True)
class Request:
    """One attempt of a Task, or a call of a Map's reader or writer, whose mocks may give plain items.

    `timeout` is how many seconds the state has, if it has a limit.
    """

    state: str
    resource: Resource
    payload: Any
    context: TaskContext
    iterations: tuple[int, ...]
    random: Random
    location: Location | None = None
    started: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    is_task: bool = True
    timeout: float | None = None
    credentials: str | None = None


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
