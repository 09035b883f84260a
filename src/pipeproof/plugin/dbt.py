"""The fixture for dbt: a project in a schema of its own for each test.

What it runs against is said by options of pytest, by environment variables, or by the ini file, in this order; the
action's inputs `dbt-project-dir`, `dbt-target`, `dbt-schema-prefix` and `dbt-dialect` arrive as the variables.

Private in pytest, and used here alone: the configuration's factory of temporary folders, as the project is needed
while tests are collected, when there are no fixtures yet.

PYTEST_DONT_REWRITE
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeproof import environ, variables
from pipeproof.plugin.evidence import Evidence
from pipeproof.scratch import Scratch

if TYPE_CHECKING:
    from pipeproof.environments.dbt.project.settings import Settings
    from pipeproof.environments.dbt.scenario.scenario import Dbt
    from pipeproof.environments.dbt.session.project import DbtProject

PROJECTS: "pytest.StashKey[dict[Path, DbtProject]]" = pytest.StashKey()

SETTINGS = {
    "project_dir": "the folder of dbt_project.yml (found when it is the only one)",
    "target": "`embedded` (DuckDB, the default) or a target of the project's profile",
    "schema_prefix": "the first part of every test schema (`pipeproof`)",
    "dialect": "the dialect of the project's SQL in the embedded database: `auto` (its profile's), or by name",
    "allow_target": "a target that may be used although it looks like production",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and their ini values."""
    group = parser.getgroup("pipeproof")
    for name, meaning in SETTINGS.items():
        flag = f"--pipeproof-dbt-{name.replace('_', '-')}"
        group.addoption(flag, dest=f"pipeproof_dbt_{name}", default=None, help=f"dbt: {meaning}")
        parser.addini(f"pipeproof_dbt_{name}", f"dbt: {meaning}", default="")


def read_settings(config: pytest.Config, project_dir: Path | None = None) -> "Settings":
    """Return what to run dbt tests against.

    Args:
        config: pytest's configuration.
        project_dir: The folder of the project, where it is not for the settings to say.
    """
    from pipeproof.environments.dbt.project.settings import Settings

    return Settings(
        project_dir=project_dir or given_project(config) or _find_project(config),
        target=variables.DBT_TARGET.read(*_given(config, "target")),
        schema_prefix=variables.DBT_SCHEMA_PREFIX.read(*_given(config, "schema_prefix")),
        dialect=variables.DBT_DIALECT.read(*_given(config, "dialect")),
        allowed_targets=variables.DBT_ALLOW_TARGET.read(*_given(config, "allow_target")),
    )


def given_project(config: pytest.Config) -> Path | None:
    """The folder of the project that the settings name, relative to the working directory; in the ini file, to that."""
    from pipeproof.environments.dbt.project.settings import find_project

    option, ini = _given(config, "project_dir")
    given = variables.DBT_PROJECT_DIR.read(option, ini)
    here = option or variables.DBT_PROJECT_DIR.is_set
    return find_project(config.invocation_params.dir if here else config.rootpath, given) if given else None


def _find_project(config: pytest.Config) -> Path:
    """The only project at or below the working directory, else at or below pytest's root, which may be above it."""
    from pipeproof.environments.dbt.project.settings import find_project, find_projects

    here = config.invocation_params.dir
    return find_project(here if find_projects(here) else config.rootpath)


def _given(config: pytest.Config, name: str) -> tuple[object, object]:
    """Return what an option and the ini file say."""
    return config.getoption(f"pipeproof_dbt_{name}", None), config.getini(f"pipeproof_dbt_{name}")


def project_of(config: pytest.Config, project_dir: Path | None = None) -> "DbtProject":
    """Return a project of this process, made when it is first asked for; its folder is among pytest's temporary ones.

    Args:
        config: pytest's configuration.
        project_dir: The project's folder, where it is not the one that the settings say.
    """
    from pipeproof.environments.dbt.engine import open_project
    from pipeproof.environments.dbt.run_names import name_run

    projects = config.stash.setdefault(PROJECTS, {})
    settings = read_settings(config, project_dir)
    if settings.project_dir not in projects:
        worker = environ.get("PYTEST_XDIST_WORKER")
        folder, shared = _folders(config, is_worker=bool(worker))
        name = name_run(settings.schema_prefix, worker or "w0")
        projects[settings.project_dir] = open_project(settings, name, folder, shared)
    return projects[settings.project_dir]


def _folders(config: pytest.Config, *, is_worker: bool) -> tuple[Path, Path]:
    """Return a new folder among pytest's temporary ones, and the one that all workers of the run have."""
    from pipeproof.plugin.touched import FOLDERS

    def made() -> Path | None:
        folder: Path = config._tmp_path_factory.mktemp("dbt")  # type: ignore[attr-defined]  # noqa: SLF001
        return folder

    folder = FOLDERS.read(made, None)
    if folder is None:
        folder = Scratch.make("dbt-").path
        return folder, folder
    return folder, folder.parent.parent if is_worker else folder.parent


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give back what the projects hold."""
    for project in config.stash.get(PROJECTS, {}).values():
        project.close()
    config.stash[PROJECTS] = {}


@pytest.fixture(scope="session")
def _dbt_project(pytestconfig: pytest.Config) -> "DbtProject":
    """Return the project, parsed once a run."""
    return project_of(pytestconfig)


@pytest.fixture
def dbt(_dbt_project: "DbtProject", evidence: Evidence, request: pytest.FixtureRequest) -> Iterator["Dbt"]:
    """Yield the project in an isolated schema of this test's own; its files are untouched.

    `given` puts rows in place of models, seeds, snapshots and sources; `run`, `build`, `seed`, `test`, `snapshot` and
    `compile` are dbt's commands; `rows`, `arrow` and `sql` read what was built, and `expect` compares it.
    """
    from pipeproof.environments.dbt.engine import open_scenario

    scenario = open_scenario(_dbt_project, evidence, (Path(request.path).parent, request.config.rootpath))
    try:
        yield scenario
    finally:
        scenario.close()
