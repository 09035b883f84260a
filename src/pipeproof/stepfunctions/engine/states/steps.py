"""The steps that several types of states have in common: from the input to the payload, from the result to the output.

The developer guide's pages on processing input and output tell their order.
"""

from typing import Any

from pipeproof.stepfunctions.definition.model import Rule
from pipeproof.stepfunctions.engine.run import Outcome, Place
from pipeproof.stepfunctions.errors import StateFailure, evaluation_failure
from pipeproof.stepfunctions.expressions.jsonata import inner
from pipeproof.stepfunctions.expressions.payload import assignments, fill_expressions, place_result, select
from pipeproof.stepfunctions.expressions.templates import fill_template
from pipeproof.stepfunctions.values import dump, type_name


def effective_input(place: Place) -> Any:
    """Return the input after InputPath; in JSONata the input itself."""
    if place.state.is_jsonata:
        return place.value
    effective = select(place.state.raw, "InputPath", place.value, place)
    place.note("afterInputPath", effective)
    return effective


def find_payload(place: Place, effective: Any) -> Any:
    """What a Task's handler or a Parallel's branches are given: what Arguments or Parameters make of the input."""
    raw = place.state.raw
    payload = effective
    if place.state.is_jsonata:
        if "Arguments" in raw:
            payload = fill_expressions(raw["Arguments"], "Arguments", {"input": place.value}, place)
        place.note("afterArguments", payload)
    else:
        if "Parameters" in raw:
            payload = fill_template(raw["Parameters"], effective, place)
        place.note("afterParameters", payload)
    return payload


def result_outcome(place: Place, result: Any) -> Outcome:
    """Return the end of a Task, Parallel or Map that gave a result."""
    state = place.state
    raw = state.raw
    if state.is_jsonata:
        states = {"input": place.value, "result": result}
        output = fill_expressions(raw["Output"], "Output", states, place) if "Output" in raw else result
        return Outcome(output, state.next, assignments(raw, state.language, None, states, place))
    assigned = assignments(raw, state.language, result, {}, place)
    selected = fill_template(raw["ResultSelector"], result, place) if "ResultSelector" in raw else result
    place.note("afterResultSelector", selected)
    placed = place_result(raw, place.value, selected)
    place.note("afterResultPath", placed)
    return Outcome(select(raw, "OutputPath", placed, place), state.next, assigned)


def finish(place: Place, result: Any, next_state: str | None, rule: Rule | None = None) -> Outcome:
    """The end of a state whose result, if it has one, replaces its input (JSONata: Output; JSONPath: OutputPath).

    Args:
        place: The state's place.
        result: What its input has become.
        next_state: Where it leads.
        rule: The rule of a Choice, where Output and Assign stand in it and not in the state itself.
    """
    state = place.state
    raw = state.raw if rule is None else rule.raw
    prefix = "" if rule is None else f"Choices[{rule.index}]/"
    if state.is_jsonata:
        states = {"input": place.value}
        output = fill_expressions(raw["Output"], f"{prefix}Output", states, place) if "Output" in raw else result
        assigned = assignments(raw, state.language, None, states, place, prefix=prefix)
        return Outcome(output, next_state, assigned)
    assigned = assignments(raw, state.language, result, {}, place)
    return Outcome(select(state.raw, "OutputPath", result, place), next_state, assigned)


def shown_expression(written: Any) -> str:
    """Return a field's expression as messages show it: without its marks."""
    return inner(written) if isinstance(written, str) else dump(written)


def unexpected_type(written: Any, field: str, expected: str, found: Any) -> StateFailure:
    """Return the failure of an expression that gave a value of another type than its field takes."""
    return evaluation_failure(
        f"The JSONata expression '{shown_expression(written)}' specified for the field '{field}' returned an "
        f"unexpected result type. Expected '{expected}', but was '{type_name(found)}' for value: {dump(found)}",
        field,
    )
