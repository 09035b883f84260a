"""The audit: who had which credentials, and what the tests did, one JSON object a line; never a secret.

Each line but the first has the SHA-256 of the line before it, so that none can be changed, taken out or put in without
all that follow: what the last line's hash is, is said in the run's log.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from pipeproof.credentials.lease import format_time
from pipeproof.untrusted import read_text

_WHO: Mapping[str, tuple[str, ...]] = {
    "actor": ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR"),
    "triggering_actor": ("GITHUB_TRIGGERING_ACTOR",),
    "repository": ("GITHUB_REPOSITORY", "CI_PROJECT_PATH", "BUILDKITE_PIPELINE_SLUG"),
    "sha": ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILDKITE_COMMIT"),
    "ref": ("GITHUB_REF", "CI_COMMIT_REF_NAME", "BUILDKITE_BRANCH"),
    "event": ("GITHUB_EVENT_NAME", "CI_PIPELINE_SOURCE", "BUILDKITE_SOURCE"),
    "workflow": ("GITHUB_WORKFLOW_REF",),
    "job": ("GITHUB_JOB", "CI_JOB_NAME", "BUILDKITE_STEP_KEY"),
    "run_id": ("GITHUB_RUN_ID", "CI_PIPELINE_ID", "BUILDKITE_BUILD_NUMBER"),
    "run_attempt": ("GITHUB_RUN_ATTEMPT", "CI_JOB_ID", "BUILDKITE_RETRY_COUNT"),
}
"""What is told of a run, and the variables of GitHub, GitLab and Buildkite that say it."""


def describe_run(environment: Mapping[str, str]) -> dict[str, str]:
    """Who and what, by the CI's variables; what is not set is left out."""
    told = {name: next(filter(None, map(environment.get, variables)), None) for name, variables in _WHO.items()}
    return {name: value for name, value in told.items() if value}


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

    def write(self, path: Path) -> str:
        """Write the records to a file, `audit.jsonl`, chained; give the hash of the last, empty where there is none."""
        written, head = [], ""
        for line in self.lines:
            record = self.redact(line)  # a secret may have become known since
            chained = f'{{"previous": "{head}", {record[1:]}' if head else record
            head = hash_line(chained)
            written.append(f"{chained}\n")
        path.write_text("".join(written), encoding="utf-8", errors="backslashreplace")
        return head

    def record_test(self, test: str, started: float, finished: float, variables: list[str]) -> None:
        """A test that had credentials: its node id, when it ran (seconds since the epoch), and the variables' names."""
        times = {"started": format_time(started), "finished": format_time(finished)}
        self.record({"event": "used", "test": test, **times, "variables": variables})


def hash_line(line: str) -> str:
    """Return the SHA-256 of a line, without its end, as the next one has it."""
    return hashlib.sha256(line.encode("utf-8", "backslashreplace")).hexdigest()


def verify_chain(text: str) -> tuple[int, str]:
    """Check the chain of an audit; give how many records it has, and the hash of the last.

    Raises:
        ValueError: it is broken, with the line.
    """
    head, count = "", 0
    lines = text.removesuffix("\n").split("\n") if text else []
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            previous = record.get("previous", "")
        except (ValueError, AttributeError, RecursionError):
            raise ValueError(f"line {number} is not a record") from None
        if previous != head:
            what = "names another line before it" if previous and head else "does not follow the line before it"
            raise ValueError(f"line {number} {what}: a line was changed, taken out or put in")
        head, count = hash_line(line), number
    return count, head


def verify_parts(text: str, folder: Path) -> int:
    """Check the audits of shards that a merged one has records of; give how many there are.

    Args:
        text: The merged audit, its own chain unbroken.
        folder: Where it lies, and they beside it.

    Raises:
        ValueError: one is not as it was merged, with its name.
    """
    parts = [record for line in text.splitlines() if (record := json.loads(line)).get("event") == "shard"]
    for record in parts:
        name = PurePath(str(record["file"])).name
        try:
            _, head = verify_chain(read_text(folder / name, limit=1 << 30))
        except (OSError, ValueError) as error:
            raise ValueError(f"{name}, the audit of shard {record['shard']}: {error}") from None
        if head != record["head"]:
            raise ValueError(f"{name}, the audit of shard {record['shard']}: is not the one that was merged")
    return len(parts)
