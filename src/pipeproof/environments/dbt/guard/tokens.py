"""SQL as tokens: comments left out, strings and quoted names told from words.

Databases disagree on what ends a string and a comment: in PostgreSQL a backslash is a letter and comments nest, in
BigQuery, Snowflake, Spark and MySQL a backslash escapes and they do not. Which one it is cannot be asked of an
adapter, so a text is read in each way that makes a difference.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import product

_COMMENT = re.compile(r"/\*|\*/")
_UNICODE = re.compile(r"\\(?:\+([0-9a-fA-F]{6})|([0-9a-fA-F]{4}))")


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    QUOTED = "quoted"
    TEXT = "text"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case, a quoted name or a string without its quotes, or another character."""

    text: str
    kind: Kind

    @property
    def named(self) -> bool:
        """Whether it can be (a part of) a name."""
        return self.kind in {Kind.WORD, Kind.QUOTED}

    @property
    def word(self) -> str:
        """The word, if it is one: a quoted name is no keyword."""
        return self.text if self.kind is Kind.WORD else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The tokens of a text, and whether all that is opened in it is closed."""

    tokens: list[Token]
    complete: bool


def read_sql(sql: str) -> list[list[Token]]:
    """The tokens of a text, once for each way to read it; ways in which it is cut off are left out if one is whole."""
    escapes = (False, True) if any(mark in sql for mark in ("\\", "#", "//")) else (False,)
    nests = (True, False) if sql.count("/*") > 1 else (True,)
    readings: list[Reading] = []
    for escaping, nesting in product(escapes, nests):
        reading = _tokenize(sql, escaping=escaping, nesting=nesting)
        if reading not in readings:
            readings.append(reading)
    whole = [reading for reading in readings if reading.complete]
    return [reading.tokens for reading in whole or readings]


def _tokenize(sql: str, *, escaping: bool, nesting: bool) -> Reading:
    tokens: list[Token] = []
    complete = True
    at = 0
    pattern = _pattern(escaping)
    while (match := pattern.search(sql, at)) is not None:
        at = match.end()
        if match["comment"]:
            at, closed = _skip_comment(sql, at, nesting=nesting)
            complete = complete and closed
        elif not match["line"]:
            token, closed = _token(match)
            tokens += token
            complete = complete and closed
    return Reading(tokens, complete)


@cache
def _pattern(escaping: bool) -> re.Pattern[str]:
    inside = r"(?:[^'\\]|''|\\.)*+" if escaping else r"(?:[^']|'')*+"
    name = r'(?:[^"\\]|""|\\.)*+' if escaping else r'(?:[^"]|"")*+'
    line = r"--[^\n]* | \#[^\n]* | //[^\n]*" if escaping else r"--[^\n]*"
    return re.compile(
        rf"""
          (?P<line>{line}) | (?P<comment>/\*)
        | \$(?P<tag>(?:[^\W\d]\w*)?)\$(?P<dollar>.*?)(?P<dollar_end>\$(?P=tag)\$|\Z)
        | [eE]'(?P<escaped>(?:[^'\\]|''|\\.)*+)(?P<escaped_end>'|\\?\Z)
        | '(?P<text>{inside})(?P<text_end>'|\\?\Z)
        | [uU]&"(?P<unicode>(?:[^"]|"")*+)(?P<unicode_end>"|\Z)
        | "(?P<quoted>{name})(?P<quoted_end>"|\\?\Z)
        | `(?P<back>[^`]*+)(?P<back_end>`|\Z)
        | (?P<word>[^\W\d][\w$]*)
        | (?P<number>\d[\w.]*)
        | (?P<other>\S)
        """,
        re.DOTALL | re.VERBOSE,
    )


def _token(match: re.Match[str]) -> tuple[list[Token], bool]:
    """Return what was matched, as tokens, and whether it is closed."""
    for group in ("word", "number", "other"):
        if match[group]:
            return [Token(match[group].lower(), Kind.WORD if group == "word" else Kind.OTHER)], True
    for group in ("dollar", "escaped", "text"):
        if match[group] is not None:
            text = match[group] if group == "dollar" else match[group].replace("''", "'")
            return [Token(text, Kind.TEXT)], match[f"{group}_end"] not in {"", "\\"}
    for group in ("unicode", "quoted"):
        if match[group] is not None:
            name = match[group].replace('""', '"')
            name = _UNICODE.sub(_character, name) if group == "unicode" else name
            return [Token(name, Kind.QUOTED)], match[f"{group}_end"] == '"'
    return list(_split(match["back"])), match["back_end"] == "`"


def _character(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code < 0x110000 else match[0]


def _split(name: str) -> Iterator[Token]:
    """BigQuery takes a whole dotted name in one pair of backquotes."""
    for at, part in enumerate(name.split(".")):
        if at:
            yield Token(".", Kind.OTHER)
        yield Token(part, Kind.QUOTED)


def _skip_comment(sql: str, at: int, *, nesting: bool) -> tuple[int, bool]:
    """Where the comment whose opening ends at a place ends, and whether it does."""
    depth = 1
    while depth:
        match = _COMMENT.search(sql, at)
        if match is None:
            return len(sql), False
        at = match.end()
        depth += (1 if nesting else 0) if match[0] == "/*" else -1
    return at, True
