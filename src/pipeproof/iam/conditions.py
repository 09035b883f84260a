"""The `Condition` element: operators, `…IfExists`, and the set operators `ForAllValues:` and `ForAnyValue:`.

Source: AWS IAM user guide, "Condition operators", "Set operators" and "Evaluation logic for multiple context keys or
values" of the policy elements reference.
"""

import base64
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipeproof.iam.patterns import Context, matches, substitute


@dataclass(frozen=True, slots=True)
class Guess:
    """What is taken of condition keys that nobody can know: whether a condition on them holds."""

    is_known: Callable[[str], bool]
    holds: bool


def _number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def check(expected: str, actual: str) -> bool:
        try:
            return compare(float(actual), float(expected))
        except ValueError:
            return False

    return check


def _moment(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _date(compare: Callable[[datetime, datetime], bool]) -> Callable[[str, str], bool]:
    def check(expected: str, actual: str) -> bool:
        try:
            return compare(_moment(actual), _moment(expected))
        except ValueError:
            return False

    return check


def _in_network(expected: str, actual: str) -> bool:
    try:
        return ipaddress.ip_address(actual) in ipaddress.ip_network(expected, strict=False)
    except ValueError:
        return False


def _arn_like(expected: str, actual: str) -> bool:
    """Return each of an ARN's six parts by itself; the last one takes what colons are left."""
    wanted, given = expected.split(":", 5), actual.split(":", 5)
    return len(wanted) == len(given) == 6 and all(map(matches, wanted, given))


def _binary(expected: str, actual: str) -> bool:
    try:
        return base64.b64decode(expected) == base64.b64decode(actual)
    except ValueError:
        return False


_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "stringequals": (lambda expected, actual: expected == actual, False),
    "stringnotequals": (lambda expected, actual: expected == actual, True),
    "stringequalsignorecase": (lambda expected, actual: expected.lower() == actual.lower(), False),
    "stringnotequalsignorecase": (lambda expected, actual: expected.lower() == actual.lower(), True),
    "stringlike": (matches, False),
    "stringnotlike": (matches, True),
    "numericequals": (_number(lambda actual, expected: actual == expected), False),
    "numericnotequals": (_number(lambda actual, expected: actual == expected), True),
    "numericlessthan": (_number(lambda actual, expected: actual < expected), False),
    "numericlessthanequals": (_number(lambda actual, expected: actual <= expected), False),
    "numericgreaterthan": (_number(lambda actual, expected: actual > expected), False),
    "numericgreaterthanequals": (_number(lambda actual, expected: actual >= expected), False),
    "dateequals": (_date(lambda actual, expected: actual == expected), False),
    "datenotequals": (_date(lambda actual, expected: actual == expected), True),
    "datelessthan": (_date(lambda actual, expected: actual < expected), False),
    "datelessthanequals": (_date(lambda actual, expected: actual <= expected), False),
    "dategreaterthan": (_date(lambda actual, expected: actual > expected), False),
    "dategreaterthanequals": (_date(lambda actual, expected: actual >= expected), False),
    "bool": (lambda expected, actual: expected.lower() == actual.lower(), False),
    "binaryequals": (_binary, False),
    "ipaddress": (_in_network, False),
    "notipaddress": (_in_network, True),
    "arnequals": (_arn_like, False),
    "arnlike": (_arn_like, False),
    "arnnotequals": (_arn_like, True),
    "arnnotlike": (_arn_like, True),
}
"""By name in lower case: how a policy's value is compared with the request's, and whether the result is turned."""

_WITH_VARIABLES = ("string", "arn")


def is_operator(name: str) -> bool:
    """Return whether IAM knows a condition operator called so."""
    _, base, _ = _split(name)
    return base == "null" or base in _OPERATORS


def holds(condition: Mapping[str, Mapping[str, Any]], context: Context, guess: Guess | None = None) -> bool:
    """Return whether each operator holds for each of its keys; with a guess, what is not known holds or does not."""
    return all(
        guess.holds
        if guess is not None and not guess.is_known(key.lower())
        else _check(operator, key, expected if isinstance(expected, list) else [expected], context)
        for operator, keys in condition.items()
        for key, expected in keys.items()
    )


def _split(name: str) -> tuple[str, str, bool]:
    quantifier, colon, base = name.lower().rpartition(":")
    if_exists = base.endswith("ifexists")
    return (quantifier if colon else ""), base.removesuffix("ifexists"), if_exists


def _check(name: str, key: str, expected: list[Any], context: Context) -> bool:
    quantifier, operator, if_exists = _split(name)
    found = context.get(key.lower())
    actual = [] if found is None else found if isinstance(found, list) else [found]
    if operator == "null":
        return any(_text(value) == "true" for value in expected) == (not actual)
    compare, negated = _OPERATORS[operator]
    if not actual:
        return if_exists or quantifier == "forallvalues" or (negated and not quantifier)
    wanted = [_text(value) for value in expected]
    if operator.startswith(_WITH_VARIABLES):
        wanted = [text for value in wanted if (text := substitute(value, context)) is not None]

    def one(value: str) -> bool:
        return any(compare(text, value) for text in wanted) != negated

    if quantifier == "forallvalues":
        return all(map(one, actual))
    if quantifier == "foranyvalue" or not negated:
        return any(map(one, actual))
    return all(map(one, actual))


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
