"""JSONata as the language's reference implementation (npm jsonata 2.0.6) answers: a table of functions and operators.

The expectations are the reference's; `make differential` compares many more expressions with it.
"""

# ruff: noqa: E501 - an expression and what it gives stand on one line

from random import Random
from typing import Any

import pytest

from pipeproof.stepfunctions.expressions.jsonata import (
    JsonataError,
    World,
    evaluate,
)
from pipeproof.stepfunctions.values import MISSING

WORLD = World(1_510_067_557_121, Random(1))
VARIABLES: dict[str, Any] = {
    "xs": [1, None, 3],
    "o": {"b": 1, "a": {"x": None}, "10": "ten", "2": "two", "nil": None},
    "nested": [[1, [2]], []],
    "items": [
        {"id": 1, "name": "one", "kind": "a", "tags": ["x", "y"]},
        {"id": 2, "name": "two", "kind": "b", "tags": ["z"]},
        {"id": 3, "name": "three", "kind": "a", "tags": []},
    ],
    "orders": [
        {"order": "A1", "lines": [{"sku": "p", "n": 1}, {"sku": "q", "n": 3}]},
        {"order": "A2", "lines": [{"sku": "p", "n": 2}]},
    ],
}


def assert_same(found: Any, expected: Any) -> None:
    """Equal, with true and 1 told apart, and the fields of objects in any order."""
    assert found == expected
    assert repr(found) == repr(expected) or isinstance(found, (dict, list, float))


