"""The names in a statement, and what is said of what is written under them."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeproof.environments.dbt.guard import words
from pipeproof.environments.dbt.guard.tokens import Kind, Token


@dataclass(frozen=True, slots=True)
class Write:
    """Something that a statement would write.

    Args:
        verb: `create`, `insert`, `drop`, ….
        kind: `table`, `view`, `schema`, ….
        name: The parts of its name, outermost first.
        temporary: Whether it ends with the connection.
    """

    verb: str
    kind: str
    name: tuple[str, ...]
    temporary: bool = False

    def __str__(self) -> str:
        if self.kind == words.SERVER:
            return " ".join((self.verb, *self.name))
        if self.kind == words.UNKNOWN:
            return f"{self.verb} {'.'.join(self.name)}".rstrip()
        return f"{self.verb} {self.kind} {'.'.join(self.name)}".rstrip()


Tokens = Sequence[Token]


def text_at(tokens: Tokens, at: int) -> str:
    """Return the word, or the mark, at a place; nothing for a quoted name or a string, and behind the end."""
    return tokens[at].text if 0 <= at < len(tokens) and tokens[at].kind in {Kind.WORD, Kind.OTHER} else ""


def find(tokens: Tokens, *wanted: str) -> int | None:
    """Where the first of some words is, outside of parentheses."""
    depth = 0
    for at, token in enumerate(tokens):
        mark = token.text if token.kind is Kind.OTHER else ""
        depth += (mark == "(") - (mark == ")")
        if depth == 0 and token.word in wanted:
            return at
    return None


def read_names(tokens: Tokens, at: int) -> list[tuple[str, ...]]:
    """Return all names of the list that begins at a place."""
    found: list[tuple[str, ...]] = []
    while True:
        while at < len(tokens) and tokens[at].word in words.BEFORE_NAME and text_at(tokens, at + 1) != ".":
            at += 1
        name, at = read_name(tokens, at)
        if not name:
            return found
        found.append(name)
        while text_at(tokens, at) == "*":
            at += 1
        at = skip_parentheses(tokens, at)
        if text_at(tokens, at) != ",":
            return found
        at += 1


def read_name(tokens: Tokens, at: int) -> tuple[tuple[str, ...], int]:
    """Return the name at a place, which may be none, and where it ends."""
    parts: list[str] = []
    while at < len(tokens):
        if text_at(tokens, at) == "[" and text_at(tokens, at + 2) == "]":
            part, after = tokens[at + 1].text, at + 3
        elif tokens[at].named and (parts or text_at(tokens, at + 1) == "." or tokens[at].word not in words.NO_NAMES):
            part, after = tokens[at].text, at + 1
        else:
            break
        parts.append(part)
        at = after
        if text_at(tokens, at) != ".":
            break
        at += 1
    return tuple(parts), at


def skip_parentheses(tokens: Tokens, at: int) -> int:
    """Where the parentheses that open at a place end, if some do."""
    depth = 0
    while text_at(tokens, at) == "(" or (depth and at < len(tokens)):
        mark = text_at(tokens, at)
        depth += (mark == "(") - (mark == ")")
        at += 1
    return at
