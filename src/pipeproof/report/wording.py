"""Words and numbers as the reports write them for people."""

import re

from pipeproof.results.model import Failure

_DIFFERS = re.compile(r"^\s*(At index \d+ diff: .*)$|Differing items:\s*\n(.*)", re.MULTILINE)
"""Where pytest says what differs: of sequences by the index, of dictionaries on the line after."""


def duration(seconds: float) -> str:
    """Write a duration for people: `0.43 s`, `12.3 s`, `4 min 05 s`."""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s"


def tell_report(folder: str | None) -> str:
    """Say where the report is; None where it could not be written."""
    return f"report in {folder}" if folder else "the report's files could not be written"


def percent(share: float) -> str:
    """Write a share for people, rounded down: 99.96 % are not 100 %."""
    return f"{int(share * 10) / 10:g} %"


def counted(count: int, word: str, plural: str | None = None) -> str:
    """Write a number with its word: `1 cause`, `2 causes`."""
    return f"{count} {word}" if count == 1 else f"{count} {plural or word + 's'}"


def tell(failure: Failure, limit: int = 200) -> str:
    """Say in one line what a failure says, and where two values differ that pytest has shortened."""
    said = first_line(failure.headline, limit)
    point = _DIFFERS.search(failure.message) if "..." in said else None
    return first_line(f"{said} {(point[1] or point[2]).strip()}", 2 * limit) if point else said


def first_line(text: str, limit: int = 300) -> str:
    """Give the first line that says something, and of a long one its start."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
