"""Each condition operator, from IAM's reference on them and on keys with several values."""

import base64
from typing import Any

import pytest

from pipeproof.iam.conditions import holds

ORDERS = {
    "Equals": {0},
    "NotEquals": {-1, 1},
    "LessThan": {-1},
    "LessThanEquals": {-1, 0},
    "GreaterThan": {1},
    "GreaterThanEquals": {0, 1},
}
"""Whether the request's value may be below (-1), equal to (0) or above (1) the policy's."""
ROLE = "arn:aws:iam::123456789012:role/team/a"


def check(operator: str, expected: Any, actual: Any) -> bool:
    return holds({operator: {"aws:Key": expected}}, {} if actual is None else {"aws:key": actual})


@pytest.mark.parametrize("order", ORDERS)
def test_order__of_numbers_and_dates(order: str) -> None:
    numbers = {"9": -1, "9.5": -1, "10": 0, "10.0": 0, "1e1": 0, "10.5": 1, "100": 1}
    for text, place in numbers.items():
        assert check(f"Numeric{order}", "10", text) == (place in ORDERS[order]), text
    dates = {
        "2025-12-31": -1, "2026-01-01": 0, "2026-01-01T00:00:00Z": 0, "2026-01-01T01:00:00+01:00": 0, "1767225600": 0,
        "1767225601": 1, "2026-01-01T00:00:00.5Z": 1,
    }  # fmt: skip
    for text, place in dates.items():
        assert check(f"Date{order}", "2026-01-01T00:00:00Z", text) == (place in ORDERS[order]), text


@pytest.mark.parametrize(
    ("operator", "expected", "fitting", "others"),
    [
        ("StringEquals", "a", ["a"], ["A", "ab", "", "*"]),
        ("StringEquals", "a*", ["a*"], ["ab"]),
        ("StringEqualsIgnoreCase", "aB", ["ab", "AB"], ["a"]),
        ("StringLike", "a*c?", ["acd", "abbcd"], ["ac", "Acd", "acdd "]),
        ("Bool", "true", ["true", "TRUE"], ["false", "1"]),
        ("Bool", True, ["true"], ["false"]),
        ("BinaryEquals", base64.b64encode(b"a").decode(), [base64.b64encode(b"a").decode()], ["YQ", "Yg=="]),
        ("IpAddress", "10.0.0.0/8", ["10.1.2.3", "10.255.255.255"], ["11.0.0.0", "x", "::1"]),
        ("IpAddress", "10.0.0.1", ["10.0.0.1"], ["10.0.0.2"]),
        ("IpAddress", "2001:db8::/32", ["2001:db8::1"], ["2001:db9::1", "10.0.0.1"]),
        ("ArnEquals", "arn:aws:iam::*:role/*", [ROLE], ["arn:aws:iam::1:user/a", "arn:aws:sts::1:role/a", "role/a"]),
        ("ArnLike", "arn:aws:iam::*:role/*", [ROLE], ["arn:aws-cn:iam::1:role/a"]),
        ("ArnLike", "arn:aws:*:role/*", [], [ROLE]),
    ],
)
def test_operator__and_its_opposite(operator: str, expected: Any, fitting: list[str], others: list[str]) -> None:
    for text in [*fitting, *others]:
        assert check(operator, expected, text) == (text in fitting), text
    opposite = {"IpAddress": "NotIpAddress", "Bool": "", "BinaryEquals": ""}.get(
        operator, operator.replace("Equals", "NotEquals").replace("Like", "NotLike")
    )
    for text in [*fitting, *others] if opposite else []:
        assert check(opposite, expected, text) == (text in others), text


@pytest.mark.parametrize(
    ("operator", "nothing"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("StringEqualsIfExists", True),
        ("NumericLessThanIfExists", True),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAnyValue:StringEqualsIfExists", True),
    ],
)
def test_key__that_the_request_does_not_have(operator: str, nothing: bool) -> None:
    assert check(operator, "1", None) == nothing
    assert check(operator, ["1", "2"], []) == nothing


@pytest.mark.parametrize("expected", ["true", True, ["true"]])
def test_null__asks_whether_the_key_is_missing(expected: Any) -> None:
    assert check("Null", expected, None)
    assert not check("Null", expected, "x")
    assert check("Null", "false", "x")
    assert not check("Null", "false", None)


@pytest.mark.parametrize(
    ("operator", "holding"),
    [
        ("StringEquals", ["a", "b", "ax", "abx"]),
        ("StringNotEquals", ["x"]),
        ("ForAnyValue:StringEquals", ["a", "b", "ab", "ax", "abx"]),
        ("ForAnyValue:StringNotEquals", ["x", "ax", "abx"]),
        ("ForAllValues:StringEquals", ["a", "b", "ab"]),
        ("ForAllValues:StringNotEquals", ["x"]),
    ],
)
def test_values__several_of_the_policy_and_of_the_request(operator: str, holding: list[str]) -> None:
    """Each letter is one of the request's values; the policy has a and b."""
    asked = ["a", "b", "x", "ab", "ax", "abx"] if ":" in operator else ["a", "b", "x"]
    for letters in asked:
        assert check(operator, ["a", "b"], list(letters)) == (letters in holding), letters


def test_conditions__all_have_to_hold() -> None:
    both = {"StringEquals": {"aws:A": "1", "aws:B": "2"}, "Bool": {"aws:C": "true"}}
    holding = {"aws:a": "1", "aws:b": "2", "aws:c": "true"}
    assert holds(both, holding)
    for key in holding:
        assert not holds(both, holding | {key: "no"}), key
