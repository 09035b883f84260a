"""Texts and numbers in reports that others wrote: of a long text its start and its end are held."""

import math
from functools import lru_cache

LIMIT = 64 * 1024
"""Characters of one text that are held."""


class Text:
    """A text that comes in pieces and may be of any length."""

    __slots__ = ("_head", "_room", "_tail", "_tailed", "_total")

    def __init__(self) -> None:
        self._head: list[str] = []
        self._room = LIMIT // 2
        self._tail: list[str] = []
        self._tailed = 0
        self._total = 0

    def add(self, piece: str) -> None:
        """Add a piece."""
        self._total += len(piece)
        if self._room:
            self._head.append(piece[: self._room])
            piece, self._room = piece[self._room :], max(self._room - len(piece), 0)
        if piece:
            self._tail.append(piece)
            self._tailed += len(piece)
            if self._tailed > 2 * LIMIT:
                self._tail = ["".join(self._tail)[-LIMIT // 2 :]]
                self._tailed = LIMIT // 2

    def read(self) -> str:
        """Return the text; in place of a middle that is not held is how much that was."""
        head, tail = "".join(self._head), "".join(self._tail)
        if self._total <= LIMIT:
            return head + tail
        tail = tail[-LIMIT // 2 :]
        return f"{head}\n[… {self._total - len(head) - len(tail)} characters left out …]\n{tail}"


def shorten(text: str, limit: int = LIMIT) -> str:
    """Return a text, of a long one its start and its end."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters left out …]\n{text[-half:]}"


def first_line(text: str) -> str:
    """Return the first line that is not blank, at most 1,000 characters of it; pytest's own words of an error first."""
    start = text.lstrip()[:4000]
    return next((line.strip() for line in start.splitlines() if line.strip()), "")[:1000]


@lru_cache(maxsize=4096)
def seconds(text: str | None) -> float:
    """Read a duration that others wrote, `1,234.5` too; 0 where it is none."""
    try:
        value = float(text) if text else 0.0
    except ValueError:
        try:
            value = float((text or "").replace(",", ""))
        except ValueError:
            return 0.0
    return value if 0 <= value < 1e9 and math.isfinite(value) else 0.0
