"""Markdown that shows any text as itself: what users' code says never becomes markup."""

import html
import re
import string
from collections.abc import Sequence

from pipeproof.text import plain

_PUNCTUATION = {ord(character): f"&#{ord(character)};" for character in string.punctuation}
_ESCAPES = _PUNCTUATION | {0x200B: "&#8203;"}
_APART = "\u200b"
"""A zero-width space: between two characters that GitHub would make something of."""
_FOUND_BY_GITHUB = re.compile(
    r"(?<=[@#])"  # @name, #12
    r"|(?<=gh-)(?=\d)"  # GH-12
    r"|(?<=:)(?=//|[\w+-]+:)"  # https://…, and :tada:, which would be a picture
    r"|(?<=www)(?=\.)|(?<=mailto)(?=:)|(?<=xmpp)(?=:)",
    re.IGNORECASE,
)
"""Where GitHub finds mentions, links and pictures in the text that comes of the Markdown, whatever that was written as:
docs.github.com, "Autolinked references and URLs"."""
_COMMIT = re.compile(r"(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])", re.IGNORECASE)

_CODE_LIMIT = 300

BLANK = "—"
"""What stands in a cell that has nothing."""


def escaped(text: str) -> str:
    """Show a text in one line of Markdown as it is.

    Every ASCII punctuation character becomes a character reference, which CommonMark takes as text and never as
    structure (https://spec.commonmark.org/0.31.2/#entity-and-numeric-character-references).
    """
    apart = _COMMIT.sub(_in_pieces, _FOUND_BY_GITHUB.sub(_APART, _one_line(text)))
    return apart.translate(_ESCAPES)


def _in_pieces(commit: "re.Match[str]") -> str:
    """Return what is too short to be a commit's name, six characters a piece."""
    return _APART.join(commit[0][at : at + 6] for at in range(0, len(commit[0]), 6))


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
    # Nothing in it may look like the end of the block, nor like a formula.
    return f"<pre>{html.escape(shown).replace('$', '&#36;')}</pre>"


def details(summary: str, body: str, *, open: bool = False) -> str:  # noqa: A002 - HTML's word
    """Fold a body of Markdown under a line of Markdown."""
    return f"<details{' open' if open else ''}><summary>{summary}</summary>\n\n{body}\n\n</details>\n"


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]], align: str = "") -> str:
    """Render a table of cells that are Markdown; `align` has a letter a column, `l` or `r`."""
    rules = ["---:" if letter == "r" else "---" for letter in align.ljust(len(header), "l")]
    lines = [header, tuple(rules), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def tidy_table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]], align: str = "") -> str:
    """Render a table without the columns that have nothing in any row; a cell that has nothing says so."""
    kept = [at for at in range(len(header)) if any(row[at] for row in rows)]
    letters = align.ljust(len(header), "l")
    filled = [tuple(row[at] or BLANK for at in kept) for row in rows]
    return table(tuple(header[at] for at in kept), filled, "".join(letters[at] for at in kept))
