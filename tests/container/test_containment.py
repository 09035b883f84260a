"""A hostile suite in the image: each attack is a test of `hostile/attacks.py`, which passes where the attack fails."""

import base64
import os
import socket
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from clouds import REQUEST_TOKEN, Cloud

HOSTILE = Path(__file__).parent / "hostile"
ROLE = "arn:aws:iam::123456789012:role/ci"


@pytest.fixture
def docker_socket(tmp_path: Path) -> Iterator[Path]:
    """A socket as the runner mounts it: root's, and of a group that is not the tests'."""
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0o660)
        yield path


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        cloud.trust(ROLE)
        yield cloud


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """The container's `/tmp`, to be looked at after the run."""
    path = tmp_path / "scratch"
    path.mkdir()
    path.chmod(0o1777)
    return path


@pytest.fixture
def attacked(
    container_runner: Any, workspace: Callable[..., Path], docker_socket: Path, scratch: Path, cloud: Cloud
) -> Any:
    container_runner.environment |= {**cloud.runner_environment(), "ACTIONS_RUNTIME_TOKEN": REQUEST_TOKEN}
    container_runner.volumes |= {docker_socket: "/run/docker.sock", scratch: "/tmp"}
    return container_runner.run(
        workspace(copy_of=HOSTILE),
        tests="attacks.py",
        aws_role_to_assume=ROLE,
        aws_region="eu-central-1",
        aws_sts_endpoint=cloud.sts,
    )


def pieces(secret: str) -> set[str]:
    """Every stretch of eight characters of a secret's encodings."""
    raw = secret.encode()
    forms = [secret, secret[::-1], raw.hex(), *(base64.b64encode(b"xy"[:n] + raw).decode()[4:-4] for n in range(3))]
    return {form[start : start + 8] for form in forms for start in range(len(form) - 7)}


@pytest.mark.skipif(os.geteuid() != 0, reason="the workspace has to belong to another user")
def test_hostile_suite__gets_nowhere(attacked: Any, container_runner: Any, scratch: Path, cloud: Cloud) -> None:
    """One run, for a start in the image takes seconds; each attack is named in the report."""
    failed = {
        test["name"]: test["message"] for test in attacked.report["results"]["tests"] if test["status"] != "passed"
    }
    assert failed == {}, attacked.log
    assert attacked.exit_code == 0, attacked.log[-4000:]
    assert int(attacked.outputs["passed"]) == 35

    # Connections are judged in the image, not names alone.
    assert "network guard holds" not in attacked.log

    # What was written to the file commands is gone, and said.
    assert attacked.files["github_env_5b1c"] == attacked.files["github_path_5b1c"] == ""
    assert "EVIL" not in repr(attacked.files)
    assert "The tests wrote to GITHUB_ENV" in attacked.log

    # So is what was written to the event, and the folders are the runner's again.
    folder = container_runner.folder
    assert (folder / "_github_workflow" / "event.json").read_text() == "{}"
    assert "The tests wrote to GITHUB_EVENT_PATH" in attacked.log
    assert {path.stat().st_uid for path in (folder, *folder.iterdir())} == {1001}
    assert stat.S_IMODE((folder / "_github_home").stat().st_mode) == 0o755

    # The daemons were ended before they wrote, and no command came through.
    assert not (attacked.workspace / "late").exists()
    sizes = [(attacked.workspace / name).stat().st_size for name in ("forked", "backend")]
    time.sleep(0.3)
    assert [(attacked.workspace / name).stat().st_size for name in ("forked", "backend")] == sizes
    assert [path for path in scratch.iterdir() if path.name.startswith("pipeproof")] == []
    assert {command.name for command in attacked.commands} == {"add-mask", "group", "endgroup", "warning"}

    # Neither the request token nor the session's secret is in anything that leaves the run.
    masked = {f"::add-mask::{command.data}" for command in attacked.commands if command.name == "add-mask"}
    log = "\n".join(line for line in attacked.log.splitlines() if line not in masked)
    left = (attacked.workspace / "pipeproof-report").iterdir()
    report = [path.read_text(errors="replace") for path in left if path.is_file() and not path.is_symlink()]
    everything = "".join("\n".join([log, *attacked.files.values(), *report]).split())
    secrets = [REQUEST_TOKEN, *(session.secret for session in cloud.sessions.values())]
    assert len(secrets) == 2
    assert [piece for secret in secrets for piece in pieces(secret) if piece in everything] == []

    # What the tests left in the workspace is the user's.
    assert (attacked.workspace / "pipeproof-report" / "report.json").stat().st_uid == 1001
