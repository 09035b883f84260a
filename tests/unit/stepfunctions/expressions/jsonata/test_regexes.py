"""Regular expressions, and the functions that take them: $match, $contains, $replace, $split.

They are JavaScript's; the expectations are what the reference (npm jsonata 2.0.6) gives."""

# ruff: noqa: E501, RUF001 - an expression and what it gives stand on one line; letters of other scripts are meant

import pytest

from pipeproof.stepfunctions.values import MISSING


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (
            '$match("ababbabbcc", /a(b+)/)',
            [
                {"match": "ab", "index": 0, "groups": ["b"]},
                {"match": "abb", "index": 2, "groups": ["bb"]},
                {"match": "abb", "index": 5, "groups": ["bb"]},
            ],
        ),
        ('$match("ababbabbcc", /a(b+)/, 1)', {"match": "ab", "index": 0, "groups": ["b"]}),
        (
            '$match("ababbabbcc", /a(b+)/, 2)',
            [{"match": "ab", "index": 0, "groups": ["b"]}, {"match": "abb", "index": 2, "groups": ["bb"]}],
        ),
        (
            '$match("ababbabbcc", /a(b+)/, 1.5)',
            [{"match": "ab", "index": 0, "groups": ["b"]}, {"match": "abb", "index": 2, "groups": ["bb"]}],
        ),
        ('$match("ababbabbcc", /a(b+)/, 0)', MISSING),
        ('$match("ab", /x/)', MISSING),
        ('$match("ab", /b/)', {"match": "b", "index": 1, "groups": []}),
        ('$match("ab", /(a)|(x)/)', {"match": "a", "index": 0, "groups": ["a", None]}),
        ('$match("ab", /(x)?b/)', {"match": "b", "index": 1, "groups": [None]}),
        ('$match("AbC", /b/i)', {"match": "b", "index": 1, "groups": []}),
        ('$match("a\\nb", /^b/m).index', 2),
        ('$match("a\\nb", /^b/)', MISSING),
        ('$match("a\\nb", /a$/m).index', 0),
        ('$match("a\\nb", /a$/)', MISSING),
        ('$match("a\\r\\nb", /^./m).match', ["a", "b"]),
        ("$match($missing, /a/)", MISSING),
        ('$match("", /a/)', MISSING),
        ('$match("aaa", /a/).index', [0, 1, 2]),
        ('$match("😀a", /a/).index', 2),
        ('$match("é日", /日/).index', 1),
        ('$match("a1b22", /[0-9]+/).match', ["1", "22"]),
        ('$match("a1b22", /([a-z])([0-9]+)/).groups', ["a", "1", "b", "22"]),
        (
            '$match("abc", function($s){{"match": "b", "start": 1, "end": 2, "groups": [], "next": function(){$missing}}})',
            {"match": "b", "index": 1, "groups": []},
        ),
        ('$match("abc", function($s){$missing})', MISSING),
    ],
)
def test_match(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$match("ababbabbcc", /a(b+)/, -1)',
            "D3040: Third argument of match function must evaluate to a positive number",
        ),
        ('$match("aaa", /a*?/)', "D1004: Regular expression matches zero length string"),
        ('$match("abc", /b*/)', "D1004: Regular expression matches zero length string"),
        ('$match("abc", "b")', 'T0410: Argument 2 of function "match" does not match function signature'),
        ('$match("abc", /b/, "1")', 'T0410: Argument 3 of function "match" does not match function signature'),
        (
            '$match("abc", $uppercase)',
            'T1010: The matcher function argument passed to function "match" does not return the correct object structure',
        ),
        (
            '$match("abc", function($s){1})',
            'T1010: The matcher function argument passed to function "match" does not return the correct object structure',
        ),
        (
            '$match("abc", function($s){{"match": "b"}})',
            'T1010: The matcher function argument passed to function "match" does not return the correct object structure',
        ),
        ('$match("abc", function($s){{"start": 1}})', "T1006: Attempted to invoke a non-function"),
        ('$match("a", $missing)', 'T0410: Argument 2 of function "match" does not match function signature'),
    ],
)
def test_match__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    "expression",
    [
        '$match("abc", function($s){""})',
    ],
)
def test_match__breaks_as_the_reference_does(breaks, expression):
    breaks(expression)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$contains("abracadabra", "bra")', True),
        ('$contains("abracadabra", "x")', False),
        ('$contains("abracadabra", "")', True),
        ('$contains("abracadabra", /a.*a/)', True),
        ('$contains("abracadabra", /ar.*a/)', False),
        ('$contains("Hello World", /wo/i)', True),
        ('$contains("Hello World", /wo/)', False),
        ('$contains("Hello World", /Wo/)', True),
        ('$contains($missing, "a")', MISSING),
        ('$contains("a")', MISSING),
        ('"Hello World" ~> $contains(/WORLD/i)', True),
        ('["abc", "bcd"].$contains("a")', [True, False]),
    ],
)
def test_contains(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$contains("abc", 1)', 'T0410: Argument 2 of function "contains" does not match function signature'),
    ],
)
def test_contains__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$replace("John Smith and John Jones", "John", "Mr")', "Mr Smith and Mr Jones"),
        ('$replace("John Smith and John Jones", "John", "Mr", 1)', "Mr Smith and John Jones"),
        ('$replace("aaa", "a", "b", 2)', "bba"),
        ('$replace("aaa", "a", "b", 1.5)', "bba"),
        ('$replace("aaa", "a", "b", 0)', "aaa"),
        ('$replace("aaa", "x", "b")', "aaa"),
        ('$replace("a.b.c", ".", "-")', "a-b-c"),
        ('$replace("a$b", "$", "x")', "axb"),
        ('$replace("aaa", "a", "$0")', "$0$0$0"),
        ('$replace("aaa", "a", "")', ""),
        ('$replace($missing, "a", "b")', MISSING),
        ('$replace("abracadabra", /a.*?a/, "*")', "*c*bra"),
        ('$replace("John Smith", /(\\w+)\\s(\\w+)/, "$2, $1")', "Smith, John"),
        ('$replace("265USD", /([0-9]+)USD/, "$$$1")', "$265"),
        ('$replace("265USD", /([0-9]+)USD/, "$0!")', "265USD!"),
        ('$replace("abc", /b/, "[$0]")', "a[b]c"),
        ('$replace("abc", /b/, "[$1]")', "a[]c"),
        ('$replace("abc", /(b)/, "[$1]")', "a[b]c"),
        ('$replace("abc", /(b)/, "[$2]")', "a[]c"),
        ('$replace("abc", /(b)/, "[$12]")', "a[b2]c"),
        ('$replace("abc", /(b)/, "[$01]")', "a[b1]c"),
        ('$replace("abc", /(b)/, "$")', "a$c"),
        ('$replace("abc", /(b)/, "$x")', "a$xc"),
        ('$replace("abc", /(b)/, "a$")', "aa$c"),
        ('$replace("abc", /(b)/, "$$")', "a$c"),
        ('$replace("abc", /(b)/, "$$1")', "a$1c"),
        ('$replace("abc", /(b)(x)?/, "[$2]")', "a[]c"),
        ('$replace("abracadabra", /a(b)?/, "[$1]")', "[b]r[]c[]d[b]r[]"),
        ('$replace("abc", "b", "$1")', "a$1c"),
        ('$replace("abcdefghijklm", /(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)(l)/, "$12-$11-$1-$13")', "l-k-a-a3m"),
        ('$replace("abcdefghijklm", /(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)(l)/, "$20-$99-$3x")', "b0-i9-cxm"),
        ('$replace("abc", /[a-c]/, "x", 2)', "xxc"),
        ('$replace("abc", /[a-c]/, "x", 1.5)', "xxc"),
        ('$replace("abc", /[a-c]/, "x", 0)', "abc"),
        ('$replace("abc", /x/, "y")', "abc"),
        (
            '$replace("temperature = 68F today", /(-?\\d+(?:\\.\\d*)?)F\\b/, function($m){($number($m.groups[0]) - 32) * 5/9 & "C"})',
            "temperature = 20C today",
        ),
        ('$replace("abc", /b/, function($m){$uppercase($m.match)})', "aBc"),
        ('$replace("abc", /[ac]/, function($m){"<" & $m.match & ">"})', "<a>b<c>"),
        ('$replace("abc", /b/, function($m){$string($m.start) & $string($m.end)})', "a12c"),
        ('$replace("abc", /b/)', MISSING),
        ('$replace("a😀b", /b/, "c")', "a😀c"),
        ('$replace("a😀b😀", /😀/, "!")', "a!b!"),
        ('$replace("日本", /本/, "x")', "日x"),
        ('$replace("abc", "z", function($m){"x"})', "abc"),
        ('$replace("aXbX", /x/i, "-")', "a-b-"),
        ('$replace("Mr. Smith", /\\.|\\s/, "")', "MrSmith"),
        ('"abc" ~> $replace("b", "x")', "axc"),
        ('$replace("a", "a", $missing)', "undefined"),
    ],
)
def test_replace(gives, expression, expected):
    """`$1` is a group, `$0` all of it, `$$` a dollar."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$replace("aaa", "a", "b", -1)',
            "D3011: Fourth argument of replace function must evaluate to a positive number",
        ),
        ('$replace("aaa", "", "b")', "D3010: Second argument of replace function cannot be an empty string"),
        (
            '$replace("abc", /b/, function($m){1})',
            "D3012: Attempted to replace a matched string with a non-string value",
        ),
        (
            '$replace("abc", /b/, function($m){$missing})',
            "D3012: Attempted to replace a matched string with a non-string value",
        ),
        ('$replace("abc", /b*/, "x")', "D1004: Regular expression matches zero length string"),
        ('$replace("a", $missing, "b")', "T1006: Attempted to invoke a non-function"),
    ],
)
def test_replace__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$split("so many words", " ")', ["so", "many", "words"]),
        ('$split("so many words", " ", 2)', ["so", "many"]),
        ('$split("so many words", " ", 1)', ["so"]),
        ('$split("so many words", " ", 0)', []),
        ('$split("so many words", " ", 9)', ["so", "many", "words"]),
        ('$split("so many words", " ", 1.5)', ["so"]),
        (
            '$split("too   much, punctuation. hard; to read", /[ ,.;]+/)',
            ["too", "much", "punctuation", "hard", "to", "read"],
        ),
        ('$split("a1b2c3", /[0-9]/)', ["a", "b", "c", ""]),
        ('$split("a1b2c3", /[0-9]/, 2)', ["a", "b"]),
        ('$split("a1b2c3", /[0-9]/, 3)', ["a", "b", "c"]),
        ('$split("a1b2c3", /[0-9]/, 4)', ["a", "b", "c", ""]),
        ('$split("a1b2c3", /[0-9]/, 0)', []),
        ('$split("a1b2c3", /[0-9]/, 1.5)', ["a", "b"]),
        ('$split("abc", "")', ["a", "b", "c"]),
        ('$split("abc", "", 2)', ["a", "b"]),
        ('$split("", ",")', [""]),
        ('$split("", "")', []),
        ('$split(",a,", ",")', ["", "a", ""]),
        ('$split(",a,", /,/)', ["", "a", ""]),
        ('$split("abc", /x/)', ["abc"]),
        ('$split("abc", "x")', ["abc"]),
        ('$split("a(1)b", /\\((1)\\)/)', ["a", "b"]),
        ('$split($missing, ",")', MISSING),
        ('$split("a,b")', MISSING),
        ('$split("a,b", 1)', MISSING),
        ('"a, b" ~> $split(", ")', ["a", "b"]),
        ('$split("a😀b😀c", /😀/)', ["a", "b", "c"]),
        ('$split("a😀b", "")', ["a", "\ud83d", "\ude00", "b"]),
    ],
)
def test_split(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            '$split("so many words", " ", -1)',
            "D3020: Third argument of split function must evaluate to a positive number",
        ),
        ('$split("abc", /x*/)', "D1004: Regular expression matches zero length string"),
    ],
)
def test_split__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('/b/("abc").match', "b"),
        ('/b/("abc").start', 1),
        ('/b/("abc").end', 2),
        ('/(b)(c)?/("abd").groups', ["b", None]),
        ('/b/("xyz")', MISSING),
        ('/a/("aXa").next().start', 2),
        ("$type(/b/)", "function"),
        ('$filter(["abc", "xyz"], /b/)', "abc"),
        ('["abc", "xyz", "b"][$ ~> /b/]', ["abc", "b"]),
        ('("abc" ~> /b/).match', "b"),
        ("/b/(1)", MISSING),
        ("/undefined/($missing).match", "undefined"),
        ("/1,2/([1, 2]).match", "1,2"),
        ("/null/(null).match", "null"),
        ("/true/(true).match", "true"),
    ],
)
def test_regex_as_function(gives, expression, expected):
    """It gives where it matched, and what finds the next match."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$match("a.b", /a\\.b/).match', "a.b"),
        ('$match("axb", /a\\.b/)', MISSING),
        ('$match("a/b", /a\\/b/).match', "a/b"),
        ('$match("a/b", /a[\\/]b/).match', "a/b"),
        ('$match("a\\\\b", /\\\\/).index', 1),
        ('$match("tab\\there", /\\t/).index', 3),
        ('$match("line\\nbreak", /\\n/).index', 4),
        ('$match("line\\nbreak", /e.b/)', MISSING),
        ('$match("line\\nbreak", /e[^x]b/).index', 3),
        ('$match("a b", /\\s/).index', 1),
        ('$match("a\\u00a0b", /\\s/).index', 1),
        ('$match("a\\ufeffb", /\\s/).index', 1),
        ('$match("a b", /\\S+/).match', ["a", "b"]),
        ('$match("a_1-", /\\w+/).match', "a_1"),
        ('$match("é_", /\\w/).match', "_"),
        ('$match("a-b", /\\W/).match', "-"),
        ('$match("a1٣", /\\d+/).match', "1"),
        ('$match("1a", /\\D/).match', "a"),
        ('$match("a b", /\\bb/).index', 2),
        ('$match("éa", /\\ba/).index', 1),
        ('$match("ab", /a\\Bb/).match', "ab"),
    ],
)
def test_classes(gives, expression, expected):
    """`\\w`, `\\d` and `\\b` know ASCII alone, `\\s` all blanks."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$match("abab", /(ab)\\1/).match', "abab"),
        ('$match("aa bb", /(a)\\1 (b)\\2/).match', "aa bb"),
        ('$match("a2", /a\\2/)', MISSING),
        ('$match("2018-03", /(?<year>\\d{4})-(?<month>\\d\\d)/).groups', ["2018", "03"]),
        ('$match("abab", /(?<x>ab)\\k<x>/).match', "abab"),
        ('$match("price 5", /(?:price) (\\d)/).groups', ["5"]),
        ('$match("foobar", /foo(?=bar)/).match', "foo"),
        ('$match("foobaz", /foo(?!bar)/).match', "foo"),
        ('$match("foobar", /foo(?!bar)/)', MISSING),
        ('$match("foobar", /(?<=foo)bar/).index', 3),
        ('$match("foobar", /(?<!foo)bar/)', MISSING),
    ],
)
def test_groups(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$match("aaaa", /a{2}/).index', [0, 2]),
        ('$match("aaaa", /a{2,3}/).match', "aaa"),
        ('$match("aaaa", /a{2,}/).match', "aaaa"),
        ('$match("aaaa", /a+?/, 1).match', "a"),
        ('$match("a{2}", /a\\{2\\}/).match', "a{2}"),
        ('$match("a{x}", /a{x}/).match', "a{x}"),
        ('$match("a{,2}", /a{,2}/).match', "a{,2}"),
    ],
)
def test_repetition(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$match("a}", /a}/).match', "S0302: No terminating / in regular expression"),
        ('$match("a]", /a]/).match', "S0302: No terminating / in regular expression"),
    ],
)
def test_repetition__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$match("x]y", /[\\]]/).match', "]"),
        ('$match("a-z", /[a\\-z]+/).match', "a-z"),
        ('$match("a-", /[a-]+/).match', "a-"),
        ('$match("^a", /[\\^]/).index', 0),
        ('$match("b^", /[a^]/).index', 1),
        ('$match("a&&b", /[a&&b]+/).match', "a&&b"),
        ('$match("~", /[~]/).match', "~"),
        ('$match("abc", /[^ab]/).match', "c"),
        ('$match("abc", /[^]/, 1).match', "a"),
        ('$match("abc", /[]/)', MISSING),
        ('$match("1 a", /[\\d\\s]+/).match', "1 "),
        ('$match("1 a", /[^\\d\\s]+/).match', "a"),
        ('$match("1 a", /[\\D]/).match', [" ", "a"]),
        ('$match("a 1", /[\\W\\d]+/).match', " 1"),
        ('$match("a.1", /[^\\W\\d]+/).match', "a"),
        ('$match("x\\b", /[\\b]/).index', 1),
        ('$match("a\\n", /[\\n]/).index', 1),
        ('$match("a\\tb", /[\\t]/).index', 1),
        ('$match("n", /[\\n]/)', MISSING),
    ],
)
def test_brackets(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('$match("[x", /[[]/).index', "S0302: No terminating / in regular expression"),
    ],
)
def test_brackets__refuses(refuses, expression, message):
    refuses(expression, message)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$match("é", /\\u00e9/).index', 0),
        ('$match("é", /\\xe9/).index', 0),
        ('$match("é", /[\\u00e8-\\u00ea]/).index', 0),
        ('$match("\\u0001", /\\cA/).index', 0),
        ('$match("\\u0000", /\\0/).index', 0),
        ('$match("\\u000b", /\\v/).index', 0),
        ('$match("\\f", /\\f/).index', 0),
        ('$match("a-b", /a\\-b/).match', "a-b"),
    ],
)
def test_escapes(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$match("É", /é/i).index', 0),
        ('$match("ſ", /s/i)', MISSING),
        ('$match("İ", /i/i)', MISSING),
        ('$match("S", /s/i).index', 0),
        ('$match("σς", /Σ/i).index', [0, 1]),
        ('$match("\\u1e9e", /ß/i)', MISSING),
        ('$match("\\u2126", /ω/i)', MISSING),
        ('$match("\\u03f4", /θ/i)', MISSING),
        ('$match("\\u212b", /å/i)', MISSING),
        ('$match("\\u212a", /k/i)', MISSING),
        ('$match("ı", /I/i)', MISSING),
        ('$match("ſ", /[a-zÀ-ſ]/i).index', 0),
    ],
)
def test_case(gives, expression, expected):
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$match("a|b", /a\\|b/).match', "a|b"),
        ('$match("b", /a|b/).match', "b"),
        ('$match("ab", /(a|b)+/).groups', ["b"]),
        ('$match("aXb", /x/im).index', 1),
        ('$match("aXb", /x/mi).index', 1),
        ('$match("日本語", /本./).match', "本語"),
        ('$match("𝒳y", /y/).index', 2),
        ('$match("𝒳", /./).match', ["\ud835", "\udcb3"]),
        ('$match("𝒳", /^.{2}$/).index', 0),
        ('$match("a\\u2028b", /a.b/)', MISSING),
        ('$match("a\\u2028b", /^b/m).index', 2),
        ('$match("a$", /\\$/).index', 1),
        ('$match("a^b", /\\^/).index', 1),
        ('$match("(a)", /\\(a\\)/).match', "(a)"),
        ('$match("(a)", /[(]a[)]/).match', "(a)"),
        ('$match("a/b", /[/]/).index', 1),
        ('$match("a+b", /a\\+b/).match', "a+b"),
        ('$match("a*b", /a[*]b/).match', "a*b"),
        ('$match("a?", /a\\?/).match', "a?"),
        ('$match("ABC", /[a-b]+/i).match', "AB"),
    ],
)
def test_characters(gives, expression, expected):
    """A letter outside of the first 65536 counts as two."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('$match("\\u0002", /\\2/).index', 0),
        ('$match("S", /\\123/).index', 0),
        ('$match("a8", /a\\8/).index', 0),
        ('$match("k<x>", /\\k<x>/).match', "k<x>"),
        ('$match("a\\n", /a\\12/).index', 0),
        ('$match("\\u00001", /\\01/)', MISSING),
        ('$match("\\u0001", /\\01/).index', 0),
        ('$match("x1", /x[\\1]/)', MISSING),
        ('$match("x\\u0001", /x[\\1]/).index', 0),
        ('$match("a\\u0000", /a\\0/).index', 0),
        ('$match("\\u00ff", /\\377/).index', 0),
        ('$match("\\u00208", /\\408/).index', 0),
        ('$match("S", /[\\123]/).index', 0),
        ('$match("8", /[\\8]/).index', 0),
        ('$match("x", /[\\k]/)', MISSING),
        ('$match("k", /[\\k]/).index', 0),
        ('$match("a1b", /(?<n>a)\\k<n>/)', MISSING),
        ('$match("ak", /(?<n>a)k/).index', 0),
    ],
)
def test_octal(gives, expression, expected):
    """What is no group is the code of a character, in octal digits; without a named group `\\k` is a k."""
    gives(expression, expected)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("/a++/", "Invalid regular expression"),
        ("/a**/", "Invalid regular expression"),
        ("/(/", "S0302: No terminating / in regular expression"),
        ("/)/", "S0302: No terminating / in regular expression"),
        ("/[/", "S0302: No terminating / in regular expression"),
        ("/a{2}{3}/", "Invalid regular expression"),
        ("/*/", "S0106: Comment has no closing tag"),
        ("/+/", "Invalid regular expression"),
        ("/(?<x/", "S0302: No terminating / in regular expression"),
        ("/(?x)/", "Invalid regular expression"),
        ("/a\\/", "S0302: No terminating / in regular expression"),
        ("//", "S0301: Empty regular expressions are not allowed"),
        ("/a", "S0302: No terminating / in regular expression"),
        ("/a/g", 'S0201: Syntax error: "g"'),
        ("/(?<n>a)(?<n>b)/", "Invalid regular expression"),
        ("/[b-a]/", "Invalid regular expression"),
        ("/a{3,2}/", "Invalid regular expression"),
    ],
)
def test_pattern__refuses(refuses, expression, message):
    refuses(expression, message)
