"""What TestState calls inspectionData: the data after each step of a state, as far as the state came."""

from collections.abc import Callable, Iterator
from typing import Any

from pipeproof.stepfunctions.definition.model import State
from pipeproof.stepfunctions.engine.states.map_fields import find_number
from pipeproof.stepfunctions.engine.states.task import task_payload
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.expressions.environment import Environment
from pipeproof.stepfunctions.expressions.payload import fill_template, place_result, select
from pipeproof.stepfunctions.values import MISSING

Step = tuple[str, Callable[[], Any]]


def inspect(state: State, value: Any, result: Any, environment: Environment, *, failed: bool = False) -> dict[str, Any]:
    """The data after each step.

    Args:
        state: The state.
        value: Its input.
        result: What its work gave, or MISSING.
        environment: Its place.
        failed: The state failed: what comes after its work did not happen.
    """
    seen: dict[str, Any] = {"input": value}
    steps = _jsonata_steps if state.is_jsonata else _jsonpath_steps
    for name, step in steps(state, value, result, environment, failed=failed):
        try:
            found = step()
        except StateFailure:
            break
        if found is not MISSING:
            seen[name] = found
    return seen


def _jsonata_steps(state: State, value: Any, result: Any, environment: Environment, *, failed: bool) -> Iterator[Step]:
    if state.type == "Task":
        yield "afterArguments", lambda: task_payload(state, value, environment)
        if not failed:
            yield "result", lambda: result
    elif state.type == "Map":
        yield from _map_numbers(state, value, value, environment)


def _jsonpath_steps(state: State, value: Any, result: Any, environment: Environment, *, failed: bool) -> Iterator[Step]:
    effective = [value]

    def after_input_path() -> Any:
        effective[0] = select(state.raw, "InputPath", value, environment)
        return effective[0]

    if state.type == "Parallel":
        if not failed:
            yield from _result_steps(state, value, result, environment)
        return
    yield "afterInputPath", after_input_path
    if state.type == "Pass":
        yield "afterParameters", lambda: task_payload(state, value, environment)
        own = state.raw.get("Result", MISSING)
        made = own if own is not MISSING else _quietly(lambda: task_payload(state, value, environment))
        yield "afterResultSelector", lambda: made
        yield "afterResultPath", lambda: place_result(state.raw, value, made)
    elif state.type == "Task":
        yield "afterParameters", lambda: task_payload(state, value, environment)
        if not failed:
            yield "result", lambda: result
            yield from _result_steps(state, value, result, environment)
    elif state.type == "Map":
        yield "afterItemsPath", lambda: _items(state, effective[0], environment)
        yield from _map_numbers(state, value, effective[0], environment)
        if not failed:
            yield from _result_steps(state, value, result, environment)


def _result_steps(state: State, value: Any, result: Any, environment: Environment) -> Iterator[Step]:
    raw = state.raw
    selected = _quietly(
        lambda: fill_template(raw["ResultSelector"], result, environment) if "ResultSelector" in raw else result
    )
    yield "afterResultSelector", lambda: selected
    yield "afterResultPath", lambda: place_result(raw, value, selected)


def _quietly(step: Callable[[], Any]) -> Any:
    try:
        return step()
    except StateFailure:
        return MISSING


def _items(state: State, effective: Any, environment: Environment) -> Any:
    if "ItemReader" in state.raw:
        return MISSING
    found = environment.query(state.raw.get("ItemsPath", "$"), effective)
    if not isinstance(found, list):
        raise StateFailure("States.Runtime", "no array")
    return found


def _map_numbers(state: State, value: Any, effective: Any, environment: Environment) -> Iterator[Step]:
    def number(field: str) -> float | None:
        return find_number(state, state.raw, field, value, effective, environment)

    yield "maxConcurrency", lambda: int(number("MaxConcurrency") or 0)
    for field, name in (
        ("ToleratedFailureCount", "toleratedFailureCount"),
        ("ToleratedFailurePercentage", "toleratedFailurePercentage"),
    ):
        if field in state.raw or f"{field}Path" in state.raw:
            yield name, lambda field=field: _plain(field, number(field))  # type: ignore[misc]


def _plain(field: str, number: float | None) -> Any:
    if number is None:
        return MISSING
    return int(number) if field == "ToleratedFailureCount" else float(number)
