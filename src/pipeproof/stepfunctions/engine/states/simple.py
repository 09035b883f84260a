"""Pass, Wait, Succeed and Fail: the states that call nobody and go one way."""

from typing import Any

from pipeproof.stepfunctions.engine.run import Outcome, Place
from pipeproof.stepfunctions.engine.scheduler import Sleep, Work
from pipeproof.stepfunctions.engine.states.steps import (
    effective_input,
    find_payload,
    finish,
    shown_expression,
    unexpected_type,
)
from pipeproof.stepfunctions.errors import StateFailure, evaluation_failure, runtime_failure
from pipeproof.stepfunctions.expressions.intrinsic_calls import is_call
from pipeproof.stepfunctions.expressions.jsonpath import NoMatch
from pipeproof.stepfunctions.expressions.jsonpath_parser import parse_path
from pipeproof.stepfunctions.expressions.payload import (
    assignments,
    fill_expressions,
    place_result,
    select,
)
from pipeproof.stepfunctions.timestamps import parse_timestamp
from pipeproof.stepfunctions.values import dump, is_number

MAX_WAIT_SECONDS = 99_999_999


def run_pass(place: Place) -> Outcome:
    """Hands on its input, or a value of its own."""
    state = place.state
    raw = state.raw
    if state.is_jsonata:
        return finish(place, place.value, state.next)
    result = raw.get("Result", find_payload(place, effective_input(place)))
    place.note("afterResultSelector", result)
    assigned = assignments(raw, state.language, result, {}, place)
    placed = place_result(raw, place.value, result)
    place.note("afterResultPath", placed)
    return Outcome(select(raw, "OutputPath", placed, place), state.next, assigned)


def run_succeed(place: Place) -> Outcome:
    """Ends its graph."""
    return finish(place, effective_input(place), None)


def run_fail(place: Place) -> Outcome:
    """Fails with the error and cause that it names."""
    if not place.state.is_jsonata:
        place.note("afterInputPath", place.value)  # it has no InputPath, but TestState tells
    error, cause = (_fail_field(place, name) for name in ("Error", "Cause"))
    raise StateFailure(error, cause)


def _fail_field(place: Place, name: str) -> str | None:
    raw = place.state.raw
    if place.state.is_jsonata:
        found = fill_expressions(raw.get(name), name, {"input": place.value}, place)
        if found is not None and not isinstance(found, str):
            raise unexpected_type(raw[name], name, "string", found)
        return found
    if f"{name}Path" not in raw:
        text: str | None = raw.get(name)
        return text
    path = raw[f"{name}Path"]
    found = place.template(path, f"{name}Path", place.value)
    if not isinstance(found, str):
        kind = "intrinsic function" if is_call(path) else "path"
        raise runtime_failure(f"The {kind} '{path}' of the field '{name}Path' must give a string, not {dump(found)}")
    return found


def run_wait(place: Place) -> Work[Outcome]:
    """Lets virtual time pass."""
    effective = effective_input(place)
    seconds = _wait_seconds(place, effective)
    if seconds > MAX_WAIT_SECONDS:
        raise runtime_failure("Wait state delay is too long.")
    yield Sleep(place.run.clock.now + max(0.0, seconds))
    return finish(place, effective, place.state.next)


def _wait_seconds(place: Place, effective: Any) -> float:
    raw = place.state.raw
    if "Seconds" in raw:
        found = fill_expressions(raw["Seconds"], "Seconds", {"input": place.value}, place)
        if not is_number(found) or found < 0 or found != int(found):
            raise evaluation_failure(
                f"The JSONata expression '{shown_expression(raw['Seconds'])}' specified for the field 'Seconds' "
                f"returned an unexpected result. Expected a non-negative integer, but was {dump(found)}",
                "Seconds",
            )
        return float(found)
    if "SecondsPath" in raw:
        return _seconds_at(place, raw["SecondsPath"], effective)
    return _until(place, effective) - place.run.clock.date().timestamp()


def _seconds_at(place: Place, path: str, effective: Any) -> float:
    try:
        found = place.find(parse_path(path), effective)
    except NoMatch as error:
        raise runtime_failure(f"The SecondsPath parameter does not reference an input value: {path}") from error
    shown = found if isinstance(found, str) else dump(found)
    if not is_number(found) or found != int(found):
        raise runtime_failure(f"The SecondsPath parameter cannot be parsed as a long value: {path} == {shown}")
    if found < 0:
        raise runtime_failure(f"The SecondsPath parameter references a negative value: {path} == {shown}")
    return float(found)


def _until(place: Place, effective: Any) -> float:
    raw = place.state.raw
    if "TimestampPath" in raw:
        path = raw["TimestampPath"]
        text = place.query(path, effective)
        moment = parse_timestamp(text)
        if moment is None:
            shown = text if isinstance(text, str) else dump(text)
            raise runtime_failure(
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format "
                f"string: {path} == {shown}"
            )
        return moment
    text = fill_expressions(raw["Timestamp"], "Timestamp", {"input": place.value}, place)
    moment = parse_timestamp(text)
    if moment is None:
        raise evaluation_failure(
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: "
            f"{text if isinstance(text, str) else dump(text)}",
            "Timestamp",
        )
    return moment
