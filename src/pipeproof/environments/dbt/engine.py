"""Which way dbt is run, chosen here alone: in this process, or by its command line where that cannot be."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.project.settings import Settings
from pipeproof.environments.dbt.run_names import RunName
from pipeproof.environments.dbt.scenario.scenario import Dbt, Recorder
from pipeproof.environments.dbt.session.project import DbtProject
from pipeproof.environments.installed import is_installed, not_installed
from pipeproof.variables import DBT_ENGINE


def open_project(settings: Settings, name: RunName, folder: Path, shared: Path) -> DbtProject:
    """Return the project, to be run as the dbt that is installed can be; the arguments are those of `DbtProject`."""
    if choose_engine() == "python":
        return DbtProject(settings, name, folder, shared)
    from pipeproof.environments.dbt.cli.project import CliProject
    from pipeproof.environments.dbt.cli.run import find_dbt

    if not is_installed("duckdb"):
        missing = f"duckdb, into which {find_dbt() or 'dbt'} builds and out of which the tests read,"
        raise DbtSetupError(not_installed(missing, "dbt", "duckdb"))
    return CliProject(settings, name, folder, shared)


def open_scenario(project: DbtProject, record: Recorder, folders: Sequence[Path] = ()) -> Dbt:
    """One test's dbt; the arguments are those of `Dbt`."""
    from pipeproof.environments.dbt.cli.project import CliProject
    from pipeproof.environments.dbt.cli.scenario import CliDbt

    return (CliDbt if isinstance(project, CliProject) else Dbt)(project, record, folders)


def choose_engine() -> str:
    """`python` where dbt has the Python entry of its version 1, which takes a manifest; else `cli`.

    Raises:
        DbtSetupError: There is no dbt at all.
    """
    if asked := DBT_ENGINE.read():
        return asked
    if _has_python_entry():
        return "python"
    from pipeproof.environments.dbt.cli.run import find_dbt

    if find_dbt() is None:
        raise DbtSetupError(not_installed("dbt", "dbt", "dbt-duckdb"))
    return "cli"


@cache
def _has_python_entry() -> bool:
    import inspect

    try:
        from dbt.cli.main import dbtRunner

        return "manifest" in inspect.signature(dbtRunner).parameters
    except (ImportError, ValueError):
        return False
