"""One execution under way: its clock, history, visits and tokens, its levels, and the place of a state in them."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any

from pipeproof.stepfunctions.answers import tokens
from pipeproof.stepfunctions.answers.dispatch import Handlers
from pipeproof.stepfunctions.answers.requests import Reply
from pipeproof.stepfunctions.definition.model import Definition, State
from pipeproof.stepfunctions.engine.history import History, Thread
from pipeproof.stepfunctions.engine.scheduler import Scheduler, Signal, Work
from pipeproof.stepfunctions.engine.settings import Settings
from pipeproof.stepfunctions.engine.visits import Visit
from pipeproof.stepfunctions.expressions.environment import Clock, Environment, Scope

if TYPE_CHECKING:
    from pipeproof.stepfunctions.engine.map_runs import MapRunRecord

CURRENT: ContextVar["Run | None"] = ContextVar("pipeproof_current_run", default=None)
"""The execution that is going on; of nested ones the innermost."""


class PendingToken:
    """A task that waits for its token to come back.

    Attributes:
        run: Its execution.
        signal: Set by the answer.
        outside: Only somebody outside of the execution can answer it.
        heartbeat: Starts the time until the next heartbeat anew.
        pick_up: Called with the name of the worker that takes it, of an activity's task.
    """

    __slots__ = ("__weakref__", "heartbeat", "outside", "pick_up", "run", "signal")

    def __init__(self, run: "Run") -> None:
        self.run = run
        self.signal = Signal()
        self.outside = False
        self.heartbeat: Any = None
        self.pick_up: Callable[[str | None], None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether it still can be answered."""
        return not self.signal.is_set and not self.run.is_over()

    @property
    def is_waiting(self) -> bool:
        """Whether its execution waits for somebody outside to answer it."""
        return self.outside and not self.signal.is_set

    def answer(self, reply: Reply) -> None:
        """Hands the task its answer, at the virtual time of the execution that gives it, if one does."""
        giver = CURRENT.get()
        self.answer_at(giver.clock.date() if giver is not None and giver is not self.run else None, reply)

    def answer_at(self, date: datetime | None, reply: Reply) -> None:
        """Hands the task its answer at a virtual time; `None` is the execution's present."""
        clock = self.run.clock
        late = (date - clock.date()).total_seconds() if date is not None else 0.0
        if late > 0:
            self.run.scheduler.call_at(clock.now + late, lambda: self.signal.set(reply))
        else:
            self.signal.set(reply)
        self.run.go_on()

    def beat(self) -> None:
        """Notes a heartbeat."""
        if self.heartbeat is not None:
            self.heartbeat()


class Run:
    """The state that the parts of the interpreter share, for one execution and no other.

    Args:
        definition: The machine.
        settings: Its names, place and limits.
        handlers: What answers its tasks.
        workers: What does the work of each type of state.
        clock: The virtual time.
        seed: Of its chance.
        value: Its input.

    `is_over`, `go_on` and `holds` are those of the [RunningExecution][] that drives it: whether it has ended, what lets
    it go on, and whether limits run out while somebody outside may answer. `keeps_lines` says that states remember
    their branches and iterations, so that the execution can be redriven. `nested` are the executions that its tasks
    started and that wait for somebody outside.
    """

    def __init__(
        self,
        definition: Definition,
        settings: Settings,
        handlers: Handlers,
        workers: "Workers",
        clock: Clock,
        seed: int,
        value: Any,
    ) -> None:
        self.definition = definition
        self.settings = settings
        self.handlers = handlers
        self.workers = workers
        self.clock = clock
        self.scheduler = Scheduler(clock)
        self.random = Random(seed)  # noqa: S311 - chance that a test can repeat, no secret
        self.input = value
        self.history = History(settings.event_limit)
        self.visits: list[Visit] = []
        self.hits: dict[tuple[Any, ...], int] = {}
        self.map_runs: list[MapRunRecord] = []
        self.tokens: dict[str, PendingToken] = {}
        self.tokens_given = 0
        self.is_over: Callable[[], bool] = lambda: False
        self.go_on: Callable[[], None] = lambda: None
        self.holds = False
        self.keeps_lines = False
        self.nested: list[Any] = []
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
        """Return a task token; it says which of the execution's it is."""
        self.tokens_given += 1
        settings = self.settings
        token = (
            f"{settings.machine_name}-{settings.execution_name}-{self.tokens_given}-{self.random.getrandbits(64):016x}"
        )
        self.tokens[token] = PendingToken(self)
        tokens.note(token, self.tokens[token])
        return token

    def waits_outside(self) -> bool:
        """Return whether something in it waits for somebody outside to answer."""
        return any(pending.is_waiting for pending in self.tokens.values())


class Frame:
    """One level of a machine: its own states, a branch's, or an iteration's.

    Attributes:
        scope: The variables.
        thread: Its line of events.
        iterations: The indices of the Map iterations around it.
        items: The context object's `Map`, innermost.
        current: The visit under way, for what aborts it.
        position: The name and the input of the state that it has come to.
        unfinished: The visit that has not been left, also when it has failed.
        context: A whole context object in place of the execution's own, for a state that is run alone.
        concurrent: Others take their turn after each state.
        recorded: Visits are remembered.
        execution: The context object's `Execution`, in a child of a distributed Map.
    """

    __slots__ = (
        "concurrent", "context", "current", "execution", "history", "items", "iterations", "position", "recorded",
        "run", "scope", "thread", "unfinished",
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
        self.position: tuple[str, Any] | None = None
        self.unfinished: Visit | None = None
        self.context: Mapping[str, Any] | None = None

    def inner(
        self,
        thread: Thread,
        *,
        iterations: tuple[int, ...] | None = None,
        items: Mapping[str, Any] | None = None,
        concurrent: bool = True,
    ) -> "Frame":
        """Return a level inside of this one, with variables of its own."""
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
        """Return what expressions of a state see."""
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where the engine is at work: a state, what went into it, and the level on which it stands.

    Attributes:
        state: The state.
        value: Its input.
        frame: The level.
        visit: This entry into the state.
        environment: What its expressions see.
    """

    state: State
    value: Any
    frame: Frame
    visit: Visit
    environment: Environment

    @property
    def run(self) -> Run:
        """The execution."""
        return self.frame.run

    def note(self, step: str, data: Any) -> None:
        """Records the data after a step of the state's work, where somebody asks for it."""
        if self.visit.steps is not None:
            self.visit.steps[step] = data


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a state ended: its output, the next state (None at the end), the variables that it sets."""

    output: Any
    next: str | None
    assigned: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workers:
    """What does the work of each type of state.

    Attributes:
        instant: The types whose work never waits.
        waiting: The types whose work may take virtual time.
    """

    instant: Mapping[str, Callable[[Place], Outcome]]
    waiting: Mapping[str, Callable[[Place], Work[Outcome]]]
