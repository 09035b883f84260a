"""A report's files without what no two runs share: times, and which worker ran a test."""

import re
from pathlib import Path

_CHANGING = [
    (re.compile(r"<details>\s*<summary>Slowest tests.*?</details>", re.DOTALL), ""),
    (re.compile(r'"(?:start|stop|duration|reportId|timestamp|at)": ?("[^"]*"|[\d.]+)'), ""),
    (re.compile(r'\btime="[\d.e-]+"|\btimestamp="\d+"'), ""),
    (re.compile(r"\d+(?:[.,]\d+)? (?:ms|s|min)\b"), "a while"),
    (re.compile(r'"threadId": ?"gw\d+", ?'), ""),
    (re.compile(r"0x[0-9a-f]+"), "0x"),
]


def lines_but_for_times(file: Path) -> list[str]:
    """Read the lines of a file of a report."""
    text = file.read_text(encoding="utf-8")
    for pattern, instead in _CHANGING:
        text = pattern.sub(instead, text)
    return text.splitlines()
