"""Ways in which a run can end: what was known is reported, and no process is left."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Project = Callable[..., Path]
Wait = Callable[[Callable[[], object]], None]

SUITE = """
import os, subprocess, sys, time
from pathlib import Path

def test_one():
    pass

def test_two():
    assert 1 == 2

def test_three():
    # A child, and a daemon: forked twice, in a session of its own.
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        Path("daemon").write_text(str(os.getpid()))
        time.sleep(600)
        os._exit(0)
    while not Path("daemon").exists():
        time.sleep(0.01)
    Path("pids.part").write_text(f"{os.getpid()} {child.pid} {Path('daemon').read_text()}")
    os.rename("pids.part", "pids")
    time.sleep(600)

def test_four():
    pass
"""


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def running(runner: Any, project: Project, wait_until: Wait, end_process: list[int]) -> tuple[Any, Path, list[int]]:
    """A run in the middle of its third test: the supervisor, the workspace, and pytest and what the test started."""
    workspace = project({"test_it.py": SUITE})
    supervisor = runner.start(workspace, {"install": "none"})
    wait_until((workspace / "pids").exists)
    processes = [int(number) for number in (workspace / "pids").read_text().split()]
    end_process.extend([*processes, supervisor.pid])
    return supervisor, workspace, processes


def statuses(step: Any) -> dict[str, str]:
    return {test["name"]: test["rawStatus"] for test in step.report["results"]["tests"]}


def test_tests_that_are_killed__lose_no_outcome_that_was_known(running: Any, runner: Any) -> None:
    supervisor, workspace, processes = running
    os.kill(processes[0], signal.SIGKILL)
    step = runner.finish(supervisor, workspace)
    assert step.exit_code == 1
    assert statuses(step) == {"test_one": "passed", "test_two": "failed", "test_three": "error"}
    assert step.report["extra"]["notRun"] == ["test_it.py::test_four"]
    assert "SIGKILL" in step.report["results"]["tests"][2]["message"]
    assert not any(map(is_alive, processes))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_cancelled__reports_what_ran_and_leaves_no_process(
    number: signal.Signals, running: Any, runner: Any
) -> None:
    supervisor, workspace, processes = running
    supervisor.send_signal(number)
    step = runner.finish(supervisor, workspace)
    assert step.exit_code == 130
    assert step.outputs["conclusion"] == "cancelled"
    assert statuses(step) == {"test_one": "passed", "test_two": "failed", "test_three": "skipped"}
    assert "cancelled" in step.summary
    assert not any(map(is_alive, processes))


def test_a_supervisor_that_is_killed__takes_the_tests_with_it(running: Any, wait_until: Wait) -> None:
    supervisor, _, processes = running
    supervisor.kill()
    wait_until(lambda: not is_alive(processes[0]))
    supervisor.wait()
    supervisor.stdout.close()


def test_an_install_that_is_cancelled__is_a_cancelled_run(
    runner: Any, project: Project, wait_until: Wait, end_process: list[int]
) -> None:
    """A build backend that never ends stands for a slow one."""
    backend = "import pathlib, time\npathlib.Path('building').touch()\ntime.sleep(600)\n"
    metadata = "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n[project]\nname='x'\n"
    workspace = project({"pyproject.toml": metadata + "dynamic = ['version', 'dependencies']\n", "backend.py": backend})
    supervisor = runner.start(workspace, {})
    end_process.append(supervisor.pid)
    wait_until((workspace / "building").exists)
    supervisor.send_signal(signal.SIGINT)
    step = runner.finish(supervisor, workspace)
    assert step.exit_code == 130
    assert step.outputs["conclusion"] == "cancelled"


QUITTING = {
    "test_exit.py": """
import pytest
def test_one(): pass
def test_two(): pytest.exit("enough")
def test_three(): pass
""",
    "test_interrupt.py": """
def test_one(): pass
def test_two(): raise KeyboardInterrupt
""",
    "test_teardown.py": """
import os, pytest
@pytest.fixture
def end():
    yield
    os._exit(3)
def test_one(end): pass
""",
}
FAILING_PLUGIN = """
import pytest
@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    session.exitstatus = 1
"""


@pytest.mark.parametrize("file", QUITTING)
def test_a_test_that_stops_pytest__fails_the_run(file: str, runner: Any, project: Project) -> None:
    step = runner.run(project(QUITTING), tests=file, install="none")
    assert (step.exit_code, step.outputs["conclusion"]) == (1, "failure")
    assert step.report["results"]["tests"][-1]["rawStatus"] == "error"


def test_a_plugin_that_fails_the_run__fails_it(runner: Any, project: Project) -> None:
    """As pytest-cov does where the coverage is too low, though each test passed."""
    step = runner.run(project({"conftest.py": FAILING_PLUGIN, "test_a.py": "def test_a(): pass\n"}), install="none")
    assert (step.exit_code, step.outputs["conclusion"], step.outputs["passed"]) == (1, "failure", "1")
    assert "exit status 1" in step.summary.replace("&#32;", " ")
    assert step.annotations == []
    assert any(command.name == "error" and "no test failed" in command.data for command in step.commands)


def test_a_conftest_that_cannot_be_imported__is_annotated_at_its_line(runner: Any, project: Project) -> None:
    files = {"conftest.py": "import os\n\nimport nothing_of_this_name\n", "test_a.py": "def test_a(): pass\n"}
    step = runner.run(project(files), install="none")
    assert step.exit_code == 1
    assert step.annotations == [("conftest.py", 3)]
    assert "nothing_of_this_name" in step.summary.replace("&#95;", "_")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("import nothing_of_this_name\n", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("def test_a(:\n", "SyntaxError: invalid syntax (test_a.py, line 1)"),
    ],
)
def test_a_test_file_that_cannot_be_imported__is_headed_by_what_was_raised(
    source: str, told: str, runner: Any, project: Project
) -> None:
    step = runner.run(project({"test_a.py": source}), install="none")
    (error,) = [command for command in step.commands if command.name == "error"]
    assert (step.annotations, error.data) == ([("test_a.py", 1)], told)
    assert told.partition(":")[0] in next(line for line in step.summary.splitlines() if "<summary>" in line)


@pytest.mark.parametrize(
    ("inputs", "code", "told"),
    [
        ({"pytest_args": "--no-such-flag"}, 2, "--no-such-flag"),
        ({"tests": "no_such_file.py"}, 2, "no_such_file.py"),
        ({"pytest_args": "-k nothing_at_all"}, 5, "1 deselected"),
        ({"shard": "2/2"}, 0, "Shard 2/2 has none of the 1 tests."),
        ({"pytest_args": "-k nothing_at_all", "allow_empty": "true"}, 0, "0 tests"),
        ({"workers": "many", "shard": "3/2", "working_directory": "nowhere"}, 2, "allowed: INDEX/TOTAL"),
    ],
)
def test_a_run_without_results__says_why(
    inputs: dict[str, str], code: int, told: str, runner: Any, project: Project
) -> None:
    step = runner.run(project({"test_a.py": "def test_a(): pass\n"}), **({"install": "none"} | inputs))
    assert step.exit_code == code, step.log
    assert told in step.log
    assert step.outputs["conclusion"] == ("failure" if code else "success")
    if "workers" in inputs:
        (error,) = [command.data for command in step.commands if command.name == "error"]
        assert [line.partition(":")[0] for line in error.splitlines()] == ["workers", "shard", "working-directory"]
