"""What other tools write down of requirements."""

import json
from pathlib import Path

import pytest

from pipeproof.errors import SetupError
from pipeproof.inputs import Install
from pipeproof.sandbox.install import Requirements, requirements_of
from pipeproof.sandbox.manifests import stale_in_lock


def _asked(project: Path, **files: str) -> Requirements | None:
    for name, text in files.items():
        (project / name.replace("__", ".")).write_text(text)
    return requirements_of(Install("auto", ()), project, lambda _: pytest.fail("uv is not asked"))


def test_pipfile_lock__is_read(tmp_path: Path) -> None:
    lock = {
        "default": {"requests": {"version": "==2.32.0", "extras": ["socks"], "markers": "python_version > '3'"}},
        "develop": {"pytest": {"version": "==9.0.0"}},
    }
    asked = _asked(tmp_path, Pipfile="", Pipfile__lock=json.dumps(lock))
    assert asked is not None
    assert asked.lines == ("requests[socks]==2.32.0 ; python_version > '3'", "pytest==9.0.0")


def test_setup_py__is_installed(tmp_path: Path) -> None:
    asked = _asked(tmp_path, setup__py="from setuptools import setup\nsetup()\n")
    assert asked is not None
    assert (asked.source, asked.lines) == ("setup.py", (f"-e {tmp_path}",))


def test_poetry__is_built_and_its_lock_said_to_be_passed_over(tmp_path: Path) -> None:
    text = '[tool.poetry]\nname = "a"\n[tool.poetry.group.dev.dependencies]\n[build-system]\nrequires = []\n'
    asked = _asked(tmp_path, pyproject__toml=text)
    assert asked is not None
    assert asked.lines == (f"-e {tmp_path}",)
    assert "poetry.lock is not read, and of its groups (dev) nothing is installed" in str(asked.note)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"Pipfile": "[packages]\n"}, "a Pipfile and no Pipfile.lock"),
        ({"Pipfile__lock": '{"default": {"a": {"git": "https://x"}}}'}, "takes a from git"),
        ({"Pipfile__lock": "["}, "Pipfile.lock cannot be read"),
        ({"pyproject__toml": "[tool.poetry]\npackage-mode = false\n"}, "Poetry's and no package"),
    ],
)
def test_requirements__that_cannot_be_installed_are_refused(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(SetupError, match=said):
        _asked(tmp_path, **files)


def test_requirements__a_file_of_tools_settings_asks_for_nothing(tmp_path: Path) -> None:
    assert _asked(tmp_path, pyproject__toml="[tool.ruff]\n", setup__cfg="[flake8]\n") is None


LOCK = """
version = 1
[[package]]
name = "orders"
source = { virtual = "." }
[package.metadata]
requires-dist = [
    { name = "boto3", specifier = ">=1.35,<2" },
    { name = "own", git = "https://git.example/own" },
    { name = "moto", extras = ["s3"], marker = "extra == 'test'", specifier = ">=5" },
]
[package.metadata.requires-dev]
test = [{ name = "pytest" }]
"""


@pytest.mark.parametrize(
    ("dependencies", "stale"),
    [
        (["boto3<2, >=1.35"], []),
        (["Boto3>=1.35,<2", "duckdb>=1"], ["duckdb>=1"]),
        (["boto3>=1.36", "own>=2"], ["boto3>=1.36"]),
        (["boto3 @ https://x/boto3.whl"], []),
    ],
)
def test_stale_in_lock(dependencies: list[str], stale: list[str]) -> None:
    project = {"name": "orders", "dependencies": dependencies, "optional-dependencies": {"test": ["moto[s3]>=5"]}}
    assert stale_in_lock(LOCK, {"project": project, "dependency-groups": {"test": ["pytest"]}}) == stale


def test_stale_in_lock__what_cannot_be_compared_fits() -> None:
    assert stale_in_lock("version = 1", {"project": {"name": "orders", "dependencies": ["a"]}}) == []
    dynamic = {"project": {"name": "orders", "dynamic": ["dependencies"]}}
    assert stale_in_lock(LOCK, dynamic) == []
