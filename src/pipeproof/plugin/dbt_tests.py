"""The dbt project's own tests as pytest items: by name, in parallel, on their line, in the same report.

Collected with `--dbt-tests`, which `pipeproof run` gives unless it is told `--no-dbt-tests`, and when a node id of
`dbt_project.yml` is asked for, so that a failed one can be run again.
"""

import json
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeproof.errors import InputError, PipeproofError, SetupError
from pipeproof.plugin.dbt import project_of, read_settings
from pipeproof.plugin.evidence import RECORDS

if TYPE_CHECKING:
    from pipeproof.environments.dbt.own_tests import OwnTest, OwnTests

RUNNER: "pytest.StashKey[OwnTests]" = pytest.StashKey()
NAMES: "pytest.StashKey[list[str]]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--dbt-tests` and `--no-dbt-tests`; the last one given wins."""
    group = parser.getgroup("pipeproof")
    group.addoption("--dbt-tests", action="store_true", default=False, help="collect the dbt project's own tests")
    group.addoption("--no-dbt-tests", action="store_false", dest="dbt_tests", help="do not collect them (the default)")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Let the project's file be among what is collected; say of a test that is not in it which one may be meant."""
    _add_project(session.config)
    try:
        return (yield)
    except pytest.UsageError as error:
        error.args += tuple(_likely_names(session.config))
        raise


def _add_project(config: pytest.Config) -> None:
    if not config.getoption("dbt_tests"):
        return
    try:
        file = read_settings(config).project_dir / "dbt_project.yml"
    except InputError as error:
        raise pytest.UsageError(str(error)) from error
    except PipeproofError:
        return  # a suite without a dbt project, or with several: nothing to add to it
    if file not in {Path(argument.partition("::")[0]).resolve() for argument in config.args}:
        config.args.append(str(file))


def _likely_names(config: pytest.Config) -> Iterator[str]:
    """For each node id of a project's test that there is not, what it may mean."""
    names = config.stash.get(NAMES, [])
    for argument in config.args if names else ():
        file, _, name = argument.partition("::")
        if Path(file).name == "dbt_project.yml" and name and name not in names:
            from pipeproof.environments.dbt.project.mistakes import suggest

            hint = suggest(name, names) or "`--dbt-tests --collect-only` lists those that there are"
            yield f"the dbt project has no test {name!r}: {hint}"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the project's file, where it is asked for."""
    if file_path.name != "dbt_project.yml":
        return None
    asked = any(Path(argument.partition("::")[0]).name == file_path.name for argument in parent.config.args)
    return DbtProjectFile.from_parent(parent, path=file_path) if asked else None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Drop the schema in which the tests ran."""
    runner = session.config.stash.get(RUNNER, None)
    if runner is not None:
        runner.close()
        del session.config.stash[RUNNER]


class DbtProjectFile(pytest.File):
    """`dbt_project.yml`: the project's own tests are in it."""

    def collect(self) -> Iterator["DbtTestItem"]:
        """The tests, by file and line."""
        from pipeproof.environments.dbt.own_tests import list_tests

        try:
            tests = list_tests(project_of(self.config))
        except SetupError as error:
            way_out = "`--no-dbt-tests` leaves out the dbt project's own tests"
            error.hint = f"{error.hint}\n  {way_out}" if error.hint else way_out
            raise
        self.config.stash[NAMES] = [test.name for test in tests]
        for test in tests:
            yield DbtTestItem.from_parent(self, name=test.name, test=test)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_style: object) -> str:
        """What dbt says, without a traceback of ours."""
        return _show(excinfo) or str(super().repr_failure(excinfo))


class DbtTestItem(pytest.Item):
    """One data test or unit test.

    Args:
        test: The test.
    """

    def __init__(self, *, test: "OwnTest", **arguments: object) -> None:
        super().__init__(**arguments)  # type: ignore[arg-type]
        self.test = test

    def runtest(self) -> None:
        """Build what the test looks at, and run it."""
        from pipeproof.environments.dbt.own_tests import MissingInput, OwnTests

        records = self.stash.setdefault(RECORDS, [])
        config = self.config

        def record(kind: str, data: Mapping[str, Any]) -> None:
            records.append({"kind": kind, "data": json.loads(json.dumps(data, default=str))})

        if RUNNER not in config.stash:
            config.stash[RUNNER] = OwnTests(project_of(config))
        try:
            node = config.stash[RUNNER].run(self.test, record)
        except MissingInput as reason:
            pytest.skip(str(reason))
        if node.status == "warn":
            self.warn(pytest.PytestWarning(f"{self.name}: {node.message}"))

    def reportinfo(self) -> tuple[Path, int, str]:
        """The line that declares it, counted from 0 as pytest does."""
        return self.test.file, self.test.line - 1, f"{self.parent.name if self.parent else ''}::{self.name}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_style: object) -> str:
        """What dbt says, without a traceback of ours."""
        return _show(excinfo) or str(super().repr_failure(excinfo))


def _show(excinfo: pytest.ExceptionInfo[BaseException]) -> str | None:
    return str(excinfo.value) if isinstance(excinfo.value, PipeproofError) else None
