"""Steps of paths over values of every kind, and functions in them.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[1, 2][0].x", MISSING),
        ('["ab"][0].x', MISSING),
        ('[{"x": 1}][0].x', MISSING),
        ('[{"x": [1, 2]}][0].x[1]', MISSING),
        ('["abc"][$ = "abc"].$', ["a", "b", "c"]),
        ("[[1, 2]][0].$", [1, 2]),
        ('[{"x": 1}, {"x": 2}][x = 2].x', MISSING),
        ("[$items.id].$", [1, 2, 3]),
        ("[$items][0].name", MISSING),
        ("[1, 2].[$]", [[1], [2]]),
        ("[1, 2].[$, $][0]", [1, 2]),
        ("$xs.[$]", [[1], [None], [3]]),
        ("$items.tags.[$]", [["x"], ["y"], ["z"]]),
        ("[[1], [2]].[$]", [[1], [2]]),
        ("$items.[tags]", [["x", "y"], ["z"], []]),
        ("$items.[tags].$", [["x", "y"], ["z"], []]),
        ("$items.[[id]]", [[[1]], [[2]], [[3]]]),
        ("$items.[[id], name]", [[[1], "one"], [[2], "two"], [[3], "three"]]),
        ('{"a": [{"b": 1}, {"c": 2}]}.a.*', [1, 2]),
        ('{"a": [{"b": [1, 2]}, {"b": 3}]}.a.b[0]', [1, 3]),
        ('{"a": [{"b": [1, 2]}, {"b": 3}]}.a.b[]', [1, 2, 3]),
        ('{"a": {"b": [1]}}.a.b', [1]),
        ('{"a": {"b": [1]}}.a.b[]', [1]),
        ('{"a": {"b": [[1]]}}.a.b', [[1]]),
        ('{"a": [{"b": [[1]]}]}.a.b', [[1]]),
        ('{"a": []}.a', []),
        ('{"a": []}.a.b', MISSING),
        ('{"a": [[]]}.a', [[]]),
        ('{"a": [[]]}.a.b', MISSING),
        ('{"a": null}.a.b', MISSING),
        ('{"a": "text"}.a.b', MISSING),
        ('{"a": 5}.a[0]', 5),
        ('{"a": [5]}.a[0]', 5),
        ('{"a": {"b": {"c": {"d": 1}}}}.a.b.c.d', 1),
        ('{"a": {"b": [{"c": 1}, {"c": 2}]}}.a.b.c', [1, 2]),
        ('{"a": [{"b": {"c": 1}}, {"b": {"c": [2, 3]}}]}.a.b.c', [1, 2, 3]),
        ('{"a": $sum}.a.b', MISSING),
        ("$sum.x", MISSING),
        ("$sum[0]([1])", 1),
        ("($sum)([1])", 1),
        ("[$sum][0]([1])", 1),
        ("$items.id.$", [1, 2, 3]),
        ("$items.id.($)", [1, 2, 3]),
        ('$items.id.{"x": $}', [{"x": 1}, {"x": 2}, {"x": 3}]),
        ("$items.id.$string()", ["1", "2", "3"]),
        ("$items.name.$length()", [3, 3, 5]),
        ("$items.name.$substring(1)", ["ne", "wo", "hree"]),
        ('$items.name.$uppercase() ~> $join("-")', "ONE-TWO-THREE"),
        ("$items.(name ~> $uppercase)", ["ONE", "TWO", "THREE"]),
        ('$items[name ~> $contains("o")].id', [1, 2]),
        ('$items[name.$contains("o")].id', [1, 2]),
        ('$items.tags[$ = "x" or $ = "z"]', ["x", "z"]),
        ('$items[tags[0] = "x"].id', 1),
        ("$items[$exists(tags[0])].id", [1, 2]),
        ('$items[$lookup($, "kind") = "a"].id', [1, 3]),
        ('$items.*[$type($) = "number"]', [1, 2, 3]),
        ('$items.**[$type($) = "string"]', ["one", "a", "x", "y", "two", "b", "z", "three", "a"]),
        ("$nested.*.*", MISSING),
        ("$nested.**[$ = 1]", 1),
        ("$nested[0].*", 2),
        ("$nested[0].**", [1, 2]),
        ("$nested.$.$", [1, 2]),
        ('$o.*[$type($) = "string"]', ["two", "ten"]),
        ("$o[b = 1].`10`", "ten"),
        ("$o[b = 2].`10`", MISSING),
        ("$o.b.$string()", "1"),
        ('$o."a".x', None),
        ("$o.(a.x)", None),
        ("$o.(a).x", None),
        ('$o.{"k": b}', {"k": 1}),
        ('$o.{"k": b}.k', 1),
        ('$o{"k": b}', {"k": 1}),
        ('$o{"k": b}.k', 1),
        ("$o^(b).b", 1),
        ('$o.a{"k": x}', {"k": None}),
        ("$.$", MISSING),
        ("$$.$$", MISSING),
    ],
)
def test_step(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    "expression",
    [
        "[null][0].x",
    ],
)
def test_step__breaks_as_the_reference_does(breaks, expression):
    breaks(expression)