def answer(expression: str) -> Any:
    return evaluate(expression, VARIABLES, World(1_510_067_557_121, Random(1)))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$map($xs, function($v){$v})", [1, None, 3]),
        ("null in $xs", True),
        ("$filter($xs, function($v){$v != null})", [1, 3]),
        ("$xs[$ = null]", None),
        ('$sift({"a": null, "b": 1}, function($v){$v = null})', {"a": None}),
        ("$count(null)", 1),
        ("$count($xs)", 3),
        ("$exists(null)", True),
        ("$type(null)", "null"),
        ("$string($xs)", "[1,null,3]"),
        ("$append($xs, null)", [1, None, 3, None]),
        ("$distinct([null, null, 1])", [None, 1]),
        ("$reverse($xs)", [3, None, 1]),
        ("[null]", [None]),
        ('{"a": null}', {"a": None}),
        ('$merge([{"a": 1}, {"a": null}])', {"a": None}),
        ('$lookup({"a": null}, "a")', None),
        ('$each({"a": null}, function($v, $k){$k})', "a"),
        ('$spread({"a": null})', {"a": None}),
        ("$o.nil", None),
        ("$o.nil.x", MISSING),
        ('null & "x"', "nullx"),
        ("null = null", True),
        ("null = false", False),
        ("$boolean(null)", False),
        ("$not(null)", True),
        ("$reduce($xs, function($a, $b){$b})", 3),
        ("$sort([3, 1, 2])", [1, 2, 3]),
        ("$zip([null, 1], [2, null])", [[None, 2], [1, None]]),
        ('$keys({"a": null})', "a"),
        ('$o ~> |$|{"nil": 1}|', {"b": 1, "a": {"x": None}, "10": "ten", "2": "two", "nil": 1}),
    ],
)
def test_nulls(expression, expected):
    assert_same(answer(expression), expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("5.5 % 2", 1.5),
        ("-5 % 3", -2),
        ("5 % -3", 2),
        ("7 / 2", 3.5),
        ("0.1 + 0.2", 0.30000000000000004),
        ("1e20 * 10", 1e21),
        ("1/0", "Infinity"),
        ("-1/0", "-Infinity"),
        ("0/0", "NaN"),
        ("1e308 * 10", "Infinity"),
        ("[1/0]", ["Infinity"]),
        ('{"k": 1/0}', {"k": "Infinity"}),
        ("$string(1e20)", "100000000000000000000"),
        ("$string(1e21)", "1e+21"),
        ("$string(0.000001)", "0.000001"),
        ("$string(1e-7)", "1e-7"),
        ("$string(0.1 + 0.2)", "0.3"),
        ("$string(12345678901234567)", "12345678901234600"),
        ("$string(-0)", "0"),
        ("$string(1.0)", "1"),
        ('$number("1e3")', 1000),
        ('$number("0x1F")', 31),
        ('$number("0o17")', 15),
        ('$number("0b101")', 5),
        ("$number(true)", 1),
        ("$abs(-3.5)", 3.5),
        ("$floor(-1.5)", -2),
        ("$ceil(-1.5)", -1),
        ("$round(2.5)", 2),
        ("$round(3.5)", 4),
        ("$round(-2.5)", -2),
        ("$round(34.555, 2)", 34.56),
        ("$round(12345.678, -2)", 12300),
        ("$power(2, 10)", 1024),
        ("$sqrt(2)", 1.4142135623730951),
        ("$sum([0.1, 0.2])", 0.30000000000000004),
        ("$average([1, 2])", 1.5),
        ("$max([])", MISSING),
        ("$min([3, 1])", 1),
        ("$sum([])", 0),
        ("$formatBase(255, 16)", "ff"),
        ("$formatBase(-255.5, 16)", "-100"),
        ("9007199254740993", 9007199254740992),
    ],
)
def test_numbers(expression, expected):
    assert_same(answer(expression), expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$formatNumber(12345.6, "#,###.00")', "12,345.60"),
        ('$formatNumber(12.345, "#,##0.00")', "12.34"),
        ('$formatNumber(12.355, "0.00")', "12.36"),
        ('$formatNumber(-5, "0;(0)")', "(5)"),
        ('$formatNumber(0.14, "01%")', "14%"),
        ('$formatNumber(0.14, "###pm", {"per-mille": "pm"})', "140pm"),
        ('$formatNumber(1234.5678, "00.000e0")', "12.346e2"),
        ('$formatNumber(34.555, "#0.00;(#0.00)")', "34.56"),
        ('$formatNumber(1234567, "#,##,##0")', "12,34,567"),
        ('$formatNumber(0, "#")', "0"),
        ('$formatInteger(2789, "w")', "two thousand, seven hundred and eighty-nine"),
        ('$formatInteger(21, "Ww;o")', "Twenty-First"),
        ('$formatInteger(1999, "I")', "MCMXCIX"),
        ('$formatInteger(28, "A")', "AB"),
        ('$formatInteger(1234567, "#,##0")', "1,234,567"),
        ('$formatInteger(12, "1;o")', "12th"),
        ('$parseInteger("twelve thousand, four hundred and seventy-six", "w")', 12476),
        ('$parseInteger("XIV", "I")', 14),
        ('$parseInteger("1,234", "#,##0")', 1234),
        ('$parseInteger("abc", "0")', "NaN"),
        ("$fromMillis(1510067557121)", "2017-11-07T15:12:37.121Z"),
        ('$fromMillis(1510067557121, "[M01]/[D01]/[Y0001] [h#1]:[m01][P]")', "11/07/2017 3:12pm"),
        ('$fromMillis(1510067557121, "[FNn], [D1o] [MNn] [Y]", "+0530")', "Tuesday, 7th November 2017"),
        ('$fromMillis(1510067557121, "[X]-W[W01]-[F1]")', "2017-W45-2"),
        ('$fromMillis(1510067557121, "[H01]:[m01]:[s01] [z]", "-0800")', "07:12:37 GMT-08:00"),
        ('$toMillis("2017-11-07T15:12:37.121Z")', 1510067557121),
        ('$toMillis("2017-11-07")', 1510012800000),
        ('$toMillis("2017-11-07T15:12:37+01:00")', 1510063957000),
        ('$toMillis("2020-02-30")', 1583020800000),
        ('$toMillis("12th March 2018", "[D1o] [MNn] [Y]")', 1520812800000),
        ('$toMillis("13:45 2018-01-02", "[H]:[m] [Y]-[M]-[D]")', 1514900700000),
    ],
)
def test_pictures(expression, expected):
    assert_same(answer(expression), expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$length("日本😀")', 3),
        ('$substring("héllo", 1, 2)', "él"),
        ('$substring("hello", -3)', "llo"),
        ('$substring("hello", -10, 2)', "he"),
        ('$substring("hello", 1.7)', "ello"),
        ('$substringBefore("a-b-c", "-")', "a"),
        ('$substringAfter("a-b-c", "-")', "b-c"),
        ('$substringAfter("abc", "x")', "abc"),
        ('$uppercase("straße")', "STRASSE"),
        ('$trim("  a \\n b ")', "a b"),
        ('$pad("x", -3, "#")', "##x"),
        ('$pad("x", 5, "-+")', "x-+-+"),
        ('$join(["a", "b"], ", ")', "a, b"),
        ("$join([])", ""),
        ('$split("a, b", ", ")', ["a", "b"]),
        ('$split("abc", "")', ["a", "b", "c"]),
        ('$split("a1b2c", /[0-9]/)', ["a", "b", "c"]),
        ('$contains("abc", /B/i)', True),
        ('$match("ab12", /([a-z])([0-9])/)', {"match": "b1", "index": 1, "groups": ["b", "1"]}),
        ('$replace("abracadabra", /a(b)?/, "[$1]")', "[b]r[]c[]d[b]r[]"),
        ('$replace("abc", "b", "$1")', "a$1c"),
        ('$replace("John Smith", /(\\w+)\\s(\\w+)/, "$2, $1")', "Smith, John"),
        ('$replace("265USD", /([0-9]+)USD/, "$$$1")', "$265"),
        ('$base64encode("é")', "6Q=="),
        ('$base64decode("aGVsbG8=")', "hello"),
        ('$encodeUrlComponent("a b&c=é")', "a%20b%26c%3D%C3%A9"),
        ('$encodeUrl("http://x/é b?c=d")', "http://x/%C3%A9%20b?c=d"),
        ('$decodeUrl("%2Fx%20y")', "%2Fx y"),
        ('$decodeUrlComponent("%C3%A9")', "é"),
        ('"a" & 1 & true & null', "a1truenull"),
        ('$string({"10": 1, "b": 2, "2": 3})', '{"2":3,"10":1,"b":2}'),
        ('$string([1, "a", null, {"b": 1.0}])', '[1,"a",null,{"b":1}]'),
        ('$string({"a": [1]}, true)', '{\n  "a": [\n    1\n  ]\n}'),
        ('"\\u00e9\\n"', "é\n"),
    ],
)
def test_strings(expression, expected):
    assert_same(answer(expression), expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 = 1.0", True),
        ("1 = true", False),
        ('"1" = 1', False),
        ("[1, [2]] = [1, [2]]", True),
        ('{"a": 1, "b": 2} = {"b": 2, "a": 1}', True),
        ("$missing = $missing", False),
        ("$missing != 1", False),
        ("1 in [1, 2]", True),
        ('"1" in [1, 2]', False),
        ("[1] in [[1]]", False),
        ("2 < 3", True),
        ('"b" > "a"', True),
        ("1 < $missing", MISSING),
        ("true and $missing", False),
        ("$missing or 1", True),
        ("$boolean([0])", False),
        ("$boolean([0, 1])", True),
        ("$boolean([])", False),
        ("$boolean({})", False),
        ('$boolean("0")', True),
        ("$missing ? 1 : 2", 2),
        ("$missing ? 1", MISSING),
        ('$distinct([1, true, "1", 1.0, {"a": 1}, {"a": 1}])', [1, True, "1", {"a": 1}]),
    ],
)
def test_comparisons(expression, expected):
    assert_same(answer(expression), expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$items.id", [1, 2, 3]),
        ("$items[0].id", 1),
        ("$items[-1].id", 3),
        ("$items[id > 1].name", ["two", "three"]),
        ("$items[[0, 2]].id", [1, 3]),
        ("$items.tags", ["x", "y", "z"]),
        ("$items.tags[0]", ["x", "z"]),
        ("($items.tags)[0]", "x"),
        ("$items[1].tags[]", ["z"]),
        ("$items[1].tags", ["z"]),
        ("$items.missing", MISSING),
        ('$items.{"i": id}', [{"i": 1}, {"i": 2}, {"i": 3}]),
        ("$items.[id, name]", [[1, "one"], [2, "two"], [3, "three"]]),
        ("$items{kind: $sum(id)}", {"a": 4, "b": 2}),
        ("$items^(>id).id", [3, 2, 1]),
        ("$items^(kind, >id).id", [3, 1, 2]),
        ('$items#$i[$i > 0].{"i": $i, "id": id}', [{"i": 1, "id": 2}, {"i": 2, "id": 3}]),
        ("$items@$a.$items@$b[$a.kind = $b.kind and $a.id < $b.id].[$a.id, $b.id]", [1, 3]),
        ("$orders.lines.(%.order & sku)", ["A1p", "A1q", "A2p"]),
        ("$orders.lines[n > 1].%.order", ["A1", "A2"]),
        ("$o.*", ["two", "ten", 1, {"x": None}, None]),
        (
            "$o.**",
            [
                {"b": 1, "a": {"x": None}, "10": "ten", "2": "two", "nil": None},
                "two",
                "ten",
                1,
                {"x": None},
                None,
                None,
            ],
        ),
        ("$o.`10`", "ten"),
        ("$keys($o)", ["2", "10", "b", "a", "nil"]),
        ("$nested.*", [1, 2]),
        ("[1..3]", [1, 2, 3]),
        ("[3..1]", []),
        ("[1..1]", [1]),
        ("[$xs, 4]", [1, None, 3, 4]),
        ("[[1], [2]]", [[1], [2]]),
        ("$xs.$", [1, None, 3]),
        ("($x := 5; $x + 1)", 6),
        ("($x := 1; ($x := 2; $x) + $x)", 3),
    ],
)
def test_paths(expression, expected):
    assert_same(answer(expression), expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$map([1, 2], function($v, $i, $a){$v + $i + $count($a)})", [3, 5]),
        ("$filter([1, 2, 3], function($v, $i){$i > 0})", [2, 3]),
        ("$single([1, 2, 3], function($v){$v = 2})", 2),
        ("$reduce([1, 2, 3], function($a, $b){$a + $b}, 10)", 16),
        ('$each({"a": 1}, function($v, $k){$k & $v})', "a1"),
        ('$sort([{"k": 1, "n": "a"}, {"k": 1, "n": "b"}], function($l, $r){$l.k > $r.k}).n', ["a", "b"]),
        ('$sort(["b", "a", "C"])', ["C", "a", "b"]),
        ("$zip([1, 2], [3, 4, 5])", [[1, 3], [2, 4]]),
        ('$lookup([{"a": 1}, {"a": 2}], "a")', [1, 2]),
        ('$spread([{"a": 1, "b": 2}])', [{"a": 1}, {"b": 2}]),
        ('$merge([{"a": 1}, {"b": 2}])', {"a": 1, "b": 2}),
        ("($add := function($a, $b){$a + $b}; $map([1, 2], $add(10, ?)))", [11, 12]),
        ('$map(["a"], $substring(?, 0, 1))', "a"),
        ("[1, 2, 3] ~> $sum()", 6),
        ('"x" ~> $uppercase ~> $length', 1),
        ('($f := $uppercase ~> $trim; $f(" a "))', "A"),
        ("($f := function($n){$n < 2 ? 1 : $n * $f($n - 1)}; $f(10))", 3628800),
        ("($f := function($n, $a){$n = 0 ? $a : $f($n - 1, $a + $n)}; $f(1000, 0))", 500500),
        ("function($x)<n:n>{$x + 1}(2)", 3),
        ('$o ~> |$|{"b": b * 2}, ["a"]|', {"b": 2, "10": "ten", "2": "two", "nil": None}),
        ('$clone({"a": [1]})', {"a": [1]}),
        ("$type($sum)", "function"),
    ],
)
def test_functions(expression, expected):
    assert_same(answer(expression), expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('1 + "a"', 'T2002: The right side of the "+" operator must evaluate to a number'),
        ('"a" * 2', 'T2001: The left side of the "*" operator must evaluate to a number'),
        ('-"a"', 'D1002: Cannot negate a non-numeric value: "a"'),
        ('1 < "a"', 'T2009: The values 1 and "a" either side of operator "<" must be of the same data type'),
        ("1 < true", 'T2010: The expressions either side of operator "<" must evaluate to numeric or string values'),
        ("[1..2.5]", "T2004: The right side of the range operator (..) must evaluate to an integer"),
        ("{1: 2}", "T1003: Key in object structure must evaluate to a string; got: 1"),
        ('$sum("a")', 'T0412: Argument 1 of function "sum" must be an array of "numbers"'),
        ('$abs("x")', 'T0410: Argument 1 of function "abs" does not match function signature'),
        ('$number(" 1 ")', 'D3030: Unable to cast value to a number: " 1 "'),
        ('$number("x")', 'D3030: Unable to cast value to a number: "x"'),
        ("$nope()", "T1006: Attempted to invoke a non-function"),
        ("sum([1])", "T1005: Attempted to invoke a non-function. Did you mean $sum?"),
        ("$sqrt(-1)", "D3060: The sqrt function cannot be applied to a negative number: -1"),
        (
            "$power(-8, 0.5)",
            "D3061: The power function has resulted in a value that cannot be represented as a JSON number: base=-8, exponent=0.5",
        ),
        (
            "$formatBase(1, 40)",
            "D3100: The radix of the formatBase function must be between 2 and 36.  It was given 40",
        ),
        (
            '$formatNumber(1, "0.0.0")',
            "D3081: The sub-picture must not contain more than one instance of the 'decimal-separator' character",
        ),
        (
            '$toMillis("27/03/2018")',
            'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "27/03/2018"',
        ),
        (
            '$formatInteger(1, "#")',
            'D3130: Formatting or parsing an integer as a sequence starting with "#" is not supported by this implementation',
        ),
        ('$split("a", ",", -1)', "D3020: Third argument of split function must evaluate to a positive number"),
        ('$replace("a", "", "b")', "D3010: Second argument of replace function cannot be an empty string"),
        ('$match("a", /a/, -1)', "D3040: Third argument of match function must evaluate to a positive number"),
        (
            "$single([1, 2], function($v){$v > 0})",
            "D3138: The $single() function expected exactly 1 matching result.  Instead it matched more.",
        ),
        (
            "$single([1], function($v){$v > 1})",
            "D3139: The $single() function expected exactly 1 matching result.  Instead it matched 0.",
        ),
        (
            '$sort([1, "a"])',
            "D3070: The single argument form of the sort function can only be applied to an array of strings or an array of numbers.  Use the second argument to specify a comparison function",
        ),
        ("$items^(tags)", "T2008: The expressions within an order-by clause must evaluate to numeric or string values"),
        ('[1, 2]^($ = 1 ? "a" : 1)', 'T2007: Type mismatch when comparing values "a" and 1 in order-by clause'),
        ('$error("boom")', "D3137: boom"),
        ('$assert(false, "no")', "D3141: no"),
        ('$decodeUrl("%")', 'D3140: Malformed URL passed to $decodeUrl(): "%"'),
        ('$replace("ab", /a*/, "x")', "D1004: Regular expression matches zero length string"),
        ("1 ~> 2", "T2006: The right side of the function application operator ~> must be a function"),
        ('{"a": 1, "a": 2}{"b": 1}', 'D1009: Multiple key definitions evaluate to same key: "a"'),
        ("$string(1/0)", "D3001: Attempting to invoke string function on Infinity or NaN"),
        ("1/0 + 1", "D1001: Number out of range: null"),
    ],
)
def test_errors(expression, message):
    with pytest.raises(JsonataError) as failed:
        answer(expression)
    assert str(failed.value) == message
