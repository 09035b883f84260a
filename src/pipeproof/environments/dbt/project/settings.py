"""Where the dbt project is and what its tests connect to."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.packages import find_packages
from pipeproof.errors import InputError, Location
from pipeproof.variables import DBT_DIALECT, DBT_PROJECT_DIR, DBT_SCHEMA_PREFIX, EMBEDDED

_WAYS = f"the input dbt-project-dir, {DBT_PROJECT_DIR.name}, or pytest's --pipeproof-dbt-project-dir"

COPY = "pipeproof_copy"
"""The folder of a copy of the project, which is none of its own."""

_NEVER_PROJECTS = {
    COPY, "dbt_packages", "dbt_modules", "node_modules", "target", "site-packages", ".venv", "venv", ".git",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settings:
    """What a user can set.

    Args:
        project_dir: The folder of `dbt_project.yml`.
        target: `embedded`, or a target of the project's profile.
        schema_prefix: The first part of every test schema.
        allowed_targets: Targets that may be used although they look like production.
        dialect: The dialect of the project's SQL in the embedded database: `auto`, for what the project's profile has,
            `duckdb`, or a warehouse's.
    """

    project_dir: Path
    target: str = EMBEDDED
    schema_prefix: str = DBT_SCHEMA_PREFIX.default
    allowed_targets: frozenset[str] = frozenset()
    dialect: str = DBT_DIALECT.default

    @property
    def embedded(self) -> bool:
        """Whether the target is our own DuckDB."""
        return self.target == EMBEDDED


def find_project(start: Path, given: str | Path | None = None) -> Path:
    """Return the folder of the dbt project: the one that is given, else the only one at or below `start`.

    Raises:
        InputError: The folder that is given holds no project.
        DbtSetupError: There is none, or there are several.
    """
    if given:
        folder = (start / given).resolve()
        if not (folder / "dbt_project.yml").is_file():
            raise InputError(f"dbt-project-dir: there is no dbt_project.yml in {folder}")
        return folder
    found = find_projects(start)
    if len(found) == 1:
        return found[0]
    if not found:
        raise DbtSetupError(f"no dbt_project.yml at or below {start}", hint=f"say where it is: {_WAYS}")
    names = ", ".join(str(folder.relative_to(start.resolve())) for folder in found)
    raise DbtSetupError(f"several dbt projects below {start}: {names}", hint=f"say which one: {_WAYS}")


def find_projects(start: Path) -> list[Path]:
    """The dbt projects at or below a folder: neither their packages, wherever these are installed, nor projects inside
    of them; links are not followed."""
    found = sorted(_walk(start.resolve(), depth=6))
    installed = [folder.joinpath(find_packages(folder)).resolve() for folder in found]
    return [folder for folder in found if not any(folder.is_relative_to(packages) for packages in installed)]


def _walk(folder: Path, depth: int) -> Iterator[Path]:
    if (folder / "dbt_project.yml").is_file():
        yield folder
        return
    for child in sorted(folder.iterdir()) if depth else ():
        passed_over = child.name.startswith(".") or child.name in _NEVER_PROJECTS
        if not passed_over and child.is_dir() and not child.is_symlink():
            with suppress(PermissionError):
                yield from _walk(child, depth - 1)


def read_project_file(project_dir: Path) -> dict[str, Any]:
    """`dbt_project.yml` as it stands, Jinja unrendered."""
    path = project_dir / "dbt_project.yml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DbtSetupError(f"not YAML: {error.problem}", location=Location(path, line)) from error
    if not isinstance(content, dict):
        raise DbtSetupError("a dbt project file is a mapping", location=Location(path, 1))
    return content
