"""`make mutants` on a small project: what is noticed, through caches and at import too."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TOOL = Path(__file__).parents[3] / "tools" / "mutants.py"
CODE = """
from functools import lru_cache


@lru_cache
def kept(x):
    return x + 1


def made_at_import(limit):
    return lambda value: value < limit + 1


is_small = made_at_import(5)


def half_known(x):
    return x > 3


def never_run(x):
    return x - 1
"""
TESTS = """
from sample.code import is_small, kept, half_known


def test_kept():
    assert kept(1) == 2


def test_kept_again():
    assert kept(1) == 2


def test_is_small():
    assert is_small(5) and not is_small(6)


def test_half_known():
    assert half_known(9)
"""
SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["src/sample/*"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:pipeproof"]
pytest_add_cli_args_test_selection = ["tests"]
track_dependencies = false
"""


def test_mutants__what_survives_is_what_no_test_tells_apart(tmp_path: Path) -> None:
    for name, text in (
        ("src/sample/__init__.py", ""),
        ("src/sample/code.py", CODE),
        ("tests/test_code.py", TESTS),
        ("pyproject.toml", SETTINGS),
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "tools").mkdir()
    shutil.copy(TOOL, tmp_path / "tools")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MUTANT"))}
    command = [sys.executable, "tools/mutants.py", "100"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lost = {line.split()[0] + " " + line.split()[1].partition("__mutmut_")[0] for line in told(done.stdout)}
    assert lost == {"survived sample.code.x_half_known", "untested sample.code.x_never_run"}
    assert done.stdout.splitlines()[-1].startswith("score ")


def told(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith(("survived", "untested"))]
