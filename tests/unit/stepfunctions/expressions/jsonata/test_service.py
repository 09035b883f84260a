"""What Step Functions adds to JSONata and takes away: functions, limits, results; and what holds for any value."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeproof import StateMachine
from pipeproof.stepfunctions.expressions.jsonata import (
    JsonataError,
    JsonataSyntaxError,
    ResultTypeError,
    World,
    evaluate,
    slow_regexes,
)
from pipeproof.stepfunctions.values import MISSING

SETTINGS = settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
MEMORY = "Expression evaluation memory limit exceeded: Check for excessive memory usage"


def answer(expression: str, **variables: Any) -> Any:
    return evaluate(expression, variables, World(1_510_067_557_121, Random(1)))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$partition([1,2,3,4,5], 2)", [[1, 2], [3, 4], [5]]),
        ("$partition([1,2,3])", [[1, 2, 3]]),
        ("$partition([1,2,3,4,5], 2.9)", [[1, 2], [3, 4], [5]]),
        ("$partition([[1],null], 1)", [[[1]], [None]]),
        ("$partition([], 2)", MISSING),
        ("$partition([1,2,3], 0)", MISSING),
        ("$partition($missing, 2)", MISSING),
        ("$range(0, 10, 2)", [0, 2, 4, 6, 8, 10]),
        ("$range(10, 0, -2)", [10, 8, 6, 4, 2, 0]),
        ("$range(0, 5, 2)", [0, 2, 4]),
        ("$range(1.7, 5, 1)", [1, 2, 3, 4, 5]),
        ("$range(-1.7, 1, 1)", [-1, 0, 1]),
        ("$range(3, 3, 1)", 3),
        ("$range(5, 1, 1)", MISSING),
        ("$range(1, 5, 0)", MISSING),
        ("$range(1, 5)", MISSING),
        ("$hash('input', 'SHA-1')", "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1"),
        ("$hash('', 'MD5')", "d41d8cd98f00b204e9800998ecf8427e"),
        ("$length($hash('é', 'SHA-512'))", 128),
        ("$hash('input')", MISSING),
        ("$random(42)", 0.7275636800328681),
        ("$random(42.9) = $random(42)", True),
        ("$random() < 1", True),
        ("$match($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/).index", 0),
        ("""$parse('{"a":[1,null]}').a""", [1, None]),
        ("$exists($parse('null'))", True),
        ("$parse()", MISSING),
        ("$parse($missing)", MISSING),
        ("$millis()", 1_510_067_557_121),
        ("$now()", "2017-11-07T15:12:37.121Z"),
        ("$now('[Y]-[M01]')", "2017-11"),
        ("1/0", "Infinity"),
        ("[-1/0, {'k': 0/0}]", ["-Infinity", {"k": "NaN"}]),
        ("$parseInteger('abc', '0')", "NaN"),
        ("$count([1..873782])", 873_782),
        ("$count($range(1, 360145, 1))", 360_145),
        ("($p := function($s, $n){ $n = 0 ? $s : $p($s & $s, $n - 1) }; $length($p('x', 22)))", 2**22),
    ],
)
def test_function(expression, expected):
    assert answer(expression) == expected


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$eval('1+1')", "T1006: Attempted to invoke a non-function"),
        ("$partition([1], -1)", "D3137: Second argument must be zero or greater"),
        ("$partition(null, 2)", 'T0412: Argument 1 of function "partition" must be an array of undefined'),
        ("$range(1)", 'T0410: Argument 2 of function "range" does not match function signature'),
        ("$range(1, 360146, 1)", MEMORY),
        ("$range(1, 1000000000, 1)", MEMORY),
        ("[1..873783]", MEMORY),
        ("[1..900000] ~> $count()", MEMORY),
        ("($p := function($s, $n){ $n = 0 ? $s : $p($s & $s, $n - 1) }; $p('x', 23))", MEMORY),
        ("$pad('x', 100000000)", MEMORY),
        ("$parse(null)", 'T0410: Argument 1 of function "parse" does not match function signature'),
        ("""$parse('{"a":1,"a":2}')""", "D3137: The argument of the parse function must be valid JSON"),
        ("$parse('NaN')", "D3137: The argument of the parse function must be valid JSON"),
        ("$parse('1 2')", "D3137: The argument of the parse function must be valid JSON"),
        ("$hash('x', 'md5')", "D3137: Second argument must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512"),
        ("$base64decode('!!!')", "$base64decode: '!!!' is not base64"),
        ("$formatNumber(1, 'x')", "D3086: The sub-picture must not contain a passive character"),
        ("$formatNumber(-1, '0e0')", "Expression evaluation timeout: Check for infinite loop"),
        ("(function(){ $map(['a'], $uppercase) })()", "the reference implementation cannot call a built-in"),
        ("(function(){ $sort([2,1], function($l,$r){$l>$r}) })()", "the reference implementation cannot call the comp"),
        ("$formatInteger(100000000, 'I')", "100000000 is too large for Roman numerals"),
    ],
)
def test_error(expression, message):
    with pytest.raises(JsonataError) as failed:
        answer(expression)
    assert str(failed.value).startswith(message)


@pytest.mark.parametrize(
    "expression", ["$sum", "function($x){$x}", "[$sum]", "{'f': $string}", "/a/", "$substring(?, 1)"]
)
def test_function_as_result(expression):
    with pytest.raises(ResultTypeError):
        answer(expression)


@pytest.mark.parametrize("expression", ["a ?? 1", "$a ?: 1", "1 +", "a[1,2)", "'x", "/(/", "/a++/", "$x :=", "/* c"])
def test_syntax(expression):
    with pytest.raises(JsonataSyntaxError):
        answer(expression)


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        (lambda depth: "+".join(["1"] * depth), 100),
        (lambda depth: "(" * depth + "1" + ")" * depth, 99),
        (lambda depth: "[" * depth + "1" + "]" * depth, 99),
        (lambda depth: "1" + " ~> $sum()" * depth, 99),
        (lambda depth: f"($f := function($n){{ $n = 0 ? 0 : 1 + $f($n - 1) }}; $f({depth}))", 31),
    ],
    ids=["operators", "parentheses", "arrays", "applications", "recursion"],
)
def test_nesting__as_deep_as_the_service_allows(expression, allowed):
    answer(expression(allowed))
    with pytest.raises(JsonataError, match=r"Stack overflow error: .*Depth=101 max=100"):
        answer(expression(allowed + 1))


def test_recursion__in_the_last_place_does_not_nest():
    assert answer("($f := function($n, $a){ $n = 0 ? $a : $f($n - 1, $a + 1) }; $f(5000, 0))") == 5000


@pytest.mark.parametrize(
    "expression",
    [
        "($f := function($x){ $f($x + 1) }; $f(1))",
        "($f := function(){ $f() }; $f())",
        "$map([1..5000], function($i){ $count([1..5000][$ > $i]) })",
    ],
)
def test_endless_work__ends_in_an_error(expression):
    with pytest.raises(JsonataError, match="Expression evaluation timeout: Check for infinite loop"):
        answer(expression)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)*b", "(a*)*b", "(?:a{1,}){2,}b"])
def test_regular_expression_that_would_run_for_ever__ends_in_an_error(monkeypatch, pattern):
    with monkeypatch.context() as impatient:
        impatient.setattr(slow_regexes, "SECONDS", 0.5)
        with pytest.raises(JsonataError, match="Expression evaluation timeout: Check for infinite loop"):
            answer(f"$contains('{'a' * 60}', /{pattern}/)")
    monkeypatch.setattr(slow_regexes, "SECONDS", 60.0)  # a process that has to start first may be slow to answer
    assert answer(f"$match('{'a' * 30}b!', /{pattern}/).match") == "a" * 30 + "b"


@pytest.mark.parametrize("pattern", ["a+b*", "[(a+)+]", r"\(a+\)+", "(a)(b)+", "(a+){2}", "(?:ab)*"])
def test_regular_expression_that_ends__needs_no_process(pattern):
    assert not slow_regexes.may_be_slow(pattern)


def test_very_deep_text__is_an_error():
    with pytest.raises((JsonataError, JsonataSyntaxError)):
        answer("(" * 20_000 + "1")


def test_input__is_never_changed():
    given = {"a": [{"b": 1}], "e": []}
    before = json.dumps(given)
    answer("$i ~> |a|{'b': 2}, 'c'|", i=given)
    answer("$i.e{'x': 1}", i=given)
    answer("$append($i.a, 1)[]", i=given)
    assert json.dumps(given) == before


def test_large_integers_of_the_input__stay_exact():
    assert answer("$i", i=2**60 + 1) == 2**60 + 1
    assert float(answer("$i + 0", i=2**60 + 1)) == float(2**60)


@SETTINGS
@given(JSON)
def test_any_value__comes_out_as_it_went_in(value):
    assert answer("$v", v=value) == value
    assert answer("[$v]", v=value) == (value if isinstance(value, list) else [value])
    assert answer("{'v': $v}", v=value) == {"v": value}
    assert answer("$v = $v", v=value) is True


@SETTINGS
@given(st.lists(JSON, max_size=6))
def test_lists__keep_each_item(values):
    assert answer("$count($v)", v=values) == len(values)
    assert answer("$reverse($reverse($v))", v=values) == values
    assert answer("$reduce($v, function($a, $i){$a + 1}, 0)", v=values) == len(values)


@SETTINGS
@given(st.floats(-1e150, 1e150), st.floats(-1e150, 1e150))
def test_arithmetic__is_that_of_doubles(one, other):
    def found(expression: str) -> float:
        return float(answer(expression, a=one, b=other))

    assert found("$a + $b") == one + other
    assert found("$a * $b") == one * other
    assert answer("$number($string($a))", a=one) == pytest.approx(one, rel=1e-14)


@SETTINGS
@given(st.text(max_size=12), st.text(min_size=1, max_size=2))
def test_texts__come_apart_and_together(text, token):
    assert answer("$join($split($t, $s), $s)", t=text, s=token) == text
    assert answer("$decodeUrlComponent($encodeUrlComponent($t))", t=text) == text
    assert answer("$length($t)", t=text) == len(text)
    assert answer("$substring($t, 0, 3) & $substring($t, 3)", t=text) == text


@SETTINGS
@given(st.lists(st.integers(-50, 50) | st.floats(-50, 50), max_size=12))
def test_sort__orders_and_is_stable(numbers):
    rows = [{"k": number, "i": index} for index, number in enumerate(numbers)]
    expected = [row["i"] for row in sorted(rows, key=lambda row: row["k"])]
    assert answer("[$sort($r, function($l, $m){$l.k > $m.k}).i]", r=rows) == expected
    assert answer("[$r^(k).i]", r=rows) == expected


def run(expression: str, value: Any) -> Any:
    state = {"Type": "Pass", "Output": {"v": "{% " + expression + " %}"}, "End": True}
    return StateMachine({"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": state}}).run(value, check=False)


def test_choice__sees_nulls():
    rule = {"Condition": "{% null in $states.input.xs %}", "Next": "Found"}
    machine = StateMachine(
        {
            "QueryLanguage": "JSONata",
            "StartAt": "Choose",
            "States": {
                "Choose": {"Type": "Choice", "Choices": [rule], "Default": "Not"},
                "Found": {"Type": "Succeed", "Output": "found"},
                "Not": {"Type": "Succeed", "Output": "not"},
            },
        }
    )
    assert machine.run({"xs": [1, None]}).output == "found"
    assert machine.run({"xs": [1, 2]}).output == "not"


@pytest.mark.parametrize(
    ("expression", "ending"),
    [
        ("$states.input.missing", "specified for the field 'Output/v' returned nothing (undefined)."),
        ("$sum", "specified for the field 'Output/v' returned an unsupported result type."),
        (
            "$abs('x')",
            'threw an error during evaluation. T0410: Argument 1 of function "abs" does not match function signature',
        ),
        ("[1..900000]", f"threw an error during evaluation: {MEMORY}"),
        ("$base64decode('!!!')", "threw an internal error during evaluation. $base64decode: '!!!' is not base64"),
    ],
)
def test_cause(expression, ending):
    done = run(expression, {})
    assert done.status == "FAILED"
    assert done.error == "States.QueryEvaluationError"
    assert done.cause.endswith(ending)
