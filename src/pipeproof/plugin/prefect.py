"""Fixtures for Prefect.

While the user's modules are imported (conftest files, collection) Prefect sees an empty profile; the ini option
`pipeproof_prefect_configuration = ambient` leaves imports alone.

The fork server is started while pytest collects, as soon as a test file names one of the fixtures, so that it is ready
when the first test wants it.

PYTEST_DONT_REWRITE
"""

import sys
from collections.abc import Generator
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import pytest

from pipeproof.errors import InputError
from pipeproof.plugin.evidence import Evidence
from pipeproof.variables import PATCHES, PREFECT_DATABASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeproof.environments.prefect.runs.pending import PendingRun
    from pipeproof.environments.prefect.runs.results import FlowResult
    from pipeproof.environments.prefect.server.prefect_server import PrefectServer

_SERVER_FIXTURES = frozenset({"prefect_server", "fresh_prefect_server", "run_flow"})
_UNDO = "_undo_prefect_writes"
_NOT_THERE = ("Unable to find block document", "Timed out while attempting to connect to ephemeral Prefect API server")
_EMPTY = (
    "Modules are imported with an empty profile of Prefect, so that none of your own blocks and variables is read: "
    "load it within the flow, and have a fixture save it."
)


class RunFlow(Protocol):
    """The type of the fixture `run_flow`."""

    def __call__(self, flow: Any, /, *args: Any, check: bool = True, **parameters: Any) -> "FlowResult":
        """Run the flow; in an asynchronous test, to be awaited."""
        ...


class CallFn(Protocol):
    """The type of the fixture `call_fn`."""

    def __call__(self, flow_or_task: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of the database."""
    help_text = "the database of Prefect's test server: sqlite, or a postgresql+asyncpg:// URL"
    parser.getgroup("pipeproof").addoption("--prefect-database", default=None, metavar="URL", help=help_text)
    parser.addini("prefect_database", help_text, default=None)
    parser.addini(
        "pipeproof_prefect_configuration",
        "empty: modules are imported with an empty profile of Prefect; ambient: with the user's",
        default="empty",
    )


def _while_importing(config: pytest.Config) -> AbstractContextManager[None]:
    configuration = config.getini("pipeproof_prefect_configuration")
    if configuration not in ("empty", "ambient"):
        raise pytest.UsageError(f"pipeproof_prefect_configuration is empty or ambient, not {configuration!r}")
    if configuration == "ambient" or find_spec("prefect") is None or PATCHES.read() == "none":
        return nullcontext()
    from pipeproof.environments.prefect.importing import empty_profile

    return empty_profile()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Import the first conftest files with an empty profile."""
    with _while_importing(early_config):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Import the tests, and with them the user's modules, with an empty profile."""
    with _while_importing(session.config):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Say why a block that a module loads when it is imported is not there."""
    report = yield
    excinfo = getattr(getattr(report, "call", None), "excinfo", None)
    if excinfo is not None and str(excinfo.value).startswith(_NOT_THERE):
        excinfo.value.add_note(_EMPTY)
        report.sections.append(("Prefect", _EMPTY))
    return report


class _Explained:
    """Says of a failure what it was for; registered where a test has a server, so that others pay nothing."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Say how requests to the test server pass a library that stands in for HTTP."""
        try:
            return (yield)
        except Exception as error:
            if not _SERVER_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
                from pipeproof.plugin.http_mocks import way_past

                if line := way_past(error):
                    error.add_note(line)
            raise

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the output of a failing flow short, unless all of it is asked for (`--tb=long`, `--full-trace`)."""
        report = yield
        if call.excinfo is None or item.config.option.fulltrace or item.config.option.tbstyle not in ("auto", "short"):
            return report
        outcomes = sys.modules.get("pipeproof.environments.prefect.runs.outcomes")
        if outcomes is not None and isinstance(call.excinfo.value, outcomes.FlowNotCompleted):
            from pipeproof.plugin.folding import fold
            from pipeproof.plugin.touched import RECORDS

            def logged() -> list[Any] | None:
                records: dict[str, list[Any]] = item.stash.get(RECORDS.find("_pytest.logging:caplog_records_key"), {})
                return records.get(call.when, [])

            fold(report, RECORDS.read(logged, None))
        return report


def _explain(config: pytest.Config) -> None:
    if not config.pluginmanager.has_plugin("pipeproof-prefect"):
        config.pluginmanager.register(_Explained(), "pipeproof-prefect")


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> None:
    """Start the fork server before a test file that names a fixture is imported: both take seconds."""
    try:
        source = module_path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    if any(name in source for name in _SERVER_FIXTURES):
        _start_early(parent.config)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Start the fork server for a test that comes by a fixture in some other way, such as through a conftest.

    The test's writes to the session's server are to be undone, so the fixture that does it goes before the first
    fixture of the test's own.
    """
    names = getattr(item, "fixturenames", [])
    if _SERVER_FIXTURES.isdisjoint(names):
        return
    _explain(item.config)
    _start_early(item.config)
    if _UNDO not in names and ("prefect_server" in names or "fresh_prefect_server" not in names):
        names.insert(_first_of_function_scope(item, names), _UNDO)


def _first_of_function_scope(item: pytest.Item, names: list[str]) -> int:
    from pipeproof.plugin.touched import FIXTURES

    def first() -> int:
        definitions = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]  # noqa: SLF001
        scopes = (definitions[name][-1].scope if name in definitions else "function" for name in names)
        return next((index for index, scope in enumerate(scopes) if scope == "function"), len(names))

    return FIXTURES.read(first, len(names))


