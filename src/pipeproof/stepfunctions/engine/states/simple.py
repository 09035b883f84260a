"""Pass, Choice, Wait, Succeed and Fail: the states that call nobody."""

from collections.abc import Generator, Mapping
from typing import Any

from pipeproof.stepfunctions.definition.model import State
from pipeproof.stepfunctions.engine.interpreter import Outcome, instant, worker
from pipeproof.stepfunctions.engine.run import Frame, Visit
from pipeproof.stepfunctions.engine.scheduler import Signal, Sleep
from pipeproof.stepfunctions.engine.states.choice import choose
from pipeproof.stepfunctions.errors import StateFailure, evaluation_failure, runtime_failure
from pipeproof.stepfunctions.expressions.environment import Environment
from pipeproof.stepfunctions.expressions.intrinsic_calls import is_call
from pipeproof.stepfunctions.expressions.payload import (
    assignments,
    fill_expressions,
    fill_template,
    place_result,
    select,
)
from pipeproof.stepfunctions.timestamps import parse_timestamp
from pipeproof.stepfunctions.values import dump, is_number

Work = Generator[Sleep | Signal | None, Any, Outcome]
MAX_WAIT_SECONDS = 99_999_999


def finish(
    state: State, raw: Mapping[str, Any], value: Any, result: Any, environment: Environment, *, next_state: str | None
) -> Outcome:
    """The end of a state whose result, if it has one, replaces its input (JSONata: Output; JSONPath: OutputPath)."""
    if state.is_jsonata:
        states = {"input": value}
        output = fill_expressions(raw["Output"], "Output", states, environment) if "Output" in raw else result
        return Outcome(output, next_state, assignments(raw.get("Assign"), state.language, None, states, environment))
    assigned = assignments(raw.get("Assign"), state.language, result, {}, environment)
    return Outcome(select(state.raw, "OutputPath", result, environment), next_state, assigned)


@instant("Pass")
def run_pass(state: State, value: Any, frame: Frame, visit: Visit) -> Outcome:
    """Hands on its input, or a value of its own."""
    raw = state.raw
    environment = frame.environment(visit)
    if state.is_jsonata:
        return finish(state, raw, value, value, environment, next_state=state.next)
    effective = select(raw, "InputPath", value, environment)
    if "Parameters" in raw:
        effective = fill_template(raw["Parameters"], effective, environment)
    result = raw.get("Result", effective)
    assigned = assignments(raw.get("Assign"), state.language, result, {}, environment)
    placed = place_result(raw, value, result)
    return Outcome(select(raw, "OutputPath", placed, environment), state.next, assigned)


@instant("Succeed")
def run_succeed(state: State, value: Any, frame: Frame, visit: Visit) -> Outcome:
    """Ends its graph."""
    environment = frame.environment(visit)
    effective = value if state.is_jsonata else select(state.raw, "InputPath", value, environment)
    return finish(state, state.raw, value, effective, environment, next_state=None)


@instant("Choice")
def run_choice(state: State, value: Any, frame: Frame, visit: Visit) -> Outcome:
    """Goes where the first rule that holds points to."""
    raw = state.raw
    environment = frame.environment(visit)
    effective = value if state.is_jsonata else select(raw, "InputPath", value, environment)
    rule = choose(state, effective, value, environment)
    if rule is not None:
        frame.run.hit("transition", state.position, f"choice {rule.index}")
        outcome = finish(state, rule.raw, value, effective, environment, next_state=rule.next)
        if "Output" not in rule.raw and state.is_jsonata and "Output" in raw:
            outcome = Outcome(value, rule.next, outcome.assigned)
        return outcome
    if "Default" not in raw:
        raise StateFailure(
            "States.NoChoiceMatched",
            "Failed to transition out of the state. The state does not point to a next state.",
            wrap=True,
        )
    frame.run.hit("transition", state.position, "default")
    return finish(state, raw, value, effective, environment, next_state=raw["Default"])


@instant("Fail")
def run_fail(state: State, value: Any, frame: Frame, visit: Visit) -> Outcome:
    """Fails with the error and cause that it names."""
    environment = frame.environment(visit)
    error, cause = (_fail_field(state, name, value, environment) for name in ("Error", "Cause"))
    raise StateFailure(error, cause)


def _fail_field(state: State, name: str, value: Any, environment: Environment) -> str | None:
    raw = state.raw
    if state.is_jsonata:
        found = fill_expressions(raw.get(name), name, {"input": value}, environment)
        if found is not None and not isinstance(found, str):
            raise evaluation_failure(
                f"The JSONata expression '{raw[name]}' specified for the field '{name}' returned an unexpected result "
                f"type. Expected 'string', but was '{dump(found)}'",
                name,
            )
        return found
    if f"{name}Path" not in raw:
        text: str | None = raw.get(name)
        return text
    path = raw[f"{name}Path"]
    found = environment.template(path, f"{name}Path", value)
    if not isinstance(found, str):
        kind = "intrinsic function" if is_call(path) else "path"
        raise runtime_failure(f"The {kind} '{path}' of the field '{name}Path' must give a string, not {dump(found)}")
    return found


@worker("Wait")
def run_wait(state: State, value: Any, frame: Frame, visit: Visit) -> Work:
    """Lets virtual time pass."""
    environment = frame.environment(visit)
    effective = value if state.is_jsonata else select(state.raw, "InputPath", value, environment)
    seconds = _wait_seconds(state, effective, value, environment)
    if seconds > MAX_WAIT_SECONDS:
        raise runtime_failure("Wait state delay is too long.")
    yield Sleep(frame.run.clock.now + max(0.0, seconds))
    return finish(state, state.raw, value, effective, environment, next_state=state.next)


def _wait_seconds(state: State, effective: Any, value: Any, environment: Environment) -> float:
    raw = state.raw
    if "Seconds" in raw:
        found = fill_expressions(raw["Seconds"], "Seconds", {"input": value}, environment)
        if not is_number(found) or found < 0 or found != int(found):
            raise evaluation_failure(_unexpected(raw["Seconds"], "Seconds", "a non-negative integer", found), "Seconds")
        return float(found)
    if "SecondsPath" in raw:
        found = environment.query(raw["SecondsPath"], effective)
        if not is_number(found) or found < 0 or found != int(found):
            raise runtime_failure(
                f"The SecondsPath parameter does not reference an integer value: {raw['SecondsPath']} == {dump(found)}"
            )
        return float(found)
    return _until(state, effective, value, environment) - environment.clock.date().timestamp()


def _until(state: State, effective: Any, value: Any, environment: Environment) -> float:
    raw = state.raw
    if "TimestampPath" in raw:
        path = raw["TimestampPath"]
        text = environment.query(path, effective)
        moment = parse_timestamp(text)
        if moment is None:
            shown = text if isinstance(text, str) else dump(text)
            raise runtime_failure(
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format "
                f"string: {path} == {shown}"
            )
        return moment
    text = fill_expressions(raw["Timestamp"], "Timestamp", {"input": value}, environment)
    moment = parse_timestamp(text)
    if moment is None:
        raise evaluation_failure(
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: "
            f"{text if isinstance(text, str) else dump(text)}",
            "Timestamp",
        )
    return moment


def _unexpected(expression: Any, field: str, expected: str, found: Any) -> str:
    return (
        f"The JSONata expression '{expression}' specified for the field '{field}' returned an unexpected result. "
        f"Expected {expected}, but was {dump(found)}"
    )
