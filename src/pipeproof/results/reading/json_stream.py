"""JSON read member by member, so that of a large document only one item of its long list is held."""

import json
from collections.abc import Iterator
from typing import Any, TextIO

_CHUNK = 1 << 16
_VALUE_LIMIT = 1 << 26
"""Characters of one value that is held."""
_BLANKS = " \t\n\r"
_OF_NUMBERS = "+-.0123456789Ee"
_DECODER = json.JSONDecoder()


class JsonStream:
    """The text of a document, of which what has been read is let go.

    Args:
        file: A text file that is read from where it stands.

    Raises (all methods):
        ValueError: The text is no JSON, or one value of it is too large.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        self._more = True
        self._lines = 0

    @property
    def line(self) -> int:
        """The line that is being read, from 1."""
        return 1 + self._lines + self._text.count("\n", 0, self._at)

    def members(self) -> Iterator[str]:
        """Give the names of an object's members; the value of each has to be taken before the next is asked for."""
        self._take("{")
        if self._peek() == "}":
            self._take("}")
            return
        while True:
            name = self.value()
            if not isinstance(name, str):
                raise ValueError("a name of an object's member is no text")
            self._take(":")
            yield name
            if not self._continues("}"):
                return

    def items(self) -> Iterator[Any]:
        """Give the items of a list."""
        self._take("[")
        if self._peek() == "]":
            self._take("]")
            return
        while True:
            yield self.value()
            if not self._continues("]"):
                return

    def value(self) -> Any:
        """Return the value that comes next, whole."""
        self._peek()
        size = _CHUNK
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._more:
                    raise ValueError(error.msg) from None
            else:
                # A number may go on in what has not been read yet: of `0.5` the `0.` may be here.
                if self._text[end : end + 64].strip(_OF_NUMBERS) or not self._more:
                    self._at = end
                    return value
            if len(self._text) - self._at > _VALUE_LIMIT:
                raise ValueError(f"a value has more than {_VALUE_LIMIT} characters, or is no JSON")
            self._read(size)
            size *= 2

    def opens(self, bracket: str) -> bool:
        """Return whether the next value is an object (`{`) or a list (`[`)."""
        return self._peek() == bracket

    def end(self) -> None:
        """Expect nothing more."""
        if self._peek():
            raise ValueError("something follows the document")

    def _continues(self, closing: str) -> bool:
        if self._peek() == closing:
            self._take(closing)
            return False
        self._take(",")
        return True

    def _take(self, sign: str) -> None:
        found = self._peek()
        if found != sign:
            raise ValueError(f"{sign!r} is expected, not {found!r}" if found else "the file ends too early")
        self._at += 1

    def _peek(self) -> str:
        """Return the next character that is no blank; nothing at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANKS:
                    return self._text[self._at]
                self._at += 1
            if not self._more:
                return ""
            self._read(_CHUNK)

    def _read(self, size: int) -> None:
        self._lines += self._text.count("\n", 0, self._at)
        piece = self._file.read(size)
        self._more = bool(piece)
        self._text, self._at = self._text[self._at :] + piece, 0
