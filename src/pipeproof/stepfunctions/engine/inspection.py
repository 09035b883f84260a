"""What TestState calls inspectionData: the data after each step of a state, as far as the state came."""

from collections.abc import Callable, Iterator
from typing import Any

from pipeproof.stepfunctions.engine.run import Place
from pipeproof.stepfunctions.engine.states.map_fields import find_number, given_items
from pipeproof.stepfunctions.engine.states.steps import effective_input, find_payload
from pipeproof.stepfunctions.errors import StateFailure
from pipeproof.stepfunctions.expressions.payload import fill_template, place_result
from pipeproof.stepfunctions.values import MISSING

Step = tuple[str, Callable[[], Any]]


def inspect(place: Place, result: Any, *, failed: bool = False) -> dict[str, Any]:
    """The data after each step.

    Args:
        place: The state's place.
        result: What its work gave, or MISSING.
        failed: The state failed: what comes after its work did not happen.
    """
    seen: dict[str, Any] = {"input": place.value}
    steps = _jsonata_steps if place.state.is_jsonata else _jsonpath_steps
    for name, step in steps(place, result, failed=failed):
        try:
            found = step()
        except StateFailure:
            break
        if found is not MISSING:
            seen[name] = found
    return seen


def _jsonata_steps(place: Place, result: Any, *, failed: bool) -> Iterator[Step]:
    if place.state.type == "Task":
        yield "afterArguments", lambda: find_payload(place)
        if not failed:
            yield "result", lambda: result
    elif place.state.type == "Map":
        yield from _map_numbers(place, place.value)


def _jsonpath_steps(place: Place, result: Any, *, failed: bool) -> Iterator[Step]:
    state = place.state
    effective = [place.value]

    def after_input_path() -> Any:
        effective[0] = effective_input(place)
        return effective[0]

    if state.type == "Parallel":
        if not failed:
            yield from _result_steps(place, result)
        return
    yield "afterInputPath", after_input_path
    if state.type == "Pass":
        yield "afterParameters", lambda: find_payload(place)
        own = state.raw.get("Result", MISSING)
        made = own if own is not MISSING else _quietly(lambda: find_payload(place))
        yield "afterResultSelector", lambda: made
        yield "afterResultPath", lambda: place_result(state.raw, place.value, made)
    elif state.type == "Task":
        yield "afterParameters", lambda: find_payload(place)
        if not failed:
            yield "result", lambda: result
            yield from _result_steps(place, result)
    elif state.type == "Map":
        yield "afterItemsPath", lambda: _items(place, effective[0])
        yield from _map_numbers(place, effective[0])
        if not failed:
            yield from _result_steps(place, result)


def _result_steps(place: Place, result: Any) -> Iterator[Step]:
    raw = place.state.raw
    selected = _quietly(
        lambda: fill_template(raw["ResultSelector"], result, place.environment) if "ResultSelector" in raw else result
    )
    yield "afterResultSelector", lambda: selected
    yield "afterResultPath", lambda: place_result(raw, place.value, selected)


def _quietly(step: Callable[[], Any]) -> Any:
    try:
        return step()
    except StateFailure:
        return MISSING


def _items(place: Place, effective: Any) -> Any:
    if "ItemReader" in place.state.raw:
        return MISSING
    found = given_items(place, effective)
    if not isinstance(found, list):
        raise StateFailure("States.Runtime", "no array")
    return found


def _map_numbers(place: Place, effective: Any) -> Iterator[Step]:
    raw = place.state.raw

    def number(field: str) -> float | None:
        return find_number(place, raw, field, effective)

    yield "maxConcurrency", lambda: int(number("MaxConcurrency") or 0)
    for field, name in (
        ("ToleratedFailureCount", "toleratedFailureCount"),
        ("ToleratedFailurePercentage", "toleratedFailurePercentage"),
    ):
        if field in raw or f"{field}Path" in raw:
            yield name, lambda field=field: _plain(field, number(field))  # type: ignore[misc]


def _plain(field: str, number: float | None) -> Any:
    if number is None:
        return MISSING
    return int(number) if field == "ToleratedFailureCount" else float(number)
