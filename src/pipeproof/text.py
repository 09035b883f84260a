"""Text that others wrote: split into lines, freed of what a terminal would act on, misspelt or with places to fill."""

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

_LINE_BREAKS = re.compile("\r\n|[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f]")
"""What of ASCII is a control character, and neither a line break nor a tab."""
PLACEHOLDER = re.compile(r"\$\{([^}]+)\}")
"""`${Name}`, as templates and IAM's policies write what is put in; its group is the name."""


def split_lines(text: str) -> list[str]:
    """Split a text wherever the runner, or anything between it and us, could see a line end."""
    return _LINE_BREAKS.split(text)


def plain(text: str) -> str:
    """Take escape sequences and control characters out of a text; line breaks and tabs stay.

    Characters that only change how their neighbours are drawn (bidirectional overrides and their like, Unicode's `Cf`)
    go as well: with them a message can be made to read as another.
    """
    without = strip_ansi(text.replace("\r\n", "\n"))
    if without.isascii():
        return _CONTROL.sub("", without)
    # Judged once for each kind of character: texts are long and made of few.
    unseen = (c for c in set(without) - {"\n", "\t"} if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co"))
    return without.translate(dict.fromkeys(map(ord, unseen)))


def strip_ansi(text: str) -> str:
    """Take terminals' escape sequences out of a text."""
    return _ANSI.sub("", text) if "\x1b" in text else text


def closest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """Return the known word that a misspelt one is like, for a hint: `did you mean orders?`.

    Args:
        word: What somebody wrote.
        known: What it may be.
        cutoff: How alike they have to be, from 0 to 1.
    """
    return next(iter(alike(word, known, count=1, cutoff=cutoff)), None)


def alike(word: str, known: Iterable[str], *, count: int = 3, cutoff: float = 0.6) -> list[str]:
    """Return up to `count` known words that a misspelt one is like, the likest first; the rest as in [closest][]."""
    return get_close_matches(word, known, count, cutoff)
