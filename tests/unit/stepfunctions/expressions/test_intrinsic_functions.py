"""Every intrinsic function, from the developer guide's page on them and the specification's "Intrinsic Functions"."""

import contextlib
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pipeproof import StateMachine
from pipeproof.stepfunctions.expressions.intrinsic_calls import IntrinsicSyntaxError, parse_call

INPUT = {
    "id": 123456,
    "name": "Arnav",
    "template": "Hello, my name is {}.",
    "escaped": "\\{{}\\}",
    "items": [1, 2, 3, 4],
    "empty": [],
    "nested": [[1], [1], 1, "1", 1.0, True, None, None, {"a": 1}, {"a": 1}],
    "object": {"a": 1, "b": {"c": [2]}},
    "json": '{"number": 20}',
    "blank": " ",
    "nothing": None,
    "text": "1,2;3",
    "half": 0.5,
    "minus": -1.5,
    "true": True,
    "it's": "quoted",
    "other": {"b": {"d": 3}, "e": 4},
    "long": "x" * 10_001,
    "large": 12345678.5,
    "small": 0.0001,
}


def call(text: str, given: Any = INPUT) -> Any:
    state = {"Type": "Pass", "Parameters": {"found.$": text}, "End": True}
    return StateMachine({"StartAt": "P", "States": {"P": state}}).run(given, check=False)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # Arrays
        ("States.Array()", []),
        ("States.Array($.id)", [123456]),
        ("States.Array(1, 'a', true, false, null, 1.5, $.items[0])", [1, "a", True, False, None, 1.5, 1]),
        ("States.Array(States.Array(), States.Array(-1))", [[], [-1]]),
        ("States.ArrayPartition($.items, 3)", [[1, 2, 3], [4]]),
        ("States.ArrayPartition($.items, 2)", [[1, 2], [3, 4]]),
        ("States.ArrayPartition($.items, 4)", [[1, 2, 3, 4]]),
        ("States.ArrayPartition($.items, 9)", [[1, 2, 3, 4]]),
        ("States.ArrayPartition($.items, 1.6)", [[1, 2], [3, 4]]),
        ("States.ArrayPartition($.empty, 2)", []),
        ("States.ArrayContains($.items, 3)", True),
        ("States.ArrayContains($.items, 5)", False),
        ("States.ArrayContains($.items, '3')", False),
        ("States.ArrayContains($.nested, $.object)", False),
        ("States.ArrayContains($.nested, States.Array(1))", True),
        ("States.ArrayContains($.nested, null)", True),
        ("States.ArrayContains($.empty, null)", False),
        ("States.ArrayRange(1, 9, 2)", [1, 3, 5, 7, 9]),
        ("States.ArrayRange(1, 9, 9)", [1]),
        ("States.ArrayRange(0, 10, 3)", [0, 3, 6, 9]),
        ("States.ArrayRange(3, 3, 1)", [3]),
        ("States.ArrayRange(3, 1, 1)", []),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayRange(0.4, 2.5, 1)", [0, 1, 2, 3]),
        ("States.ArrayLength(States.ArrayRange(1, 1000, 1))", 1000),
        ("States.ArrayGetItem($.items, 0)", 1),
        ("States.ArrayGetItem($.items, 3)", 4),
        ("States.ArrayLength($.items)", 4),
        ("States.ArrayLength($.empty)", 0),
        ("States.ArrayUnique($.nested)", [[1], 1, "1", 1.0, True, None, {"a": 1}]),
        ("States.ArrayUnique($.empty)", []),
        # Encoding
        ("States.Base64Encode('Data to encode')", "RGF0YSB0byBlbmNvZGU="),
        ("States.Base64Encode('')", ""),
        ("States.Base64Encode('ü')", "w7w="),
        ("States.Base64Decode('RGVjb2RlZCBkYXRh')", "Decoded data"),
        ("States.Base64Decode('')", ""),
        # Hashes
        ("States.Hash('input data', 'SHA-1')", "aaff4a450a104cd177d28d18d74485e8cae074b7"),
        ("States.Hash('', 'MD5')", "d41d8cd98f00b204e9800998ecf8427e"),
        ("States.Hash('', 'SHA-256')", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        # JSON
        ("States.JsonMerge($.object, $.other, false)", {"a": 1, "b": {"d": 3}, "e": 4}),
        ("States.JsonMerge($.other, $.object, false)", {"b": {"c": [2]}, "e": 4, "a": 1}),
        ("States.StringToJson($.json)", {"number": 20}),
        ("States.StringToJson('[1, \"a\", null]')", [1, "a", None]),
        ("States.StringToJson('-0')", 0),
        ("States.StringToJson($.blank)", None),
        ("States.StringToJson($.nothing)", None),
        ("States.JsonToString($.object)", '{"a":1,"b":{"c":[2]}}'),
        ("States.JsonToString($.name)", '"Arnav"'),
        ("States.JsonToString($.nothing)", "null"),
        # Numbers
        ("States.MathAdd($.id, -1)", 123455),
        ("States.MathAdd(1, 2)", 3),
        ("States.MathAdd(1.5, 0)", 2),
        ("States.MathAdd(1.4, 0)", 1),
        ("States.MathAdd(0.49999999999999994, 0)", 0),
        ("States.MathAdd($.half, $.half)", 2),
        ("States.MathAdd($.minus, 0)", -1),
        ("States.MathAdd(-2.5, 0)", -2),
        ("States.MathAdd(-2.6, 0)", -3),
        ("States.MathAdd(-0.5, 0)", 0),
        ("States.MathAdd(2147483646, 1)", 2147483647),
        ("States.MathAdd(-2147483647, -1)", -2147483648),
        ("States.MathRandom(1, 2)", 1),
        ("States.MathRandom(7, 8, 42)", 7),
        # Text
        ("States.StringSplit('1,2,3', ',')", ["1", "2", "3"]),
        ("States.StringSplit($.text, ',;')", ["1", "2", "3"]),
        ("States.StringSplit('a.*b', '.*')", ["a", "b"]),
        ("States.StringSplit(',a,,b,', ',')", ["a", "b"]),
        ("States.StringSplit('a b', ',')", ["a b"]),
        ("States.StringSplit('a]b^c', ']^')", ["a", "b", "c"]),
        ("States.StringSplit('', ',')", []),
        ("States.Format('Hello, my name is {}.', $.name)", "Hello, my name is Arnav."),
        ("States.Format($.template, $.name)", "Hello, my name is Arnav."),
        ("States.Format($.escaped, 1)", "{1}"),
        ("States.Format('{}{}', 1, 2)", "12"),
        ("States.Format('no place')", "no place"),
        (r"States.Format('\{\} {} \{x\}', 1)", "{} 1 {x}"),
        (r"States.Format('C:\\{}', 1)", "C:\\1"),
        (r"States.Format('it\'s {}', 1)", "it's 1"),
        ("States.Format('{a} {}', 1)", "{a} 1"),
        ("States.Format('{} {} {}', null, true, 1.5)", "null true 1.5"),
        ("States.Format('{}', $.object)", "{a=1, b={c=[2]}}"),
        ("States.Format('{}', $.nested[0:2])", "[[1], [1]]"),
        ("States.Format('{}', '{}')", "{}"),
        ("States.Format('{} {}', $.large, $.small)", "1.23456785E7 1.0E-4"),
        # Calls in calls, paths of all roots
        ("States.Format('{}', States.ArrayGetItem(States.StringSplit('a,b', ','), 1))", "b"),
        (r"States.Format('{}', $['it\'s'])", "quoted"),
        ("States.ArrayLength($.nested[?(@.a == 1)])", 2),
        ("States.Format('{}', $$.State.Name)", "P"),
        ("States.Array( 1 ,\t2 )", [1, 2]),
        (r"States.Array('\{a\}')", ["{a}"]),
        ("States.MathAdd(States.ArrayLength($.items),-1)", 3),
    ],
)
def test_function__gives(text: str, found: Any) -> None:
    assert json.dumps(call(text).output) == json.dumps({"found": found})


