"""The one model of what answers a Task: by state or resource, by attempt, by iteration of a Map."""

import inspect
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from pipeproof.stepfunctions.answers.context import TaskContext
from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.definition.model import Definition
from pipeproof.stepfunctions.errors import MockError, StateFailure
from pipeproof.stepfunctions.options import check_amount
from pipeproof.stepfunctions.values import copy, dump
from pipeproof.text import closest


@dataclass(frozen=True, slots=True)
class Returns:
    """A Task that succeeds. See [returns][]."""

    value: Any
    after: float = 0.0
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Throws:
    """A Task that fails. See [throws][]."""

    error: str
    cause: str = ""
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class ByIteration:
    """Another answer for each iteration of a Map. See [by_iteration][]."""

    answers: Mapping[int, Any]
    otherwise: Any = None


@dataclass(frozen=True, slots=True)
class Callback:
    """The call is made, then a function answers its task token. See [callback][]."""

    function: Callable[..., Any]
    after: float = 0.0
    call: Any = None


def returns(value: Any, *, after: float = 0.0) -> Returns:
    """Return a mock: the task succeeds with this value.

    Args:
        value: The result. For a Lambda function what the function returns; for another service what its API answers.
        after: Virtual seconds that the task takes.

    Raises:
        MachineOptionError: `after` is negative, or no number.
    """
    check_amount("after", after)
    return Returns(value, after)


def throws(error: str, cause: str = "", *, after: float = 0.0) -> Throws:
    """Return a mock: the task fails.

    Args:
        error: The error's name, as Retry and Catch see it: `Lambda.TooManyRequestsException`, `MyError`.
        cause: The text for humans.
        after: Virtual seconds that the task takes until it fails.

    Raises:
        MachineOptionError: `after` is negative, or no number.
    """
    check_amount("after", after)
    return Throws(error, cause, after)


def by_iteration(answers: Mapping[int, Any] | Sequence[Any], otherwise: Any = None) -> ByIteration:
    """Return a mock that answers each iteration of the Map around it in its own way.

    Args:
        answers: By the iteration's index, from 0.
        otherwise: For the iterations that are not named.
    """
    return ByIteration(answers if isinstance(answers, Mapping) else dict(enumerate(answers)), otherwise)


def callback(function: Callable[..., Any], *, after: float = 0.0, call: Any = None) -> Callback:
    """Return a mock for `.waitForTaskToken`: who answers the token, and what the call itself gives.

    Args:
        function: Called with the payload (and the task's context, which has the `token`) once the call is made; what it
            returns is the task's result, what it raises its failure.
        after: Virtual seconds until it answers.
        call: A mock for the call that hands the token out; without one the call reaches moto where that is active.

    Raises:
        MachineOptionError: `after` is negative, or no number.
    """
    check_amount("after", after)
    return Callback(function, after, call)


class AnsweringMachine(ABC):
    """A state machine among the mocks: it answers the Tasks that start executions of it."""

    definition: Definition

    @abstractmethod
    def answer(self, request: Request, mocks: Mapping[str, Any]) -> Reply:
        """Runs an execution for a Task.

        Args:
            request: The Task's attempt.
            mocks: Those of the execution that the Task belongs to; they hold for this one as well.
        """


class MockBook:
    """The mocks of one run: which answer is next for a state or resource.

    Args:
        mocks: By state name or resource ARN.
    """

    def __init__(self, mocks: Mapping[str, Any] | None) -> None:
        self._mocks = dict(mocks or {})
        self._counts: dict[tuple[str, tuple[int, ...]], int] = {}
        for key, answer in self._mocks.items():
            _check(key, answer)

    def __bool__(self) -> bool:
        return bool(self._mocks)

    @property
    def all(self) -> Mapping[str, Any]:
        """The mocks as they were given."""
        return self._mocks

    @property
    def names(self) -> list[str]:
        """What is mocked."""
        return list(self._mocks)

    def get(self, key: str) -> Any:
        """The mock of a name as it was given."""
        return self._mocks.get(key)

    def next_answer(self, keys: Sequence[str], iterations: tuple[int, ...]) -> tuple[str, Any] | None:
        """Return the answer for the next call under the first of the keys that is mocked.

        Args:
            keys: The state's name, its Resource, other names of the same thing.
            iterations: The indices of the Map iterations around the state, outermost first.

        Raises:
            MockError: The mock is a list, and used up.
        """
        for key in keys:
            if key in self._mocks:
                answer = self._resolve(key, self._mocks[key], iterations)
                return None if answer is None else (key, answer)
        return None

    def _resolve(self, key: str, answer: Any, iterations: tuple[int, ...]) -> Any:
        if isinstance(answer, ByIteration):
            index = iterations[-1] if iterations else 0
            return self._resolve(key, answer.answers.get(index, answer.otherwise), iterations)
        if isinstance(answer, (list, tuple)):
            place = (key, iterations)
            count = self._counts.get(place, 0)
            self._counts[place] = count + 1
            if count >= len(answer):
                raise MockError(
                    f"{key!r} was called a {_ordinal(count + 1)} time, but its mock has {len(answer)} answers",
                    hint="Add an answer for that attempt, or give one answer instead of a list: it stands for all.",
                )
            return self._resolve(key, answer[count], iterations)
        return answer


