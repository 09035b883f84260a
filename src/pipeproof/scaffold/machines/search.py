"""Finds executions that take every path of a machine: its own engine runs them, and says what each has covered."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pipeproof.errors import PipeproofError
from pipeproof.scaffold.machines.paths import take_away
from pipeproof.scaffold.machines.wishes import Key, Wishes, tasks_inside
from pipeproof.stepfunctions.answers.mocks import returns, throws
from pipeproof.stepfunctions.definition.model import State
from pipeproof.stepfunctions.engine.execution import Execution
from pipeproof.stepfunctions.machine import StateMachine
from pipeproof.stepfunctions.reporting.coverage import measure_coverage

EVENTS = 1_000
"""Events that an execution may have while paths are looked for: one that goes round in circles is none."""
_COMBINATIONS = 240
_MADE_UP = "SomethingBroke"
_REPAIRS: tuple[Any, ...] = (1, ["item-1"], {}, True, "{}", "2026-01-02T00:00:00Z")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a Task's mock gives: a value, or an error."""

    value: Any = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One execution worth a test.

    Attributes:
        goal: What it is the first to cover, as coverage's key.
        input: The execution's input.
        answers: The answers of each Task that was reached, one that stands for all or one for each attempt.
        execution: What came of it.
    """

    goal: str
    input: Any
    answers: Mapping[str, list[Answer]]
    execution: Execution
    attempt: "Attempt"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is wished of an execution.

    Attributes:
        wishes: Values that the states read.
        later: Those that Tasks give from their second call on, where they differ.
        failing: Tasks that fail: the error, and how often (None is always).
    """

    wishes: Mapping[Key, Any]
    later: Mapping[Key, Any] | None = None
    failing: Mapping[str, tuple[str, int | None]] = field(default_factory=dict)


def explore(machine: StateMachine) -> tuple[list[Scenario], list[str]]:
    """Return executions that together cover what can be covered of a machine, and coverage's keys of the rest.

    Args:
        machine: The machine, with at most [EVENTS][] events an execution.
    """
    search = _Search(machine)
    search.begin()
    while search.go_on():
        pass
    return search.found, [goal for goal in search.goals if goal not in search.covered]


