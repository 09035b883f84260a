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
    ],
)
def test_find__says_where_it_broke_off(path: str, text: str) -> None:
    with pytest.raises(NoMatch) as raised:
        parse_path(path).find(BOOKS)
    assert str(raised.value) == text


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a",
        ".a",
        "@.a",
        "$a b",
        "$.",
        "$..",
        "$.a.",
        "$.a..",
        "$[",
        "$[]",
        "$['a'",
        "$['a]",
        "$['a',]",
        "$[0,]",
        "$[,0]",
        "$[a]",
        "$[0 1]",
        "$['a' 'b']",
        "$.a b",
        "$.a[?]",
        "$.a[?(]",
        "$.a[?()]",
        "$.a[?(@.b]",
        "$.a[?(@.b==)]",
        "$.a[?(1)]",
        "$.a[?(@.b = 1)]",
        "$.a[?(@.b == 'x)]",
        "$.a[?(@.b =~ /(/)]",
        "$.a[?(@.b in [1)]",
        "$.a.min()",
        "$.a[(@.length)]",
        "$.a[(@.length-0)]",
        "$.a[1:2:3]",
        "$$x",
        "$.a)",
        "$.a=1",
        "$.'a'",
        "States.UUID()",
    ],
)
def test_parse__refuses(path: str) -> None:
    with pytest.raises(PathSyntaxError):
        parse_path(path)


@pytest.mark.parametrize(
    ("path", "root"), [("$.a", "$"), ("$", "$"), ("$$.a", "$$"), ("$$", "$$"), ("$var.a", "var"), ("$_v1[0]", "_v1")]
)
def test_parse__root(path: str, root: str) -> None:
    assert parse_path(path).root == root


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
