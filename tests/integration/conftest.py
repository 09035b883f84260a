"""What the tests of real parts share: the imitation of GitHub's runner, and workspaces."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from actions_runner import Runner


@pytest.fixture(scope="session")
def runner_class() -> type[Runner]:
    """The imitation itself, for fixtures of a wider scope."""
    return Runner


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """An imitation of the runner, with a folder of its own."""
    folder = tmp_path / "runner"
    folder.mkdir()
    return Runner(folder)


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Make a workspace of files: their paths and texts."""

    def make(files: Mapping[str, str]) -> Path:
        workspace = tmp_path / "workspace"
        for name, text in files.items():
            path = workspace / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return workspace

    return make


@pytest.fixture
def wait_until() -> Callable[[Callable[[], object]], None]:
    """Wait for something to come about; fail where it does not within a minute."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 60
        pause = __import__("threading").Event()
        while not condition():
            assert time.monotonic() < deadline, "waited for a minute in vain"
            pause.wait(0.02)

    return wait


@pytest.fixture
def end_process() -> Iterator[list[int]]:
    """Process numbers that are ended after the test, should they still be there."""
    numbers: list[int] = []
    yield numbers
    for number in numbers:
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            continue