@pytest.mark.parametrize(
    "text",
    [
        "States.ArrayPartition($.id, 2)",
        "States.ArrayPartition($.items, 0)",
        "States.ArrayPartition($.items, -1)",
        "States.ArrayPartition($.items, '2')",
        "States.ArrayPartition($.items, $.nothing)",
        "States.ArrayPartition($.object, 1)",
        "States.ArrayContains($.id, 1)",
        "States.ArrayContains($.nothing, null)",
        "States.ArrayRange(1, 9, 0)",
        "States.ArrayRange('1', 9, 1)",
        "States.ArrayRange(1, $.true, 1)",
        "States.ArrayRange(1, 1001, 1)",
        "States.ArrayGetItem($.items, 4)",
        "States.ArrayGetItem($.items, -1)",
        "States.ArrayGetItem($.items, 'a')",
        "States.ArrayGetItem($.object, 0)",
        "States.ArrayLength($.name)",
        "States.ArrayLength($.nothing)",
        "States.ArrayUnique($.object)",
        "States.Base64Encode($.id)",
        "States.Base64Encode($.long)",
        "States.Base64Encode($.nothing)",
        "States.Base64Decode('%')",
        "States.Base64Decode('/w==')",
        "States.Base64Decode($.long)",
        "States.Base64Decode($.items)",
        "States.Hash('a', 'SHA-2')",
        "States.Hash('a', 'md5')",
        "States.Hash('a', $.nothing)",
        "States.Hash($.long, 'MD5')",
        "States.JsonMerge($.object, $.other, true)",
        "States.JsonMerge($.object, $.items, false)",
        "States.JsonMerge($.nothing, $.object, false)",
        "States.JsonMerge($.object, $.other, 'false')",
        "States.StringToJson('{')",
        "States.StringToJson('NaN')",
        "States.StringToJson($.id)",
        "States.StringToJson($.object)",
        "States.MathAdd('1', 1)",
        "States.MathAdd($.true, 1)",
        "States.MathAdd($.nothing, 1)",
        "States.MathAdd(2147483647, 1)",
        "States.MathAdd(-2147483648, -1)",
        "States.MathRandom(2, 2)",
        "States.MathRandom(2, 1)",
        "States.MathRandom('1', 2)",
        "States.MathRandom(1, 2, 'a')",
        "States.StringSplit($.id, ',')",
        "States.StringSplit('a', 1)",
        "States.StringSplit($.nothing, ',')",
        "States.Format($.id)",
        "States.Format('{}')",
        "States.Format('{} {}', 1)",
        "States.Format('x', 1)",
        "States.Format($.nothing)",
        "States.Format('{', 1)",
    ],
)
def test_function__refuses_arguments(text: str) -> None:
    execution = call(text)
    assert execution.error == "States.IntrinsicFailure"
    name = text.partition("(")[0]
    start = "An error occurred while executing the state 'P' (entered at the event id #2). "
    assert execution.cause.startswith(f"{start}The function '{name}' failed: ")


