"""Conditions, comparisons and blocks, and what counts as true.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("($a := 1; $b := 2; $a + $b)", 3),
        ("($a := 1; ($a := 2; $a) + $a)", 3),
        ("($a := $b := 3; $a + $b)", 6),
        ("($a := 5)", 5),
        ("()", MISSING),
        ("(1; 2; 3)", 3),
        ("(1; $missing)", MISSING),
        ("(1;)", 1),
        ("$undefined", MISSING),
        ("$", MISSING),
        ("$$", MISSING),
        ("$.a", MISSING),
        ("$$.a", MISSING),
        ('($x := {"a": 1}; $x.a)', 1),
        ("($a := [1, 2]; $a[1])", 2),
        ("(($x)) ", MISSING),
    ],
)
def test_block(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("true ? 1 : 2", 1),
        ("false ? 1 : 2", 2),
        ("false ? 1", MISSING),
        ("true ? 1", 1),
        ('"" ? 1 : 2', 2),
        ("$missing ? 1 : 2", 2),
        ("[0] ? 1 : 2", 2),
        ("true ? false ? 1 : 2 : 3", 2),
        ('1 = 1 ? "y" : "n"', "y"),
    ],
)
def test_condition(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("true and true", True),
        ("true and false", False),
        ("false and true", False),
        ("false or true", True),
        ("false or false", False),
        ('true or $error("x")', True),
        ('false and $error("x")', False),
        ("$missing and true", False),
        ("$missing or false", False),
        ('1 and "a"', True),
        ('0 or ""', False),
        ("[] or {}", False),
        ("true and true or false", True),
        ("false or true and false", False),
    ],
)
def test_logic(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("1/0 and true", "D1001: Number out of range: null"),
        ("false or 1/0", "D1001: Number out of range: null"),
    ],
)
def test_logic__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 = 1", True),
        ("1 = 1.0", True),
        ('1 = "1"', False),
        ("1 = true", False),
        ("true = true", True),
        ("null = null", True),
        ("null = false", False),
        ('"a" = "a"', True),
        ('"a" = "A"', False),
        ("[1, 2] = [1, 2]", True),
        ("[1, 2] = [2, 1]", False),
        ("[1] = 1", False),
        ("[] = []", True),
        ('{"a": 1} = {"a": 1}', True),
        ('{"a": 1} = {"a": 2}', False),
        ('{"a": 1, "b": 2} = {"b": 2, "a": 1}', True),
        ('{"a": 1} = {"a": 1, "b": 2}', False),
        ('{"a": [1, {"b": null}]} = {"a": [1, {"b": null}]}', True),
        ("$missing = 1", False),
        ("$missing = $missing", False),
        ("1 != 2", True),
        ("1 != 1", False),
        ('1 != "1"', True),
        ("$missing != 1", False),
        ("1 != $missing", False),
        ("[1] != [2]", True),
        ("0/0 = 0/0", False),
        ("$sum = $sum", True),
    ],
)
def test_equality(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 < 2", True),
        ("2 < 1", False),
        ("1 < 1", False),
        ("1 <= 1", True),
        ("2 <= 1", False),
        ("2 > 1", True),
        ("1 > 1", False),
        ("1 >= 1", True),
        ("1 >= 2", False),
        ("1.5 < 2", True),
        ("$missing < 1", MISSING),
        ("1 < $missing", MISSING),
        ("$missing < $missing", MISSING),
        ('"a" <= $missing', MISSING),
    ],
)
def test_comparison(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('"a" < 1', 'T2009: The values "a" and 1 either side of operator "<" must be of the same data type'),
        ('1 > "a"', 'T2009: The values 1 and "a" either side of operator ">" must be of the same data type'),
        (
            "true < false",
            'T2010: The expressions either side of operator "<" must evaluate to numeric or string values',
        ),
        ("1 < true", 'T2010: The expressions either side of operator "<" must evaluate to numeric or string values'),
        ("null < 1", 'T2010: The expressions either side of operator "<" must evaluate to numeric or string values'),
        ("[1] < 2", 'T2010: The expressions either side of operator "<" must evaluate to numeric or string values'),
        ("1 < [2]", 'T2010: The expressions either side of operator "<" must evaluate to numeric or string values'),
        ("{} < 1", 'T2010: The expressions either side of operator "<" must evaluate to numeric or string values'),
        (
            "$missing < true",
            'T2010: The expressions either side of operator "<" must evaluate to numeric or string values',
        ),
    ],
)
def test_comparison__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 in [1, 2]", True),
        ("3 in [1, 2]", False),
        ("1 in 1", True),
        ("1 in 2", False),
        ('"1" in [1]', False),
        ("[1] in [[1]]", False),
        ("null in [null]", True),
        ("true in [true]", True),
        ("true in [1]", False),
        ("$missing in [1]", False),
        ("1 in $missing", False),
        ('"a" in "abc"', False),
        ("1 in []", False),
        ("0 in [-0]", True),
    ],
)
def test_membership(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$boolean(true)", True),
        ("$boolean(0)", False),
        ("$boolean(1)", True),
        ("$boolean(-1)", True),
        ('$boolean("")', False),
        ('$boolean("a")', True),
        ("$boolean(null)", False),
        ("$boolean([])", False),
        ("$boolean([0])", False),
        ("$boolean([1])", True),
        ("$boolean([0, 0])", False),
        ("$boolean([0, 1])", True),
        ("$boolean([[]])", False),
        ("$boolean([[1]])", True),
        ("$boolean([[], []])", False),
        ("$boolean({})", False),
        ('$boolean({"a": 0})', True),
        ("$boolean($sum)", False),
        ("$boolean(function(){1})", False),
        ("$boolean($missing)", MISSING),
        ("$boolean(0/0)", False),
    ],
)
def test_boolean(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$boolean(1/0)", "D1001: Number out of range: null"),
    ],
)
def test_boolean__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$not(true)", False),
        ("$not(0)", True),
        ('$not("a")', False),
        ("$not([])", True),
        ("$not($missing)", MISSING),
    ],
)
def test_not(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$exists(1)", True),
        ("$exists(null)", True),
        ("$exists([])", True),
        ("$exists($missing)", False),
        ("$exists($items.nothing)", False),
    ],
)
def test_exists(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$exists()", 'T0410: Argument 1 of function "exists" does not match function signature'),
    ],
)
def test_exists__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$type(1)", "number"),
        ('$type("a")', "string"),
        ("$type(true)", "boolean"),
        ("$type(null)", "null"),
        ("$type([])", "array"),
        ("$type({})", "object"),
        ("$type($sum)", "function"),
        ("$type(function(){1})", "function"),
        ("$type($substring(?, 1))", "function"),
        ("$type($missing)", MISSING),
        ("$type(0/0)", "object"),
    ],
)
def test_type(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$assert(true, "x")', MISSING),
    ],
)
def test_error(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$error("boom")', "D3137: boom"),
        ('$error("")', "D3137: $error() function evaluated"),
        ("$error()", "D3137: $error() function evaluated"),
        ("$error($missing)", "D3137: $error() function evaluated"),
        ("$error(1)", 'T0410: Argument 1 of function "error" does not match function signature'),
        ('$assert(false, "x")', "D3141: x"),
        ('$assert(false, "")', "D3141: $assert() statement failed"),
        ("$assert(false)", "D3141: $assert() statement failed"),
        ('$assert(1, "x")', 'T0410: Argument 1 of function "assert" does not match function signature'),
        ('$assert($missing, "x")', "D3141: x"),
    ],
)
def test_error__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$clone({"a": [1, {"b": 2}]})', {"a": [1, {"b": 2}]}),
        ("$clone([1, 2])", [1, 2]),
        ("$clone($missing)", MISSING),
        ('$clone({"f": $sum, "n": 1/3})', {"f": "", "n": 0.333333333333333}),
        ("$clone([0/0])", [None]),
        ('$clone({"a": $missing})', {}),
    ],
)
def test_clone(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$clone("x")', 'T0410: Argument 1 of function "clone" does not match function signature'),
    ],
)
def test_clone__refuses(refuses, expression, message):
    refuses(expression, message)
