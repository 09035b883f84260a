"""NaN and infinity, which a division can give, in functions and operators.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

# ruff: noqa: E501 - an expression and what it gives stand on one line

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatInteger(0/0, "I")', ""),
        ('$formatInteger(0/0, "A")', ""),
        ('$formatInteger(0/0, "0")', "NaN"),
        ('$formatNumber(0/0, "0")', "-NaN"),
        ('$formatNumber(1/0, "0%")', "Infinity%"),
        ("$formatBase(0/0, 2)", "NaN"),
        ("$formatBase(0/0)", "NaN"),
        ("$round(0/0)", "NaN"),
        ("$round(0/0, 1)", "NaN"),
        ("$abs(0/0)", "NaN"),
        ("$floor(0/0)", "NaN"),
        ("$sqrt(0/0)", "NaN"),
        ("$max([0/0, 1])", "NaN"),
        ("$sum([0/0])", "NaN"),
        ("$string([0/0, 1])", "[null,1]"),
        ("0/0 < 1", False),
        ("0/0 = 1", False),
        ("0/0 in [0/0]", False),
        ("0/0 and true", False),
        ("0/0 ? 1 : 2", 2),
        ("$items[0/0].id", MISSING),
        ('$substring("abc", 0/0, 1)', ""),
        ('$split("a,b", ",", 0/0)', []),
        ('$match("a", /a/, 0/0)', MISSING),
        ('$replace("aa", "a", "b", 0/0)', "aa"),
        ('$replace("aa", /a/, "b", 0/0)', "aa"),
        ("$fromMillis(0/0)", "0NaN-NaN-NaNTNaN:NaN:NaN.NaNZ"),
        ('$split("a,b", ",", 1/0)', []),
        ('$split("a1b", /1/, 1/0)', ["a", "b"]),
        ('$split("a1b", /1/, 0/0)', []),
        ('$replace("aa", "a", "b", 1/0)', "bb"),
        ('$replace("aa", /a/, "b", 1/0)', "bb"),
        ('$match("aa", /a/, 1/0).index', [0, 1]),
        ('$pad("a", 0/0)', "a"),
        ('$substring("abc", 1, 1/0)', "bc"),
    ],
)
def test_not_a_number(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "$power(0/0, 1)",
            "D3061: The power function has resulted in a value that cannot be represented as a JSON number: base=null, exponent=1",
        ),
        ("$sort([0/0, 1])", "D3070:"),
        ("0/0 + 1", 'T2001: The left side of the "+" operator must evaluate to a number'),
        ("-(0/0)", "D1002: Cannot negate a non-numeric value: null"),
        ("[1..0/0]", "T2004: The right side of the range operator (..) must evaluate to an integer"),
    ],
)
def test_not_a_number__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    "expression",
    [
        '$formatInteger(0/0, "w")',
        '$formatInteger(1/0, "w")',
        '$formatInteger(1/0, "I")',
    ],
)
def test_not_a_number__breaks_as_the_reference_does(breaks, expression):
    breaks(expression)
