"""The last call of a function's body, which is made after the function, and partial application of what is handed on.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

import pytest


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("($f := function($x){$x()}; $f(function(){5}))", 5),
        ("($f := function($x){$map($x, function($y){$y})}; $f([1, 2]))", [1, 2]),
        ('($f := function($g, $x){$g($x)}; $f($uppercase, "a"))', "A"),
        ("($f := function($x){$x > 2 ? $x : $f($x + 1)}; $f(0))", 3),
        ("($f := function($x){($y := $x + 1; $y > 2 ? $y : $f($y))}; $f(0))", 3),
        ("($f := function($x){$x ~> $string}; $f(1))", "1"),
        ("($f := function($x){$sum($x)[0]}; $f([1, 2]))", 3),
        ("($f := function($x){$map($x, $g)}; $g := function($y){$y * 2}; $f([1, 2]))", [2, 4]),
        ('$substring(?, 1)("abc")', "bc"),
        ("$sum(?)([5])", 5),
        ('$map(["a"], ?)($uppercase)', "A"),
        ('$match(?, /a/)("a").index', 0),
        ("$append(?, 1)(2)", [2, 1]),
    ],
)
def test_last_call(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("($f := function($x){$x.call($x)}; $f(1))", "T1006: Attempted to invoke a non-function"),
        ("($f := function($x){$x()}; $f(5))", "T1006: Attempted to invoke a non-function"),
        (
            "($f := function($g, $x){$g($x)}; $f($uppercase, 1))",
            'T0410: Argument 1 of function "g" does not match function signature',
        ),
        ("($f := function($x, $h){$map($x, $h(?))}; $f([1, 2], $string))", 'S0202: Expected ")", got ".."'),
        ("($f := function($x, $h){$h(?, 1)}; $type($f(1, $power)))", 'S0202: Expected ")", got ".."'),
        ("$uppercase(?)(1)", 'T0410: Argument 1 of function "(" does not match function signature'),
        ("($h := function($x){$x(?)}; $type($h($uppercase)))", 'S0202: Expected ")", got ".."'),
        ("null(?)", "T1008: Attempted to partially apply a non-function"),
        ("5(?)", "T1008: Attempted to partially apply a non-function"),
        ("[1](?)", "T1008: Attempted to partially apply a non-function"),
    ],
)
def test_last_call__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    "expression",
    [
        "($f := function($x){$nope($x)}; $f(1))",
        "($f := function($x){(null)($x)}; $f(1))",
        "(null)(1)",
        "($f := function($x){$filter($x, $boolean)}; $f([0, 1]))",
        "($f := function($x){$map($x, $add(1, ?))}; $add := function($a, $b){$a + $b}; $f([1, 2]))",
        "$sum(?)(5)",
        '$map(?, $uppercase)(["a"])',
    ],
)
def test_last_call__breaks_as_the_reference_does(breaks, expression):
    breaks(expression)
