"""One execution under way: its clock, history, visits, tokens and what it has covered."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from pipeproof.stepfunctions.definition.model import Definition, State
from pipeproof.stepfunctions.engine.history import History, Thread
from pipeproof.stepfunctions.engine.scheduler import Scheduler, Signal
from pipeproof.stepfunctions.expressions.environment import Clock, Environment, Scope
from pipeproof.stepfunctions.values import MISSING

if TYPE_CHECKING:
    from pipeproof.stepfunctions.answers.handlers import Handlers

CHILDREN_RECORDED = 100
"""Of one Map Run, the visits of so many children are remembered: memory stays bounded."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Who runs what, where and as what.

    Attributes:
        payload_limit: Bytes that a state's input or output may have (AWS: 262,144), or None.
        event_limit: Events that a history may have (AWS: 25,000 for Standard), or None.
    """

    machine_name: str = "StateMachine"
    execution_name: str = "execution"
    account: str = "123456789012"
    region: str = "us-east-1"
    role_arn: str = "arn:aws:iam::123456789012:role/StateMachineRole"
    type: str = "STANDARD"
    payload_limit: int | None = 262_144
    event_limit: int | None = 25_000

    @property
    def machine_arn(self) -> str:
        """The state machine's ARN."""
        return f"arn:aws:states:{self.region}:{self.account}:stateMachine:{self.machine_name}"

    @property
    def execution_arn(self) -> str:
        """The execution's ARN."""
        if self.type == "EXPRESS":
            unique = uuid.uuid5(uuid.NAMESPACE_URL, self.execution_name)
            name = f"{self.machine_name}:{self.execution_name}:{unique}"
            return f"arn:aws:states:{self.region}:{self.account}:express:{name}"
        return f"arn:aws:states:{self.region}:{self.account}:execution:{self.machine_name}:{self.execution_name}"


@dataclass(slots=True)
class Attempt:
    """One attempt of a Task, Parallel or Map. Times in virtual seconds since the start."""

    number: int
    started: float
    ended: float | None = None
    payload: Any = MISSING
    result: Any = MISSING
    error: str | None = None
    cause: str | None = None
    retry_at: float | None = None

    @property
    def succeeded(self) -> bool:
        """Whether it ended without an error."""
        return self.ended is not None and self.error is None


@dataclass(slots=True)
class Visit:
    """One entry into a state, with what went in and came out."""

    state: State
    input: Any
    entered: float
    event_id: int
    iterations: tuple[int, ...]
    output: Any = MISSING
    attempts: list[Attempt] = field(default_factory=list)
    error: str | None = None
    cause: str | None = None
    caught: bool = False
    retry_count: int = 0


class PendingToken:
    """A task that waits for its token to come back."""

    __slots__ = ("heartbeat", "signal")

    def __init__(self) -> None:
        self.signal = Signal()
        self.heartbeat: Any = None


class Run:
    """The state that the parts of the interpreter share, for one execution and no other."""

    def __init__(
        self, definition: Definition, settings: Settings, handlers: "Handlers", clock: Clock, seed: int, value: Any
    ) -> None:
        self.definition = definition
        self.settings = settings
        self.handlers = handlers
        self.clock = clock
        self.scheduler = Scheduler(clock)
        self.random = Random(seed)  # noqa: S311 - chance that a test can repeat, no secret
        self.input = value
        self.history = History(settings.event_limit)
        self.visits: list[Visit] = []
        self.hits: dict[tuple[Any, ...], int] = {}
        self.tokens: dict[str, PendingToken] = {}
        self.tokens_given = 0
        self.map_runs = 0
        self.exception: BaseException | None = None
        self.execution_context: dict[str, Any] = {
            "Id": settings.execution_arn,
            "Input": value,
            "StartTime": clock.text(),
            "Name": settings.execution_name,
            "RoleArn": settings.role_arn,
            "RedriveCount": 0,
        }
        self.machine_context = {"Id": settings.machine_arn, "Name": settings.machine_name}

    def hit(self, *item: Any) -> None:
        """Counts something as covered."""
        self.hits[item] = self.hits.get(item, 0) + 1

    def new_token(self) -> str:
        """A task token; it says which of the execution's it is."""
        self.tokens_given += 1
        token = f"{self.settings.execution_name}-{self.tokens_given}-{self.random.getrandbits(64):016x}"
        self.tokens[token] = PendingToken()
        return token


class Frame:
    """One level of a machine: its own states, a branch's, or an iteration's.

    Attributes:
        scope: The variables.
        thread: Its line of events.
        iterations: The indices of the Map iterations around it.
        items: The context object's `Map`, innermost.
        current: The visit under way, for what aborts it.
        context: A whole context object in place of the execution's own, for a state that is run alone.
        concurrent: Others take their turn after each state.
        recorded: Visits are remembered.
        execution: The context object's `Execution`, in a child of a distributed Map.
    """

    __slots__ = (
        "concurrent", "context", "current", "execution", "history", "items", "iterations", "recorded", "run", "scope",
        "thread",
    )  # fmt: skip

    def __init__(
        self,
        run: Run,
        scope: Scope,
        thread: Thread,
        *,
        history: History | None = None,
        iterations: tuple[int, ...] = (),
        items: Mapping[str, Any] | None = None,
        concurrent: bool = False,
        recorded: bool = True,
        execution: Mapping[str, Any] | None = None,
    ) -> None:
        self.run = run
        self.scope = scope
        self.thread = thread
        self.history = history or run.history
        self.iterations = iterations
        self.items = items
        self.concurrent = concurrent
        self.recorded = recorded
        self.execution = execution
        self.current: Visit | None = None
        self.context: Mapping[str, Any] | None = None

    def inner(
        self,
        thread: Thread,
        *,
        iterations: tuple[int, ...] | None = None,
        items: Mapping[str, Any] | None = None,
        concurrent: bool = True,
    ) -> "Frame":
        """A level inside of this one, with variables of its own."""
        return Frame(
            self.run,
            Scope(self.scope),
            thread,
            history=self.history,
            iterations=self.iterations if iterations is None else iterations,
            items=self.items if items is None else items,
            concurrent=concurrent,
            recorded=self.recorded,
            execution=self.execution,
        )

    def add_event(self, kind: str, details: Mapping[str, Any], *, leaf: bool = False) -> int:
        """Adds an event to this line."""
        return self.history.add(self.thread, kind, self.run.clock.now, details, leaf=leaf)

    def environment(self, visit: Visit, token: str | None = None) -> Environment:
        """What expressions of a state see."""
        run = self.run

        def context() -> dict[str, Any]:
            if self.context is not None:
                return dict(self.context)
            state: dict[str, Any] = {"Name": visit.state.name, "EnteredTime": run.clock.text(visit.entered)}
            if visit.state.type in ("Task", "Map", "Parallel"):
                state["RetryCount"] = visit.retry_count
            built: dict[str, Any] = {
                "Execution": run.execution_context if self.execution is None else self.execution,
                "StateMachine": run.machine_context,
                "State": state,
            }
            if token is not None:
                built["Task"] = {"Token": token}
            if self.items is not None:
                built["Map"] = self.items
            return built

        return Environment(self.scope, run.clock, run.random, context)
