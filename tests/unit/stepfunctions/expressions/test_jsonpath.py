"""Paths: what the States Language specification calls Paths and Reference Paths, in Jayway's dialect of JSONPath."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pipeproof.stepfunctions.expressions.jsonpath import NoMatch, PathSyntaxError
from pipeproof.stepfunctions.expressions.jsonpath_parser import parse_path

BOOKS = {
    "store": {
        "book": [
            {"title": "a", "price": 8, "tags": ["x", "y"], "isbn": None},
            {"title": "b", "price": 12.5, "tags": []},
            {"title": "c", "price": 22, "tags": ["z"], "n": "7"},
        ],
        "bicycle": {"price": 19},
    },
    "limit": 10,
    "it's": {"a\\b": 1, "a.b": 2, "c d": 3},
    "aws:name": 4,
    "a-b": 5,
    "@type": 6,
    "ü": 7,
    "text": "four",
    "nothing": None,
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", BOOKS),
        ("$.limit", 10),
        ("$['limit']", 10),
        ('$["limit"]', 10),
        ("$.store.book[0].title", "a"),
        ("$.store.book[-1].title", "c"),
        ("$['store']['bicycle']['price']", 19),
        ("$.store['bicycle'].price", 19),
        (r"$['it\'s']['a\\b']", 1),
        ("$[\"it's\"]['a.b']", 2),
        ("$['it\\u0027s']['c d']", 3),
        ("$.aws:name", 4),
        ("$.a-b", 5),
        ("$.@type", 6),
        ("$.ü", 7),
        ("$.nothing", None),
        ("$.limit ", 10),
        ("$.limit\n", 10),
        ("$[ 'limit' ]", 10),
        ("$.store.book[(@.length-1)].title", "c"),
        ("$.store.book[( @.length - 3 )].title", "a"),
        ("$.store.book[(@.length()-2)].title", "b"),
        ("$.store.book.length()", 3),
        ("$.text.length()", 4),
        ("$.store.length()", 2),
        ("$['limit','text','missing']", {"limit": 10, "text": "four"}),
        ("$.store.book[0]['title','price']", {"title": "a", "price": 8}),
        ("$.store.book[*].title", ["a", "b", "c"]),
        ("$.store.book[*].n", ["7"]),
        ("$.store.book[*]['title','n']", ["a", "b", "c", "7"]),
        ("$.store.book[0,2].title", ["a", "c"]),
        ("$.store.book[0,9].title", ["a"]),
        ("$.store.book[0:2].title", ["a", "b"]),
        ("$.store.book[:1].title", ["a"]),
        ("$.store.book[1:].title", ["b", "c"]),
        ("$.store.book[-2:].title", ["b", "c"]),
        ("$.store.book[:-1].title", ["a", "b"]),
        ("$.store.book[7:].title", []),
        ("$.store.*.price", [19]),
        ("$..price", [8, 12.5, 22, 19]),
        ("$..book[0].title", ["a"]),
        ("$..['title']", ["a", "b", "c"]),
        ("$..missing", []),
        ("$.store..tags[0]", ["x", "z"]),
        ("$.store.book[*].tags.length()", 2),
        ("$['store','limit'].bicycle.price", [19]),
        ("$['store','missing'].bicycle.price", [19]),
        ("$..['price','n']", [8, 12.5, 22, "7", 19]),
        ("$..tags[*]", ["x", "y", "z"]),
        ("$..book[-1].title", ["c"]),
        ("$..book[(@.length-1)].title", ["c"]),
        ("$..book[(@.length-9)].title", []),
        ("$..tags[0,1]", ["x", "y", "z"]),
        ("$..tags[1:]", ["y"]),
        ("$.store.book[-1,0].title", ["c", "a"]),
        ("$.store.book[1,7,-9].title", ["b"]),
        ("$.store.book[*].tags[1]", ["y"]),
        ("$.store.book[*].tags[-1]", ["y", "z"]),
        ("$.store.book[*][0]", []),
        ("$.store.bicycle[0:1]", []),
        ("$.text.*", []),
        ("$.nothing..a", []),
        ("$.store.bicycle..price", [19]),
        ("$..no.length()", 0),
        ("$.store.book[*].price.length()", 0),
    ],
)
def test_find__finds(path: str, found: Any) -> None:
    assert parse_path(path).find(BOOKS) == found


@pytest.mark.parametrize(
    ("condition", "titles"),
    [
        ("@.price < 10", "a"),
        ("@.price<=12.5", "ab"),
        ("@.price > 12.5", "c"),
        ("@.price >= 12.5", "bc"),
        ("@.price == 8", "a"),
        ("@.price == 8.0", "a"),
        ("@.price != 8", "bc"),
        ("@['price'] == 8", "a"),
        ("@.title == 'a'", "a"),
        ('@.title == "a"', "a"),
        ("@.title == a", "a"),
        ("a == @.title", "a"),
        ("@.title=='a'", "a"),
        ("@.title > 'a'", "bc"),
        ("@.title > 1", ""),
        ("@.n == 7", "c"),
        ("@.n === 7", ""),
        ("@.n === '7'", "c"),
        ("@.n !== '7'", "ab"),
        ("@.n", "c"),
        ("!@.n", "ab"),
        ("!(@.n)", "ab"),
        ("@.n != '7'", "ab"),
        ("@.isbn", "a"),
        ("@.isbn == null", "a"),
        ("@.isbn != null", "bc"),
        ("@.price == true", ""),
        ("@.price > $.limit", "bc"),
        ("@.price < $.store.bicycle.price", "ab"),
        ("@.title == 'a' || @.title == 'c'", "ac"),
        ("@.price > 9 && @.price < 20", "b"),
        ("(@.price > 9 && @.price < 20) || @.title == 'a'", "ab"),
        ("@.title == 'a' || @.price > 9 && @.price < 20", "ab"),
        ("@.title =~ /[AB]/i", "ab"),
        ("@.title =~ /[AB]/", ""),
        ("@.title =~ /.*c/", "c"),
        ("@.title in ['a', 'c']", "ac"),
        ("@.title in [a, c]", "ac"),
        ("@.title nin ['a']", "bc"),
        ("@.missing nin ['a']", "abc"),
        ("@.price in [8, 22]", "ac"),
        ("'x' in @.tags", "a"),
        ("@.tags subsetof ['x', 'y', 'z']", "abc"),
        ("@.tags subsetof ['x', 'z']", "bc"),
        ("@.tags anyof ['x', 'z']", "ac"),
        ("@.tags noneof ['x']", "bc"),
        ("@.tags size 2", "a"),
        ("@.tags size 0", "b"),
        ("@.title size 1", "abc"),
        ("@.tags empty true", "b"),
        ("@.tags empty false", "ac"),
        ("@.tags contains 'z'", "c"),
        ("@.title contains 'b'", "b"),
        ("@.tags all ['x', 'y']", "a"),
        ("@.tags.length() == 2", "a"),
        ("@.tags.length()>0", "ac"),
        ("@.tags[0] == 'z'", "c"),
        ("@.tags[(@.length-1)] == 'y'", "a"),
        ("@", "abc"),
    ],
)
def test_filter__keeps(condition: str, titles: str) -> None:
    found = parse_path(f"$.store.book[?({condition})].title").find(BOOKS)
    assert "".join(found) == titles


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.[?(@.limit)].limit", [10]),
        ("$[?(@.limit == 10)].text", ["four"]),
        ("$.store[?(@.price)]", []),
        ("$.store.bicycle[?(@.price==19)]", [{"price": 19}]),
        ("$..book[?(@.price>9)].title", ["b", "c"]),
        ("$.store.book[ ? (@.price>20) ].title", ["c"]),
        ("$.text[?(@.a)]", []),
        ("$..[?(@.isbn)].title", ["a"]),
        ("$..[?(@.price == 19)]", [{"price": 19}]),
        ("$..[?(@.price > $.limit)].price", [12.5, 22, 19]),
    ],
)
def test_filter__stands_where_it_likes(path: str, found: Any) -> None:
    assert parse_path(path).find(BOOKS) == found


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("$.no", "No results for path: $['no']"),
        ("$.store.no", "No results for path: $['store']['no']"),
        ("$.no.deep", "Missing property in path $['no']"),
        ("$.store.book[9]", "No results for path: $['store']['book'][9]"),
        (r"$['it\'s']['no']", r"No results for path: $['it\'s']['no']"),
        ("$.text.deep", "Expected to find an object with property ['deep'] in path $['text']"),
        ("$.text['a','b']", "Expected to find an object with property ['a','b'] in path $['text']"),
        ("$.limit.length()", "Expected to find an object with property .length() in path $['limit']"),
        ("$.no[0]", "Missing property in path $['no']"),
        ("$.no.a.b", "Missing property in path $['no']"),
        ("$.nothing.a", "No results for path: $['nothing']['a']"),
        ("$.nothing.a.b", "Missing property in path $['nothing']['a']"),
        ("$.nothing[0]", "No results for path: $['nothing'][0]"),
        ("$.nothing.length()", "Expected to find an object with property .length() in path $['nothing']"),
        ("$.store[0]", "No results for path: $['store'][0]"),
        ("$.text[0]", "Expected to find an object with property [0] in path $['text']"),
        ("$.store.book.title", "Expected to find an object with property ['title'] in path $['store']['book']"),
        (
            "$.store.book[0].price.x.y",
            "Expected to find an object with property ['x'] in path $['store']['book'][0]['price']",
        ),
        ("$.store.book[-4]", "No results for path: $['store']['book'][-4]"),
        ("$.store.book[(@.length-4)]", "Expected to find an object with property [-4] in path $['store']['book']"),
        ("$.store[(@.length-1)]", "Expected to find an object with property [-1] in path $['store']"),
        ("$.no['a','b']", "Missing property in path $['no']"),
        (r"$['a\\b']['c']", r"Missing property in path $['a\\b']"),
    ],
)
def test_find__says_where_it_broke_off(path: str, text: str) -> None:
    with pytest.raises(NoMatch) as raised:
        parse_path(path).find(BOOKS)
    assert str(raised.value) == text


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("", "a path starts with $, not as '' does"),
        ("a", "a path starts with $, not as 'a' does"),
        (".a", "a path starts with $, not as '.a' does"),
        ("@.a", "a path starts with $, not as '@.a' does"),
        ("$a b", "unexpected ' ' at column 3 of '$a b'"),
        ("$.", "a name is missing at column 3 of '$.'"),
        ("$..", "a name is missing at column 4 of '$..'"),
        ("$.a.", "a name is missing at column 5 of '$.a.'"),
        ("$.a..", "a name is missing at column 6 of '$.a..'"),
        ("$[", "a ']' is missing in '$['"),
        ("$[]", "[] in '$[]' is not a subscript"),
        ("$['a'", "a ']' is missing in \"$['a'\""),
        ("$['a]", "a ']' is missing in \"$['a]\""),
        ("$['a',]", "['a',] in \"$['a',]\" is not a subscript"),
        ("$[0,]", "[0,] in '$[0,]' is not a subscript"),
        ("$[,0]", "[,0] in '$[,0]' is not a subscript"),
        ("$[a]", "[a] in '$[a]' is not a subscript"),
        ("$[0 1]", "[0 1] in '$[0 1]' is not a subscript"),
        ("$['a' 'b']", "['a' 'b'] in \"$['a' 'b']\" is not a subscript"),
        ("$.a b", "unexpected ' ' at column 4 of '$.a b'"),
        ("$.a[?]", "a '(' is missing after '?' in '$.a[?]'"),
        ("$.a[?(]", "a path or a literal is missing at column 7 of '$.a[?(]'"),
        ("$.a[?()]", "a path or a literal is missing at column 7 of '$.a[?()]'"),
        ("$.a[?(@.b]", "a ')' is missing in '$.a[?(@.b]'"),
        ("$.a[?(@.b==)]", "a path or a literal is missing at column 12 of '$.a[?(@.b==)]'"),
        ("$.a[?(1)]", "a comparison is missing at column 8 of '$.a[?(1)]'"),
        ("$.a[?(@.b = 1)]", "a ')' is missing in '$.a[?(@.b = 1)]'"),
        ("$.a[?(@.b == 'x)]", 'a path or a literal is missing at column 14 of "$.a[?(@.b == \'x)]"'),
        (
            "$.a[?(@.b =~ /(/)]",
            "/(/ in '$.a[?(@.b =~ /(/)]' is not a regular expression: missing ), unterminated subpattern at position 0",
        ),
        ("$.a[?(@.b in [1)]", "a ']' is missing in '$.a[?(@.b in [1)]'"),
        ("$.a.min()", "the function min() is not available in paths"),
        ("$.a[(@.length)]", "[(@.length)] in '$.a[(@.length)]' is not a subscript"),
        ("$.a[(@.length-0)]", "[(@.length-0)] in '$.a[(@.length-0)]' is not a subscript"),
        ("$.a[1:2:3]", "[1:2:3] in '$.a[1:2:3]' is not a subscript"),
        ("$$x", "a path starts with $, not as '$$x' does"),
        ("$.a)", "unexpected ')' at column 4 of '$.a)'"),
        ("$.a=1", "unexpected '=' at column 4 of '$.a=1'"),
        ("$.'a'", "a name is missing at column 3 of \"$.'a'\""),
        ("States.UUID()", "a path starts with $, not as 'States.UUID()' does"),
        ("$.a[?(@.b == 1 @.c)]", "a ')' is missing in '$.a[?(@.b == 1 @.c)]'"),
        ("$.a[?((@.b == 1)]", "a ')' is missing in '$.a[?((@.b == 1)]'"),
        ("$.a[?(@.b in [1 2])]", "a ']' is missing in '$.a[?(@.b in [1 2])]'"),
        ("$.a[?(@.b in [1", "a ']' is missing in '$.a[?(@.b in [1'"),
        ("$.a[?(!1)]", "a comparison is missing at column 9 of '$.a[?(!1)]'"),
        ("$.a[0", "a ']' is missing in '$.a[0'"),
        ("$.a['b", "a ']' is missing in \"$.a['b\""),
        ("$.a[?(@.b && )]", "a path or a literal is missing at column 14 of '$.a[?(@.b && )]'"),
        ("$.a b.c", "unexpected ' ' at column 4 of '$.a b.c'"),
        ("$.b['\\'", "a ']' is missing in \"$.b['\\\\'\""),
        ("$.a[ ]", "[] in '$.a[ ]' is not a subscript"),
        ("$['a''b']", "['a''b'] in \"$['a''b']\" is not a subscript"),
        ("$[--1]", "[--1] in '$[--1]' is not a subscript"),
        ("$['a', 0]", "['a', 0] in \"$['a', 0]\" is not a subscript"),
        ("$.max()", "the function max() is not available in paths"),
    ],
)
def test_parse__refuses(path: str, message: str) -> None:
    with pytest.raises(PathSyntaxError) as refused:
        parse_path(path)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("path", "root"), [("$.a", "$"), ("$", "$"), ("$$.a", "$$"), ("$$", "$$"), ("$var.a", "var"), ("$_v1[0]", "_v1")]
)
def test_parse__root(path: str, root: str) -> None:
    assert parse_path(path).root == root


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("$", "$"),
        ("$.a.b[0]", "$['a']['b'][0]"),
        ('$["a"]..b.*', "$['a']..['b'][*]"),
        ("$.a[1:2][:2][1:][:]", "$['a'][1:2][:2][1:][:]"),
        ("$['a','b'][0,-1]", "$['a','b'][0,-1]"),
        ("$.a[(@.length-2)].length()", "$['a'][-2].length()"),
        ("$.a[?(@.b)]", "$['a'][?]"),
        (r"$['it\'s']", r"$['it\'s']"),
    ],
)
def test_bracketed__the_normal_form(path: str, form: str) -> None:
    assert parse_path(path).bracketed() == form


@pytest.mark.parametrize(
    ("path", "is_reference", "definite"),
    [
        ("$", True, True),
        ("$.a['b'][0]", True, True),
        ("$.a[-1]", False, True),
        ("$['a','b']", False, True),
        ("$.a.length()", False, True),
        ("$.a[(@.length-1)]", False, True),
        ("$['a','b'].c", False, False),
        ("$.a[*]", False, False),
        ("$..a", False, False),
        ("$.a[0:1]", False, False),
        ("$.a[0,1]", False, False),
        ("$.a[?(@.b)]", False, False),
    ],
)
def test_parse__kinds(path: str, is_reference: bool, definite: bool) -> None:
    parsed = parse_path(path)
    assert (parsed.is_reference, parsed.definite) == (is_reference, definite)


@given(some.text(alphabet="$@.[]()'\"\\?*:,-019ab =!<>~/&|", max_size=25))
def test_parse__any_text_is_a_path_or_none(text: str) -> None:
    try:
        path = parse_path(f"${text}")
    except PathSyntaxError:
        return
    with contextlib.suppress(NoMatch):
        path.find(BOOKS)


@given(some.text(min_size=1))
def test_parse__any_name_can_be_quoted(name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    path = parse_path(f"$['{quoted}']")
    assert path.find({name: 1}) == 1
    assert parse_path(path.bracketed()).steps == path.steps
