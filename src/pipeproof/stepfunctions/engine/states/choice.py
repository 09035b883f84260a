"""The Choice state: where the first rule that holds leads to; JSONPath rules and JSONata's Condition."""

from collections.abc import Mapping
from typing import Any

from pipeproof.stepfunctions.definition.model import Rule
from pipeproof.stepfunctions.engine.run import Outcome, Place
from pipeproof.stepfunctions.engine.states.steps import effective_input, finish, unexpected_type
from pipeproof.stepfunctions.errors import StateFailure, runtime_failure
from pipeproof.stepfunctions.expressions.comparisons import OPERATORS
from pipeproof.stepfunctions.expressions.environment import Environment
from pipeproof.stepfunctions.expressions.jsonpath import NoMatch
from pipeproof.stepfunctions.expressions.jsonpath_parser import parse_path
from pipeproof.stepfunctions.expressions.payload import fill_expressions
from pipeproof.stepfunctions.values import MISSING


def run_choice(place: Place) -> Outcome:
    """Goes where the first rule that holds points to."""
    state, run = place.state, place.run
    effective = effective_input(place)
    rule = choose(place, effective)
    if rule is not None:
        run.hit("transition", state.position, f"choice {rule.index}")
        outcome = finish(place, effective, rule.next, rule)
        if "Output" not in rule.raw and state.is_jsonata and "Output" in state.raw:
            outcome = Outcome(place.value, rule.next, outcome.assigned)
        return outcome
    if "Default" not in state.raw:
        raise StateFailure(
            "States.NoChoiceMatched",
            "Failed to transition out of the state. The state does not point to a next state.",
            wrap=True,
        )
    run.hit("transition", state.position, "default")
    return finish(place, effective, state.raw["Default"])


def choose(place: Place, document: Any) -> Rule | None:
    """Return the first rule that holds, or None."""
    for rule in place.state.rules:
        holds = _condition(rule, place) if place.state.is_jsonata else rule_holds(rule.raw, document, place)
        if holds:
            return rule
    return None


def _condition(rule: Rule, place: Place) -> bool:
    field = f"Choices[{rule.index}]/Condition"
    condition = rule.raw.get("Condition")
    found = fill_expressions(condition, field, {"input": place.value}, place)
    if not isinstance(found, bool):
        raise unexpected_type(condition, field, "boolean", found)
    return found


def rule_holds(raw: Mapping[str, Any], document: Any, environment: Environment) -> bool:
    """Return whether a JSONPath rule holds; And, Or and Not stop as soon as the answer is known."""
    if "And" in raw:
        return all(rule_holds(part, document, environment) for part in raw["And"])
    if "Or" in raw:
        return any(rule_holds(part, document, environment) for part in raw["Or"])
    if "Not" in raw:
        return not rule_holds(raw["Not"], document, environment)
    operator = next((key for key in raw if key in OPERATORS), None)
    if operator is None:
        raise runtime_failure("The choice rule has no comparison.")
    value = _variable(raw["Variable"], document, environment)
    if operator == "IsPresent":
        return bool((value is not MISSING) == raw["IsPresent"])
    if value is MISSING:
        path = raw["Variable"]
        raise runtime_failure(f"Invalid path '{path}': The choice state's condition path references an invalid value.")
    expected = raw[operator]
    if operator.endswith("Path"):
        expected = _variable(expected, document, environment)
        if expected is MISSING:
            raise runtime_failure(
                f"Invalid path '{raw[operator]}': The choice state's condition path references an invalid value."
            )
    return OPERATORS[operator](value, expected)


def _variable(path: str, document: Any, environment: Environment) -> Any:
    try:
        return environment.find(parse_path(path), document)
    except NoMatch:
        return MISSING
