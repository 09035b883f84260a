"""What a process of dbt's said: its log of JSON lines, as version 1 and version 2 write it."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_UNMATCHED = re.compile(r"selection criterion '(.+?)' does not match", re.IGNORECASE)
_CODE = re.compile(r"^\[(?:error|warning)\] \[\w+ \(dbt\d+\)\]: ")
"""What version 2 has before a message."""


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
    """

    code: int
    lines: Sequence[str]
    errors: Sequence[str]
    unmatched: Sequence[str]
    statuses: Mapping[str, str]
    hooks: Mapping[str, Hook]

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
        elif info.get("level") == "error":
            errors.append(message)
            if failing and not about:
                at = failing.pop(0)
                hooks[at] = Hook(hooks[at].status, hooks[at].duration, message)
        lines.append(message)
    errors += [complaints.strip()] if code and complaints.strip() else []
    return CliOutcome(code, lines, errors, unmatched, statuses, hooks)


def _read_entry(line: str) -> dict[str, Any] | None:
    """Return a line of dbt's log; `None` for any other text."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    fits = isinstance(entry, dict) and isinstance(entry.get("info"), dict) and isinstance(entry.get("data"), dict)
    return entry if fits else None
