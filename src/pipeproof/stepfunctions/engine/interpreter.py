"""Runs graphs of states: enters, retries, catches and leaves them, and writes the history down as AWS does."""

from typing import Any

from pipeproof.stepfunctions.definition.model import Catcher, Graph, State
from pipeproof.stepfunctions.engine.retries import RETRIED, matches, retry_delay
from pipeproof.stepfunctions.engine.run import Frame, Outcome, Place
from pipeproof.stepfunctions.engine.scheduler import PAUSE, Sleep, Work
from pipeproof.stepfunctions.engine.visits import Attempt, Visit
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.expressions.payload import assignments, fill_expressions, place_result
from pipeproof.stepfunctions.values import byte_size


def run_graph(graph: Graph, value: Any, frame: Frame) -> Work[Any]:
    """Runs a graph from its start, or from where its level has come to, to an end; gives the last state's output.

    Raises:
        StateFailure: A state failed, and nothing caught it.
    """
    name, value = frame.position or (graph.start_at, value)
    while True:
        frame.position = (name, value)
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


def run_state(state: State, value: Any, frame: Frame) -> Work[Outcome]:
    """Runs one state, retries and all."""
    place = _enter(state, value, frame) if frame.unfinished is None else _enter_again(frame.unfinished, frame)
    visit, run = place.visit, frame.run
    at_once = run.workers.instant.get(state.type)
    tries: dict[int, int] = {}
    while True:
        attempt = Attempt(len(visit.attempts) + 1, run.clock.now)
        if state.type in RETRIED:
            visit.attempts.append(attempt)
        try:
            if at_once is not None:
                outcome = at_once(place)
            else:
                outcome = yield from run.workers.waiting[state.type](place)
            _check_size(outcome.output, state.name, frame)
        except StateFailure as raised:
            failure = _explain(raised, place)
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
    _check_size(value, state.name, frame)
    event = frame.add_event(state.type + "StateEntered", {"name": state.name, "input": value})
    visit = Visit(state, value, frame.run.clock.now, event, frame.iterations)
    if frame.recorded:
        frame.run.visits.append(visit)
    frame.current = frame.unfinished = visit
    frame.run.hit("state", state.position)
    return Place(state, value, frame, visit, frame.environment(visit))


def _enter_again(before: Visit, frame: Frame) -> Place:
    """The state in which an earlier try of the execution ended: AWS does not write down that it is entered again."""
    visit = Visit(before.state, before.input, frame.run.clock.now, before.event_id, frame.iterations)
    visit.lines, visit.map_run = before.lines, before.map_run
    if frame.recorded:
        frame.run.visits.append(visit)
    frame.current = frame.unfinished = visit
    return Place(before.state, before.input, frame, visit, frame.environment(visit))


def _leave(place: Place, outcome: Outcome) -> None:
    state, frame = place.state, place.frame
    place.visit.output = outcome.output
    frame.scope.assign(outcome.assigned)
    details: dict[str, Any] = {"name": state.name, "output": outcome.output}
    if outcome.assigned:
        details["assignedVariables"] = dict(sorted(outcome.assigned.items()))
        details["assignedVariablesDetails"] = {"truncated": False}
    frame.add_event(state.type + "StateExited", details)
    frame.current = frame.unfinished = None
    if outcome.next is not None and outcome.next == state.next and not place.visit.caught:
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
    state, environment = place.state, place.environment
    error_output = failure.output
    try:
        if state.is_jsonata:
            states = {"input": place.value, "errorOutput": error_output}
            output = (
                fill_expressions(catcher.raw["Output"], f"Catch[{catcher.index}]/Output", states, environment)
                if "Output" in catcher.raw
                else error_output
            )
        else:
            states = {}
            output = place_result(catcher.raw, place.value, error_output)
        assigned = assignments(
            catcher.raw.get("Assign"),
            state.language,
            error_output,
            states,
            environment,
            prefix=f"Catch[{catcher.index}]/",
        )
    except StateFailure as raised:
        raise _explain(raised, place) from raised
    return Outcome(output, catcher.next, assigned)
