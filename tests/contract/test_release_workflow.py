"""The workflow of a release: its steps are commands that tools/release.py has, each job may no more than it needs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
JOBS: dict[str, Any] = yaml.safe_load(TEXT)["jobs"]
SCRIPT = (ROOT / "tools/release.py").read_text(encoding="utf-8")
STEPS = [(name, step) for name, job in JOBS.items() for step in job["steps"]]


def _commands(step: dict[str, Any]) -> list[str]:
    return re.findall(r"tools/release\.py (?:\$DRY )?(\w+)", step.get("run", ""))


def test_release__has_each_step_once_and_in_order() -> None:
    commands = [command for _, step in STEPS for command in _commands(step)]
    assert commands == ["plan", "build", "join", "join", "point", "tag", "pin", "notes", "move"]
    assert set(commands) | {"prepare"} == set(re.findall(r'^            case "(\w+)":', SCRIPT, re.MULTILINE))


def test_release__a_dry_run_changes_nothing() -> None:
    """What changes something outside of the job has the switch; what has not reads, or writes to its own checkout."""
    for command in ("build", "join", "point", "tag", "move"):
        assert f"tools/release.py {command}" not in TEXT
    assert re.findall(r"gh release create", TEXT) == ["gh release create"]
    assert 'if [ -z "$DRY" ]; then gh release create' in TEXT
    outside = [step for _, step in STEPS if re.match("actions/attest@|pypa/", step.get("uses", ""))]
    jobs = [name for name, job in JOBS.items() if "!inputs.dry-run" in str(job.get("if", ""))]
    assert len(outside) == 3
    assert all("!inputs.dry-run" in step.get("if", "") for step in outside[:-1])
    assert jobs == ["try", "publish"]


@pytest.mark.parametrize("right", ["id-token", "contents", "packages", "attestations"])
def test_release__few_jobs_may_write(right: str) -> None:
    may = {name for name, job in JOBS.items() if job["permissions"].get(right) == "write"}
    assert (
        may
        == {
            "id-token": {"join", "publish"},
            "contents": {"tag", "release"},
            "packages": {"build", "join"},
            "attestations": {"join"},
        }[right]
    )


def test_release__both_architectures_and_each_flavour_of_the_script() -> None:
    matrix = JOBS["build"]["strategy"]["matrix"]
    assert matrix["runner"] == JOBS["try"]["strategy"]["matrix"]["runner"] == ["ubuntu-24.04", "ubuntu-24.04-arm"]
    (flavours,) = re.findall(r"^FLAVOURS = \{(.*)\}", SCRIPT, re.MULTILINE)
    assert matrix["flavour"] == re.findall(r'"(\w+)":', flavours)


def test_release__each_flavour_is_a_lock_that_the_dockerfile_copies() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    locks = re.findall(r'"(requirements[\w-]*\.lock)"', SCRIPT)
    assert len(locks) == 2
    assert f"ARG LOCK={locks[0]}\n" in dockerfile
    assert all((ROOT / lock).is_file() and lock in dockerfile for lock in locks)


def test_locks__the_slim_one_is_a_part_of_the_other() -> None:
    whole, part = (
        set(re.findall(r"^([\w.-]+==[^ ]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-slim.lock")
    )
    assert part < whole
    assert not [pin for pin in part if pin.startswith(("dbt-", "duckdb", "pyarrow"))]


def test_workflows__actions_of_others_are_pinned_by_commit() -> None:
    for workflow in (ROOT / ".github/workflows").glob("*.yml"):
        used = re.findall(r"uses: ([\w.-]+/[\w./-]+)@(\S+) # (\S+)", workflow.read_text(encoding="utf-8"))
        assert all(re.fullmatch("[0-9a-f]{40}", commit) and version.startswith("v") for _, commit, version in used)
        assert len(used) == len(re.findall(r"uses: \w[\w-]*/", workflow.read_text(encoding="utf-8")))
