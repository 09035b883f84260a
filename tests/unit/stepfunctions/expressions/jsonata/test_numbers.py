"""Numbers: arithmetic, the numeric functions, the aggregations, and numbers as text.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

# ruff: noqa: E501 - an expression and what it gives stand on one line

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$number("5")', 5),
        ('$number("-5")', -5),
        ('$number("0")', 0),
        ('$number("-0.5")', -0.5),
        ('$number("1.50")', 1.5),
        ('$number("1e3")', 1000),
        ('$number("1E3")', 1000),
        ('$number("1e+3")', 1000),
        ('$number("1e-3")', 0.001),
        ('$number("1.5e300")', 1.5e300),
        ('$number("01")', 1),
        ('$number("0x1F")', 31),
        ('$number("0X1f")', 31),
        ('$number("0o17")', 15),
        ('$number("0O17")', 15),
        ('$number("0b101")', 5),
        ('$number("0B101")', 5),
        ('$number("9007199254740993")', 9007199254740992),
        ('$number("123456789012345678")', 123456789012345680),
        ("$number(true)", 1),
        ("$number(false)", 0),
        ("$number(5.5)", 5.5),
        ("$number($missing)", MISSING),
        ('["1", "2"].$number()', [1, 2]),
    ],
)
def test_number(gives, expression, expected):
    """JSON's numbers, and those after 0x, 0o and 0b."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$number("1e400")', 'D3030: Unable to cast value to a number: "1e400"'),
        ('$number("+5")', 'D3030: Unable to cast value to a number: "+5"'),
        ('$number(".5")', 'D3030: Unable to cast value to a number: ".5"'),
        ('$number("5.")', 'D3030: Unable to cast value to a number: "5."'),
        ('$number("1e")', 'D3030: Unable to cast value to a number: "1e"'),
        ('$number("")', 'D3030: Unable to cast value to a number: ""'),
        ('$number(" 1")', 'D3030: Unable to cast value to a number: " 1"'),
        ('$number("1 ")', 'D3030: Unable to cast value to a number: "1 "'),
        ('$number("x")', 'D3030: Unable to cast value to a number: "x"'),
        ('$number("1,000")', 'D3030: Unable to cast value to a number: "1,000"'),
        ('$number("Infinity")', 'D3030: Unable to cast value to a number: "Infinity"'),
        ('$number("0x")', 'D3030: Unable to cast value to a number: "0x"'),
        ('$number("0xG")', 'D3030: Unable to cast value to a number: "0xG"'),
        ('$number("0b2")', 'D3030: Unable to cast value to a number: "0b2"'),
        ('$number("0o8")', 'D3030: Unable to cast value to a number: "0o8"'),
        ('$number("-0x1F")', 'D3030: Unable to cast value to a number: "-0x1F"'),
        ('$number("x0x1F")', 'D3030: Unable to cast value to a number: "x0x1F"'),
        ("$number(null)", 'T0410: Argument 1 of function "number" does not match function signature'),
        ("$number([1])", 'T0410: Argument 1 of function "number" does not match function signature'),
        ("$number([])", 'T0410: Argument 1 of function "number" does not match function signature'),
        ("$number({})", 'T0410: Argument 1 of function "number" does not match function signature'),
        ('$number("1", "2")', 'T0410: Argument 2 of function "number" does not match function signature'),
    ],
)
def test_number__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$abs(5)", 5),
        ("$abs(-5)", 5),
        ("$abs(-0.5)", 0.5),
        ("$abs(0)", 0),
        ("$abs($missing)", MISSING),
    ],
)
def test_abs(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$abs("5")', 'T0410: Argument 1 of function "abs" does not match function signature'),
    ],
)
def test_abs__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$floor(5)", 5),
        ("$floor(5.3)", 5),
        ("$floor(5.8)", 5),
        ("$floor(-5.3)", -6),
        ("$floor(-5.8)", -6),
        ("$floor(1e300)", 1e300),
        ("$floor(-1e300)", -1e300),
        ("$floor(9007199254740993)", 9007199254740992),
        ("$floor(1/0)", "Infinity"),
        ("$floor($missing)", MISSING),
    ],
)
def test_floor(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$ceil(5)", 5),
        ("$ceil(5.3)", 6),
        ("$ceil(5.8)", 6),
        ("$ceil(-5.3)", -5),
        ("$ceil(-5.8)", -5),
        ("$ceil($missing)", MISSING),
        ("$ceil(1e300)", 1e300),
        ("$ceil(1/0)", "Infinity"),
        ('$ceil(-0.5) & ""', "0"),
    ],
)
def test_ceil(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$round(123.456)", 123),
        ("$round(123.456, 2)", 123.46),
        ("$round(123.456, -1)", 120),
        ("$round(123.456, -2)", 100),
        ("$round(123.456, -3)", 0),
        ("$round(123.456, 0)", 123),
        ("$round(11.5)", 12),
        ("$round(12.5)", 12),
        ("$round(-11.5)", -12),
        ("$round(-12.5)", -12),
        ("$round(125, -1)", 120),
        ("$round(135, -1)", 140),
        ("$round(0.5)", 0),
        ("$round(1.5)", 2),
        ("$round(-0.5)", 0),
        ("$round(-1.5)", -2),
        ("$round(2.4999)", 2),
        ("$round(2.6)", 3),
        ("$round(-2.6)", -3),
        ("$round(34.555, 2)", 34.56),
        ("$round(34.545, 2)", 34.54),
        ("$round(1.005, 2)", 1),
        ("$round(1e21)", 1e21),
        ("$round(1e-7, 7)", 1e-07),
        ("$round(1.25e-7, 8)", 1.2e-07),
        ("$round(1.5e300, 2)", 1.5e300),
        ("$round(123456789.123456789, 5)", 123456789.12346),
        ("$round(5, 2)", 5),
        ("$round(5.5, 0.5)", "NaN"),
        ("$round($missing)", MISSING),
        ("$round(5, $missing)", 5),
        ("$round(1e300)", 1e300),
        ("$round(1/0)", "Infinity"),
    ],
)
def test_round(gives, expression, expected):
    """Halves to the even side; the decimals are shifted in the number's text, so that 34.555 is a half."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$sqrt(4)", 2),
        ("$sqrt(2)", 1.4142135623730951),
        ("$sqrt(0)", 0),
        ("$sqrt($missing)", MISSING),
    ],
)
def test_sqrt(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$sqrt(-0.1)", "D3060: The sqrt function cannot be applied to a negative number: -0.1"),
    ],
)
def test_sqrt__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$power(2, 8)", 256),
        ("$power(2, 0.5)", 1.4142135623730951),
        ("$power(2, -2)", 0.25),
        ("$power(0, 0)", 1),
        ("$power(-2, 3)", -8),
        ("$power(-8, 2)", 64),
        ("$power(-8, -1)", -0.125),
        ("$power(10, 308)", 1e308),
        ("$power(2, 53)", 9007199254740992),
        ("$power(2, 63)", 9223372036854776000),
        ("$power(2, 64)", 18446744073709552000),
        ("$power(2, 100)", 1.2676506002282294e30),
        ("$power(2.5, 3)", 15.625),
        ("$power(1, 1000)", 1),
        ("$power(2)", MISSING),
        ("$power($missing, 2)", MISSING),
    ],
)
def test_power(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "$power(-2, 0.5)",
            "D3061: The power function has resulted in a value that cannot be represented as a JSON number: base=-2, exponent=0.5",
        ),
        (
            "$power(0, -1)",
            "D3061: The power function has resulted in a value that cannot be represented as a JSON number: base=0, exponent=-1",
        ),
        (
            "$power(10, 309)",
            "D3061: The power function has resulted in a value that cannot be represented as a JSON number: base=10, exponent=309",
        ),
        (
            "$power(-10, 309)",
            "D3061: The power function has resulted in a value that cannot be represented as a JSON number: base=-10, exponent=309",
        ),
        (
            "$power(2, $missing)",
            "D3061: The power function has resulted in a value that cannot be represented as a JSON number: base=2, exponent=undefined",
        ),
    ],
)
def test_power__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$sum([1, 2, 3])", 6),
        ("$sum([])", 0),
        ("$sum(5)", 5),
        ("$sum([5])", 5),
        ("$sum([0.1, 0.2, 0.3])", 0.6000000000000001),
        ("$sum($missing)", MISSING),
        ("$sum([1e308, 1e308])", "Infinity"),
        ("$sum([9007199254740992, 1, 1])", 9007199254740992),
    ],
)
def test_sum(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$sum([1, "2"])', 'T0412: Argument 1 of function "sum" must be an array of "numbers"'),
        ("$sum([1, null])", 'T0412: Argument 1 of function "sum" must be an array of "numbers"'),
        ('$sum("5")', 'T0412: Argument 1 of function "sum" must be an array of "numbers"'),
    ],
)
def test_sum__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$max([3, 1, 2])", 3),
        ("$max([-3, -1])", -1),
        ("$max(5)", 5),
        ("$max([])", MISSING),
        ("$max($missing)", MISSING),
    ],
)
def test_max(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$max(["a"])', 'T0412: Argument 1 of function "max" must be an array of "numbers"'),
    ],
)
def test_max__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$min([3, 1, 2])", 1),
        ("$min([-3, -1])", -3),
        ("$min(5)", 5),
        ("$min([])", MISSING),
        ("$min($missing)", MISSING),
    ],
)
def test_min(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$average([1, 2, 3, 4])", 2.5),
        ("$average([1, 2])", 1.5),
        ("$average(5)", 5),
        ("$average([])", MISSING),
        ("$average($missing)", MISSING),
    ],
)
def test_average(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$average([1, "x"])', 'T0412: Argument 1 of function "average" must be an array of "numbers"'),
    ],
)
def test_average__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$count([1, 2, 3])", 3),
        ("$count([])", 0),
        ('$count("x")', 1),
        ("$count($missing)", 0),
        ("$count([[1, 2], 3])", 2),
        ('$count({"a": 1})', 1),
    ],
)
def test_count(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$count(1, 2)", 'T0410: Argument 2 of function "count" does not match function signature'),
    ],
)
def test_count__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$formatBase(100, 2)", "1100100"),
        ("$formatBase(2555, 16)", "9fb"),
        ("$formatBase(35, 36)", "z"),
        ("$formatBase(36, 36)", "10"),
        ("$formatBase(0, 2)", "0"),
        ("$formatBase(-5, 2)", "-101"),
        ("$formatBase(10)", "10"),
        ("$formatBase(10.5)", "10"),
        ("$formatBase(11.5)", "12"),
        ("$formatBase(99.5, 10)", "100"),
        ("$formatBase(-255.5, 16)", "-100"),
        ("$formatBase(255, 16.4)", "ff"),
        ("$formatBase(255, 1.6)", "11111111"),
        ("$formatBase(255, 36.4)", "73"),
        ("$formatBase(9007199254740991, 2)", "11111111111111111111111111111111111111111111111111111"),
        ("$formatBase(1e21)", "1e+21"),
        ("$formatBase($missing, 2)", MISSING),
        ("$formatBase(5, $missing)", "5"),
        ("$formatBase(1/0, 2)", "Infinity"),
    ],
)
def test_format_base(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "$formatBase(255, 1)",
            "D3100: The radix of the formatBase function must be between 2 and 36.  It was given 1",
        ),
        (
            "$formatBase(255, 0)",
            "D3100: The radix of the formatBase function must be between 2 and 36.  It was given 0",
        ),
        (
            "$formatBase(255, -2)",
            "D3100: The radix of the formatBase function must be between 2 and 36.  It was given -2",
        ),
        (
            "$formatBase(255, 37)",
            "D3100: The radix of the formatBase function must be between 2 and 36.  It was given 37",
        ),
    ],
)
def test_format_base__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2", 3),
        ("0.1 + 0.2", 0.30000000000000004),
        ("1 - 2.5", -1.5),
        ("2 * 3", 6),
        ("7 / 2", 3.5),
        ("6 / 2", 3),
        ("1 / 3", 0.3333333333333333),
        ("1 / 0", "Infinity"),
        ("-1 / 0", "-Infinity"),
        ("0 / 0", "NaN"),
        ("[1/0]", ["Infinity"]),
        ('{"k": 1/0}', {"k": "Infinity"}),
        ('0 / -1 & ""', "0"),
        ("5 % 3", 2),
        ("-5 % 3", -2),
        ("5 % -3", 2),
        ("5.5 % 2", 1.5),
        ("5 % 0", "NaN"),
        ("-(5)", -5),
        ("-(-5)", 5),
        ("- -5", 5),
        ("--5", 5),
        ("-$missing", MISSING),
        ("5 + $missing", MISSING),
        ("$missing + 5", MISSING),
        ("$missing * $missing", MISSING),
        ("1e308 * 10", "Infinity"),
        ("-1e308 * 10", "-Infinity"),
    ],
)
def test_arithmetic(gives, expression, expected):
    """Nothing gives nothing; what comes to no number ends at the next operator."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("-true", "D1002: Cannot negate a non-numeric value: true"),
        ("-null", "D1002: Cannot negate a non-numeric value: null"),
        ('-"5"', 'D1002: Cannot negate a non-numeric value: "5"'),
        ('5 + "a"', 'T2002: The right side of the "+" operator must evaluate to a number'),
        ('"a" + 5', 'T2001: The left side of the "+" operator must evaluate to a number'),
        ("5 - null", 'T2002: The right side of the "-" operator must evaluate to a number'),
        ("[1] + 1", 'T2001: The left side of the "+" operator must evaluate to a number'),
        ('$missing + "a"', 'T2002: The right side of the "+" operator must evaluate to a number'),
        ('"a" - $missing', 'T2001: The left side of the "-" operator must evaluate to a number'),
        ("true * 2", 'T2001: The left side of the "*" operator must evaluate to a number'),
        ("2 * {}", 'T2002: The right side of the "*" operator must evaluate to a number'),
        ("1/0 + 1", "D1001: Number out of range: null"),
        ("1 - 1/0", "D1001: Number out of range: null"),
        ("-(1/0)", "D1001: Number out of range: null"),
    ],
)
def test_arithmetic__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("9007199254740991 + 1", 9007199254740992),
        ("9007199254740991 + 2", 9007199254740992),
        ("9007199254740992 + 1", 9007199254740992),
        ("9007199254740993", 9007199254740992),
        ("123456789 * 987654321", 121932631112635260),
        ("99999999999 * 99999999999", 9.9999999998e21),
        ("1e15", 1000000000000000),
        ("123456789012345", 123456789012345),
        ("1234567890123456789", 1234567890123456800),
        ("0.1", 0.1),
        ("1e-7", 1e-07),
        ("1E5", 100000),
        ("1.5e+3", 1500),
        ('-0 & ""', "0"),
        ('0 * -1 & ""', "0"),
        ("1 / (0 * -1)", "-Infinity"),
        ('5 - 5 & ""', "0"),
    ],
)
def test_size(gives, expression, expected):
    """Numbers are JavaScript's: whole up to 2^53."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("00", "S0201: Syntax error: 0"),
    ],
)
def test_size__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("10 - 2 * 3", 4),
        ("(10 - 2) * 3", 24),
        ("2 * 3 % 4", 2),
        ("10 / 2 / 5", 1),
        ("10 - 5 - 2", 3),
        ("1 + 2 & 3", "33"),
        ("1 < 2 and 2 < 3", True),
    ],
)
def test_precedence(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$string(5)", "5"),
        ("$string(-5.5)", "-5.5"),
        ("$string(0.1 + 0.2)", "0.3"),
        ("$string(1e20)", "100000000000000000000"),
        ("$string(1e21)", "1e+21"),
        ("$string(-1e21)", "-1e+21"),
        ("$string(1.5e21)", "1.5e+21"),
        ("$string(1e-6)", "0.000001"),
        ("$string(1e-7)", "1e-7"),
        ("$string(1.5e-7)", "1.5e-7"),
        ("$string(123456789012345)", "123456789012345"),
        ("$string(0.1234567890123456789)", "0.123456789012346"),
        ("$string(1/3)", "0.333333333333333"),
        ("$string(100 / 3)", "33.3333333333333"),
        ("$string(2/3)", "0.666666666666667"),
        ("$string(1e300)", "1e+300"),
        ("$string(123456789.987654321)", "123456789.987654"),
        ("$string(0.000012345)", "0.000012345"),
        ("$string(0.00001234567890123456)", "0.0000123456789012346"),
        ("[1/3, 0.1 + 0.2]", [0.3333333333333333, 0.30000000000000004]),
        ('$string([1/3, {"a": 2/3}])', '[0.333333333333333,{"a":0.666666666666667}]'),
        ('1/3 & ""', "0.333333333333333"),
        ('$string({"a": 0/0})', '{"a":null}'),
    ],
)
def test_as_text(gives, expression, expected):
    """With 15 digits, in JavaScript's notation."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$string(1/0)", "D3001: Attempting to invoke string function on Infinity or NaN"),
        ("$string([1/0])", "D1001: Number out of range: null"),
        ("$string(0/0)", "D3001: Attempting to invoke string function on Infinity or NaN"),
        ('1/0 & ""', "D3001: Attempting to invoke string function on Infinity or NaN"),
    ],
)
def test_as_text__refuses(refuses, expression, message):
    refuses(expression, message)
