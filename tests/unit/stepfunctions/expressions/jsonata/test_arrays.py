"""The functions on arrays and objects.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

# ruff: noqa: E501 - an expression and what it gives stand on one line

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$append([1, 2], [3, 4])", [1, 2, 3, 4]),
        ("$append([1, 2], 3)", [1, 2, 3]),
        ("$append(1, 2)", [1, 2]),
        ("$append(1, [2])", [1, 2]),
        ('$append("a", "b")', ["a", "b"]),
        ("$append([], [])", []),
        ("$append([], 1)", [1]),
        ("$append($missing, 1)", 1),
        ("$append(1, $missing)", 1),
        ("$append([1], $missing)", [1]),
        ("$append($missing, $missing)", MISSING),
        ("$append([[1]], [[2]])", [[1], [2]]),
        ('$append({"a": 1}, {"b": 2})', [{"a": 1}, {"b": 2}]),
    ],
)
def test_append(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$append([1])", 'T0410: Argument 2 of function "append" does not match function signature'),
    ],
)
def test_append__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$reverse([1, 2, 3])", [3, 2, 1]),
        ("$reverse([1])", [1]),
        ("$reverse([])", []),
        ('$reverse("abc")', ["abc"]),
        ("$reverse($missing)", MISSING),
        ("$reverse([[1, 2], [3]])", [[3], [1, 2]]),
    ],
)
def test_reverse(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$shuffle([1])", [1]),
        ("$shuffle([])", []),
        ("$shuffle($missing)", MISSING),
        ("$sort($shuffle([3, 1, 2]))", [1, 2, 3]),
        ("$count($shuffle([1..10]))", 10),
    ],
)
def test_shuffle(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$distinct([1, 2, 1, 3, 2])", [1, 2, 3]),
        ('$distinct(["a", "b", "a"])', ["a", "b"]),
        ('$distinct([1, "1", true, null, 1.0, "true", null, false, 0])', [1, "1", True, None, "true", False, 0]),
        ('$distinct([{"a": 1}, {"a": 2}, {"a": 1}])', [{"a": 1}, {"a": 2}]),
        ('$distinct([{"a": 1, "b": 2}, {"b": 2, "a": 1}])', [{"a": 1, "b": 2}]),
        ("$distinct([[1, 2], [1, 2], [2, 1]])", [[1, 2], [2, 1]]),
        ("$distinct([1])", [1]),
        ("$distinct([])", []),
        ("$distinct([1, 1])", [1]),
        ('$distinct("a")', "a"),
        ("$distinct($missing)", MISSING),
        ("$distinct($items.kind)", ["a", "b"]),
        ("$distinct([0/0, 0/0])", ["NaN", "NaN"]),
    ],
)
def test_distinct(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$zip([1, 2, 3], [4, 5, 6])", [[1, 4], [2, 5], [3, 6]]),
        ("$zip([1, 2, 3], [4, 5], [7, 8, 9])", [[1, 4, 7], [2, 5, 8]]),
        ("$zip([1, 2, 3])", [[1], [2], [3]]),
        ("$zip([1], [])", []),
        ("$zip(1, 2)", [[1, 2]]),
        ("$zip([1, 2], 3)", [[1, 3]]),
        ("$zip([1, 2], $missing)", []),
        ('$zip([[1], 2], ["a", {}])', [[[1], "a"], [2, {}]]),
    ],
)
def test_zip(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$zip()", 'T0410: Argument 1 of function "zip" does not match function signature'),
    ],
)
def test_zip__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$sort([3, 1, 2])", [1, 2, 3]),
        ('$sort(["b", "a", "C", "B"])', ["B", "C", "a", "b"]),
        ("$sort([3.5, -1, 0, 2])", [-1, 0, 2, 3.5]),
        ('$sort(["10", "9", "1"])', ["1", "10", "9"]),
        ('$sort(["é", "z", "a"])', ["a", "z", "é"]),
        ('$sort(["😀", "\\uffff", "a"])', ["a", "😀", "\uffff"]),
        ("$sort([])", []),
        ("$sort([1])", [1]),
        ('$sort("a")', ["a"]),
        ("$sort($missing)", MISSING),
        ("$sort([3, 1, 2], function($l, $r){$l < $r})", [3, 2, 1]),
        ("$sort([3, 1, 2], function($l, $r){$l > $r})", [1, 2, 3]),
        ("$sort($items, function($l, $r){$l.name > $r.name}).name", ["one", "three", "two"]),
        ("$sort([3, 1, 2], function($l, $r){true})", [2, 1, 3]),
        ("$sort([3, 1, 2], function($l, $r){false})", [3, 1, 2]),
        ("$sort([3, 1, 2], function($l, $r){$l - $r})", [2, 1, 3]),
        ("$sort([3, 1, 2], function($l, $r){$missing})", [3, 1, 2]),
        ("$sort([3, 1, 2], function($l, $r){[]})", [2, 1, 3]),
        ('$sort([3, 1, 2], function($l, $r){""})', [3, 1, 2]),
        ('$sort([3, 1, 2], function($l, $r){"x"})', [2, 1, 3]),
        ("$sort([3, 1, 2], function($l, $r){null})", [3, 1, 2]),
        ("$sort([3, 1, 2], function($l){$l > 2})", [1, 2, 3]),
        ("$sort([5, 3, 1, 4, 2], function($l, $r){$l > $r})", [1, 2, 3, 4, 5]),
        (
            '$sort([{"k": 1, "i": 1}, {"k": 0, "i": 2}, {"k": 1, "i": 3}, {"k": 0, "i": 4}], function($l, $r){$l.k > $r.k}).i',
            [2, 4, 1, 3],
        ),
    ],
)
def test_sort(gives, expression, expected):
    """Numbers or strings; with a function, which says whether one comes after the other, anything."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$sort([1, "a"])', "D3070:"),
        ("$sort([true, false])", "D3070:"),
        ('$sort([{"a": 1}, {"a": 0}])', "D3070:"),
        ("$sort([null, 1])", "D3070:"),
        ("$sort([[2], [1]])", "D3070:"),
        ('$sort([3, 1, 2], "x")', 'T0410: Argument 2 of function "sort" does not match function signature'),
    ],
)
def test_sort__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$keys({"a": 1, "b": 2})', ["a", "b"]),
        ('$keys({"a": 1})', "a"),
        ("$keys({})", MISSING),
        ('$keys([{"a": 1}, {"b": 2, "a": 3}])', ["a", "b"]),
        ('$keys([{"a": 1}, 5, "x"])', "a"),
        ('$keys("x")', MISSING),
        ("$keys(5)", MISSING),
        ("$keys($missing)", MISSING),
        ('$keys({"b": 1, "10": 2, "9": 3})', ["9", "10", "b"]),
        ('$keys({"x": 0, "4294967294": 1})', ["4294967294", "x"]),
        ('$keys({"x": 0, "4294967295": 1})', ["x", "4294967295"]),
    ],
)
def test_keys(gives, expression, expected):
    """Whole numbers first, then as they were put in."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$lookup({"a": 1}, "a")', 1),
        ('$lookup({"a": 1}, "b")', MISSING),
        ('$lookup([{"a": 1}, {"a": 2}], "a")', [1, 2]),
        ('$lookup([{"a": 1}, {"b": 2}], "a")', 1),
        ('$lookup([{"a": [1, 2]}, {"a": 3}], "a")', [1, 2, 3]),
        ('$lookup([[{"a": 1}], {"a": 2}], "a")', [1, 2]),
        ('$lookup("x", "a")', MISSING),
        ('$lookup($missing, "a")', MISSING),
        ('$lookup({"a": null}, "a")', None),
        ('$lookup({"a": 1}, $missing)', MISSING),
    ],
)
def test_lookup(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$lookup({"a": 1}, 1)', 'T0410: Argument 2 of function "lookup" does not match function signature'),
    ],
)
def test_lookup__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$spread({"a": 1, "b": 2})', [{"a": 1}, {"b": 2}]),
        ('$spread({"a": 1})', {"a": 1}),
        ("$spread({})", MISSING),
        ('$spread([{"a": 1}, {"b": 2, "c": 3}])', [{"a": 1}, {"b": 2}, {"c": 3}]),
        ("$spread([])", MISSING),
        ('$spread("x")', "x"),
        ("$spread(5)", 5),
        ('$spread([1, {"a": 1}])', [1, {"a": 1}]),
        ("$spread($missing)", MISSING),
        ('$spread({"b": 1, "2": 2})', [{"2": 2}, {"b": 1}]),
    ],
)
def test_spread(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$merge([{"a": 1}, {"b": 2}])', {"a": 1, "b": 2}),
        ('$merge([{"a": 1}, {"a": 2, "b": 3}])', {"a": 2, "b": 3}),
        ("$merge([])", {}),
        ('$merge({"a": 1})', {"a": 1}),
        ("$merge($missing)", MISSING),
        ('$merge([{"b": 1}, {"2": 2}, {"1": 3}])', {"1": 3, "2": 2, "b": 1}),
    ],
)
def test_merge(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$merge([1])", 'T0412: Argument 1 of function "merge" must be an array of "objects"'),
        ('$merge("x")', 'T0412: Argument 1 of function "merge" must be an array of "objects"'),
    ],
)
def test_merge__refuses(refuses, expression, message):
    refuses(expression, message)