class _Search:
    def __init__(self, machine: StateMachine) -> None:
        self.machine = machine
        self.wishes = Wishes(machine.definition)
        self.goals = list(measure_coverage(machine.definition, {}).items)
        self.covered: set[str] = set()
        self.found: list[Scenario] = []
        self.tried: set[tuple[str, int]] = set()

    def begin(self) -> None:
        """Find a first execution that ends by itself."""
        first = Attempt(self.wishes.defaults)
        choices = [state for state in self.wishes.states.values() if state.type == "Choice"]
        turns = (turn for state in choices for turn in self._turns(state))
        for turn in itertools.islice(itertools.chain(turns, [{}]), _COMBINATIONS):
            if self._keep("", replace(first, wishes={**first.wishes, **turn})):
                return

    def go_on(self) -> bool:
        """Look for one more path; whether something was tried that had not been."""
        moved = False
        for goal in self.goals:
            for place, scenario in enumerate(self.found):
                if goal in self.covered or (goal, place) in self.tried:
                    continue
                state = self.wishes.states[goal.split(":")[1]] if goal.count(":") else None
                if state is None or state.name not in scenario.execution.path:
                    continue
                self.tried.add((goal, place))
                moved = True
                for attempt in self._ways(goal, state, scenario.attempt):
                    if self._keep(goal, attempt):
                        break
        return moved

    def _ways(self, goal: str, state: State, before: Attempt) -> Iterator[Attempt]:
        """Yield what may bring an execution to a goal that it passed by."""
        kind, _, rest = goal.partition(":")
        if kind == "transition" and state.type == "Choice":
            for turn in self._turns(state):
                wishes = {**before.wishes, **turn}
                yield replace(before, wishes=wishes)
                yield replace(before, wishes=wishes, later=before.wishes)
        index = int(rest.rsplit(":", 1)[-1]) if kind in ("retrier", "catcher") else -1
        if kind == "retrier":
            yield from self._failures(state, state.retriers[index].errors, before, times=1)
        if kind == "catcher":
            yield from self._failures(state, state.catchers[index].errors, before, times=None)

    def _turns(self, state: State) -> Iterator[dict[Key, Any]]:
        """Yield values for what a Choice looks at, one changed at a time first."""
        candidates = self.wishes.candidates(state)
        for key, values in candidates.items():
            yield from ({key: value} for value in values)
        if len(candidates) > 1:
            combined = itertools.product(*candidates.values())
            for chosen in itertools.islice(combined, _COMBINATIONS):
                yield dict(zip(candidates, chosen, strict=True))

    def _failures(self, state: State, errors: tuple[str, ...], before: Attempt, times: int | None) -> Iterator[Attempt]:
        named = [error for error in errors if error not in ("States.ALL", "States.TaskFailed")]
        for task in tasks_inside(state):
            for error in [*named, _MADE_UP]:
                yield replace(before, failing={**before.failing, task.name: (error, times)})

    def _keep(self, goal: str, attempt: Attempt) -> bool:
        """Run an execution and keep it, where it ends as a machine's own states end it and covers the goal."""
        scenario = self._run(goal, attempt) or self._repaired(goal, attempt)
        if scenario is None:
            return False
        hits = measure_coverage(self.machine.definition, scenario.execution.hits).items
        new = {key for key, count in hits.items() if count} - self.covered
        if not new or (goal and goal not in new):
            return False
        self.covered |= new
        self.found.append(self._pruned(scenario))
        return True

    def _pruned(self, scenario: Scenario) -> Scenario:
        """Take the fields out of the input and of the results that make no difference."""
        for owner in (None, *scenario.answers):
            for field_name in _fields(scenario.input if owner is None else scenario.answers[owner]):
                given, answers = scenario.input, scenario.answers
                if owner is None:
                    given = take_away(given, (field_name,))
                else:
                    kept = [replace(each, value=take_away(each.value, (field_name,))) for each in answers[owner]]
                    answers = {**answers, owner: kept}
                less = self._executed(scenario.goal, scenario.attempt, given, answers)
                if less is not None and _way(less.execution) == _way(scenario.execution):
                    scenario = less
        return scenario

    def _run(self, goal: str, attempt: Attempt) -> Scenario | None:
        return self._executed(goal, attempt, *self._answers(attempt))

    def _executed(
        self, goal: str, attempt: Attempt, given: Any, answers: Mapping[str, list[Answer]]
    ) -> Scenario | None:
        mocks = {name: mock_of(each) for name, each in answers.items()}
        try:
            execution = self.machine.run(given, mocks=mocks, check=False)
        except PipeproofError:
            return None
        self.last = execution
        if not _ended_by_itself(execution, attempt):
            return None
        reached = {name: each for name, each in answers.items() if name in execution.path}
        return Scenario(goal, given, reached, execution, attempt)

    def _repaired(self, goal: str, attempt: Attempt) -> Scenario | None:
        """Give what the failing state reads values of another kind, where nothing else is known of them."""
        execution = getattr(self, "last", None)
        failing = execution.failing if execution is not None else None
        if failing is None:
            return None
        keys = [key for key in self.wishes.read_by(failing.state) if key in self.wishes.defaults]
        for value in _REPAIRS if keys else ():
            for some in [*([key] for key in keys), keys]:
                repaired = self._run(goal, replace(attempt, wishes={**attempt.wishes, **dict.fromkeys(some, value)}))
                if repaired is not None:
                    return repaired
        return None

    def _answers(self, attempt: Attempt) -> tuple[Any, dict[str, list[Answer]]]:
        given, results = self.wishes.grant(attempt.wishes)
        later = self.wishes.grant(attempt.later)[1] if attempt.later is not None else {}
        answers: dict[str, list[Answer]] = {}
        for state in self.wishes.states.values():
            if state.type != "Task":
                continue
            first = Answer(results.get(state.name, {}))
            error, times = attempt.failing.get(state.name, (None, 0))
            if error is not None and times is None:
                answers[state.name] = [Answer(error=error)]
            elif error is not None:
                answers[state.name] = [Answer(error=error), first]
            elif state.name in later and later[state.name] != first.value:
                answers[state.name] = [first, Answer(later[state.name])]
            else:
                answers[state.name] = [first]
        return given, answers


def execute(machine: StateMachine, scenario: Scenario) -> Execution:
    """Return a scenario's execution on another machine of the same definition."""
    mocks = {name: mock_of(each) for name, each in scenario.answers.items()}
    return machine.run(scenario.input, mocks=mocks, check=False)


def mock_of(answers: list[Answer]) -> Any:
    """Return the engine's mock for a Task's answers."""
    made = [throws(each.error) if each.error else returns(each.value) for each in answers]
    return made[0] if len(made) == 1 else made


def _fields(value: Any) -> list[str]:
    if isinstance(value, list):
        return list(dict.fromkeys(name for answer in value for name in _fields(answer.value)))
    return list(value) if isinstance(value, dict) else []


def _way(execution: Execution) -> tuple[Any, ...]:
    return execution.status, execution.error, execution.path, execution.elapsed


def _ended_by_itself(execution: Execution, attempt: Attempt) -> bool:
    """Return whether an execution ended as its definition wants it, not by data that did not fit."""
    if execution.status == "SUCCEEDED":
        return True
    failing = execution.failing
    if execution.status != "FAILED" or failing is None:
        return False
    return failing.state.type == "Fail" or execution.error in {error for error, _ in attempt.failing.values()}