def _ordinal(number: int) -> str:
    return {1: "1st", 2: "2nd", 3: "3rd"}.get(number, f"{number}th")


def _check(key: str, answer: Any) -> None:
    if isinstance(answer, (list, tuple)):
        for item in answer:
            _check(key, item)
    elif isinstance(answer, ByIteration):
        for item in [*answer.answers.values(), answer.otherwise]:
            if item is not None:
                _check(key, item)
    elif not (isinstance(answer, (Returns, Throws, Callback, AnsweringMachine)) or callable(answer)):
        raise MockError(
            f"the mock for {key!r} is a {type(answer).__name__}",
            hint="A mock is a callable, returns(value), throws(error, cause), or a list of these, one an attempt.",
        )


def check_names(mocks: Mapping[str, Any], definition: Definition) -> None:
    """Refuses a mock that would never answer, as its name is a slip of a state's.

    A name that stands anywhere in the definition may be a function's or a machine's, and the states of the machines
    that it starts are named as well. Where the machine is itself among the mocks they are those of its parent.

    Raises:
        MockError: A name is no state's, but close to one.
    """
    machines = [answer.definition for answer in mocks.values() if isinstance(answer, AnsweringMachine)]
    if not mocks or any(machine is definition for machine in machines):
        return
    states = {state.name for machine in (definition, *machines) for state in machine.graph.walk()}
    for name in [name for name in mocks if name not in states]:
        meant = closest(name, states, cutoff=0.7)
        if meant and not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", dump(definition.document.value)):
            raise MockError(f"there is a mock for {name!r}, but no such state", hint=f"Did you mean {meant!r}?")


def call_function(function: Callable[..., Any], payload: Any, context: TaskContext) -> Any:
    """Calls a function with the payload, and the context if it takes two arguments.

    Raises:
        MockError: It is a mock of unittest.mock, and gives another mock.
    """
    found = function(copy(payload), context) if _takes_context(function) else function(copy(payload))
    if _is_mock(found):
        raise MockError(
            f"the mock for {context.state!r} gave a {type(found).__name__}, which has no form in JSON",
            hint="Say what the Task gives: Mock(return_value=...).",
        )
    return found


def _is_mock(value: Any) -> bool:
    """Return whether it is one of unittest.mock's, which pretends to have any attribute."""
    library = sys.modules.get("unittest.mock")
    return library is not None and isinstance(value, library.NonCallableMock)


_CONTEXT_NAMES = ("context", "ctx", "_context")


def _takes_context(function: Callable[..., Any]) -> bool:
    if isinstance(function, FunctionType) and not vars(function):  # nearly all are, and this is much faster
        code, optional = function.__code__, len(function.__defaults__ or ())
        if not code.co_flags & inspect.CO_VARARGS:
            names = code.co_varnames[: code.co_argcount]
            is_given = len(names) - optional >= 2
            return len(names) >= 2 and (is_given or names[1] in _CONTEXT_NAMES)
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = [
        parameter
        for parameter in parameters
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    if any(parameter.kind == parameter.VAR_POSITIONAL for parameter in parameters):
        return not _is_mock(function)  # which takes anything: `assert_called_once_with(payload)` is what a test says
    return len(positional) >= 2 and (
        positional[1].default is positional[1].empty or positional[1].name in _CONTEXT_NAMES
    )


def failure_of(answer: Throws) -> StateFailure:
    """Return the failure that a mock asks for."""
    return StateFailure(answer.error, answer.cause)
