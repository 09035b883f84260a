"""Markdown that shows any text as itself: what users' code says never becomes markup."""

import html
import string
from collections.abc import Sequence

from pipeproof.text import plain

_PUNCTUATION = {ord(character): f"&#{ord(character)};" for character in string.punctuation}
_REFERENCES = _PUNCTUATION | {ord(character): f"&#{ord(character)};&#8203;" for character in "@#"}
"""GitHub looks for `@name` and `#12` in the text that comes of the Markdown; a zero-width space keeps them apart."""

_CODE_LIMIT = 300


def escaped(text: str) -> str:
    """Show a text in one line of Markdown as it is.

    Every ASCII punctuation character becomes a character reference, which CommonMark takes as text and never as
    structure (https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references).
    """
    return _one_line(text).translate(_REFERENCES)


def code(text: str) -> str:
    """Show a text as code, within a line, where nobody is mentioned; of a long one its start and its end."""
    shown = _one_line(text)
    if len(shown) > _CODE_LIMIT:
        shown = f"{shown[: _CODE_LIMIT // 2]}…{shown[-_CODE_LIMIT // 2 :]}"
    return f"<code>{shown.translate(_PUNCTUATION)}</code>" if shown else ""


def _one_line(text: str) -> str:
    return " ".join(plain(text).split())


def block(text: str, limit: int) -> str:
    """Show a text as a block, at most so many characters of it: its start and, mostly, its end."""
    shown = plain(text).strip("\n")
    if len(shown) > limit:
        head, tail = limit // 3, limit - limit // 3
        shown = f"{shown[:head]}\n[… {len(shown) - head - tail} characters left out …]\n{shown[-tail:]}"
    # Nothing in it may look like the end of the block.
    return f"<pre>{html.escape(shown)}</pre>"


def details(summary: str, body: str, *, open: bool = False) -> str:  # noqa: A002 - HTML's word
    """Fold a body of Markdown under a line of Markdown."""
    return f"<details{' open' if open else ''}><summary>{summary}</summary>\n\n{body}\n\n</details>\n"


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]], align: str = "") -> str:
    """Render a table of cells that are Markdown; `align` has a letter a column, `l` or `r`."""
    rules = ["---:" if letter == "r" else "---" for letter in align.ljust(len(header), "l")]
    lines = [header, tuple(rules), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
