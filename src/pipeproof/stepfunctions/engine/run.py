"""One execution under way: its clock, history, visits and tokens, its levels, and the place of a state in them."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeproof.stepfunctions.answers import tokens
from pipeproof.stepfunctions.answers.dispatch import Handlers
from pipeproof.stepfunctions.answers.requests import Reply
from pipeproof.stepfunctions.definition.model import Definition, State
from pipeproof.stepfunctions.engine.history import History, Thread
from pipeproof.stepfunctions.engine.scheduler import Scheduler, Signal, Work
from pipeproof.stepfunctions.engine.settings import Settings
from pipeproof.stepfunctions.engine.visits import Visit
from pipeproof.stepfunctions.expressions.environment import Clock, Environment, Scope
from pipeproof.stepfunctions.values import MISSING

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
    started and that wait for somebody outside. `entered` and `left` count how often states were entered, and left by
    their Next.
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
        self._seed = seed
        self.input = value
        self.history = History(settings.event_limit)
        self.visits: list[Visit] = []
        self.entered: defaultdict[State, int] = defaultdict(int)
        self.left: defaultdict[State, int] = defaultdict(int)
        self.other_hits: dict[tuple[Any, ...], int] = {}
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

    @cached_property
    def random(self) -> Random:
        """The execution's chance, which few executions need."""
        return Random(self._seed)  # noqa: S311 - chance that a test can repeat, no secret

    def hit(self, *item: Any) -> None:
        """Counts something as covered."""
        self.other_hits[item] = self.other_hits.get(item, 0) + 1

    def hits(self) -> dict[tuple[Any, ...], int]:
        """Return what is covered, and how often: states entered, transitions taken, retriers and catchers used."""
        return {
            **{("state", state.position): count for state, count in self.entered.items()},
            **{("transition", state.position, "next"): count for state, count in self.left.items()},
            **self.other_hits,
        }

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
        fitting: The value whose size was looked at last, and is within the limit.
    """

    concurrent = False
    context: Mapping[str, Any] | None = None
    current: Visit | None = None
    execution: Mapping[str, Any] | None = None
    fitting: Any = MISSING
    items: Mapping[str, Any] | None = None
    position: tuple[str, Any] | None = None
    recorded = True
    unfinished: Visit | None = None

    def __init__(
        self, run: Run, scope: Scope, thread: Thread, history: History, iterations: tuple[int, ...] = ()
    ) -> None:
        self.run = run
        self.scope = scope
        self.thread = thread
        self.history = history
        self.iterations = iterations

    def inner(self, thread: Thread) -> "Frame":
        """Return a level inside of this one, with variables of its own, whose states take turns with others'."""
        level = Frame(self.run, Scope(self.scope), thread, self.history, self.iterations)
        level.items, level.execution, level.recorded = self.items, self.execution, self.recorded
        level.fitting, level.concurrent = self.fitting, True
        return level

    def add_event(self, kind: str, details: Mapping[str, Any] | Visit, leaf: bool = False) -> int:
        """Adds an event to this line of the history, and gives its id.

        Args:
            kind: Its type.
            details: Its fields; of a state's entering and leaving the visit.
            leaf: The next event of the line does not follow this one (AWS: MapIterationSucceeded and its like).
        """
        history, thread = self.history, self.thread
        number = history.count = history.count + 1
        if history.keep:
            history.records += (kind, thread.last, self.run.clock.now, details)
        if not leaf and number > 1:
            thread.last = number
        return number


class Place(Environment):
    """Where the engine is at work, and with it what expressions see there.

    Args:
        state: The state.
        value: Its input.
        frame: The level on which it stands.
        visit: This entry into the state.
        token: The task's token, once it has one.
    """

    __slots__ = ("frame", "state", "token", "value", "visit")

    def __init__(self, state: State, value: Any, frame: Frame, visit: Visit, token: str | None = None) -> None:
        self.state = state
        self.value = value
        self.frame = frame
        self.visit = visit
        self.token = token

    @property
    def run(self) -> Run:
        """The execution."""
        return self.frame.run

    @property
    def scope(self) -> Scope:
        """The variables."""
        return self.frame.scope

    @property
    def clock(self) -> Clock:
        """The virtual time."""
        return self.frame.run.clock

    @property
    def random(self) -> Random:
        """The execution's chance."""
        return self.frame.run.random

    def context(self) -> dict[str, Any]:
        """Return the context object."""
        frame, visit, run = self.frame, self.visit, self.frame.run
        if frame.context is not None:
            return dict(frame.context)
        state: dict[str, Any] = {"Name": visit.state.name, "EnteredTime": run.clock.text(visit.entered)}
        if visit.state.type in ("Task", "Map", "Parallel"):
            state["RetryCount"] = visit.retry_count
        built: dict[str, Any] = {
            "Execution": run.execution_context if frame.execution is None else frame.execution,
            "StateMachine": run.machine_context,
            "State": state,
        }
        if self.token is not None:
            built["Task"] = {"Token": self.token}
        if frame.items is not None:
            built["Map"] = frame.items
        return built

    def note(self, step: str, data: Any) -> None:
        """Records the data after a step of the state's work, where somebody asks for it."""
        if self.visit.steps is not None:
            self.visit.steps[step] = data


class Outcome(NamedTuple):
    """How a state ended: its output, the next state (None at the end), the variables that it sets."""

    output: Any
    next: str | None
    assigned: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Workers:
    """What does the work of each type of state.

    Attributes:
        instant: The types whose work never waits.
        waiting: The types whose work may take virtual time.
    """

    instant: Mapping[str, Callable[[Place], Outcome]]
    waiting: Mapping[str, Callable[[Place], Work[Outcome]]]
