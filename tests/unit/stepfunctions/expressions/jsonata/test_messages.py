"""What an error says: the language's code, and the message with the values it is about.

The expectations are what the reference (npm jsonata 2.0.6) gives."""

# ruff: noqa: E501, RUF001 - an expression and what it gives stand on one line; letters of other scripts are meant

import pytest


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('-"a"', 'D1002: Cannot negate a non-numeric value: "a"'),
        ("1/0 + 1", "D1001: Number out of range: null"),
        ("{1: 2}", "T1003: Key in object structure must evaluate to a string; got: 1"),
        ('{"a": 1, "a": 2}{"b": 1}', 'D1009: Multiple key definitions evaluate to same key: "a"'),
        ('$replace("ab", /a*/, "x")', "D1004: Regular expression matches zero length string"),
        ("sum([1])", "T1005: Attempted to invoke a non-function. Did you mean $sum?"),
        ("$nope()", "T1006: Attempted to invoke a non-function"),
        ("sum(?)", "T1007: Attempted to partially apply a non-function. Did you mean $sum?"),
        ("$nope(?)", "T1008: Attempted to partially apply a non-function"),
        (
            '$match("abc", function($s){1})',
            'T1010: The matcher function argument passed to function "match" does not return the correct object structure',
        ),
        ('1 + "a"', 'T2002: The right side of the "+" operator must evaluate to a number'),
        ('"a" * 2', 'T2001: The left side of the "*" operator must evaluate to a number'),
        ("[1.5..2]", "T2003: The left side of the range operator (..) must evaluate to an integer"),
        ("[1..2.5]", "T2004: The right side of the range operator (..) must evaluate to an integer"),
        ("1 ~> 2", "T2006: The right side of the function application operator ~> must be a function"),
        ('[1, 2]^($ = 1 ? "a" : 1)', 'T2007: Type mismatch when comparing values "a" and 1 in order-by clause'),
        ("$items^(tags)", "T2008: The expressions within an order-by clause must evaluate to numeric or string values"),
        ('1 < "a"', 'T2009: The values 1 and "a" either side of operator "<" must be of the same data type'),
        ("1 < true", 'T2010: The expressions either side of operator "<" must evaluate to numeric or string values'),
        (
            '{"a": 1} ~> |$|5|',
            "T2011: The insert/update clause of the transform expression must evaluate to an object: 5",
        ),
        (
            '{"a": 1} ~> |$|{}, [5]|',
            "T2012: The delete clause of the transform expression must evaluate to a string or array of strings: [5]",
        ),
        (
            '($clone := 5; {"a": 1} ~> |$|{"b": 2}|)',
            "T2013: The transform expression clones the input object using the $clone() function.  This has been overridden in the current scope by a non-function.",
        ),
        (
            "[1..10000001]",
            "D2014: The size of the sequence allocated by the range operator (..) must not exceed 1e6.  Attempted to allocate 10000001.",
        ),
        ("$string(1/0)", "D3001: Attempting to invoke string function on Infinity or NaN"),
        ('$replace("a", "", "b")', "D3010: Second argument of replace function cannot be an empty string"),
        (
            '$replace("a", "b", "c", -1)',
            "D3011: Fourth argument of replace function must evaluate to a positive number",
        ),
        ('$replace("a", /a/, function($m){1})', "D3012: Attempted to replace a matched string with a non-string value"),
        ('$split("a", ",", -1)', "D3020: Third argument of split function must evaluate to a positive number"),
        ('$number("x")', 'D3030: Unable to cast value to a number: "x"'),
        ('$number(" 1 ")', 'D3030: Unable to cast value to a number: " 1 "'),
        ('$match("a", /a/, -1)', "D3040: Third argument of match function must evaluate to a positive number"),
        (
            "$reduce([1, 2], function($a){$a})",
            "D3050: The second argument of reduce function must be a function with at least two arguments",
        ),
        ("$sqrt(-1)", "D3060: The sqrt function cannot be applied to a negative number: -1"),
        (
            "$power(-8, 0.5)",
            "D3061: The power function has resulted in a value that cannot be represented as a JSON number: base=-8, exponent=0.5",
        ),
        (
            '$sort([1, "a"])',
            "D3070: The single argument form of the sort function can only be applied to an array of strings or an array of numbers.  Use the second argument to specify a comparison function",
        ),
        ('$formatNumber(1, "0;0;0")', "D3080: The picture string must only contain a maximum of two sub-pictures"),
        (
            '$formatNumber(1, "0.0.0")',
            "D3081: The sub-picture must not contain more than one instance of the 'decimal-separator' character",
        ),
        (
            '$formatNumber(1, "0%%")',
            "D3082: The sub-picture must not contain more than one instance of the 'percent' character",
        ),
        (
            '$formatNumber(1, "0‰‰")',
            "D3083: The sub-picture must not contain more than one instance of the 'per-mille' character",
        ),
        (
            '$formatNumber(1, "0%‰")',
            "D3084: The sub-picture must not contain both a 'percent' and a 'per-mille' character",
        ),
        (
            '$formatNumber(1, ".")',
            "D3085: The mantissa part of a sub-picture must contain at least one character that is either an 'optional digit character' or a member of the 'decimal digit family'",
        ),
        (
            '$formatNumber(1, "0x0")',
            "D3086: The sub-picture must not contain a passive character that is preceded by an active character and that is followed by another active character",
        ),
        (
            '$formatNumber(1, "0,.0")',
            "D3087: The sub-picture must not contain a 'grouping-separator' character that appears adjacent to a 'decimal-separator' character",
        ),
        (
            '$formatNumber(1, "0,")',
            "D3088: The sub-picture must not contain a 'grouping-separator' at the end of the integer part",
        ),
        (
            '$formatNumber(1, "0,,0")',
            "D3089: The sub-picture must not contain two adjacent instances of the 'grouping-separator' character",
        ),
        (
            '$formatNumber(1, "0#")',
            "D3090: The integer part of the sub-picture must not contain a member of the 'decimal digit family' that is followed by an instance of the 'optional digit character'",
        ),
        (
            '$formatNumber(1, "0.#0")',
            "D3091: The fractional part of the sub-picture must not contain an instance of the 'optional digit character' that is followed by a member of the 'decimal digit family'",
        ),
        (
            '$formatNumber(1, "0e0%")',
            "D3092: A sub-picture that contains a 'percent' or 'per-mille' character must not contain a character treated as an 'exponent-separator'",
        ),
        (
            '$formatNumber(1, "0e#")',
            "D3093: The exponent part of the sub-picture must comprise only of one or more characters that are members of the 'decimal digit family'",
        ),
        (
            "$formatBase(1, 40)",
            "D3100: The radix of the formatBase function must be between 2 and 36.  It was given 40",
        ),
        (
            "$formatBase(1, 1.2)",
            "D3100: The radix of the formatBase function must be between 2 and 36.  It was given 1",
        ),
        (
            '$toMillis("27/03/2018")',
            'D3110: The argument of the toMillis function must be an ISO 8601 formatted timestamp. Given "27/03/2018"',
        ),
        (
            '$formatInteger(1, "#")',
            'D3130: Formatting or parsing an integer as a sequence starting with "#" is not supported by this implementation',
        ),
        (
            '$formatInteger(1, "0٠")',
            "D3131: In a decimal digit pattern, all digits must be from the same decimal group",
        ),
        ('$fromMillis(0, "[q]")', 'D3132: Unknown component specifier "q" in date/time picture string'),
        (
            '$fromMillis(0, "[YN]")',
            "D3133: The 'name' modifier can only be applied to months and days in the date/time picture string, not \"Y\"",
        ),
        (
            '$fromMillis(0, "[Z00000]")',
            "D3134: The timezone integer format specifier cannot have more than four digits",
        ),
        ('$fromMillis(0, "[D")', "D3135: No matching closing bracket ']' in date/time picture string"),
        (
            '$toMillis("7 2017", "[D] [Y]")',
            "D3136: The date/time picture string is missing specifiers required to parse the timestamp",
        ),
        ('$error("boom")', "D3137: boom"),
        ('$error({"a": 1}.a & "!")', "D3137: 1!"),
        (
            "$single([1, 2], function($v){$v > 0})",
            "D3138: The $single() function expected exactly 1 matching result.  Instead it matched more.",
        ),
        (
            "$single([1], function($v){$v > 1})",
            "D3139: The $single() function expected exactly 1 matching result.  Instead it matched 0.",
        ),
        ('$decodeUrl("%")', 'D3140: Malformed URL passed to $decodeUrl(): "%"'),
        ('$decodeUrlComponent("%")', 'D3140: Malformed URL passed to $decodeUrlComponent(): "%"'),
        ('$assert(false, "no")', "D3141: no"),
        ('$sum("a")', 'T0412: Argument 1 of function "sum" must be an array of "numbers"'),
        ('$abs("x")', 'T0410: Argument 1 of function "abs" does not match function signature'),
        ('$substring("x")', 'T0410: Argument 2 of function "substring" does not match function signature'),
        ('function($x)<n>{$x}("a")', "T0410: Argument 1 of function undefined does not match function signature"),
        ('($f := function($x)<n>{$x}; $f("a"))', 'T0410: Argument 1 of function "f" does not match function signature'),
        ("($f := function($x)<a<s>>{$x}; $f([1]))", 'T0412: Argument 1 of function "f" must be an array of "strings"'),
        (
            '{"a": 1.5} ~> |$|1e21|',
            "T2011: The insert/update clause of the transform expression must evaluate to an object: 1e+21",
        ),
        (
            '{"a": 1.5} ~> |$|1e-7|',
            "T2011: The insert/update clause of the transform expression must evaluate to an object: 1e-7",
        ),
        (
            '{"a": 1.5} ~> |$|0.00001|',
            "T2011: The insert/update clause of the transform expression must evaluate to an object: 0.00001",
        ),
        (
            '{"a": 1.5} ~> |$|1.5|',
            "T2011: The insert/update clause of the transform expression must evaluate to an object: 1.5",
        ),
        (
            '{"a": 1.5} ~> |$|100000000000000000000.0|',
            "T2011: The insert/update clause of the transform expression must evaluate to an object: 100000000000000000000",
        ),
        (
            '{"a": 1.5} ~> |$|[1.5, "é", null, true]|',
            'T2011: The insert/update clause of the transform expression must evaluate to an object: [1.5,"é",null,true]',
        ),
        (
            '{"a": 1.5} ~> |$|{}, {"x": [1, {"y": "é\\"\\n"}], "é": null}|',
            'T2012: The delete clause of the transform expression must evaluate to a string or array of strings: {"x":[1,{"y":"é\\"\\n"}],"é":null}',
        ),
        (
            '{"a": 1.5} ~> |$|[$missing, 0/0]|',
            "T2011: The insert/update clause of the transform expression must evaluate to an object: [null]",
        ),
        ('"{value}" + 1', 'T2001: The left side of the "+" operator must evaluate to a number'),
        ('-"{symbol}"', 'D1002: Cannot negate a non-numeric value: "{symbol}"'),
        ("1/0 = 1/0 and 1/0", "D1001: Number out of range: null"),
        ('"a" & 1/0', "D3001: Attempting to invoke string function on Infinity or NaN"),
        ("1 - -(1/0)", "D1001: Number out of range: null"),
        ("$string([1/0])", "D1001: Number out of range: null"),
        ("$uppercase(1)", 'T0410: Argument 1 of function "uppercase" does not match function signature'),
        ("[1].$uppercase()", 'T0411: Context value is not a compatible type with argument 1 of function "uppercase"'),
        (
            '["a", 1].$uppercase()',
            'T0411: Context value is not a compatible type with argument 1 of function "uppercase"',
        ),
        ('$map(["a"], function($x){$x + 1})', 'T2001: The left side of the "+" operator must evaluate to a number'),
        ("$map([1], $uppercase)", 'T0410: Argument 1 of function "map" does not match function signature'),
        ('["a"] ~> $map($abs)', 'T0410: Argument 1 of function "map" does not match function signature'),
        ('$sum([1]) + $max(["a"])', 'T0412: Argument 1 of function "max" must be an array of "numbers"'),
        (
            "$items.id.$uppercase()",
            'T0411: Context value is not a compatible type with argument 1 of function "uppercase"',
        ),
        ("$items.name[$ + 1]", 'T2001: The left side of the "+" operator must evaluate to a number'),
        ("$items[name + 1]", 'T2001: The left side of the "+" operator must evaluate to a number'),
        ("$items.{name: $abs(name)}", 'T0410: Argument 1 of function "abs" does not match function signature'),
        ('$items.{"x": name * 2}', 'T2001: The left side of the "*" operator must evaluate to a number'),
        ("$items^(name - 1)", 'T2001: The left side of the "-" operator must evaluate to a number'),
        (
            '($f := function($x){$x + "a"}; $f(1))',
            'T2002: The right side of the "+" operator must evaluate to a number',
        ),
        (
            '($f := function($x){$abs($x)}; $f("a"))',
            'T0410: Argument 1 of function "abs" does not match function signature',
        ),
    ],
)
def test_message__refuses(refuses, expression, message):
    refuses(expression, message)
