"""From an expression's text to its tokens, one at a time: what a `/` is depends on what stands before it."""

import re
from dataclasses import dataclass
from typing import Any

from pipeproof.stepfunctions.expressions.jsonata.errors import JsonataSyntaxError, syntax_error
from pipeproof.stepfunctions.expressions.jsonata.regexes import Pattern, compile_pattern
from pipeproof.stepfunctions.expressions.jsonata.values import joined

SYMBOLS = frozenset(".[]{}(),@#;:?+-*/%|=<>^&!~")
_BLANKS = " \t\n\r\v"
_SPACE = re.compile(rf"[{_BLANKS}]*")
_DOUBLE = re.compile(r"\.\.|:=|!=|>=|<=|\*\*|~>")
_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[Ee][-+]?[0-9]+)?")
_NAME_ENDS = SYMBOLS | set(_BLANKS)
_HEX = re.compile(r"[0-9a-fA-F]+\Z")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text.

    Attributes:
        kind: operator, string, number, value, name, variable or regex.
        value: What it stands for.
        position: Where it ends, in characters.
    """

    kind: str
    value: Any
    position: int


class Lexer:
    """Reads tokens from a text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0

    def next(self, after_value: bool) -> Token | None:
        """Return the next token, or None at the end.

        Args:
            after_value: A value stands before it, so that `/` divides.

        Raises:
            JsonataSyntaxError: What stands there is none.
        """
        source = self.source
        self._skip()
        start = self.position
        if start >= len(source):
            return None
        letter = source[start]
        if letter == "/" and not after_value:
            self.position += 1
            return self._made("regex", self._regex())
        if found := _DOUBLE.match(source, start):
            return self._taken("operator", found)
        if letter in SYMBOLS:
            self.position += 1
            return self._made("operator", letter)
        if letter in "\"'":
            return self._string(letter)
        if found := _NUMBER.match(source, start):
            return self._number(found)
        if letter == "`":
            return self._quoted_name()
        return self._name()

    def _made(self, kind: str, value: Any) -> Token:
        return Token(kind, value, self.position)

    def _taken(self, kind: str, found: re.Match[str]) -> Token:
        self.position = found.end()
        return self._made(kind, found[0])

    def _skip(self) -> None:
        while True:
            found = _SPACE.match(self.source, self.position)
            self.position = found.end() if found else self.position
            if not self.source.startswith("/*", self.position):
                return
            end = self.source.find("*/", self.position + 2)
            if end < 0:
                raise syntax_error("S0106", self.position)
            self.position = end + 2

    def _string(self, quote: str) -> Token:
        source, start = self.source, self.position
        parts: list[str] = []
        index = start + 1
        while index < len(source):
            letter = source[index]
            if letter == quote:
                self.position = index + 1
                return self._made("string", joined("".join(parts)))
            if letter != "\\":
                parts.append(letter)
                index += 1
                continue
            escape = source[index + 1 : index + 2]
            if escape in _ESCAPES:
                parts.append(_ESCAPES[escape])
                index += 2
            elif escape == "u":
                digits = source[index + 2 : index + 6]
                if not _HEX.match(digits):
                    raise syntax_error("S0104", index + 1)
                parts.append(chr(int(digits, 16)))
                index += 6
            else:
                raise syntax_error("S0103", index + 1, symbol=escape)
        raise syntax_error("S0101", len(source))

    def _number(self, found: re.Match[str]) -> Token:
        value = float(found[0])
        if value == float("inf"):
            raise syntax_error("S0102", self.position, symbol=found[0])
        whole = value.is_integer() and abs(value) < 1e15
        return Token("number", int(value) if whole else value, self._taken("number", found).position)

    def _quoted_name(self) -> Token:
        end = self.source.find("`", self.position + 1)
        if end < 0:
            raise syntax_error("S0105", len(self.source))
        name = self.source[self.position + 1 : end]
        self.position = end + 1
        return self._made("name", name)

    def _name(self) -> Token:
        start = self.position
        while self.position < len(self.source) and self.source[self.position] not in _NAME_ENDS:
            self.position += 1
        name = self.source[start : self.position]
        if name.startswith("$"):
            return self._made("variable", name[1:])
        if name in ("or", "in", "and"):
            return self._made("operator", name)
        return self._made("value", _WORDS[name]) if name in _WORDS else self._made("name", name)

    def _regex(self) -> Pattern:
        """Return the pattern between two slashes; a slash in brackets or after a backslash is part of it."""
        source, start, depth = self.source, self.position, 0
        for index in range(start, len(source)):
            letter = source[index]
            if letter == "/" and depth == 0 and not _is_escaped(source, index):
                return self._ended(start, index)
            if source[index - 1] != "\\":
                depth += (letter in "([{") - (letter in ")]}")
        raise syntax_error("S0302", len(source))

    def _ended(self, start: int, end: int) -> Pattern:
        if start == end:
            raise syntax_error("S0301", end)
        self.position = end + 1
        while self.source[self.position : self.position + 1] in ("i", "m"):
            self.position += 1
        try:
            return compile_pattern(self.source[start:end], self.source[end + 1 : self.position])
        except ValueError as error:
            raise JsonataSyntaxError("", f"Invalid regular expression: {error}", start) from error


def _is_escaped(source: str, index: int) -> bool:
    before = source[:index]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
