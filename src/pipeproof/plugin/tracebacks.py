"""Tracebacks, short: the user's own frames as pytest shows them, of a library's the line and nothing around it.

pytest prints the whole source of the function that raised; where that is a library's, the user scrolls past two
hundred lines of it. pipeproof's own frames are left out altogether, but for what they say of the exception.
"""

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from pipeproof.plugin.places import absolute

_OURS = str(Path(__file__).parents[1])


def render_traceback(report: pytest.TestReport | pytest.CollectReport, is_users: Callable[[str], bool]) -> str:
    """Render the failure that a report holds.

    Args:
        report: pytest's report, in the process that made it.
        is_users: Tells whether a file, by its absolute path, is the user's own.
    """
    chain = getattr(report.longrepr, "chain", None)
    if not chain:
        return _as_pytest_does(report)
    parts: list[str] = []
    for traceback, _, description in chain:
        parts.extend("\n".join(_entry(entry, is_users)) for entry in getattr(traceback, "reprentries", ()))
        parts.append(str(getattr(traceback, "extraline", None) or ""))
        parts.append(description or "")
    return "\n\n".join(part for part in parts if part).strip("\n")


def _entry(entry: Any, is_users: Callable[[str], bool]) -> Iterator[str]:
    lines = [str(line) for line in getattr(entry, "lines", ())]
    file = _file_of(entry)
    location = getattr(entry, "reprfileloc", None)
    if file.startswith(_OURS):
        yield from (line for line in lines if line.startswith("E"))
        return
    if file and not is_users(file):
        # pytest marks the line that raised with `>`, and what it says of the exception with `E`.
        lines = [line for line in lines if line[:1] in (">", "E")]
    else:
        for name, value in getattr(getattr(entry, "reprfuncargs", None), "args", None) or ():
            yield f"{name} = {value}"
    yield from lines
    if location is not None:
        yield f"{location.path}:{location.lineno}: {location.message}".rstrip(": ")


def _file_of(entry: Any) -> str:
    location = getattr(entry, "reprfileloc", None)
    return str(absolute(Path(location.path))) if location is not None else ""


def _as_pytest_does(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Give pytest's text, with the indentation of its first line, which `longreprtext` strips."""
    from pipeproof.plugin.touched import TEXT

    def printed() -> str:
        buffer = StringIO()
        writer = TEXT.find("_pytest._io:TerminalWriter")(buffer)
        writer.hasmarkup = False  # FORCE_COLOR would have it paint
        report.toterminal(writer)
        return buffer.getvalue().strip("\n")

    return TEXT.read(printed, report.longreprtext)
