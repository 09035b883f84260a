"""Markdown that shows text as itself, read by a renderer of CommonMark and GitHub's tables."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeproof.report.markdown import block, code, details, escaped, table, tidy_table
from pipeproof.text import plain

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PARTS = [
    "<b>",
    "</pre>",
    "</code>",
    "</details>",
    "<!--",
    "-->",
    "<script>",
    "**",
    "__",
    "*",
    "_",
    "`",
    "```",
    "~~~",
    "~~",
    "|",
    "||",
    "[a](http://x)",
    "![a](http://x)",
    "[a]: http://x",
    "http://x.example",
    "<http://x>",
    "www.x.example",
    "a@b.example",
    "@octo",
    "#1",
    "GH-1",
    "gh-12 ",
    "o/r#3",
    "0123abc",
    "3e5c1e60269ae0329094de131227285d4682b665 ",
    "mailto:a@b.example",
    "xmpp:a@b.example",
    "# ",
    "- ",
    "1. ",
    "> ",
    "---",
    "===",
    "    ",
    "\t",
    "\n",
    "\n\n",
    "\r",
    "&amp;",
    "&",
    "&#42;",
    "\\",
    "\\*",
    ":tada:",
    "$x$",
    "\u2028",
    "\x1b[31m",
    "\0",
    "\u202e",
    "x",
]
HOSTILE = st.lists(st.sampled_from(PARTS) | st.text(st.characters(), max_size=3), max_size=10).map("".join)


class Seen(HTMLParser):
    """What a browser would have: the tags and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append("!--")

    def handle_decl(self, decl: str) -> None:
        self.tags.append("!")

    def handle_pi(self, data: str) -> None:
        self.tags.append("?")


def seen(markdown: str) -> Seen:
    return Seen(RENDERER.render(markdown))


def words_of(text: str) -> list[str]:
    return plain(text).replace("\u200b", "").split()


@given(HOSTILE)
@example("1. x")
@example("    indented")
@example("a\n===\nb")
def test_escaped__shows_any_text_as_itself(text: str) -> None:
    found = seen(escaped(text))
    assert set(found.tags) <= {"p"}
    assert found.text.replace("\u200b", "").split() == words_of(text)


FOUND_BY_GITHUB = re.compile(
    r"[@#][\w-]|gh-\d|://|www\.|mailto:|xmpp:|:[\w+-]+:|(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])", re.IGNORECASE
)


@given(HOSTILE)
@example("@octo #1 o/r#3 GH-1 gh-12 :tada: https://x.example www.x.example mailto:a@b.example 0123abc 1234567")
def test_escaped__holds_nothing_that_github_makes_a_link_of(text: str) -> None:
    assert not FOUND_BY_GITHUB.search(seen(escaped(text)).text)


@given(HOSTILE)
def test_code__shows_any_text_as_itself(text: str) -> None:
    found = seen(f"x {code(text)}")
    assert set(found.tags) <= {"p", "code"}
    assert found.text.replace("\u200b", "").split() == ["x", *words_of(text)]


def test_code__of_a_long_text_has_its_ends() -> None:
    shown = seen(code("start " + "|" * 5000 + " end")).text
    assert len(shown) < 400
    assert shown.startswith("start")
    assert shown.strip().endswith("end")


@given(HOSTILE, HOSTILE)
def test_table__has_its_cells_whatever_is_in_them(one: str, other: str) -> None:
    found = seen(table(("a", "b"), [(escaped(one), code(other))]))
    assert found.tags.count("td") == 2
    assert set(found.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert found.text.replace("\u200b", "").split() == ["a", "b", *words_of(one), *words_of(other)]


def test_tidy_table__has_no_empty_column_and_no_blank_cell() -> None:
    text = tidy_table(("a", "b", "c"), [("1", "", ""), ("2", "", "x")], "lrr")
    assert text.splitlines() == ["| a | c |", "| --- | ---: |", "| 1 | — |", "| 2 | x |"]


@given(HOSTILE)
@example("\n\n</pre>\n\n# x")
@example("\nfirst")
def test_block__shows_any_text_line_by_line(text: str) -> None:
    found = seen(f"before\n\n{block(text, 10_000)}\n\nafter")
    assert found.tags == ["p", "pre", "p"]
    assert found.text.split() == ["before", *plain(text).split(), "after"]
    assert found.text.count("\n") >= plain(text).strip("\n").count("\n")


def test_block__of_a_long_text_keeps_its_ends_and_counts_what_is_left_out() -> None:
    shown = seen(block("first" + "x" * 10_000 + "last", 300)).text
    assert shown.startswith("first")
    assert shown.strip().endswith("last")
    assert "[… 9709 characters left out …]" in shown


@given(HOSTILE, HOSTILE)
def test_details__fold_any_text(summary: str, body: str) -> None:
    found = seen(f"{details(escaped(summary), block(body, 1000))}\n# after")
    assert [tag for tag in found.tags if tag != "p"] == ["details", "summary", "pre", "h1"]


@pytest.mark.parametrize(("align", "rule"), [("lr", "| --- | ---: |"), ("", "| --- | --- |")])
def test_table__aligns_its_columns(align: str, rule: str) -> None:
    assert table(("a", "b"), [], align).splitlines()[1] == rule
