"""JSON's null, which is a value: it is kept, counted and found, and counts as false.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

import pytest


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$map($xs, function($v){$v})", [1, None, 3]),
        ("null in $xs", True),
        ("$filter($xs, function($v){$v != null})", [1, 3]),
        ('$sift({"a": null, "b": 1}, function($v){$v = null})', {"a": None}),
        ("$count(null)", 1),
        ("$count($xs)", 3),
        ("$string($xs)", "[1,null,3]"),
        ("$append($xs, null)", [1, None, 3, None]),
        ("$distinct([null, null, 1])", [None, 1]),
        ("$reverse($xs)", [3, None, 1]),
        ('{"a": null}', {"a": None}),
        ('$merge([{"a": 1}, {"a": null}])', {"a": None}),
        ('$each({"a": null}, function($v, $k){$k})', "a"),
        ('$spread({"a": null})', {"a": None}),
        ('null & "x"', "nullx"),
        ("$not(null)", True),
        ("$reduce($xs, function($a, $b){$b})", 3),
        ("$zip([null, 1], [2, null])", [[None, 2], [1, None]]),
        ('$keys({"a": null})', "a"),
        ('$o ~> |$|{"nil": 1}|', {"2": "two", "10": "ten", "b": 1, "a": {"x": None}, "nil": 1}),
    ],
)
def test_null(gives, expression, expected):
    gives(expression, expected)
