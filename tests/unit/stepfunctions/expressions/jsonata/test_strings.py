"""Strings: the string functions, `&`, literals, and the order of texts.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

# ruff: noqa: RUF001 - an expression and what it gives stand on one line; letters of other scripts are meant

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$string("abc")', "abc"),
        ("$string(true)", "true"),
        ("$string(null)", "null"),
        ("$string([1, 2])", "[1,2]"),
        ("$string([])", "[]"),
        ("$string({})", "{}"),
        ('$string({"a": 1, "b": [true, null, "x"]})', '{"a":1,"b":[true,null,"x"]}'),
        ('$string({"a": 1}, true)', '{\n  "a": 1\n}'),
        ('$string([1, [2, {"b": []}], {}], true)', '[\n  1,\n  [\n    2,\n    {\n      "b": []\n    }\n  ],\n  {}\n]'),
        (
            '$string({"a": {"b": {}}, "c": [1, 2]}, true)',
            '{\n  "a": {\n    "b": {}\n  },\n  "c": [\n    1,\n    2\n  ]\n}',
        ),
        ("$string([], true)", "[]"),
        ('$string("abc", true)', "abc"),
        ('$string({"a": 1}, false)', '{"a":1}'),
        ("$string($missing)", MISSING),
        ("$string($sum)", ""),
        ("$string([$sum])", '[""]'),
        ('$string({"f": function(){1}})', '{"f":""}'),
        ('$string("a\\"b\\\\c\\n\\t")', 'a"b\\c\n\t'),
        ('$string(["a\\"b\\\\c\\n\\t\\b\\f\\r\\u0001/é"])', '["a\\"b\\\\c\\n\\t\\b\\f\\r\\u0001/é"]'),
        ('$string({"a\\"b": 1})', '{"a\\"b":1}'),
        ('$string({"b": 1, "10": 2, "9": 3, "a": 4, "01": 5})', '{"9":3,"10":2,"b":1,"a":4,"01":5}'),
        ('$string({"4294967295": 1, "4294967294": 2, "x": 0})', '{"4294967294":2,"4294967295":1,"x":0}'),
        ("[1, 2].$string()", ["1", "2"]),
        ("$string([$missing, 1])", "[1]"),
        ('$string({"a": $missing, "b": 1})', '{"b":1}'),
        ("$string([null, [null]])", "[null,[null]]"),
        ("$string(-0)", "0"),
    ],
)
def test_string(gives, expression, expected):
    """JSON, without blanks or with two for each level; functions are empty."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$string(5, 1)", 'T0410: Argument 2 of function "string" does not match function signature'),
    ],
)
def test_string__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$length("")', 0),
        ('$length("Hello World")', 11),
        ('$length("é日😀")', 3),
        ("$length($missing)", MISSING),
        ('["ab", "c"].$length()', [2, 1]),
    ],
)
def test_length(gives, expression, expected):
    """In characters."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$length(5)", 'T0410: Argument 1 of function "length" does not match function signature'),
        ("$length(null)", 'T0410: Argument 1 of function "length" does not match function signature'),
    ],
)
def test_length__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$substring("hello", 0)', "hello"),
        ('$substring("hello", 1)', "ello"),
        ('$substring("hello", 5)', ""),
        ('$substring("hello", 6)', ""),
        ('$substring("hello", -1)', "o"),
        ('$substring("hello", -5)', "hello"),
        ('$substring("hello", -6)', "hello"),
        ('$substring("hello", -10)', "hello"),
        ('$substring("hello", 0, 2)', "he"),
        ('$substring("hello", 1, 2)', "el"),
        ('$substring("hello", 3, 10)', "lo"),
        ('$substring("hello", 1, 0)', ""),
        ('$substring("hello", 1, -1)', ""),
        ('$substring("hello", -3, 2)', "ll"),
        ('$substring("hello", -3, 3)', "llo"),
        ('$substring("hello", -3, 5)', "llo"),
        ('$substring("hello", -10, 2)', "he"),
        ('$substring("hello", 1.7)', "ello"),
        ('$substring("hello", 1.7, 1.8)', "el"),
        ('$substring("hello", -1.5)', "o"),
        ('$substring("hello", 0.5, 1)', "h"),
        ('$substring("hello", 1, 1/0)', "ello"),
        ('$substring("hello", 1/0)', ""),
        ('$substring("h😀llo", 1, 1)', "😀"),
        ('$substring("h😀llo", 2)', "llo"),
        ('$substring("h😀llo", -4, 2)', "😀l"),
        ("$substring($missing, 1)", MISSING),
        ('$substring("hello", $missing)', "hello"),
        ('$substring("hello", $missing, 2)', ""),
        ('$substring("hello", -1/0)', "hello"),
        ('$substring("hello", -1/0, 2)', "he"),
        ('$substring("hello", 0/0)', "hello"),
        ('$substring("hello", 2, 0/0)', ""),
        ('$substring("hello", 1, $missing)', "ello"),
    ],
)
def test_substring(gives, expression, expected):
    """A place below zero is counted from the end."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$substring("hello")', 'T0410: Argument 2 of function "substring" does not match function signature'),
        ('$substring("hello", "1")', 'T0410: Argument 2 of function "substring" does not match function signature'),
    ],
)
def test_substring__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$substringBefore("Hello World", " ")', "Hello"),
        ('$substringBefore("Hello World", "x")', "Hello World"),
        ('$substringBefore("Hello World", "")', ""),
        ('$substringBefore("Hello World", "o")', "Hell"),
        ('$substringBefore("Hello", "H")', ""),
        ('$substringBefore($missing, "x")', MISSING),
        ('$substringBefore("Hello", $missing)', "Hello"),
    ],
)
def test_substring_before(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$substringAfter("Hello World", " ")', "World"),
        ('$substringAfter("Hello World", "x")', "Hello World"),
        ('$substringAfter("Hello World", "")', "Hello World"),
        ('$substringAfter("Hello World", "o")', " World"),
        ('$substringAfter("Hello", "o")', ""),
        ('$substringAfter($missing, "x")', MISSING),
        ('$substringAfter("Hello", $missing)', "Hello"),
    ],
)
def test_substring_after(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"Hello World" ~> $substringBefore(" ")', "Hello"),
        ('$lowercase("Hello World")', "hello world"),
        ('$lowercase("ÀÉ")', "àé"),
        ('$lowercase("İ")', "i̇"),
        ('$lowercase("ΑΣ")', "ας"),
        ("$lowercase($missing)", MISSING),
        ('$uppercase("Hello World")', "HELLO WORLD"),
        ('$uppercase("straße")', "STRASSE"),
        ('$uppercase("ŉ")', "ʼN"),
        ("$uppercase($missing)", MISSING),
    ],
)
def test_case(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$lowercase(1)", 'T0410: Argument 1 of function "lowercase" does not match function signature'),
        ("$uppercase(true)", 'T0410: Argument 1 of function "uppercase" does not match function signature'),
    ],
)
def test_case__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$trim("   Hello    \\n World  ")', "Hello World"),
        ('$trim("abc")', "abc"),
        ('$trim("")', ""),
        ('$trim(" ")', ""),
        ('$trim("  ")', ""),
        ('$trim("\\t\\r\\n a \\t")', "a"),
        ('$trim("a\\u00a0b ")', "a\u00a0b"),
        ('$trim(" a")', "a"),
        ('$trim("a ")', "a"),
        ('$trim("a  b")', "a b"),
        ("$trim($missing)", MISSING),
    ],
)
def test_trim(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$pad("foo", 5)', "foo  "),
        ('$pad("foo", -5)', "  foo"),
        ('$pad("foo", 5, "#")', "foo##"),
        ('$pad("foo", -5, "#")', "##foo"),
        ('$pad("foo", 8, "-+")', "foo-+-+-"),
        ('$pad("foo", -8, "-+")', "-+-+-foo"),
        ('$pad("foo", 3)', "foo"),
        ('$pad("foo", 2)', "foo"),
        ('$pad("foo", -2)', "foo"),
        ('$pad("foo", 0)', "foo"),
        ('$pad("", 3, "ab")', "aba"),
        ('$pad("foo", 5, "")', "foo  "),
        ('$pad("foo", 5.9, "#")', "foo##"),
        ('$pad("foo", -5.9, "#")', "##foo"),
        ('$pad("😀", 3, "#")', "😀##"),
        ('$pad("a", 4, "😀")', "a😀😀😀"),
        ("$pad($missing, 5)", MISSING),
        ('$pad("foo", 7, "abc")', "fooabca"),
        ('$formatNumber(35, "00") ~> $pad(5, "0")', "35000"),
        ('$pad("foo", $missing)', "foo"),
    ],
)
def test_pad(gives, expression, expected):
    """A width below zero fills the left side."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$pad("foo")', 'T0410: Argument 2 of function "pad" does not match function signature'),
    ],
)
def test_pad__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$join(["a", "b", "c"])', "abc"),
        ('$join(["a", "b", "c"], ", ")', "a, b, c"),
        ('$join(["a"], ", ")', "a"),
        ('$join("a", ", ")', "a"),
        ('$join([], ", ")', ""),
        ('$join($missing, ", ")', MISSING),
        ('$join(["a"], $missing)', "a"),
    ],
)
def test_join(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$join([1, 2], ", ")', 'T0412: Argument 1 of function "join" must be an array of "strings"'),
        ('$join(["a", 1], ", ")', 'T0412: Argument 1 of function "join" must be an array of "strings"'),
        ('$join(["a", "b"], 1)', 'T0410: Argument 2 of function "join" does not match function signature'),
        ('$join([["a"], "b"])', 'T0412: Argument 1 of function "join" must be an array of "strings"'),
    ],
)
def test_join__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$base64encode("hello:world")', "aGVsbG86d29ybGQ="),
        ('$base64encode("")', ""),
        ('$base64encode("a")', "YQ=="),
        ('$base64encode("ab")', "YWI="),
        ('$base64encode("é")', "6Q=="),
        ('$base64encode("日")', "5Q=="),
        ('$base64encode("😀")', "PQA="),
        ("$base64encode($missing)", MISSING),
        ('$base64decode("aGVsbG86d29ybGQ=")', "hello:world"),
        ('$base64decode("")', ""),
        ('$base64decode("YQ==")', "a"),
        ('$base64decode("YWI=")', "ab"),
        ('$base64decode("6Q==")', "é"),
        ('$base64decode("YQ")', "a"),
        ('$base64decode("YWI")', "ab"),
        ('$base64decode("/+8=")', "ÿï"),
        ("$base64decode($missing)", MISSING),
    ],
)
def test_base64(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("$base64encode(1)", 'T0410: Argument 1 of function "base64encode" does not match function signature'),
    ],
)
def test_base64__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$encodeUrlComponent("?x=test")', "%3Fx%3Dtest"),
        ('$encodeUrlComponent("a b+c&d/e")', "a%20b%2Bc%26d%2Fe"),
        ('$encodeUrlComponent("-_.!~*\'()")', "-_.!~*'()"),
        ('$encodeUrlComponent(";/?:@&=+$,#")', "%3B%2F%3F%3A%40%26%3D%2B%24%2C%23"),
        ('$encodeUrlComponent("é日😀")', "%C3%A9%E6%97%A5%F0%9F%98%80"),
        ('$encodeUrlComponent("")', ""),
        ("$encodeUrlComponent($missing)", MISSING),
    ],
)
def test_encode_url_component(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$encodeUrl("https://mozilla.org/?x=шеллы")', "https://mozilla.org/?x=%D1%88%D0%B5%D0%BB%D0%BB%D1%8B"),
        ('$encodeUrl(";/?:@&=+$,#")', ";/?:@&=+$,#"),
        ('$encodeUrl("-_.!~*\'()")', "-_.!~*'()"),
        ('$encodeUrl("a b\\"c<d>[e]{f}|^`%")', "a%20b%22c%3Cd%3E%5Be%5D%7Bf%7D%7C%5E%60%25"),
        ("$encodeUrl($missing)", MISSING),
    ],
)
def test_encode_url(gives, expression, expected):
    """What parts a URL stays."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$decodeUrlComponent("%3Fx%3Dtest")', "?x=test"),
        ('$decodeUrlComponent("a%20b+c")', "a b+c"),
        ('$decodeUrlComponent("%C3%A9")', "é"),
        ('$decodeUrlComponent("%c3%a9")', "é"),
        ('$decodeUrlComponent("plain")', "plain"),
        ('$decodeUrlComponent("%F0%9F%98%80")', "😀"),
        ("$decodeUrlComponent($missing)", MISSING),
    ],
)
def test_decode_url_component(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$decodeUrlComponent("%")', 'D3140: Malformed URL passed to $decodeUrlComponent(): "%"'),
        ('$decodeUrlComponent("%2")', 'D3140: Malformed URL passed to $decodeUrlComponent(): "%2"'),
        ('$decodeUrlComponent("%GG")', 'D3140: Malformed URL passed to $decodeUrlComponent(): "%GG"'),
        ('$decodeUrlComponent("%C3")', 'D3140: Malformed URL passed to $decodeUrlComponent(): "%C3"'),
        ('$decodeUrlComponent("%80")', 'D3140: Malformed URL passed to $decodeUrlComponent(): "%80"'),
        ('$decodeUrlComponent("%E0%A4%A")', 'D3140: Malformed URL passed to $decodeUrlComponent(): "%E0%A4%A"'),
    ],
)
def test_decode_url_component__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$decodeUrl("https://mozilla.org/?x=%D1%88%D0%B5")', "https://mozilla.org/?x=ше"),
        ('$decodeUrl("%3B%2F%3F%3A%40%26%3D%2B%24%2C%23")', "%3B%2F%3F%3A%40%26%3D%2B%24%2C%23"),
        ('$decodeUrl("%3b%2f")', "%3b%2f"),
        ('$decodeUrl("%21%27%28%29%2A%2D%2E%5F%7E")', "!'()*-._~"),
        ('$decodeUrl("%20%2F%20")', " %2F "),
        ("$decodeUrl($missing)", MISSING),
    ],
)
def test_decode_url(gives, expression, expected):
    """What would part the URL stays encoded."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$decodeUrl("%")', 'D3140: Malformed URL passed to $decodeUrl(): "%"'),
        ('$decodeUrl("%C3")', 'D3140: Malformed URL passed to $decodeUrl(): "%C3"'),
    ],
)
def test_decode_url__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"a" & "b"', "ab"),
        ('"a" & 1', "a1"),
        ("1 & 2", "12"),
        ('"a" & true & null & [1, 2] & {"a": 1}', 'atruenull[1,2]{"a":1}'),
        ('"a" & $missing', "a"),
        ("$missing & $missing", ""),
        ('$missing & "a"', "a"),
        ('"a" & 1.5', "a1.5"),
        ('"a" & []', "a[]"),
        ('"a" & $sum', "a"),
    ],
)
def test_concatenation(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'single \"quotes\"'", 'single "quotes"'),
        ("\"double 'quotes'\"", "double 'quotes'"),
        ('"\\u00e9"', "é"),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\x08\x0c\n\r\t'),
        ('"tab\tinside"', "tab\tinside"),
        ('"Hello" in ["Hello", "World"]', True),
    ],
)
def test_literal(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('"\\x"', 'S0103: Unsupported escape sequence: \\"x"'),
        ('"\\u12"', "S0104: The escape sequence \\u must be followed by 4 hex digits"),
        ('"\\u12G4"', "S0104: The escape sequence \\u must be followed by 4 hex digits"),
        ('"unterminated', "S0101: String literal must be terminated by a matching quote"),
        ("'unterminated", "S0101: String literal must be terminated by a matching quote"),
        ('"a', "S0101: String literal must be terminated by a matching quote"),
    ],
)
def test_literal__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"abc" < "abd"', True),
        ('"Z" < "a"', True),
        ('"a" < "é"', True),
        ('"😀" < "\\uffff"', True),
        ('"" < "a"', True),
        ('"10" < "9"', True),
        ('"a" <= "a"', True),
        ('"a" >= "b"', False),
        ('"a" > "A"', True),
    ],
)
def test_order(gives, expression, expected):
    """By UTF-16 units."""
    gives(expression, expected)
