"""dbt by its command line: one process an invocation, read by its artifacts and its log."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pipeproof import environ
from pipeproof.environments.dbt.cli.log import CliOutcome, read_log
from pipeproof.environments.dbt.errors import DbtSetupError
from pipeproof.environments.dbt.project.profile import Folders
from pipeproof.variables import DBT_SCHEMA

_QUIET = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DBT_USE_COLORS": "false",
    "DBT_LOG_FORMAT": "json",
    "DBT_LOG_LEVEL_FILE": "error",  # the lowest that versions 1 and 2 both know
    "DBT_VERSION_CHECK": "false",
    "DBT_DISABLE_VERSION_CHECK": "true",  # version 2's name for it
    "RUST_BACKTRACE": "0",  # where it is set version 2 ends each message with its own stack
}
_LOUD = {"DBT_DEBUG", "DBT_LOG_LEVEL", "DBT_QUIET", "DBT_LOG_FORMAT_FILE"}
"""What would change which events are in the log; the levels of the two versions' events are not the same."""


def find_dbt() -> str | None:
    """Return the executable `dbt`: the environment's own, else the one on `PATH`."""
    import sys

    beside = Path(sys.executable).with_name("dbt")
    return str(beside) if beside.is_file() else shutil.which("dbt")


def run_dbt(
    folders: Folders, overlay: Path, arguments: Sequence[str], schema: str, variables: Mapping[str, str]
) -> CliOutcome:
    """Run a command on a copy of the project, `target.schema` being `schema`."""
    program = find_dbt()
    if program is None:
        raise DbtSetupError("dbt is not installed", hint="add dbt-core and dbt-duckdb to the project's requirements")
    (folders.target / "run_results.json").unlink(missing_ok=True)
    shutil.rmtree(folders.target / "compiled", ignore_errors=True)  # what is there afterwards is of this run
    placed = replace(folders, project=overlay).arguments()
    surroundings = {name: value for name, value in environ.everything().items() if name not in _LOUD}
    done = subprocess.run(
        [program, *arguments, *placed],
        env={**surroundings, **_QUIET, **variables, DBT_SCHEMA: schema},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return read_log(done.returncode, done.stdout, done.stderr)
