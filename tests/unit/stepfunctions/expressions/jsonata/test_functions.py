"""Functions: lambdas, chains, partial application, signatures, calls and transforms.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

# ruff: noqa: E501 - an expression and what it gives stand on one line

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("function($x){$x + 1}(2)", 3),
        ("function($x, $y){$x + $y}(2, 3)", 5),
        ("function(){5}()", 5),
        ("λ($x){$x * 2}(4)", 8),
        ("function($x){$x}()", MISSING),
        ("function($x){$y}(1)", MISSING),
        ("function($x, $x){$x}(1, 2)", 2),
        ("(function($x){function($y){$x + $y}})(1)(2)", 3),
        ("($f := function($n){$n <= 1 ? 1 : $n * $f($n - 1)}; $f(5))", 120),
        ("($f := function($n, $a){$n = 0 ? $a : $f($n - 1, $a + $n)}; $f(500, 0))", 125250),
        (
            "($even := function($n){$n = 0 ? true : $odd($n - 1)}; $odd := function($n){$n = 0 ? false : $even($n - 1)}; $even(101))",
            False,
        ),
        ("($f := function($n, $a){$n = 0 ? $a : $f($n - 1, $a + $n)}; $f(1000, 0))", 500500),
        ("($x := 1; $f := function(){$x}; $x := 2; $f())", 2),
        ("($f := function($x){($y := $x * 2; $y)}; $f(3))", 6),
        ("function($x){$x}(1, 2, 3)", 1),
        ("[1, 2].(function($x){$x * 10})($)", [10, 20]),
        ('{"f": function($x){$x + 1}}.f(1)', 2),
        ('($o := {"f": function($x){$x + 1}}; $o.f(1))', 2),
        ("$map([1, 2], function($x){$x ~> $string})", ["1", "2"]),
    ],
)
def test_function(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("5 ~> $string", "5"),
        ("5 ~> $string()", "5"),
        ("[1, 2, 3] ~> $sum()", 6),
        ("[1, 2, 3] ~> $sum", 6),
        ('"a,b" ~> $split(",")', ["a", "b"]),
        ('"a,b" ~> $split(",") ~> $count()', 2),
        ('" a " ~> $trim ~> $uppercase ~> $length', 1),
        ('($f := $trim ~> $uppercase; $f(" a "))', "A"),
        ('($f := $trim ~> $uppercase ~> $length; $f(" ab "))', 2),
        ('($f := $trim ~> function($x){$x & "!"}; $f(" a "))', "a!"),
        ("[3, 1, 2] ~> $sort ~> $reverse", [3, 2, 1]),
        ("[1, 2] ~> $map(function($x){$x + 1}) ~> $sum", 5),
        ("5 ~> function($x){$x + 1}", 6),
        ("5 ~> (function($x){$x + 1})", 6),
        ("5 ~> $power(2)", 25),
        ("$missing ~> $sum", MISSING),
        ("$missing ~> $count", 0),
    ],
)
def test_chain(gives, expression, expected):
    """`~>` hands on a value, and makes one function of two."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("5 ~> 6", "T2006: The right side of the function application operator ~> must be a function"),
        ('5 ~> "x"', "T2006: The right side of the function application operator ~> must be a function"),
        ("5 ~> $missing", "T2006: The right side of the function application operator ~> must be a function"),
    ],
)
def test_chain__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("($add := function($a, $b){$a + $b}; $add(1, ?)(2))", 3),
        ("($add := function($a, $b){$a + $b}; $add(?, 1)(2))", 3),
        ("($sub := function($a, $b){$a - $b}; $sub(?, 1)(5))", 4),
        ("($sub := function($a, $b){$a - $b}; $sub(10, ?)(5))", 5),
        ("($f := function($a, $b, $c){[$a, $b, $c]}; $f(?, 2, ?)(1, 3))", [1, 2, 3]),
        ("($f := function($a, $b){$a + $b}; $f(?)(2))", MISSING),
        ('$substring(?, 0, 2)("hello")', "he"),
        ('$substring("hello", ?, 2)(1)', "el"),
        ('($first := $substring(?, 0, ?); $first("hello", 3))', "hel"),
        ("$map([1, 2, 3], $power(?, 2))", [1, 4, 9]),
        ('$uppercase(?)("a")', "A"),
    ],
)
def test_partial(gives, expression, expected):
    """`?` leaves an argument open."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("($f := function($a, $b, $c){[$a, $b, $c]}; $f(?, ?, 3)(1)(2))", "T1006: Attempted to invoke a non-function"),
        ("$nope(?)", "T1008: Attempted to partially apply a non-function"),
        ("nope(?)", "T1008: Attempted to partially apply a non-function"),
        ("sum(?)", "T1007: Attempted to partially apply a non-function. Did you mean $sum?"),
        ('"x"(?)', "T1008: Attempted to partially apply a non-function"),
    ],
)
def test_partial__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$nope()", "T1006: Attempted to invoke a non-function"),
        ("$nope(1)", "T1006: Attempted to invoke a non-function"),
        ("nope()", "T1006: Attempted to invoke a non-function"),
        ("sum([1])", "T1005: Attempted to invoke a non-function. Did you mean $sum?"),
        ('uppercase("a")', "T1005: Attempted to invoke a non-function. Did you mean $uppercase?"),
        ('"x"()', "T1006: Attempted to invoke a non-function"),
        ("5(1)", "T1006: Attempted to invoke a non-function"),
        ("(1)(2)", "T1006: Attempted to invoke a non-function"),
        ("$items(1)", "T1006: Attempted to invoke a non-function"),
        ("$o.b()", "T1006: Attempted to invoke a non-function"),
    ],
)
def test_call__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    "expression",
    [
        "null()",
    ],
)
def test_call__breaks_as_the_reference_does(breaks, expression):
    breaks(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("function($x)<n:n>{$x + 1}(2)", 3),
        ("function($x)<b:b>{$x}(true)", True),
        ("function($x)<l:l>{$x}(null)", None),
        ("function($x)<a:a>{$x}([1])", [1]),
        ("function($x)<a:a>{$x}(1)", [1]),
        ("function($x)<a<n>:a>{$x}([1, 2])", [1, 2]),
        ('function($x)<a<s>:a>{$x}("a")', ["a"]),
        ("function($x)<a<b>:a>{$x}([true])", [True]),
        ("function($x)<a<o>:a>{$x}([{}])", [{}]),
        ("function($x)<a<a>:a>{$x}([[1]])", [[1]]),
        ("function($x)<a<n>:a>{$x}([])", []),
        ('function($x)<o:o>{$x}({"a": 1})', {"a": 1}),
        ("function($x)<f:x>{$x(1)}(function($y){$y + 1})", 2),
        ("function($x)<f<n:n>:x>{$x(1)}(function($y){$y + 1})", 2),
        ("function($x)<x:x>{$x}(1)", 1),
        ("function($x)<j:j>{$x}(1)", 1),
        ("function($x)<(ns):x>{$x}(1)", 1),
        ('function($x)<(ns):x>{$x}("a")', "a"),
        ("function($x)<(ns)-:x>{$x}()", MISSING),
        ("function($x, $y)<ns?:x>{$x & $y}(1)", "1"),
        ('function($x, $y)<ns?:x>{$x & $y}(1, "a")', "1a"),
        ('function($x, $y)<n?s?:x>{[$x, $y]}("a")', ["a"]),
        ("function($x)<n+:x>{$x}(1)", 1),
        ("function($x)<s-:s>{$x}()", MISSING),
        ('"a".function($x)<s-:s>{$x & "!"}()', MISSING),
        ('"ctx".function($x, $y)<s-n:s>{$x & $y}(5)', MISSING),
        ("function($x)<n>{$x}(1)", 1),
        ("function($x)<n:s>{$x}(1)", 1),
        ("function($x)<n:n>{$x}($missing)", MISSING),
    ],
)
def test_signature(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('function($x)<n:n>{$x + 1}("a")', "T0410: Argument 1 of function undefined does not match function signature"),
        ("function($x)<s:s>{$x}(1)", "T0410: Argument 1 of function undefined does not match function signature"),
        ("function($x)<l:l>{$x}(1)", "T0410: Argument 1 of function undefined does not match function signature"),
        ('function($x)<a<n>:a>{$x}([1, "a"])', 'T0412: Argument 1 of function undefined must be an array of "numbers"'),
        ("function($x)<a<s>:a>{$x}([1])", 'T0412: Argument 1 of function undefined must be an array of "strings"'),
        ("function($x)<a<b>:a>{$x}([1])", 'T0412: Argument 1 of function undefined must be an array of "booleans"'),
        ("function($x)<a<a>:a>{$x}([1])", 'T0412: Argument 1 of function undefined must be an array of "arrays"'),
        ('function($x)<a<x>:a>{$x}([1, "a"])', "T0412: Argument 1 of function undefined must be an array of undefined"),
        ("function($x)<o:o>{$x}([1])", "T0410: Argument 1 of function undefined does not match function signature"),
        ("function($x)<f:x>{$x}(1)", "T0410: Argument 1 of function undefined does not match function signature"),
        ("function($x)<j:j>{$x}($sum)", "T0410: Argument 1 of function undefined does not match function signature"),
        ("function($x)<u:u>{$x}(1)", "T0410: Argument 1 of function undefined does not match function signature"),
        ("function($x)<u:u>{$x}([1])", "T0410: Argument 1 of function undefined does not match function signature"),
        ("function($x)<(ns):x>{$x}(true)", "T0410: Argument 1 of function undefined does not match function signature"),
        (
            "function($x, $y)<ns?:x>{$x & $y}(1, 2)",
            "T0410: Argument 2 of function undefined does not match function signature",
        ),
        ("5.function($x)<s-:s>{$x}()", "S0213: The literal value 5 cannot be used as a step within a path expression"),
        ("function($x)<n:n>{$x}()", "T0410: Argument 1 of function undefined does not match function signature"),
        ("function($x)<n:n>{$x}(1, 2)", "T0410: Argument 2 of function undefined does not match function signature"),
        ("function($x)<q:n>{$x}(1)", "T0410: Argument 1 of function undefined does not match function signature"),
        ("function($x)<n<s>:n>{$x}(1)", "S0401: Type parameters can only be applied to functions and arrays"),
        ("function($x)<(a<n>s):n>{$x}(1)", "S0402: Choice groups containing parameterized types are not supported"),
        ("function($x)<a<n:n>{$x}(1)", 'S0202: Expected ">", got "{"'),
        ("function($x)<n:n{$x}(1)", 'S0202: Expected ">", got "{"'),
    ],
)
def test_signature__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("function(x){1}", "S0208: Parameter 1 of function definition must be a variable name (start with $)"),
        ("function(1){1}", "S0208: Parameter 1 of function definition must be a variable name (start with $)"),
        ("function($x, 2){1}", "S0208: Parameter 2 of function definition must be a variable name (start with $)"),
        ("function($x)", 'S0203: Expected "{" before end of expression'),
        ("function($x){", 'S0203: Expected "}" before end of expression'),
        ("function($x){1;2}", 'S0202: Expected "}", got ";"'),
    ],
)
def test_definition__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"abc".$length()', MISSING),
        ('"abc".$substring(1)', MISSING),
        ('"abc".$substring(1, 1)', MISSING),
        ('["abc", "de"].$substring(1)', ["bc", "e"]),
        ('"abc".$contains("b")', MISSING),
        ("$length()", MISSING),
        ("$string()", MISSING),
        ("$uppercase()", MISSING),
        ('"abc".($uppercase())', MISSING),
    ],
)
def test_context(gives, expression, expected):
    """What is not given is taken from the context, where the signature says so."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$sum(1, 2)", 'T0410: Argument 2 of function "sum" does not match function signature'),
        ("$sum()", 'T0410: Argument 1 of function "sum" does not match function signature'),
        ("5.$string()", "S0213: The literal value 5 cannot be used as a step within a path expression"),
    ],
)
def test_context__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$now() = $now()", True),
        ("$millis() = $millis()", True),
        ("$length($now())", 24),
        ('$contains($now(), "T")', True),
        ('$now("[Y0001]") = $fromMillis($millis(), "[Y0001]")', True),
    ],
)
def test_now(gives, expression, expected):
    """The same in all of an expression."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('{"a": 1} ~> |$|{"b": 2}|', {"a": 1, "b": 2}),
        ('{"a": 1} ~> |$|{"a": 2}|', {"a": 2}),
        ('{"a": 1, "b": 2} ~> |$|{}, "a"|', {"b": 2}),
        ('{"a": 1, "b": 2, "c": 3} ~> |$|{}, ["a", "c"]|', {"b": 2}),
        ('{"a": 1} ~> |$|{}, "nothing"|', {"a": 1}),
        ('{"a": {"b": 1}} ~> |a|{"c": b + 1}|', {"a": {"b": 1, "c": 2}}),
        ('{"a": [{"b": 1}, {"b": 2}]} ~> |a|{"b": b * 10}|', {"a": [{"b": 10}, {"b": 20}]}),
        ('{"a": [{"b": 1}, {"b": 2}]} ~> |a[b = 2]|{"x": true}, "b"|', {"a": [{"b": 1}, {"x": True}]}),
        ('{"a": 1} ~> |nothing|{"b": 2}|', {"a": 1}),
        ('{"a": {"b": {"c": 1}}} ~> |**[c]|{"d": 2}|', {"a": {"b": {"c": 1}}}),
        ('{"a": 1} ~> |$|$missing|', {"a": 1}),
        ('{"a": 1} ~> |$|{}, $missing|', {"a": 1}),
        ('[{"a": 1}, {"a": 2}] ~> |$|{"b": a}|', [{"a": 1, "b": 1}, {"a": 2, "b": 2}]),
        ('$missing ~> |$|{"b": 1}|', MISSING),
        ('($t := |$|{"b": 2}|; $t({"a": 1}))', {"a": 1, "b": 2}),
        ('($clone := function($x){{"z": 1}}; {"a": 1} ~> |$|{"b": 2}|)', {"z": 1, "b": 2}),
        ('$map([{"a": 1}, {"a": 2}], |$|{"b": a}|)', [{"a": 1, "b": 1}, {"a": 2, "b": 2}]),
        ('{"a": 1, "b": 2} ~> |$|{"c": a + b}, ["a", "b"]|', {"c": 3}),
    ],
)
def test_transform(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '{"a": 1} ~> |$|5|',
            "T2011: The insert/update clause of the transform expression must evaluate to an object: 5",
        ),
        (
            '{"a": 1} ~> |$|"x"|',
            'T2011: The insert/update clause of the transform expression must evaluate to an object: "x"',
        ),
        (
            '{"a": 1} ~> |$|[]|',
            "T2011: The insert/update clause of the transform expression must evaluate to an object: []",
        ),
        (
            '{"a": 1} ~> |$|null|',
            "T2011: The insert/update clause of the transform expression must evaluate to an object: null",
        ),
        (
            '{"a": 1} ~> |$|{}, 5|',
            "T2012: The delete clause of the transform expression must evaluate to a string or array of strings: 5",
        ),
        (
            '{"a": 1} ~> |$|{}, [5]|',
            "T2012: The delete clause of the transform expression must evaluate to a string or array of strings: [5]",
        ),
        ('5 ~> |$|{"b": 1}|', "T0410: Argument 1 of function undefined does not match function signature"),
        ('($clone := 5; {"a": 1} ~> |$|{"b": 2}|)', "T2013:"),
    ],
)
def test_transform__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    "expression",
    [
        '{"a": 1} ~> |a|{"b": 2}|',
        '{"a": [1, 2]} ~> |a|{"b": 2}|',
    ],
)
def test_transform__breaks_as_the_reference_does(breaks, expression):
    breaks(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("($uppercase := 5; $uppercase)", 5),
        ('($sum := function($x){"mine"}; $sum([1]))', "mine"),
        ("$random() >= 0 and $random() < 1", True),
    ],
)
def test_names(gives, expression, expected):
    gives(expression, expected)
