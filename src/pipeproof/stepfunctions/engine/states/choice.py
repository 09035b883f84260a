"""Choice rules: every comparison of the language, in its literal and its Path form, and JSONata's Condition."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from pipeproof.stepfunctions.definition.model import Rule, State
from pipeproof.stepfunctions.errors import evaluation_failure, runtime_failure
from pipeproof.stepfunctions.expressions.environment import Environment
from pipeproof.stepfunctions.expressions.jsonpath import NoMatch, parse_path
from pipeproof.stepfunctions.expressions.payload import fill_expressions
from pipeproof.stepfunctions.timestamps import parse_timestamp
from pipeproof.stepfunctions.values import MISSING, equal, is_number, type_name


def choose(state: State, document: Any, value: Any, environment: Environment) -> Rule | None:
    """The first rule that holds, or None."""
    for rule in state.rules:
        if state.is_jsonata:
            holds = _condition(rule, value, environment)
        else:
            holds = rule_holds(rule.raw, document, environment)
        if holds:
            return rule
    return None


def _condition(rule: Rule, value: Any, environment: Environment) -> bool:
    field = f"Choices[{rule.index}]/Condition"
    condition = rule.raw.get("Condition")
    found = fill_expressions(condition, field, {"input": value}, environment)
    if not isinstance(found, bool):
        from pipeproof.stepfunctions.values import dump

        expression = str(condition)[2:-2].strip() if isinstance(condition, str) else condition
        raise evaluation_failure(
            f"The JSONata expression '{expression}' specified for the field '{field}' returned an unexpected result "
            f"type. Expected 'boolean', but was '{type_name(found)}' for value: {dump(found)}",
            field,
        )
    return found


def rule_holds(raw: Mapping[str, Any], document: Any, environment: Environment) -> bool:
    """Whether a JSONPath rule holds; And, Or and Not stop as soon as the answer is known."""
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


Test = Callable[[Any, Any], bool]
_ORDERS: dict[str, Test] = {
    "Equals": lambda left, right: bool(left == right),
    "LessThan": lambda left, right: bool(left < right),
    "GreaterThan": lambda left, right: bool(left > right),
    "LessThanEquals": lambda left, right: bool(left <= right),
    "GreaterThanEquals": lambda left, right: bool(left >= right),
}


def _numbers(order: Test) -> Test:
    return lambda left, right: is_number(left) and is_number(right) and order(left, right)


def _strings(order: Test) -> Test:
    return lambda left, right: isinstance(left, str) and isinstance(right, str) and order(left, right)


def _timestamps(order: Test) -> Test:
    def compare(left: Any, right: Any) -> bool:
        first, second = parse_timestamp(left), parse_timestamp(right)
        return first is not None and second is not None and order(first, second)

    return compare


def _booleans(left: Any, right: Any) -> bool:
    return isinstance(left, bool) and isinstance(right, bool) and equal(left, right)


def string_matches(text: Any, pattern: Any) -> bool:
    """StringMatches: `*` stands for any characters, `\\*` for a star."""
    return isinstance(text, str) and isinstance(pattern, str) and _pattern(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\" and position + 1 < len(pattern):
            position += 1
            parts.append(re.escape(pattern[position]))
        else:
            parts.append(".*" if character == "*" else re.escape(character))
        position += 1
    return re.compile("".join(parts), re.DOTALL)


def _kind(test: Callable[[Any], bool]) -> Test:
    return lambda value, expected: test(value) == expected


OPERATORS: dict[str, Test] = {
    "IsNull": _kind(lambda value: value is None),
    "IsPresent": _kind(lambda value: value is not MISSING),
    "IsNumeric": _kind(is_number),
    "IsString": _kind(lambda value: isinstance(value, str)),
    "IsBoolean": _kind(lambda value: isinstance(value, bool)),
    "IsTimestamp": _kind(lambda value: parse_timestamp(value) is not None),
    "StringMatches": string_matches,
    "BooleanEquals": _booleans,
    "BooleanEqualsPath": _booleans,
}
"""Each comparison of the language: the variable's value and the expected one → whether it holds."""

for _name, _order in _ORDERS.items():
    for _family, _make in (("String", _strings), ("Numeric", _numbers), ("Timestamp", _timestamps)):
        OPERATORS[_family + _name] = OPERATORS[f"{_family}{_name}Path"] = _make(_order)
