"""The examples in the image, run as the runner runs a container action."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from actions_runner import Runner

EXAMPLES = Path(__file__).parents[2] / "examples"


def outcomes(step: Any) -> dict[tuple[str, str], str]:
    return {
        (test.get("filePath", ""), test["name"]): test.get("rawStatus", test["status"])
        for test in step.report["results"]["tests"]
    }


def test_orders__the_same_results_in_the_image_as_outside_it(
    container_runner: Any, workspace: Callable[..., Path], tmp_path: Path
) -> None:
    """Inside with all inputs at their defaults, so that its requirements are installed as well: uv may ask no index."""
    folder = workspace(copy_of=EXAMPLES / "orders")
    (tmp_path / "outside").mkdir()
    container_runner.environment = {"UV_OFFLINE": "1"}

    inside = container_runner.run(folder)

    assert inside.exit_code == 0, inside.log
    assert inside.outputs["conclusion"] == "success"
    outside = Runner(tmp_path / "outside").run(folder, install="none")
    assert outcomes(inside) == outcomes(outside)
    assert len(outcomes(inside)) == int(inside.outputs["tests"])


def test_broken__the_same_failures_in_the_image_as_outside_it(
    container_runner: Any, workspace: Callable[..., Path], tmp_path: Path
) -> None:
    folder = workspace(copy_of=EXAMPLES / "broken")
    (tmp_path / "outside").mkdir()

    inside = container_runner.run(folder, install="none")

    assert inside.exit_code == 1, inside.log
    outside = Runner(tmp_path / "outside").run(folder, install="none")
    assert inside.annotations == outside.annotations
    assert outcomes(inside) == outcomes(outside)


def test_install__what_the_project_pins_wins_over_the_image(
    container_runner: Any, workspace: Callable[..., Path]
) -> None:
    folder = workspace(
        {
            "requirements-test.txt": "iniconfig==2.0.0\n",
            "test_pin.py": (
                "from importlib.metadata import version\n"
                "def test_pin(evidence):\n"
                "    assert version('iniconfig') == '2.0.0'\n"
            ),
        }
    )

    step = container_runner.run(folder)

    assert step.exit_code == 0, step.log


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give the workspace to the runner's user")
def test_tests__run_as_the_workspace_owner_without_the_powers_of_the_action(
    container_runner: Any, workspace: Callable[..., Path]
) -> None:
    folder = workspace(
        {
            "test_powers.py": (
                "import os, pathlib, pytest\n"
                "def test_uid():\n"
                "    assert (os.getuid(), os.getgid(), os.getgroups()) == (1001, 1001, [])\n"
                "def test_environment():\n"
                "    assert not [n for n in os.environ if n.startswith(('ACTIONS_', 'INPUT_'))]\n"
                "def test_the_supervisor_cannot_be_read():\n"
                "    with pytest.raises(PermissionError):\n"
                "        pathlib.Path(f'/proc/{os.getppid()}/environ').read_bytes()\n"
                "def test_writes():\n"
                "    pathlib.Path('written').write_text('by the tests')\n"
            )
        }
    )
    container_runner.environment = {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "a-secret"}

    step = container_runner.run(folder, install="none")

    assert step.exit_code == 0, step.log
    assert (folder / "written").stat().st_uid == 1001
