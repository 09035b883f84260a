"""One state as a unit: what AWS's TestState API answers, for every type of state."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeproof.stepfunctions.answers.dispatch import Handlers
from pipeproof.stepfunctions.answers.mocks import Returns, Throws
from pipeproof.stepfunctions.definition.model import Definition, State
from pipeproof.stepfunctions.engine.history import Thread
from pipeproof.stepfunctions.engine.interpreter import catch
from pipeproof.stepfunctions.engine.items.datasets import STATE_DATA, Dataset
from pipeproof.stepfunctions.engine.retries import delay_before, matches
from pipeproof.stepfunctions.engine.run import Frame, Outcome, Place, Run
from pipeproof.stepfunctions.engine.settings import Settings
from pipeproof.stepfunctions.engine.states.distributed_map import given_dataset, note_inputs
from pipeproof.stepfunctions.engine.states.inline_map import find_items
from pipeproof.stepfunctions.engine.states.map_fields import find_concurrency
from pipeproof.stepfunctions.engine.states.map_run import MapRun
from pipeproof.stepfunctions.engine.states.steps import effective_input, result_outcome
from pipeproof.stepfunctions.engine.states.tolerance import (
    THRESHOLD,
    THRESHOLD_CAUSE,
    exceeds_tolerance,
    find_tolerance,
)
from pipeproof.stepfunctions.engine.visits import Visit
from pipeproof.stepfunctions.engine.workers import WORKERS
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.expressions.environment import Clock, Scope
from pipeproof.stepfunctions.options import check_amount


@dataclass(frozen=True, slots=True)
class StateResult:
    """How one state went.

    Attributes:
        status: SUCCEEDED, FAILED, RETRIABLE (a Retrier would try again) or CAUGHT_ERROR (a Catcher takes over).
        output: The output; None unless it succeeded or the error was caught.
        next_state: Where it leads; None at an end.
        error: The error's name.
        cause: The error's text.
        variables: The variables after the state.
        inspection: What TestState calls inspectionData: the data after each step, under AWS's names.
    """

    status: str
    output: Any = None
    next_state: str | None = None
    error: str | None = None
    cause: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    inspection: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnitOptions:
    """What TestState calls stateConfiguration.

    Raises MachineOptionError where a number is negative.

    Attributes:
        retry_count: How often the state's first matching Retrier has already tried again.
        iteration_failures: How many iterations of a Map whose result is mocked count as failed.
        item_reader_data: What a Map's ItemReader reads: the items, or the file's text.
    """

    retry_count: int = 0
    iteration_failures: int | None = None
    item_reader_data: Any = None

    def __post_init__(self) -> None:
        check_amount("retry_count", self.retry_count, whole=True)
        check_amount("iteration_failures", self.iteration_failures or 0, whole=True)


def run_unit(
    definition: Definition,
    state: State,
    value: Any,
    handlers: Handlers,
    settings: Settings,
    clock: Clock,
    *,
    context: Mapping[str, Any] | None = None,
    variables: Mapping[str, Any] | None = None,
    seed: int = 0,
    options: UnitOptions | None = None,
) -> StateResult:
    """Runs one state, once: a Retrier is named, not followed."""
    options = options or UnitOptions()
    run = Run(definition, settings, handlers, WORKERS, clock, seed, value)
    del run.execution_context["RedriveCount"]
    frame = Frame(run, Scope(own=dict(variables or {})), Thread(), run.history)
    frame.context = context
    visit = Visit(state, value, 0.0, (), 1)
    visit.retry_count, visit.steps = options.retry_count, {"input": value}
    visit.begin_attempt(0.0)
    frame.current = visit
    place = Place(state, value, frame, visit, _token_of(context))
    try:
        outcome = _run_once(place, options)
    except StateFailure as failure:
        return _failed(place, failure, options)
    frame.scope.assign(outcome.assigned)
    _note_variables(place)
    return StateResult(
        "SUCCEEDED",
        outcome.output,
        outcome.next,
        variables=dict(frame.scope.visible()),
        inspection=dict(visit.steps or {}),
    )


def _note_variables(place: Place) -> None:
    variables = dict(place.frame.scope.visible())
    if variables:
        place.note("variables", variables)


def _token_of(context: Mapping[str, Any] | None) -> str | None:
    task = (context or {}).get("Task")
    return str(task["Token"]) if isinstance(task, Mapping) and "Token" in task else None


def _run_once(place: Place, options: UnitOptions) -> Outcome:
    kind, run = place.state.type, place.run
    if kind in run.workers.instant:
        return run.workers.instant[kind](place)
    if kind in ("Map", "Parallel"):
        mocked = run.handlers.mocks.next_answer([place.state.name], ())
        if mocked is not None and isinstance(mocked[1], (Returns, Throws)):
            return _mocked(place, mocked[1], options)
    ended: list[tuple[Any, BaseException | None]] = []
    run.scheduler.spawn(run.workers.waiting[kind](place), lambda result, error: ended.append((result, error)))
    run.scheduler.run(lambda: bool(ended))
    if not ended:
        raise StateFailure("States.Timeout", "The state waits for a task token that nobody sends back.")
    result, error = ended[0]
    if error is not None:
        raise error
    found: Outcome = result
    return found


def _mocked(place: Place, answer: Returns | Throws, options: UnitOptions) -> Outcome:
    """A Map or Parallel whose whole result is mocked: the fields around it are still evaluated."""
    exceeded = place.state.type == "Map" and _look_at_map(place, options)
    if isinstance(answer, Throws):
        raise StateFailure(answer.error, answer.cause)
    if exceeded:
        raise StateFailure(THRESHOLD, THRESHOLD_CAUSE)
    place.visit.attempts[0].result = answer.value
    return result_outcome(place, answer.value)


def _look_at_map(place: Place, options: UnitOptions) -> bool:
    """Evaluates the fields of a Map before its iterations; gives whether more iterations failed than are tolerated."""
    effective = effective_input(place)
    dataset = _items_of(place, effective, options.item_reader_data)
    find_concurrency(place, effective)
    count, share = find_tolerance(place, effective)
    if dataset is not None:
        note_inputs(place, effective, dataset)
    failed, total = options.iteration_failures or 0, len(dataset.items) if dataset is not None else 0
    return exceeds_tolerance(failed, total, count, share)


def _items_of(place: Place, effective: Any, read: Any) -> Dataset | None:
    """Return the Map's items: what its ItemReader is said to read, or what is in the input; None where nobody says."""
    if "ItemReader" not in place.state.raw:
        if place.state.is_distributed:
            return given_dataset(place, effective)
        dataset = Dataset()
        dataset.add(STATE_DATA, find_items(place, effective))
        return dataset
    if read is None:
        return None
    dataset = MapRun(place, effective).read(lambda *_: read)
    if "ItemsPointer" in place.state.raw["ItemReader"].get("ReaderConfig", {}):
        place.note("afterItemsPointer", dataset.items)
    return dataset


def _failed(place: Place, failure: StateFailure, options: UnitOptions) -> StateResult:
    state, frame = place.state, place.frame
    seen = dict(place.visit.steps or {})
    for retrier in state.retriers:
        if matches(retrier.errors, failure):
            if options.retry_count < retrier.max_attempts:
                delay = delay_before(retrier, options.retry_count)
                seen["errorDetails"] = {
                    "retryIndex": retrier.index,
                    "retryBackoffIntervalSeconds": int(delay) if delay == int(delay) else delay,
                }
                return StateResult("RETRIABLE", error=failure.error, cause=failure.cause, inspection=seen)
            break
    for catcher in state.catchers:
        if matches(catcher.errors, failure):
            outcome = catch(catcher, place, failure)
            frame.scope.assign(outcome.assigned)
            _note_variables(place)
            seen = {**(place.visit.steps or {}), "errorDetails": {"catchIndex": catcher.index}}
            return StateResult(
                "CAUGHT_ERROR", outcome.output, outcome.next, failure.error, failure.cause,
                dict(frame.scope.visible()), seen,
            )  # fmt: skip
    return StateResult(
        "FAILED", error=failure.error, cause=failure.cause, variables=dict(frame.scope.visible()), inspection=seen
    )
