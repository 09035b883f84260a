"""Paths with bindings: `%` is the object that an item was found in, `@` names an item, `#` its place.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$orders.(lines).%.order", ["A1", "A1", "A2"]),
        ("$orders.(lines).(%.order & sku)", ["A1p", "A1q", "A2p"]),
        ("$orders.(1; lines).(%.order & sku)", ["A1p", "A1q", "A2p"]),
        ("$orders.lines.(sku; %.order)", ["A1", "A1", "A2"]),
        ("$orders.*.%.order", ["A1", "A1", "A1", "A2", "A2"]),
        ("$orders.(lines.sku).%.%.order", ["A1", "A1", "A2"]),
        ("$orders.(lines[n > 1]).(%.order)", ["A1", "A2"]),
        ("$orders.lines.[%.order, sku]", ["A1", "p", "A1", "q", "A2", "p"]),
        ("$orders.lines.{%.order: sku}", [{"A1": "p"}, {"A1": "q"}, {"A2": "p"}]),
        ('$orders.lines.{"p": %.{"o": order}}', [{"p": {"o": "A1"}}, {"p": {"o": "A1"}}, {"p": {"o": "A2"}}]),
        ('$orders.lines.(%.order = "A1" ? sku : n)', ["p", "q", 2]),
        ("$orders.lines.(%.order)[0]", "A1"),
        ("$orders.lines[n = 1].(%.order)", "A1"),
        ('$orders.lines[%.order = "A1" and n > 1].sku', "q"),
        ('$orders.lines[$string(n) & %.order = "1A1"].sku', "p"),
        ('$orders.lines.sku[%.%.order = "A2"]', "p"),
        ("$orders.lines.sku[%.n = 3]", "q"),
        ("$orders.lines.sku.%.n", [1, 3, 2]),
        ("$orders.lines.sku.(%.n & %.%.order)", ["1A1", "3A1", "2A2"]),
        ('$orders.lines.n[%.sku = "p"][%.%.order = "A1"]', 1),
        ("$orders.lines.$string(%.order)", ["A1", "A1", "A2"]),
        ("$orders.lines.($o := %.order; $o & sku)", ["A1p", "A1q", "A2p"]),
        ("$orders.lines.(-n & %.order)", ["-1A1", "-3A1", "-2A2"]),
        ("$orders.lines^(n).sku", ["p", "p", "q"]),
        ("$orders.lines^(%.order, >n).sku", ["q", "p", "p"]),
        ("$orders.(lines ~> $count)", [2, 1]),
        ("$orders.lines.(function($x){$x & %.order})(n)", ["1", "3", "2"]),
        ("$orders.lines.(n in [1, 2] ? %.order)", ["A1", "A2"]),
        ("$orders@$o.lines.%.order", MISSING),
        ("$orders.lines@$l.%.order", ["A1", "A1", "A2"]),
        ("$orders.lines#$i.(%.order & $string($i))", ["A10", "A11", "A20"]),
        ("$orders#$i.lines.(%.order & $string($i))", ["A10", "A10", "A21"]),
        ("$orders.lines.%{order: $count($)}", {"A1": 2, "A2": 1}),
        ('$orders.lines.%.{"o": order}', [{"o": "A1"}, {"o": "A1"}, {"o": "A2"}]),
        ("$orders.lines.%[0].order", "A1"),
        ("$orders.lines.%.lines.sku", ["p", "q", "p", "q", "p"]),
        ("$orders.lines.%.lines.(%.order & sku)", ["A1p", "A1q", "A1p", "A1q", "A2p"]),
        ("$items.tags.%.name", ["one", "one", "two"]),
        ("$items.tags.(% . name)", ["one", "one", "two"]),
        ('"a".%', MISSING),
        ('[{"a": {"b": 1}}].a.b.%.b', 1),
        ('[{"a": {"b": 1}}].a.b.%.%.a.b', 1),
        ('{"a": {"b": 1}}.a.b.%.%', {"a": {"b": 1}}),
        ('{"a": {"b": 1}}.a.(b + %.a.b)', 2),
        ('$orders.lines["x" = %.order].%.order', MISSING),
        ("$orders.lines[0].%.order", "A1"),
        ("$orders.lines.(%)[0].order", "A1"),
    ],
)
def test_parent(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "$orders.lines^(>%.order, n).(sku & %.order)",
            "S0217: The object representing the 'parent' cannot be derived from this expression",
        ),
        (
            "$orders.lines^(n).%.order",
            "S0217: The object representing the 'parent' cannot be derived from this expression",
        ),
        (
            "$orders.lines.(n ~> $string & %.order)",
            "T2006: The right side of the function application operator ~> must be a function",
        ),
        ("$items.%.x", "S0217: The object representing the 'parent' cannot be derived from this expression"),
        ("$items.[%]", "S0217: The object representing the 'parent' cannot be derived from this expression"),
        ("5.%", "S0213: The literal value 5 cannot be used as a step within a path expression"),
        ("[1].%.x", "S0217: The object representing the 'parent' cannot be derived from this expression"),
        (
            '[{"a": {"b": 1}}].a.b.%.%.%.a',
            "S0217: The object representing the 'parent' cannot be derived from this expression",
        ),
    ],
)
def test_parent__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$items@$i[$i.id > 1].$i.name", MISSING),
        ('$items@$i.tags.{"n": $i.name, "t": $}', MISSING),
        ('$items@$i.(tags).{"n": $i.name, "t": $}', MISSING),
        ('$items@$i.$items[id = $i.id + 1].{"a": $i.id, "b": id}', [{"a": 1, "b": 2}, {"a": 2, "b": 3}]),
        ("$items@$i#$n[$n > 0].$i.id", [2, 3]),
        ("$items#$n@$i[$n > 0].$i.id", [2, 3]),
        ('$items@$i.$orders@$o.lines.{"i": $i.id, "o": $o.order}', MISSING),
        ('$items#$i.tags#$j.($i & "-" & $j & $)', ["0-0x", "0-1y", "1-0z"]),
        ("$items#$i.tags.($i & $)", ["0x", "0y", "1z"]),
        ("$items#$i{kind: $i}", {"a": [0, 2], "b": 1}),
        ("$items#$i{kind: $sum($i)}", {"a": 2, "b": 1}),
        ("$items#$i.{kind: $i}", [{"a": 0}, {"b": 1}, {"a": 2}]),
        ('$items[kind = "a"]#$i.($i & name)', ["0one", "1three"]),
        ('$items#$i[kind = "a"].($i & name)', ["0one", "2three"]),
        ("$items#$i[0].$i", 0),
        ("$items#$i[-1].$i", 2),
        ("$items#$i[[0, 2]].$i", [0, 2]),
        ("$items#$i^(>id).($i & name)", ["2three", "1two", "0one"]),
        ("$items^(>id)#$i[0].name", "three"),
        ("$items^(>id)#$i[$i = 1].name", "two"),
        ("$items.tags#$i[$i = 0]", ["x", "z"]),
        ('$items.tags@$t[$t = "x"]', {"id": 1, "name": "one", "kind": "a", "tags": ["x", "y"]}),
        ("$items.tags^(>$)#$i.($i & $)", ["0z", "1y", "2x"]),
        ("$items#$i.nothing#$j.$j", MISSING),
        ("$items#$i.$i", [0, 1, 2]),
        ("$items.(tags)#$i.($i & $)", ["0x", "1y", "0z"]),
        ("$items.(tags)@$t.($t)", ["x", "y", "z"]),
        ("(1; $items)#$i.$i", [0, 1, 2]),
        ("[10, 20]#$i.$i", MISSING),
        ("[10, 20]#$i[$i = 1]", 20),
        ("[10, 20]#$i.($ + $i)", MISSING),
        ("[10, 20]@$x.($x)", MISSING),
        ('"abc"#$i', "abc"),
        ("$o.a#$i.$i", 0),
        ("$o.*#$i.$i", [0, 1, 2, 3, 4]),
        ("$o.*#$i[$i = 1]", "ten"),
        ("*#$i", MISSING),
        ("**#$i", MISSING),
        (
            "$items@$i[]",
            [
                {"id": 1, "name": "one", "kind": "a", "tags": ["x", "y"]},
                {"id": 2, "name": "two", "kind": "b", "tags": ["z"]},
                {"id": 3, "name": "three", "kind": "a", "tags": []},
            ],
        ),
        ("$items#$i[].id", [1, 2, 3]),
        ("$items#$i.id[]", [1, 2, 3]),
        ("$items[0]#$i.id[]", [1]),
        ("($items@$i.$i.id)[0]", 1),
        ("$sum($items#$i.($i * id))", 8),
        ("$items@$i{$i.name: $i.id}", {}),
        ('{"a": [1, 2]}.a#$i.($i)', [0, 1]),
        ('{"a": [[1, 2], [3]]}.a#$i.{"i": $i, "v": $}', [{"i": 0, "v": [1, 2]}, {"i": 1, "v": 3}]),
    ],
)
def test_binding(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$items^(>id)@$x.$x.name", "S0216: A context variable binding must precede the 'order-by' clause on a step"),
        ("5#$i.$i", "S0213: The literal value 5 cannot be used as a step within a path expression"),
    ],
)
def test_binding__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize("expression", ['$items.nothing@$i{"a": 1}', '$nothing#$i{"a": 1}'])
def test_binding__a_group_of_nothing_breaks_as_in_the_reference(breaks, expression):
    breaks(expression)
