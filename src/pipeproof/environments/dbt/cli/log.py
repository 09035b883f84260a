"""What a process of dbt's said: its log of JSON lines, as version 1 and version 2 write it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_UNMATCHED = re.compile(r"selection criterion '(.+?)' does not match", re.IGNORECASE)
_CODE = re.compile(r"^\[(?:error|warning)\] \[\w+ \(dbt\d+\)\]: ")
"""What version 2 has before a message."""

_SAID = {"JinjaLogInfo", "JinjaLogWarning", "PrintEvent"}
_WARNED = re.compile(r"^\[warning\] \[JinjaWarn \(dbt\d+\)\]: (?P<text>.*?)\n *--> .*", re.DOTALL)
"""`exceptions.warn`, in version 2 an event like any other, with the place."""


@dataclass(frozen=True, slots=True)
class Hook:
    """An `on-run-start` or `on-run-end` hook, which version 2 tells of in its log alone.

    Args:
        status: `success` or `error`.
        duration: Seconds.
        message: What it failed with.
    """

    status: str
    duration: float
    message: str = ""


@dataclass(frozen=True, slots=True)
class CliOutcome:
    """What a process of dbt's came to.

    Args:
        code: Its exit code.
        lines: What it said.
        errors: What it complained about.
        unmatched: The parts of the selection that match nothing, as far as it says so.
        statuses: What became of nodes, by their unique ids; version 1 says that in its results alone.
        hooks: The hooks that ran, by their unique ids.
        said: What macros and models said while they ran: `log`, `print`, `exceptions.warn`.
        reasons: What nodes failed with, by their unique ids, where that is an event of its own.
    """

    code: int
    lines: Sequence[str]
    errors: Sequence[str]
    unmatched: Sequence[str]
    statuses: Mapping[str, str]
    hooks: Mapping[str, Hook]
    said: Sequence[str] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)

    @property
    def exception(self) -> Exception | None:
        """What dbt says where it failed."""
        if self.code == 0:
            return None
        return RuntimeError("\n".join(self.errors or self.lines) or f"exit code {self.code}")


def read_log(code: int, output: str, complaints: str) -> CliOutcome:
    """Return what a process said: by its exit code, its standard output and its standard error."""
    lines: list[str] = []
    errors: list[str] = []
    unmatched: list[str] = []
    statuses: dict[str, str] = {}
    hooks: dict[str, Hook] = {}
    said: list[str] = []
    reasons: dict[str, str] = {}
    failing: list[str] = []  # hooks whose message is still to come
    for line in output.splitlines():
        entry = _read_entry(line)
        info, data = (entry["info"], entry["data"]) if entry else ({}, {})
        message = _CODE.sub("", str(info.get("msg", "")) if entry else line).rstrip()
        about = data.get("node_info") or {}
        if info.get("name") == "NodeFinished":
            statuses[str(about.get("unique_id"))] = str(about.get("node_status"))
        elif info.get("name") == "LogHookEndLine" and "unique_id" in about:
            hook = Hook(str(data.get("status")).lower(), float(data.get("execution_time") or 0.0))
            hooks[str(about["unique_id"])] = hook
            failing += [str(about["unique_id"])] if hook.status == "error" else []
        elif info.get("name") == "NoNodesForSelectionCriteria":
            unmatched.append(str(data["spec_raw"]))
        elif match := _UNMATCHED.search(message):
            unmatched.append(match[1])
        elif about and (text := _read_said(info)) is not None:
            said.append(text)
        elif info.get("level") == "error":
            errors.append(message)
            if "unique_id" in about:
                reasons[str(about["unique_id"])] = message
            if failing and not about:
                at = failing.pop(0)
                hooks[at] = Hook(hooks[at].status, hooks[at].duration, message)
        lines.append(message)
    errors += [complaints.strip()] if code and complaints.strip() else []
    return CliOutcome(code, lines, errors, unmatched, statuses, hooks, said, reasons)


def _read_said(info: Mapping[str, Any]) -> str | None:
    """Return the words of a macro or model, where an event is about such."""
    message = str(info.get("msg", ""))
    if info.get("name") in _SAID:
        return message
    warned = _WARNED.match(message)
    return warned["text"] if warned else None


def _read_entry(line: str) -> dict[str, Any] | None:
    """Return a line of dbt's log; `None` for any other text."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    fits = isinstance(entry, dict) and isinstance(entry.get("info"), dict) and isinstance(entry.get("data"), dict)
    return entry if fits else None
