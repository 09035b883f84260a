"""Runs graphs of states: enters, retries, catches and leaves them, and writes the history down as AWS does."""

from collections.abc import Callable
from typing import Any

from pipeproof.stepfunctions.definition.model import Catcher, Graph, State
from pipeproof.stepfunctions.engine.retries import RETRIED, matches, retry_delay
from pipeproof.stepfunctions.engine.run import Frame, Outcome, Place
from pipeproof.stepfunctions.engine.scheduler import PAUSE, Sleep, Work
from pipeproof.stepfunctions.engine.visits import Attempt, Visit
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.expressions.payload import assignments, fill_expressions, place_result
from pipeproof.stepfunctions.values import fits


def run_graph(graph: Graph, value: Any, frame: Frame) -> Work[Any]:
    """Runs a graph from its start, or from where its level has come to, to an end; gives the last state's output.

    Raises:
        StateFailure: A state failed, and nothing caught it.
    """
    name, value = frame.position or (graph.start_at, value)
    instant = frame.run.workers.instant
    while True:
        frame.position = (name, value)
        state = graph.states[name]
        worker = instant.get(state.type)
        if worker is not None:
            outcome = _run_at_once(worker, state, value, frame)
        else:
            outcome = yield from _run_state(state, value, frame)
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


def _run_at_once(worker: Callable[[Place], Outcome], state: State, value: Any, frame: Frame) -> Outcome:
    """Runs a state whose work never waits, and which has no Retry and no Catch."""
    place = _enter(state, value, frame)
    try:
        outcome = worker(place)
        _check_size(outcome.output, state.name, frame)
    except StateFailure as raised:
        outcome = _caught(place, _explain(raised, place))
    _leave(place, outcome)
    return outcome


def _run_state(state: State, value: Any, frame: Frame) -> Work[Outcome]:
    """Runs a state whose work may take time, retries and all."""
    place = _enter(state, value, frame)
    visit, run = place.visit, frame.run
    tries: dict[int, int] = {}
    while True:
        attempt = visit.begin_attempt(run.clock.now) if state.type in RETRIED else Attempt(1, run.clock.now)
        try:
            outcome = yield from run.workers.waiting[state.type](place)
            _check_size(outcome.output, state.name, frame)
        except StateFailure as raised:
            failure = _explain(raised.with_traceback(None), place)
            attempt.ended, attempt.error, attempt.cause = run.clock.now, failure.error, failure.cause
            delay = retry_delay(state, failure, tries, frame)
            if delay is not None:
                attempt.retry_at = run.clock.now + delay
                visit.retry_count += 1
                visit.forget_lines()
                if delay:
                    yield Sleep(attempt.retry_at)
                continue
            outcome = _caught(place, failure)
        else:
            attempt.ended = run.clock.now
        _leave(place, outcome)
        return outcome


def _enter(state: State, value: Any, frame: Frame) -> Place:
    if frame.unfinished is not None:
        return _enter_again(frame.unfinished, frame)
    _check_size(value, state.name, frame)
    visit = Visit(state, value, frame.run.clock.now, frame.iterations)
    visit.event_id = frame.add_event(state.entered_event, visit)
    if frame.recorded:
        frame.run.visits.append(visit)
    frame.current = frame.unfinished = visit
    frame.run.entered[state] += 1
    return Place(state, value, frame, visit)


def _enter_again(before: Visit, frame: Frame) -> Place:
    """The state in which an earlier try of the execution ended: AWS does not write down that it is entered again."""
    visit = Visit(before.state, before.input, frame.run.clock.now, frame.iterations, before.event_id)
    visit.lines, visit.map_run = before.lines, before.map_run
    if frame.recorded:
        frame.run.visits.append(visit)
    frame.current = frame.unfinished = visit
    return Place(before.state, before.input, frame, visit)


def _leave(place: Place, outcome: Outcome) -> None:
    state, frame = place.state, place.frame
    place.visit.output = outcome.output
    if outcome.assigned:
        frame.scope.assign(outcome.assigned)
        place.visit.assigned = outcome.assigned
    frame.add_event(state.exited_event, place.visit)
    frame.current = frame.unfinished = None
    if outcome.next == state.next and state.next is not None and not place.visit.caught:
        frame.run.left[state] += 1


def _check_size(value: Any, name: str, frame: Frame) -> None:
    if value is frame.fitting:  # what a state gives the next one takes, and many hand on what they were given
        return
    limit = frame.run.settings.payload_limit
    if limit is not None and not fits(value, limit):
        raise StateFailure(
            "States.DataLimitExceeded",
            f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes service "
            "limit.",
            terminal=True,
        )
    frame.fitting = value


def _explain(failure: StateFailure, place: Place) -> StateFailure:
    """Return the failure as the history tells it: with the place where it happened, if the engine itself raised it."""
    visit = place.visit
    if failure.wrap:
        cause = (
            f"An error occurred while executing the state '{visit.state.name}' (entered at the event id "
            f"#{visit.event_id}). {failure.cause}"
        )
        failure = StateFailure(
            failure.error, cause, terminal=failure.terminal, location=failure.location, exception=failure.exception
        )
        if failure.location is not None:
            details = {
                "cause": cause,
                "error": failure.error,
                **({"location": failure.location} if failure.location else {}),
                "state": visit.state.name,
            }
            place.frame.add_event("EvaluationFailed", details)
    visit.error, visit.cause = failure.error, failure.cause
    return failure


def _caught(place: Place, failure: StateFailure) -> Outcome:
    """Return the way out that a Catcher offers.

    Raises:
        StateFailure: None does.
    """
    state, frame = place.state, place.frame
    if state.type in ("Map", "Parallel") and not failure.terminal:
        frame.add_event(state.type + "StateFailed", {}, leaf=False)
    for catcher in state.catchers:
        if matches(catcher.errors, failure):
            outcome = catch(catcher, place, failure)
            place.visit.caught = True
            frame.run.hit("catcher", state.position, catcher.index)
            frame.run.hit("transition", state.position, f"catch {catcher.index}")
            return outcome
    raise failure


def catch(catcher: Catcher, place: Place, failure: StateFailure) -> Outcome:
    """Return what a Catcher makes of a failure: the output and the variables that it sets."""
    state = place.state
    error_output = failure.output
    try:
        if state.is_jsonata:
            states = {"input": place.value, "errorOutput": error_output}
            output = (
                fill_expressions(catcher.raw["Output"], f"Catch[{catcher.index}]/Output", states, place)
                if "Output" in catcher.raw
                else error_output
            )
        else:
            states = {}
            output = place_result(catcher.raw, place.value, error_output)
        assigned = assignments(
            catcher.raw,
            state.language,
            error_output,
            states,
            place,
            prefix=f"Catch[{catcher.index}]/",
        )
    except StateFailure as raised:
        raise _explain(raised, place) from raised
    return Outcome(output, catcher.next, assigned)
