"""What is in a project's folder, by its files alone."""

import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

_PASSED_OVER = frozenset(
    """
    node_modules __pycache__ site-packages venv env build dist target dbt_packages dbt_modules logs cdk.out
    """.split()  # noqa: SIM905 - a list of words
)
_DEFINITIONS = (".json", ".yaml", ".yml", ".template")
_LARGEST = 5_000_000
_REQUIREMENTS = ("uv.lock", "requirements-test.txt", "requirements.txt", "pyproject.toml", "setup.py", "Pipfile")


@dataclass(frozen=True, slots=True)
class Project:
    """A project's files.

    Attributes:
        folder: Its folder.
        repository: The root of its repository; the folder itself, where it is in none.
        python: Its Python files, without tests.
        definitions: JSON and YAML files that may hold a state machine.
        dbt: The folders of its dbt projects.
        requirements: The file that says what it needs, if there is one.
        tests: The folder of its tests, relative to it.
    """

    folder: Path
    repository: Path
    python: list[Path]
    definitions: list[Path]
    dbt: list[Path]
    requirements: str | None
    tests: PurePath


def look_at(folder: Path) -> Project:
    """Return what is in a project's folder."""
    from pipeproof.environments.dbt.project.settings import find_projects

    dbt = find_projects(folder)
    tests = _tests_folder(folder)
    files = [file for file in _walk(folder) if not any(file.is_relative_to(project) for project in dbt)]
    if folder in dbt:  # a project at the root of its repository: its own folders are dbt's
        files = [file for file in _walk(folder) if file.parts[len(folder.parts)] not in ("models", "macros", "seeds")]
    python = [file for file in files if file.suffix == ".py" and not _is_test(file.relative_to(folder), tests)]
    definitions = [file for file in files if file.suffix in _DEFINITIONS and file.stat().st_size < _LARGEST]
    requirements = next((name for name in _REQUIREMENTS if (folder / name).is_file()), None)
    above = (folder, *folder.parents)
    repository = next((place for place in above if (place / ".git").exists()), folder)
    return Project(folder, repository, python, definitions, dbt, requirements, tests)


def _walk(folder: Path) -> Iterator[Path]:
    for parent, names, files in os.walk(folder):
        names[:] = sorted(name for name in names if name not in _PASSED_OVER and not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(files))


def _is_test(file: PurePath, tests: PurePath) -> bool:
    named = file.name.startswith("test_") or file.name.endswith("_test.py") or file.name == "conftest.py"
    return named or file.is_relative_to(tests) or "tests" in file.parts


def _tests_folder(folder: Path) -> PurePath:
    """Return the first of pytest's `testpaths`, else `tests`."""
    try:
        declared = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        paths = declared["tool"]["pytest"]["ini_options"]["testpaths"]
    except (OSError, KeyError, TypeError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return PurePath("tests")
    first = paths.split()[0] if isinstance(paths, str) and paths.split() else paths[0] if paths else "tests"
    return PurePath(str(first)) if (folder / str(first)).is_dir() else PurePath("tests")
