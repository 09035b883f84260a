"""Paths: steps, filters, groups, sorting, bindings, and what arrays and objects are made of.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

# ruff: noqa: E501 - an expression and what it gives stand on one line

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$items.id", [1, 2, 3]),
        ("$items[0].id", 1),
        ("$items[0]", {"id": 1, "name": "one", "kind": "a", "tags": ["x", "y"]}),
        ("$items[-1].id", 3),
        ("$items[-3].id", 1),
        ("$items[3]", MISSING),
        ("$items[-4]", MISSING),
        ("$items[1.9].id", 2),
        ("$items[-0.5].id", 3),
        ("$items[[0, 2]].id", [1, 3]),
        ("$items[[2, 0]].id", [1, 3]),
        ("$items[[-1, 0]].id", [1, 3]),
        ("$items[[0, 0]].id", [1, 1]),
        ("$items[[1.9]].id", 2),
    ],
)
def test_index(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$items[id = 2].name", "two"),
        ("$items[id > 1].name", ["two", "three"]),
        ("$items[id > 1][0].name", "two"),
        ('$items[id > 1][kind = "a"].name', "three"),
        ('$items["b" = kind].id', 2),
        ("$items[true].id", [1, 2, 3]),
        ("$items[false].id", MISSING),
        ("$items[null].id", MISSING),
        ('$items["x"].id', [1, 2, 3]),
        ('$items[""].id', MISSING),
        ("$items[tags].id", [1, 2]),
        ("$items[$count(tags) = 0].id", 3),
        ("$items[nothing].id", MISSING),
        ('$items["x" in tags].id', 1),
        ("$items[{}].id", MISSING),
    ],
)
def test_filter(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$items.tags", ["x", "y", "z"]),
        ("$items.tags[0]", ["x", "z"]),
        ("($items.tags)[0]", "x"),
        ("$items.(tags[0])", ["x", "z"]),
        ("$items.tags[]", ["x", "y", "z"]),
        ("$items[1].tags", ["z"]),
        ("$items[1].tags[]", ["z"]),
        ("$items[0].id[]", [1]),
        ("$items[0].nothing[]", MISSING),
        ("$items[].id", [1, 2, 3]),
        ("$items.id[]", [1, 2, 3]),
        ("$items[id = 1].id[]", [1]),
        ("$items[id = 1][].id", [1]),
        ("$items.kind[0]", ["a", "b", "a"]),
        ("$items.name[-1]", ["one", "two", "three"]),
        ("$items.nothing", MISSING),
        ("$items.name.nothing", MISSING),
    ],
)
def test_flattening(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$items.{"i": id}', [{"i": 1}, {"i": 2}, {"i": 3}]),
        ('$items.{"i": nothing}', [{}, {}, {}]),
        ("$items.[id, name]", [[1, "one"], [2, "two"], [3, "three"]]),
        ("$items.[id]", [[1], [2], [3]]),
        ("$items[0].[id]", [1]),
        ("$items[0].[id][0]", 1),
        ("$items.[id, name][0]", [1, 2, 3]),
        ("$items.tags.$uppercase($)", ["X", "Y", "Z"]),
        ("$items.(id + 1)", [2, 3, 4]),
        ("$items.(id > 1)", [False, True, True]),
        ("$items.(id > 1 ? name)", ["two", "three"]),
        (
            "$items.$",
            [
                {"id": 1, "name": "one", "kind": "a", "tags": ["x", "y"]},
                {"id": 2, "name": "two", "kind": "b", "tags": ["z"]},
                {"id": 3, "name": "three", "kind": "a", "tags": []},
            ],
        ),
        ("$items.$.id", [1, 2, 3]),
    ],
)
def test_array_constructor_in_path(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$items{kind: $sum(id)}", {"a": 4, "b": 2}),
        ("$items{kind: id}", {"a": [1, 3], "b": 2}),
        ('$items{kind: name, "all": $count(id)}', {"a": ["one", "three"], "all": 3, "b": "two"}),
        ("$items{name: id}", {"one": 1, "two": 2, "three": 3}),
        ("$items{nothing: id}", {}),
        ("$items{kind: nothing}", {}),
        ("$items.tags{$: $count($)}", {"x": 1, "y": 1, "z": 1}),
        ("$items.{kind: id}", [{"a": 1}, {"b": 2}, {"a": 3}]),
        ("$items[id > 5]{kind: id}", {}),
        ('{"a": 1, "b": $missing}', {"a": 1}),
        ("{$missing: 1}", {}),
        ("$items{kind: 1, name: 2}", {"a": 1, "one": 2, "b": 1, "two": 2, "three": 2}),
        ('{"a": 1}{"b": 2}', {"b": 2}),
    ],
)
def test_group(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$items{id: 1}", "T1003: Key in object structure must evaluate to a string; got: 1"),
        ('{"a": 1, "a": 2}', 'D1009: Multiple key definitions evaluate to same key: "a"'),
        ("{null: 1}", "T1003: Key in object structure must evaluate to a string; got: null"),
        ("$items{kind: 1, kind: 2}", 'D1009: Multiple key definitions evaluate to same key: "a"'),
    ],
)
def test_group__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$items^(id).id", [1, 2, 3]),
        ("$items^(<id).id", [1, 2, 3]),
        ("$items^(>id).id", [3, 2, 1]),
        ("$items^(kind, >id).id", [3, 1, 2]),
        ("$items^(>kind, id).id", [2, 1, 3]),
        ("$items^(name).name", ["one", "three", "two"]),
        ("$items^(nothing).id", [1, 2, 3]),
        ("$items^(tags[0]).id", [1, 2, 3]),
        ("$items^(>tags[0]).id", [2, 1, 3]),
        ("$items^($count(tags)).id", [3, 2, 1]),
        ("$items^(kind).id", [1, 3, 2]),
        ("$items^(>kind).id", [2, 1, 3]),
        ("[3, 1, 2]^($)", [1, 2, 3]),
        ("[3, 1, 2]^(>$)", [3, 2, 1]),
        ('["b", "a"]^($)', ["a", "b"]),
        ("[1]^($)", 1),
        ('[{"a": 1}, {"b": 1}]^(a)', [{"a": 1}, {"b": 1}]),
        ('[{"b": 1}, {"a": 1}]^(a)', [{"a": 1}, {"b": 1}]),
        ('[{"a": 1}, {"a": 1.0}]^(a)', [{"a": 1}, {"a": 1}]),
        ("$missing^($)", MISSING),
        ("$items^(id)[0].id", 1),
        ("$items^(>id)[[0..1]].id", [3, 2]),
    ],
)
def test_order_by(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('[1, "a"]^($)', 'T2007: Type mismatch when comparing values 1 and "a" in order-by clause'),
        ('["a", 1]^($)', 'T2007: Type mismatch when comparing values "a" and 1 in order-by clause'),
        ("[1, null]^($)", "T2008: The expressions within an order-by clause must evaluate to numeric or string values"),
        ("[null, 1]^($)", "T2008: The expressions within an order-by clause must evaluate to numeric or string values"),
        (
            "[true, false]^($)",
            "T2008: The expressions within an order-by clause must evaluate to numeric or string values",
        ),
    ],
)
def test_order_by__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$orders.lines.sku", ["p", "q", "p"]),
        ("$orders.lines[0].sku", ["p", "p"]),
        ("($orders.lines)[0].sku", "p"),
        ("$orders[0].lines.sku", ["p", "q"]),
        ("$orders.lines.(%.order & sku)", ["A1p", "A1q", "A2p"]),
        ("$orders.lines.%.order", ["A1", "A1", "A2"]),
        ("$orders.lines[n > 1].%.order", ["A1", "A2"]),
        (
            '$orders.lines.{"o": %.order, "s": sku}',
            [{"o": "A1", "s": "p"}, {"o": "A1", "s": "q"}, {"o": "A2", "s": "p"}],
        ),
        ("$orders.lines.sku.%.%.order", ["A1", "A1", "A2"]),
        ('$orders.lines[%.order = "A1"].sku', ["p", "q"]),
    ],
)
def test_parent(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "$orders.lines^(>n).(%.order & sku)",
            "S0217: The object representing the 'parent' cannot be derived from this expression",
        ),
        ("$orders.lines.%.%", "S0217: The object representing the 'parent' cannot be derived from this expression"),
        (
            "$orders[$ ~> $exists].%.order",
            "S0217: The object representing the 'parent' cannot be derived from this expression",
        ),
        ("%", "S0217: The object representing the 'parent' cannot be derived from this expression"),
        ("$x.%", "S0217: The object representing the 'parent' cannot be derived from this expression"),
    ],
)
def test_parent__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$orders@$o.lines@$l.{"o": $o.order, "l": $l.sku}', MISSING),
        ('$orders@$o.lines.{"o": $o.order, "l": sku}', MISSING),
        ('$orders@$o.lines@$l[$l.n > 1].{"o": $o.order, "l": $l.sku}', MISSING),
        ("$items@$a.$items@$b[$a.kind = $b.kind and $a.id < $b.id].[$a.id, $b.id]", [1, 3]),
        ("$items@$i.$i.id", [1, 2, 3]),
        ("$items@$i[$i.id = 2].$i.name", MISSING),
        ('$items#$i.{"i": $i, "id": id}', [{"i": 0, "id": 1}, {"i": 1, "id": 2}, {"i": 2, "id": 3}]),
        ("$items#$i[$i > 0].id", [2, 3]),
        ("$items#$i[$i = 1].$i", 1),
        ('$items[id > 1]#$i.{"i": $i, "id": id}', [{"i": 0, "id": 2}, {"i": 1, "id": 3}]),
        ('$items#$i[id > 1].{"i": $i, "id": id}', [{"i": 1, "id": 2}, {"i": 2, "id": 3}]),
        ('$orders.lines#$i.{"i": $i, "s": sku}', [{"i": 0, "s": "p"}, {"i": 1, "s": "q"}, {"i": 0, "s": "p"}]),
        ('$orders#$o.lines#$l.{"o": $o, "l": $l}', [{"o": 0, "l": 0}, {"o": 0, "l": 1}, {"o": 1, "l": 0}]),
        ('$items^(>id)#$i.{"i": $i, "id": id}', [{"i": 0, "id": 3}, {"i": 1, "id": 2}, {"i": 2, "id": 1}]),
        ('$items@$x#$i.{"i": $i, "n": $x.name}', [{"i": 0, "n": "one"}, {"i": 1, "n": "two"}, {"i": 2, "n": "three"}]),
        ('$items#$i@$x.{"i": $i, "n": $x.name}', [{"i": 0, "n": "one"}, {"i": 1, "n": "two"}, {"i": 2, "n": "three"}]),
        ("$items#$i{$string($i): id}", {"0": 1, "1": 2, "2": 3}),
        ("$items@$x{kind: $x.id}", {}),
        ("$orders.lines.%{order: $count($)}", {"A1": 2, "A2": 1}),
        ("[1, 2, 3]#$i.($i * $)", MISSING),
        ("(1)#$i.$i", 0),
        ("$missing#$i.$i", MISSING),
        ("$missing@$i.$i", MISSING),
        ('$items.tags@$t.{"t": $t}', [{"t": "x"}, {"t": "y"}, {"t": "z"}]),
    ],
)
def test_focus(gives, expression, expected):
    """`@` names each item, `#` its place."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$o.*", ["two", "ten", 1, {"x": None}, None]),
        (
            "$o.**",
            [
                {"2": "two", "10": "ten", "b": 1, "a": {"x": None}, "nil": None},
                "two",
                "ten",
                1,
                {"x": None},
                None,
                None,
            ],
        ),
        ("$o.*.x", None),
        ("$items.*", [1, "one", "a", "x", "y", 2, "two", "b", "z", 3, "three", "a"]),
        ("$items.*[0]", [1, 2, 3]),
        ("$nested.*", [1, 2]),
        ("$nested.**", [1, 2]),
        ("$xs.*", MISSING),
        ("*", MISSING),
        ("**", MISSING),
        ("$o.a.**", [{"x": None}, None]),
    ],
)
def test_wildcard(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$o.`10`", "ten"),
        ("$o.`2`", "two"),
        ('$o."10"', "ten"),
        ('$o."b"', 1),
        ("$o.nil", None),
        ("$o.nil.x", MISSING),
        ("$o.a.x", None),
    ],
)
def test_quoted_name(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$xs[0]", 1),
        ("$xs[1]", None),
        ("$xs[$ = null]", None),
        ("$xs[$ != null]", [1, 3]),
        ("$nested[0]", [1, [2]]),
        ("$nested[0][0]", 1),
        ("$nested[0][1][0]", 2),
        ("$nested[1]", []),
        ("$nested.$", [1, [2]]),
        ("$nested[0].$", [1, 2]),
        ("$nested[]", [[1, [2]], []]),
        ("[1, 2, 3][0]", 1),
        ("[1, 2, 3][-1]", 3),
        ("[1, 2, 3][5]", MISSING),
        ("[1, 2, 3][$ > 1]", [2, 3]),
        ("[[1, 2], [3, 4]][0]", [1, 2]),
        ("[[1, 2], [3, 4]][1][0]", 3),
        ("[[1, 2], [3, 4]].$", [1, 2, 3, 4]),
        ("[[1, 2], [3, 4]].($)[0]", [1, 3]),
    ],
)
def test_nested_list(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[1..3]", [1, 2, 3]),
        ("[1..3, 5]", [1, 2, 3, 5]),
        ("[1..2, 4..5]", [1, 2, 4, 5]),
        ("[3..1]", []),
        ("[1..1]", [1]),
        ("[-2..2]", [-2, -1, 0, 1, 2]),
        ("[0..$missing]", []),
        ("[$missing..2]", []),
        ("[1..3].($ * 2)", [2, 4, 6]),
        ("[1..3][$ > 1]", [2, 3]),
        ("[0..9][[0..2]]", [0, 1, 2]),
    ],
)
def test_range(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("[1.5..3]", "T2003: The left side of the range operator (..) must evaluate to an integer"),
        ("[1..2.5]", "T2004: The right side of the range operator (..) must evaluate to an integer"),
        ('["a"..2]', "T2003: The left side of the range operator (..) must evaluate to an integer"),
        ('[1.."b"]', "T2004: The right side of the range operator (..) must evaluate to an integer"),
        (
            "[1..10000001]",
            "D2014: The size of the sequence allocated by the range operator (..) must not exceed 1e6.  Attempted to allocate 10000001.",
        ),
        ("1..3", 'S0201: Syntax error: ".."'),
    ],
)
def test_range__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[]", []),
        ("[[]]", [[]]),
        ("[[], []]", [[], []]),
        ("[1, [2, [3]]]", [1, [2, [3]]]),
        ("[$missing, 1]", [1]),
        ("[$xs, 4]", [1, None, 3, 4]),
        ("[$items.id, 9]", [1, 2, 3, 9]),
        ("[null]", [None]),
        ('"abc"[0]', "abc"),
        ("5[0]", 5),
        ("5[1]", MISSING),
        ('"abc".$', MISSING),
    ],
)
def test_array(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('{"a": {"b": [1, {"c": 2}]}}.a.b.c', 2),
        ('{"a": [1, 2]}.a[1]', 2),
        ('{"a": 1}.a', 1),
        ('{"a": 1}.b', MISSING),
        ('{"a": {"b": 1}}.a{"x": b}', {"x": 1}),
        ('{"a": [{"b": 1}, {"b": 2}]}.a.b', [1, 2]),
        ('{"a": [{"b": [1, 2]}, {"b": [3]}]}.a.b', [1, 2, 3]),
        ('{"a": [[{"b": 1}], [{"b": 2}]]}.a.b', [1, 2]),
        ('{"and": 1, "or": 2, "in": 3}.and', 1),
        ('{"and": 1, "or": 2, "in": 3}.(or + in)', 5),
    ],
)
def test_object(gives, expression, expected):
    gives(expression, expected)