def test_function__a_failure_can_be_caught() -> None:
    catch = [{"ErrorEquals": ["States.IntrinsicFailure"], "Next": "Rescue"}]
    work = {"Type": "Parallel", "Branches": [{"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}]}
    work |= {"Parameters": {"x.$": "States.MathAdd('a', 1)"}, "Catch": catch, "End": True}
    machine = StateMachine({"StartAt": "Work", "States": {"Work": work, "Rescue": {"Type": "Succeed"}}})
    assert machine.run().output["Error"] == "States.IntrinsicFailure"


def test_function__a_missing_path_is_a_runtime_error() -> None:
    execution = call("States.Format('{}', $.missing)", {"a": 1})
    assert execution.error == "States.Runtime"
    assert execution.cause.endswith(
        "The JSONPath '$.missing' specified for the field 'found.$' could not be found in the input '{\"a\":1}'"
    )


def test_random__numbers_and_uuids_are_those_of_the_seed() -> None:
    machine = StateMachine(
        {
            "StartAt": "P",
            "States": {
                "P": {
                    "Type": "Pass",
                    "End": True,
                    "Parameters": {
                        "n.$": "States.MathRandom(1, 1000000)",
                        "s.$": "States.MathRandom(1, 1000000, 5)",
                        "u.$": "States.UUID()",
                    },
                }
            },
        }
    )
    first, again, other = machine.run(seed=1).output, machine.run(seed=1).output, machine.run(seed=2).output
    assert first == again
    assert first["n"] != other["n"]
    assert first["s"] == other["s"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first["u"])


@given(some.integers(-1000, 1000), some.integers(1, 1000), some.integers())
def test_random__is_from_the_start_up_to_but_not_the_end(start: int, size: int, seed: int) -> None:
    assert start <= call(f"States.MathRandom({start}, {start + size}, {seed})").output["found"] < start + size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("States.", "'States.' is not a call of an intrinsic function"),
        ("States.Nothing()", "there is no intrinsic function States.Nothing"),
        ("States.Array", "'States.Array' is not a call of an intrinsic function"),
        ("States.Array(", "'' in 'States.Array(' is not an argument"),
        ("States.Array(1", "a ',' or ')' is missing at column 15 of 'States.Array(1'"),
        ("States.Array(1,)", "')' in 'States.Array(1,)' is not an argument"),
        ("States.Array(,1)", "',1)' in 'States.Array(,1)' is not an argument"),
        ("States.Array(1) x", "unexpected 'x' after the call in 'States.Array(1) x'"),
        ("States.Array(a)", "'a)' in 'States.Array(a)' is not an argument"),
        ("States.Array('a)", "a ' is missing at the end of \"States.Array('a)\""),
        ("States.Array('\\n')", "'\\n' is not an escape in \"States.Array('\\\\n')\""),
        ("States.Format('\\\"{}\\\"', 1)", "'\\\"' is not an escape in 'States.Format(\\'\\\\\"{}\\\\\"\\', 1)'"),
        ("States.Array($.)", "a name is missing at column 3 of '$.'"),
        ("States.Array(trueish)", "'trueish)' in 'States.Array(trueish)' is not an argument"),
        ("States.ArrayLength()", "States.ArrayLength takes 1 arguments, not 0"),
        ("States.ArrayLength(1, 2)", "States.ArrayLength takes 1 arguments, not 2"),
        ("States.MathAdd(1)", "States.MathAdd takes 2 arguments, not 1"),
        ("States.UUID(1)", "States.UUID takes 0 arguments, not 1"),
        ("States.Hash('a')", "States.Hash takes 2 arguments, not 1"),
        ("States.MathRandom(1)", "States.MathRandom takes 2 to 3 arguments, not 1"),
        ("States.MathRandom(1, 2, 3, 4)", "States.MathRandom takes 2 to 3 arguments, not 4"),
        ("States.Format()", "States.Format takes at least 1 arguments, not 0"),
        ('States.Array("a")', "'\"a\")' in 'States.Array(\"a\")' is not an argument"),
        ("States.Array(States.Nope())", "there is no intrinsic function States.Nope"),
        ("States.Array(States.Array(1)", "a ',' or ')' is missing at column 29 of 'States.Array(States.Array(1)'"),
        ("States.Array($.a[0)", "a ']' is missing in '$.a[0)'"),
        ("States.Array('a' 'b')", "a ',' or ')' is missing at column 18 of \"States.Array('a' 'b')\""),
        ("States.Array($.a 1)", "unexpected ' ' at column 4 of '$.a 1'"),
        ("States.ArrayRange(1, 2)", "States.ArrayRange takes 3 arguments, not 2"),
        ("States.ArrayRange(1, 2, 3, 4)", "States.ArrayRange takes 3 arguments, not 4"),
        ("States.JsonMerge(1, 2)", "States.JsonMerge takes 3 arguments, not 2"),
        ("States.StringSplit('a')", "States.StringSplit takes 2 arguments, not 1"),
        ("States.StringToJson()", "States.StringToJson takes 1 arguments, not 0"),
        ("States.JsonToString(1, 2)", "States.JsonToString takes 1 arguments, not 2"),
        ("States.ArrayPartition(1)", "States.ArrayPartition takes 2 arguments, not 1"),
        ("States.ArrayContains(1)", "States.ArrayContains takes 2 arguments, not 1"),
        ("States.ArrayGetItem(1)", "States.ArrayGetItem takes 2 arguments, not 1"),
        ("States.ArrayUnique()", "States.ArrayUnique takes 1 arguments, not 0"),
        ("States.Base64Encode()", "States.Base64Encode takes 1 arguments, not 0"),
        ("States.Base64Decode()", "States.Base64Decode takes 1 arguments, not 0"),
        ("States.Array(1 ,, 2)", "', 2)' in 'States.Array(1 ,, 2)' is not an argument"),
        ("States.Array('\\", "a ' is missing at the end of \"States.Array('\\\\\""),
    ],
)
def test_call__refuses(text: str, message: str) -> None:
    with pytest.raises(IntrinsicSyntaxError) as refused:
        parse_call(text)
    assert str(refused.value) == message


@given(some.text(alphabet="States.Format()'{}\\,$ 1[]", max_size=30))
def test_call__any_text_is_a_call_or_none(text: str) -> None:
    with contextlib.suppress(IntrinsicSyntaxError):
        parse_call(f"States.{text}")


@given(some.text())
def test_call__any_text_can_be_a_string(text: str) -> None:
    quoted = re.sub(r"(['{}\\])", r"\\\1", text)
    assert call(f"States.Array('{quoted}')").output == {"found": [text]}
    assert call(f"States.Format('{quoted}')").output == {"found": text}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("States.ArrayLength($.name)", "the first argument must be an array"),
        ("States.ArrayPartition($.items, '2')", "the chunk's size must be a number"),
        ("States.ArrayPartition($.items, 0)", "the chunk's size must be positive"),
        ("States.ArrayRange('1', 9, 1)", "the start must be a number"),
        ("States.ArrayRange(1, '9', 1)", "the end must be a number"),
        ("States.ArrayRange(1, 9, '1')", "the step must be a number"),
        ("States.ArrayRange(1, 9, 0)", "the step must not be 0"),
        ("States.ArrayRange(1, 1001, 1)", "the array would have more than 1000 items"),
        ("States.ArrayGetItem($.items, 'a')", "the index must be a number"),
        ("States.ArrayGetItem($.items, 4)", "the index 4 is outside of the array"),
        ("States.Base64Encode($.id)", "the first argument must be a string"),
        ("States.Base64Encode($.long)", "the text has more than 10000 characters"),
        ("States.Hash('a', 'SHA-2')", "the algorithm must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512"),
        ("States.JsonMerge($.object, $.items, false)", "the first two arguments must be objects"),
        ("States.StringSplit('a', 1)", "the second argument must be a string"),
        ("States.MathAdd('1', 1)", "the first argument must be a number"),
        ("States.MathAdd(1, '1')", "the second argument must be a number"),
        ("States.MathAdd(2147483647, 1)", "the sum is outside of -2147483648 to 2147483647"),
        ("States.MathRandom('1', 2)", "the start must be a number"),
        ("States.MathRandom(1, '2')", "the end must be a number"),
        ("States.MathRandom(1, 2, 'a')", "the seed must be a number"),
        ("States.MathRandom(2, 2)", "the start must be less than the end"),
        ("States.Format('{}')", "the template has 1 {} for 0 arguments"),
    ],
)
def test_failure__says_what_does_not_fit(text: str, reason: str) -> None:
    execution = call(text)
    assert execution.error == "States.IntrinsicFailure"
    assert reason in execution.cause