def _start_early(config: pytest.Config) -> None:
    if config.option.collectonly or find_spec("prefect") is None or PATCHES.read() == "none":
        return
    from pipeproof.environments.prefect.server import launcher

    launcher.start(_database(config))


def _database(config: pytest.Config) -> str | None:
    """The PostgreSQL URL that was chosen: on the command line, in the environment, or in the project's settings."""
    try:
        chosen = PREFECT_DATABASE.read(config.getoption("--prefect-database"), config.getini("prefect_database"))
    except InputError as error:
        raise pytest.UsageError(str(error)) from error
    return None if chosen == PREFECT_DATABASE.default else chosen


def _require_prefect() -> None:
    from pipeproof.environments.installed import require

    require("Prefect", "prefect", "prefect", "aiosqlite")


@pytest.fixture(scope="session")
def prefect_server(pytestconfig: pytest.Config) -> "Iterator[PrefectServer]":
    """Yield a real Prefect server on a database of its own, one a session (and one a worker, under xdist)."""
    _require_prefect()
    _explain(pytestconfig)
    from pipeproof.environments.prefect.server.prefect_server import open_server

    with open_server(_database(pytestconfig)) as server:
        yield server


@pytest.fixture(name=_UNDO)
def _undo_prefect_writes(prefect_server: "PrefectServer") -> "Iterator[None]":
    """Undo what the test changes: settings, and what it writes to the session's server.

    What fixtures of a wider scope have changed stays.
    """
    from pipeproof.environments.prefect.runs.threads import flows_awaited
    from pipeproof.environments.prefect.server.keeping import settings_kept

    prefect_server.checkpoint()
    with settings_kept(), flows_awaited():
        yield
    prefect_server.restore()


@pytest.fixture
def fresh_prefect_server(pytestconfig: pytest.Config) -> "Iterator[PrefectServer]":
    """Yield a Prefect server for this test alone; the session's is in force again after it."""
    _require_prefect()
    _explain(pytestconfig)
    from pipeproof.environments.prefect.runs.threads import flows_awaited
    from pipeproof.environments.prefect.server.keeping import settings_kept
    from pipeproof.environments.prefect.server.prefect_server import open_server

    with settings_kept(), open_server(_database(pytestconfig)) as server, flows_awaited():
        yield server


@pytest.fixture
def run_flow(request: pytest.FixtureRequest, evidence: Evidence) -> "Iterator[RunFlow]":
    """Run a flow through Prefect's engine → [FlowResult][pipeproof.environments.prefect.runs.results.FlowResult].

    With `check` (the default) a run that does not complete raises, the user's own exception being the cause. Retry
    delays are not slept unless the test is marked `real_time`. In an asynchronous test it is awaited.
    """
    if "fresh_prefect_server" not in request.fixturenames:
        request.getfixturevalue("prefect_server")
    real_time = request.node.get_closest_marker("real_time") is not None

    pending: list[PendingRun] = []

    def told(result: "FlowResult", *, check: bool) -> "FlowResult":
        __tracebackhide__ = True
        from pipeproof.environments.prefect.runs import flow_runs as runs
        from pipeproof.environments.prefect.runs import results

        evidence("prefect.flow_run", results.describe(result))
        if isinstance(result.error, pytest.fail.Exception | pytest.skip.Exception | pytest.exit.Exception):
            raise result.error
        return runs.outcome(result) if check else result

    def run(flow: Any, /, *args: Any, check: bool = True, **parameters: Any) -> "FlowResult":
        __tracebackhide__ = True
        from pipeproof.environments.prefect.runs import flow_runs as runs
        from pipeproof.environments.prefect.runs.loops import loop_runs_here
        from pipeproof.environments.prefect.runs.pending import PendingRun

        if not loop_runs_here():
            return told(runs.run_flow(flow, args, parameters, real_time=real_time), check=check)

        async def awaited() -> "FlowResult":
            __tracebackhide__ = True
            return told(await runs.run_flow_here(flow, args, parameters, real_time=real_time), check=check)

        pending.append(PendingRun(getattr(flow, "name", str(flow)), awaited))
        return cast("FlowResult", pending[-1])

    yield run
    for each in pending:
        each.require_awaited()


@pytest.fixture
def call_fn(request: pytest.FixtureRequest) -> "Iterator[CallFn]":
    """Call the function underneath a flow or task, without the engine; its run logger works and reaches `caplog`.

    The tasks that a flow's function calls are run by the engine, and so on the test server. What the test changes of
    Prefect's settings is undone.
    """
    _require_prefect()
    from pipeproof.environments.prefect.server.keeping import settings_kept

    def call(flow_or_task: Any, /, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        from prefect import Flow

        from pipeproof.environments.prefect.runs import calls

        if isinstance(flow_or_task, Flow) and "fresh_prefect_server" not in request.fixturenames:
            request.getfixturevalue(_UNDO)
        return calls.call_fn(flow_or_task, *args, **kwargs)

    with settings_kept():
        yield call
