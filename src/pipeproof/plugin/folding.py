"""The output of a failing flow, short: what Prefect did on the way to the user's line is folded to one line.

pytest shows each frame of Prefect's engine, and what the flow has logged twice: as it stands on stderr, with Prefect's
own tracebacks, and again as `logging` has it.
"""

import re
from collections.abc import Container, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipeproof.plugin.touched import ENTRIES

_OURS = str(Path(__file__).parents[1])
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line \d+')
_TRACEBACK = re.compile(r"^Traceback \(most recent call last\):\n(?: .*\n)+(?P<error>\S.*\n?)", re.MULTILINE)
_SHOWN = "  … its traceback is the one above\n"
_TOLD = re.compile(r"^ *(\d\d:\d\d:\d\d) \| (\w+) *\| (flow|task) (\S+) - (.*)$", re.MULTILINE)
"""A line of the log as the error's message has it (`runs/outcomes.py`)."""
_PRINTED = re.compile(r"^(\d\d:\d\d:\d\d)\.\d+ \| (\w+) *\| (Flow|Task) run '([^']+)' - (.*)$")
"""The same as Prefect prints it."""
_PACKAGE = re.compile(r"[/\\](?:site|dist)-packages[/\\]([\w-]+)")


def fold(report: pytest.TestReport, records: list[Any] | None) -> None:
    """Shorten a report in place: tracebacks, and output that was captured.

    Args:
        report: That of a test that a flow has failed.
        records: What was logged, as `logging` made it; `None` where that is not known.
    """
    shown: set[str] = set()
    told: set[tuple[str, ...]] = set()
    for traceback, crash, _ in getattr(report.longrepr, "chain", ()):
        entries = getattr(traceback, "reprentries", None)
        if entries:
            entries[:] = ENTRIES.read(partial(_folded_entries, list(entries)), list(entries))
        message = str(getattr(crash, "message", "")).strip()
        shown.add(message)
        told.update(_TOLD.findall(message))
    printed = "".join(text for name, text in report.sections if "stderr" in name or "stdout" in name)
    report.sections[:] = [
        (name, _without_told(fold_text(text, shown), told))
        for name, text in report.sections
        if not (name.startswith("Captured log") and _is_printed(records, printed))
    ]


def fold_text(text: str, shown: Container[str] = ()) -> str:
    """Fold the frames of installed packages in tracebacks that stand in a text.

    Args:
        text: What was printed.
        shown: Exceptions, as a traceback's last line has them, whose tracebacks stand elsewhere: left out here.
    """
    text = _TRACEBACK.sub(lambda match: _SHOWN if match["error"].strip() in shown else match[0], text)
    lines: list[str] = []
    for is_folded, file, frame in _frames(text.splitlines(keepends=True)):
        if not is_folded:
            lines += frame
        elif lines and (counted := re.fullmatch(r"  … (\d+) frames?: (.*)\n", lines[-1])):
            packages = dict.fromkeys([*counted[2].split(", "), package_of(file)])
            lines[-1] = _told(int(counted[1]) + 1, list(packages))
        else:
            lines.append(_told(1, [package_of(file)]))
    return "".join(lines)


def _without_told(text: str, told: Container[tuple[str, ...]]) -> str:
    """Leave out the lines of the log that the error's message has."""
    kept: list[str] = []
    count = 0
    is_left_out = False
    for line in text.splitlines(keepends=True):
        match = _PRINTED.match(line.rstrip("\n"))
        if match and (match[1], match[2], match[3].lower(), match[4], match[5]) in told:
            count += 1
            is_left_out = True
        elif not (is_left_out and line == _SHOWN):
            kept.append(line)
            is_left_out = False
    head = f"  … {count} line{'s' if count > 1 else ''} of the log, shown above\n" if count else ""
    return head + "".join(kept)


def package_of(file: str) -> str:
    """Return the package that a file belongs to, as it is installed; empty where it is in none."""
    if file.startswith(_OURS):
        return "pipeproof"
    found = _PACKAGE.search(file)
    return found[1] if found else ""


def _frames(lines: list[str]) -> Iterator[tuple[bool, str, list[str]]]:
    """Split lines into frames of packages, to be folded, and all else; a frame has its source below it."""
    number = 0
    while number < len(lines):
        start, match = number, _FRAME.match(lines[number])
        number += 1
        if match is None:
            yield False, "", lines[start:number]
            continue
        while number < len(lines) and lines[number].startswith("    ") and not _FRAME.match(lines[number]):
            number += 1
        yield bool(package_of(match["file"])), match["file"], lines[start:number]


def _folded_entries(entries: list[Any]) -> list[Any]:
    """Fold runs of entries that are not the user's; of the last, which raised, the line stays."""
    kept: list[Any] = []
    counted: list[str] = []
    for number, entry in enumerate(entries):
        package = package_of(str(getattr(getattr(entry, "reprfileloc", None), "path", "")))
        is_last = number == len(entries) - 1
        if package and not is_last:
            counted.append(package)
            continue
        if others := [name for name in counted if name != "pipeproof"]:
            kept.append(_line(_told(len(others), list(dict.fromkeys(others)))))
        counted.clear()
        if package and is_last:
            entry.lines[:] = [line for line in entry.lines if line[:1] in (">", "E")]
            entry.reprfuncargs = entry.reprlocals = None
        kept.append(entry)
    return kept


def _line(text: str) -> Any:
    return ENTRIES.find("_pytest._code.code:ReprEntry")([f"  {text.strip()}"], None, None, None, "short")


def _told(count: int, packages: list[str]) -> str:
    return f"  … {count} frame{'s' if count > 1 else ''}: {', '.join(packages)}\n"


def _is_printed(records: list[Any] | None, printed: str) -> bool:
    """Return whether all that was logged is Prefect's, and stands in what was printed."""
    if records is None:
        return False
    return all(record.name.startswith("prefect") and record.getMessage().strip() in printed for record in records)
