"""The audit: who had which credentials, when, and which tests used them. One JSON object a line; never a secret."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeproof.credentials.lease import format_time

_WHO = {
    "actor": "GITHUB_ACTOR",
    "triggering_actor": "GITHUB_TRIGGERING_ACTOR",
    "repository": "GITHUB_REPOSITORY",
    "sha": "GITHUB_SHA",
    "ref": "GITHUB_REF",
    "event": "GITHUB_EVENT_NAME",
    "workflow": "GITHUB_WORKFLOW_REF",
    "job": "GITHUB_JOB",
    "run_id": "GITHUB_RUN_ID",
    "run_attempt": "GITHUB_RUN_ATTEMPT",
}


def describe_run(environment: Mapping[str, str]) -> dict[str, str]:
    """Who and what, by the runner's variables; what is not set is left out."""
    return {name: environment[variable] for name, variable in _WHO.items() if environment.get(variable)}


@dataclass(frozen=True)
class Audit:
    """Keeps the records of one run.

    Args:
        run: What every record says of the run, of `describe_run`.
        now: The time, in seconds since the epoch.
        redact: Has each line before it is written: a record that held a secret by mistake would still not show it.
    """

    run: Mapping[str, str]
    now: Callable[[], float]
    redact: Callable[[str], str]
    lines: list[str] = field(default_factory=list)

    def record(self, facts: Mapping[str, object]) -> None:
        """Add one record, from any thread: the time, `facts` without what is None, and the run."""
        told = {name: value for name, value in facts.items() if value is not None}
        line = json.dumps({"time": format_time(self.now()), **told, "run": dict(self.run)}, ensure_ascii=False)
        self.lines.append(self.redact(line))

    def write(self, path: Path) -> None:
        """Write the records to a file, `audit.jsonl`."""
        path.write_text("".join(f"{line}\n" for line in self.lines), encoding="utf-8")

    def record_test(self, test: str, started: float, finished: float, variables: list[str]) -> None:
        """A test that had credentials: its node id, when it ran (seconds since the epoch), and the variables' names."""
        times = {"started": format_time(started), "finished": format_time(finished)}
        self.record({"event": "used", "test": test, **times, "variables": variables})
