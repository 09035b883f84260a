"""The dbt project's own tests as pytest items: by name, in parallel, on their line, in the same report.

Collected with `--dbt-tests`, which `pipeproof run` gives unless it is told `--no-dbt-tests`, and when a node id of
`dbt_project.yml` is asked for, so that a failed one can be run again.

PYTEST_DONT_REWRITE
"""

import json
from collections.abc import Collection, Generator, Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeproof.errors import PipeproofError, SetupError
from pipeproof.plugin.dbt import given_project, project_of
from pipeproof.plugin.evidence import RECORDS

if TYPE_CHECKING:
    from pipeproof.environments.dbt.own_tests import OwnTest, OwnTests

RUNNERS: "pytest.StashKey[dict[Path, OwnTests]]" = pytest.StashKey()
NAMES: "pytest.StashKey[dict[Path, list[str]]]" = pytest.StashKey()
WANTED: "pytest.StashKey[frozenset[Path]]" = pytest.StashKey()
"""The projects whose own tests are collected: the folders."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--dbt-tests` and `--no-dbt-tests`; the last one given wins."""
    group = parser.getgroup("pipeproof")
    group.addoption("--dbt-tests", action="store_true", default=False, help="collect the dbt project's own tests")
    group.addoption("--no-dbt-tests", action="store_false", dest="dbt_tests", help="do not collect them (the default)")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Let the project's file be among what is collected; say of a test that is not in it which one may be meant."""
    config = session.config
    asked = {file.parent.resolve() for argument in config.args if (file := _project_file(config, argument)) is not None}
    config.stash[WANTED] = frozenset({*asked, *_find_wanted(config, asked)})
    try:
        return (yield)
    except pytest.UsageError as error:
        error.args += tuple(_likely_names(config))
        raise


def _find_wanted(config: pytest.Config, asked: Collection[Path]) -> list[Path]:
    """Return the folders of the projects that `--dbt-tests` stands for; a single one is added to the arguments."""
    if not config.getoption("dbt_tests"):
        return []
    from pipeproof.environments.dbt.project.settings import find_projects

    try:
        given = given_project(config)
    except PipeproofError as error:
        raise pytest.UsageError(str(error)) from error
    found = [given] if given else find_projects(config.invocation_params.dir) or find_projects(config.rootpath)
    if len(found) == 1 and found[0] not in asked and not _is_reached(config, found[0]):
        config.args.append(str(found[0] / "dbt_project.yml"))
    return found


def _is_reached(config: pytest.Config, project: Path) -> bool:
    """Return whether pytest comes by a project on its way through a folder that is an argument of its.

    pytest before version 9 runs nothing else of a folder where a file in it is an argument too (pytest's issue 12083).
    """
    for argument in config.args:
        folder = (config.invocation_params.dir / argument.partition("::")[0]).resolve()
        if project.is_relative_to(folder):
            parts = project.relative_to(folder).parts
            passed_over = config.getini("norecursedirs")
            if not any(fnmatch(part, pattern) for part in parts for pattern in passed_over):
                return True
    return False


def _project_file(config: pytest.Config, argument: str) -> Path | None:
    """Return the project's file that an argument of pytest's names, with a test in it or without."""
    file = config.invocation_params.dir / argument.partition("::")[0]
    return file if file.name == "dbt_project.yml" else None


def _likely_names(config: pytest.Config) -> Iterator[str]:
    """For each node id of a project's test that there is not, what it may mean."""
    for argument in config.args:
        file, name = _project_file(config, argument), argument.partition("::")[2]
        names = config.stash.get(NAMES, {}).get(file.parent.resolve(), []) if file is not None else []
        if name and names and name not in names:
            from pipeproof.environments.dbt.project.mistakes import suggest

            hint = suggest(name, names) or "`--dbt-tests --collect-only` lists those that there are"
            yield f"the dbt project has no test {name!r}: {hint}"


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the packages that `dbt deps` has installed, a link to the project itself among them, and links to what
    they are in: pytest would go round and round."""
    path = collection_path
    if path.is_symlink() and path.is_dir() and path.parent.resolve().is_relative_to(path.resolve()):
        return True
    if not (path.parent / "dbt_project.yml").is_file() or not path.is_dir():
        return None
    from pipeproof.environments.dbt.packages import find_packages

    return True if path == path.parent / Path(find_packages(path.parent)).parts[0] else None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a project's file, where its own tests are wanted; not by way of a link, lest they come twice."""
    if file_path.name != "dbt_project.yml" or file_path.parent.resolve() not in parent.config.stash.get(WANTED, ()):
        return None
    config = parent.config
    asked = file_path in {_project_file(config, argument) for argument in config.args}
    below = [folder for folder in file_path.parents if folder.is_relative_to(config.rootpath)]
    linked = any(folder.is_symlink() for folder in below if folder != config.rootpath)
    return DbtProjectFile.from_parent(parent, path=file_path) if asked or not linked else None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Drop the schemas in which the tests ran."""
    for runner in session.config.stash.get(RUNNERS, {}).values():
        runner.close()
    session.config.stash[RUNNERS] = {}


class DbtProjectFile(pytest.File):
    """`dbt_project.yml`: the project's own tests are in it."""

    def collect(self) -> Iterator["DbtTestItem"]:
        """Yield the tests, by file and line."""
        from pipeproof.environments.dbt.own_tests import list_tests

        try:
            tests = list_tests(project_of(self.config, self.path.parent.resolve()))
        except SetupError as error:
            way_out = "`--no-dbt-tests` leaves out the dbt project's own tests"
            error.hint = f"{error.hint}\n  {way_out}" if error.hint else way_out
            raise
        names = self.config.stash.setdefault(NAMES, {})
        names[self.path.parent.resolve()] = [test.name for test in tests]
        for test in tests:
            yield DbtTestItem.from_parent(self, name=test.name, test=test)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_style: object) -> str:
        """Return what dbt says, without a traceback of ours."""
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
        folder = self.path.parent.resolve()
        runners = self.config.stash.setdefault(RUNNERS, {})

        def record(kind: str, data: Mapping[str, Any]) -> None:
            records.append({"kind": kind, "data": json.loads(json.dumps(data, default=str))})

        if folder not in runners:
            runners[folder] = OwnTests(project_of(self.config, folder))
        try:
            node = runners[folder].run(self.test, record)
        except MissingInput as reason:
            pytest.skip(str(reason))
        if node.status == "warn":
            self.warn(pytest.PytestWarning(f"{self.name}: {node.message}"))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the line that declares it, counted from 0 as pytest does."""
        return self.test.file, self.test.line - 1, f"{self.parent.name if self.parent else ''}::{self.name}"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_style: object) -> str:
        """Return what dbt says, without a traceback of ours."""
        return _show(excinfo) or str(super().repr_failure(excinfo))


def _show(excinfo: pytest.ExceptionInfo[BaseException]) -> str | None:
    return str(excinfo.value) if isinstance(excinfo.value, PipeproofError) else None
