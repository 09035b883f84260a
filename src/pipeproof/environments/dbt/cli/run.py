"""dbt by its command line: one process an invocation, read by its artifacts and its log of JSON lines."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeproof import environ
from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.project.profile import Folders
from pipeproof.variables import DBT_SCHEMA

_QUIET = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DBT_USE_COLORS": "false",
    "DBT_LOG_FORMAT": "json",
    "DBT_LOG_LEVEL_FILE": "none",
    "DBT_VERSION_CHECK": "false",
}
_UNMATCHED = re.compile(r"selection criterion '(.+?)' does not match", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CliOutcome:
    """What a process of dbt's came to: its exit code, what it said, and what it complained about."""

    code: int
    lines: Sequence[str]
    errors: Sequence[str]
    unmatched: Sequence[str]

    @property
    def exception(self) -> Exception | None:
        """What dbt says where it failed."""
        return (
            None if self.code == 0 else RuntimeError("\n".join(self.errors or self.lines) or f"exit code {self.code}")
        )


def find_dbt() -> str | None:
    """The executable `dbt`: the environment's own, else the one on `PATH`."""
    import sys

    beside = Path(sys.executable).with_name("dbt")
    return str(beside) if beside.is_file() else shutil.which("dbt")


def run_dbt(
    folders: Folders, overlay: Path, arguments: Sequence[str], schema: str, variables: Mapping[str, str]
) -> CliOutcome:
    """Run a command on a copy of the project, `target.schema` being `schema`."""
    program = find_dbt()
    if program is None:
        raise DbtSetupError("dbt is not installed", hint="add dbt-core and dbt-duckdb to the project's requirements")
    (folders.target / "run_results.json").unlink(missing_ok=True)
    placed = replace(folders, project=overlay).arguments()
    done = subprocess.run(
        [program, *arguments, *placed],
        env={**environ.everything(), **_QUIET, **variables, DBT_SCHEMA: schema},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return read_log(done.returncode, done.stdout, done.stderr)


def read_log(code: int, output: str, complaints: str) -> CliOutcome:
    """What a process said: by its exit code, its standard output and its standard error."""
    lines: list[str] = []
    errors: list[str] = []
    unmatched: list[str] = []
    for line in output.splitlines():
        entry = _read_entry(line)
        message = str(entry["info"].get("msg", "")) if entry else line
        if entry and entry["info"].get("name") == "NoNodesForSelectionCriteria":
            unmatched.append(str(entry["data"]["spec_raw"]))
        elif match := _UNMATCHED.search(message):
            unmatched.append(match[1])
        elif entry and str(entry["info"].get("level")) == "error":
            errors.append(message)
        lines.append(message)
    errors += [complaints.strip()] if code and complaints.strip() else []
    return CliOutcome(code, lines, errors, unmatched)


def _read_entry(line: str) -> dict[str, Any] | None:
    """A line of dbt's log; `None` for any other text."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    fits = isinstance(entry, dict) and isinstance(entry.get("info"), dict) and isinstance(entry.get("data"), dict)
    return entry if fits else None
