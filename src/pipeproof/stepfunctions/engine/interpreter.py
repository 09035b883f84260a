"""Runs graphs of states: enters, retries, catches and leaves them, and writes the history down as AWS does."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from pipeproof.stepfunctions.definition.model import Catcher, Graph, Retrier, State
from pipeproof.stepfunctions.engine.run import Attempt, Frame, Visit
from pipeproof.stepfunctions.engine.scheduler import PAUSE, Signal, Sleep
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.expressions.payload import assignments, fill_expressions, place_result
from pipeproof.stepfunctions.values import byte_size

MAX_INPUT_IN_MESSAGE = 10_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a state ended: its output, the next state (None at the end), the variables that it sets."""

    output: Any
    next: str | None
    assigned: dict[str, Any] = field(default_factory=dict)


Worker = Callable[[State, Any, Frame, Visit], Generator[Sleep | Signal | None, Any, Outcome]]
WORKERS: dict[str, Worker] = {}
"""By the state's type; each module of states adds its own."""
InstantWorker = Callable[[State, Any, Frame, Visit], Outcome]
INSTANT: dict[str, InstantWorker] = {}
"""The types whose work never waits."""

_RETRIED = {"Task", "Parallel", "Map"}
_UNCATCHABLE = {"States.Runtime"}


def worker(kind: str) -> Callable[[Worker], Worker]:
    """Registers what does a type's work."""

    def register(function: Worker) -> Worker:
        WORKERS[kind] = function
        return function

    return register


def instant(kind: str) -> Callable[[InstantWorker], InstantWorker]:
    """Registers what does the work of a type that never waits."""

    def register(function: InstantWorker) -> InstantWorker:
        INSTANT[kind] = function
        return function

    return register


def run_graph(graph: Graph, value: Any, frame: Frame) -> Generator[Sleep | Signal | None, Any, Any]:
    """Runs a graph from its start to an end; gives the last state's output.

    Raises:
        StateFailure: A state failed, and nothing caught it.
    """
    name = graph.start_at
    while True:
        outcome = yield from run_state(graph.states[name], value, frame)
        value = outcome.output
        if outcome.next is None:
            return value
        if frame.concurrent:
            yield PAUSE
        if frame.history.is_full:
            raise StateFailure(
                "States.Runtime",
                f"The execution reached the maximum number of history events ({frame.history.limit}).",
                terminal=True,
            )
        name = outcome.next


def run_state(state: State, value: Any, frame: Frame) -> Generator[Sleep | Signal | None, Any, Outcome]:
    """Runs one state, retries and all."""
    visit = _enter(state, value, frame)
    at_once = INSTANT.get(state.type)
    tries: dict[int, int] = {}
    while True:
        attempt = Attempt(len(visit.attempts) + 1, frame.run.clock.now)
        if state.type in _RETRIED:
            visit.attempts.append(attempt)
        try:
            if at_once is not None:
                outcome = at_once(state, value, frame, visit)
            else:
                outcome = yield from WORKERS[state.type](state, value, frame, visit)
            _check_size(outcome.output, state.name, frame)
        except StateFailure as raised:
            failure = _explain(raised, visit, frame)
            attempt.ended, attempt.error, attempt.cause = frame.run.clock.now, failure.error, failure.cause
            delay = _retry_delay(state, failure, tries, frame)
            if delay is not None:
                attempt.retry_at = frame.run.clock.now + delay
                visit.retry_count += 1
                if delay:
                    yield Sleep(attempt.retry_at)
                continue
            outcome = _caught(state, failure, value, frame, visit)
        else:
            attempt.ended = frame.run.clock.now
        _leave(state, outcome, frame, visit)
        return outcome


def _enter(state: State, value: Any, frame: Frame) -> Visit:
    _check_size(value, state.name, frame)
    event = frame.add_event(state.type + "StateEntered", {"name": state.name, "input": value})
    visit = Visit(state, value, frame.run.clock.now, event, frame.iterations)
    if frame.recorded:
        frame.run.visits.append(visit)
    frame.current = visit
    frame.run.hit("state", state.position)
    return visit


