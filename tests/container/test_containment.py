"""A hostile suite in the image: each attack is a test of `hostile/attacks.py`, which passes where the attack fails."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HOSTILE = Path(__file__).parent / "hostile"
TOKEN = "runner-request-token-0123456789"


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
def attacked(container_runner: Any, workspace: Callable[..., Path], docker_socket: Path) -> Any:
    container_runner.environment |= {
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": TOKEN,
        "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:9/token",
        "ACTIONS_RUNTIME_TOKEN": TOKEN,
    }
    container_runner.volumes[docker_socket] = "/run/docker.sock"
    return container_runner.run(workspace(copy_of=HOSTILE), tests="attacks.py", install="none")


@pytest.mark.skipif(os.geteuid() != 0, reason="the workspace has to belong to another user")
def test_hostile_suite__gets_nowhere(attacked: Any) -> None:
    """One run, for a start in the image takes seconds; each attack is named in the report."""
    failed = {
        test["name"]: test["message"] for test in attacked.report["results"]["tests"] if test["status"] != "passed"
    }
    assert failed == {}, attacked.log
    assert attacked.exit_code == 0
    assert int(attacked.outputs["passed"]) == 18

    # What was written to the file commands is gone, and said.
    assert attacked.files["github_env_5b1c"] == attacked.files["github_path_5b1c"] == ""
    assert "EVIL" not in repr(attacked.files)
    assert "The tests wrote to GITHUB_ENV" in attacked.log

    # The daemon was ended before it wrote, and no command came through.
    assert not (attacked.workspace / "late").exists()
    assert {command.name for command in attacked.commands} == {"group", "endgroup", "warning"}
    assert TOKEN not in attacked.log
    assert TOKEN not in repr(attacked.files)

    # What the tests left in the workspace is the user's.
    assert (attacked.workspace / "pipeproof-report" / "report.json").stat().st_uid == 1001
