"""Functions that take functions: $map, $filter, $single, $reduce, $each and $sift.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$each({"a": 1, "b": 2}, function($v, $k){$k & $v})', ["a1", "b2"]),
        ('$each({"a": 1}, function($v, $k){$k})', "a"),
        ('$each({"a": 1, "b": 2}, function($v){$v > 1 ? $v})', 2),
        ("$each({}, function($v){$v})", MISSING),
        ('$each({"a": 1}, function($v, $k, $o){$o})', {"a": 1}),
        ('$each({"b": 1, "2": 2}, function($v, $k){$k})', ["2", "b"]),
        ("$each($missing, function($v){$v})", MISSING),
        ('$each({"a": "x"}, $uppercase)', "X"),
    ],
)
def test_each(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$each("x", function($v){$v})', 'T0410: Argument 1 of function "each" does not match function signature'),
        ("$each([1], function($v){$v})", 'T0410: Argument 1 of function "each" does not match function signature'),
    ],
)
def test_each__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$sift({"a": 1, "b": 2, "c": 3}, function($v){$v > 1})', {"b": 2, "c": 3}),
        ('$sift({"a": 1, "b": 2}, function($v, $k){$k = "a"})', {"a": 1}),
        ('$sift({"a": 1, "b": 2}, function($v, $k, $o){$count($keys($o)) = 2})', {"a": 1, "b": 2}),
        ('$sift({"a": 1}, function($v){false})', MISSING),
        ("$sift($missing, function($v){true})", MISSING),
        ('[{"a": 1}, {"a": 2}].$sift(function($v){$v = 1})', {"a": 1}),
    ],
)
def test_sift(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$sift([1], function($v){true})", 'T0410: Argument 1 of function "sift" does not match function signature'),
    ],
)
def test_sift__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    "expression",
    [
        '$sift({"a": 1})',
    ],
)
def test_sift__breaks_as_the_reference_does(breaks, expression):
    breaks(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$map([1, 2, 3], function($v){$v * 2})", [2, 4, 6]),
        ("$map([1, 2, 3], function($v, $i){$i})", [0, 1, 2]),
        ("$map([1, 2], function($v, $i, $a){$count($a)})", [2, 2]),
        ("$map([1, 2], function(){5})", [5, 5]),
        ("$map([1], function($v){$v})", 1),
        ("$map([], function($v){$v})", MISSING),
        ("$map(5, function($v){$v})", 5),
        ("$map([1, 2, 3], function($v){$v > 1 ? $v})", [2, 3]),
        ("$map([1, 2], function($v){$missing})", MISSING),
        ("$map([[1, 2], [3]], function($v){$v})", [[1, 2], [3]]),
        ("$map([1, 2], function($v){[$v]})", [[1], [2]]),
        ("$map($missing, function($v){$v})", MISSING),
        ('$map(["a", "b"], $uppercase)', ["A", "B"]),
        ('$map(["a", "b"], $length)', [1, 1]),
        ("$map([1, 4, 9], $sqrt)", [1, 2, 3]),
        ('$map(["1", "2"], $number)', [1, 2]),
        ("$map([1, 2], $string)", ["1", "2"]),
        ('$map(["abc", "de"], $substring(?, 1))', ["bc", "e"]),
        ("$map([1, 2], $power(?, 2))", [1, 4]),
        ("$map([1, 2], $power(2, ?))", [2, 4]),
        ("$map([1, 2], function($v, $i, $a, $x){$exists($x)})", [False, False]),
    ],
)
def test_map(gives, expression, expected):
    """The function is handed as many of item, place and list as it has parameters."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "$map([1, 2, 3], $formatBase)",
            "D3100: The radix of the formatBase function must be between 2 and 36.  It was given 0",
        ),
        ("$map([1, 2], 5)", 'T0410: Argument 2 of function "map" does not match function signature'),
        ("$map([1, 2])", 'T0410: Argument 2 of function "map" does not match function signature'),
    ],
)
def test_map__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$filter([1, 2, 3, 4], function($v){$v % 2 = 0})", [2, 4]),
        ("$filter([1, 2, 3], function($v){$v = 2})", 2),
        ("$filter([1, 2, 3], function($v){false})", MISSING),
        ("$filter([1, 2, 3], function($v, $i){$i != 1})", [1, 3]),
        ("$filter([1, 2, 3], function($v, $i, $a){$v = $max($a)})", 3),
        ('$filter([0, 1, "", "a", null, [], [0], {}, {"a": 1}], function($v){$v})', [1, "a", {"a": 1}]),
        ("$filter(5, function($v){true})", 5),
        ("$filter([], function($v){true})", MISSING),
        ("$filter($missing, function($v){true})", MISSING),
        ("$filter([1, 2], $boolean)", [1, 2]),
    ],
)
def test_filter(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$single([1, 2, 3], function($v){$v = 2})", 2),
        ("$single([5])", 5),
        ("$single(5)", 5),
        ("$single($missing)", MISSING),
        ("$single([1, 2, 3], function($v, $i, $a){$i = $count($a) - 1})", 3),
    ],
)
def test_single(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "$single([1, 2])",
            "D3138: The $single() function expected exactly 1 matching result.  Instead it matched more.",
        ),
        ("$single([])", "D3139: The $single() function expected exactly 1 matching result.  Instead it matched 0."),
        (
            "$single([1, 2, 3], function($v){$v > 1})",
            "D3138: The $single() function expected exactly 1 matching result.  Instead it matched more.",
        ),
        (
            "$single([1, 2, 3], function($v){$v > 5})",
            "D3139: The $single() function expected exactly 1 matching result.  Instead it matched 0.",
        ),
    ],
)
def test_single__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$reduce([1, 2, 3, 4], function($a, $b){$a + $b})", 10),
        ("$reduce([1, 2, 3, 4], function($a, $b){$a * $b}, 10)", 240),
        ("$reduce([1, 2, 3], function($a, $b, $i){$a + $i})", 4),
        ("$reduce([1, 2, 3], function($a, $b, $i){$a + $i}, 0)", 3),
        ("$reduce([1, 2, 3], function($a, $b, $i, $l){$a + $count($l)}, 0)", 9),
        ("$reduce([5], function($a, $b){$a + $b})", 5),
        ("$reduce([], function($a, $b){$a + $b})", MISSING),
        ("$reduce([], function($a, $b){$a + $b}, 7)", 7),
        ("$reduce($missing, function($a, $b){$a + $b})", MISSING),
        ("$reduce($missing, function($a, $b){$a + $b}, 7)", MISSING),
        ('$reduce(["a", "b"], $join)', "a"),
        ('$reduce(["a", "b", "c"], $append)', ["a", "b", "c"]),
        ("$reduce([2, 3], $power)", 8),
        ("$reduce([1, 2], function($a, $b){$missing})", MISSING),
        ("$reduce(5, function($a, $b){$a + $b})", 5),
    ],
)
def test_reduce(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "$reduce([1, 2], function($a){$a})",
            "D3050: The second argument of reduce function must be a function with at least two arguments",
        ),
        (
            "$reduce([1, 2], $sum)",
            "D3050: The second argument of reduce function must be a function with at least two arguments",
        ),
    ],
)
def test_reduce__refuses(refuses, expression, message):
    refuses(expression, message)