def _leave(state: State, outcome: Outcome, frame: Frame, visit: Visit) -> None:
    visit.output = outcome.output
    frame.scope.assign(outcome.assigned)
    details: dict[str, Any] = {"name": state.name, "output": outcome.output}
    if outcome.assigned:
        details["assignedVariables"] = dict(sorted(outcome.assigned.items()))
        details["assignedVariablesDetails"] = {"truncated": False}
    frame.add_event(state.type + "StateExited", details)
    frame.current = None
    if outcome.next is not None and outcome.next == state.next and not visit.caught:
        frame.run.hit("transition", state.position, "next")


def _check_size(value: Any, name: str, frame: Frame) -> None:
    limit = frame.run.settings.payload_limit
    if limit is not None and byte_size(value) > limit:
        raise StateFailure(
            "States.DataLimitExceeded",
            f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service "
            "limit.",
            terminal=True,
        )


def _explain(failure: StateFailure, visit: Visit, frame: Frame) -> StateFailure:
    """The failure as the history tells it: with the place where it happened, if the engine itself raised it."""
    if failure.wrap:
        cause = (
            f"An error occurred while executing the state '{visit.state.name}' (entered at the event id "
            f"#{visit.event_id}). {failure.cause}"
        )
        failure = StateFailure(failure.error, cause, terminal=failure.terminal, location=failure.location)
        if failure.location is not None:
            details = {
                "cause": cause,
                "error": failure.error,
                "location": failure.location,
                "state": visit.state.name,
            }
            frame.add_event("EvaluationFailed", details)
    visit.error, visit.cause = failure.error, failure.cause
    return failure


def matches(errors: tuple[str, ...], failure: StateFailure) -> bool:
    """Whether a Retrier's or Catcher's list names the failure (AWS: States.ALL, States.TaskFailed and plain names)."""
    if failure.terminal or failure.error in _UNCATCHABLE:
        return False
    for name in errors:
        if name in (failure.error, "States.ALL") or name in failure.also:
            return True
        if name == "States.TaskFailed" and failure.error != "States.Timeout" and _is_task_failure(failure):
            return True
    return False


def _is_task_failure(failure: StateFailure) -> bool:
    return failure.error is not None and failure.error != "States.HeartbeatTimeout"


def _retry_delay(state: State, failure: StateFailure, tries: dict[int, int], frame: Frame) -> float | None:
    """How long to wait for the next attempt, or None where there is none."""
    if state.type not in _RETRIED:
        return None
    retrier = next((retrier for retrier in state.retriers if matches(retrier.errors, failure)), None)
    if retrier is None:
        return None
    frame.run.hit("retrier", state.position, retrier.index)
    count = tries.get(retrier.index, 0)
    if count >= retrier.max_attempts:
        return None
    tries[retrier.index] = count + 1
    return _jittered(retrier, count, frame)


def _jittered(retrier: Retrier, count: int, frame: Frame) -> float:
    delay = retrier.delay(count)
    return frame.run.random.uniform(0, delay) if retrier.full_jitter else delay


def _caught(state: State, failure: StateFailure, value: Any, frame: Frame, visit: Visit) -> Outcome:
    """The way out that a Catcher offers.

    Raises:
        StateFailure: None does.
    """
    if state.type in ("Map", "Parallel") and not failure.terminal:
        frame.add_event(state.type + "StateFailed", {}, leaf=False)
    for catcher in state.catchers:
        if matches(catcher.errors, failure):
            outcome = catch(catcher, state, failure, value, frame, visit)
            visit.caught = True
            frame.run.hit("catcher", state.position, catcher.index)
            frame.run.hit("transition", state.position, f"catch {catcher.index}")
            return outcome
    raise failure


def catch(catcher: Catcher, state: State, failure: StateFailure, value: Any, frame: Frame, visit: Visit) -> Outcome:
    """What a Catcher makes of a failure: the output and the variables that it sets."""
    environment = frame.environment(visit)
    error_output = failure.output
    try:
        if state.is_jsonata:
            states = {"input": value, "errorOutput": error_output}
            output = (
                fill_expressions(catcher.raw["Output"], f"Catch[{catcher.index}]/Output", states, environment)
                if "Output" in catcher.raw
                else error_output
            )
        else:
            states = {}
            output = place_result(catcher.raw, value, error_output)
        assigned = assignments(catcher.raw.get("Assign"), state.language, error_output, states, environment)
    except StateFailure as raised:
        raise _explain(raised, visit, frame) from raised
    return Outcome(output, catcher.next, assigned)
