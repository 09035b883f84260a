"""Fixtures for Step Functions: state machines that run in the test's own process, on a virtual clock.

PYTEST_DONT_REWRITE
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from pipeproof.plugin.events import REASONS
from pipeproof.plugin.evidence import Evidence
from pipeproof.plugin.live import SECTIONS, any_marked

if TYPE_CHECKING:
    from pipeproof.stepfunctions.machine import StateMachine


class MakeStateMachine(Protocol):
    """The type of the fixture `state_machine`."""

    def __call__(self, source: "Mapping[str, Any] | str | Path", **options: Any) -> "StateMachine":
        """Make a state machine of a definition; the options are those of `pipeproof.StateMachine`."""
        ...


_EXECUTION = "stepfunctions.execution"
_WORKER_KEY = "pipeproof_stepfunctions"
_COVERAGES = pytest.StashKey[list[dict[str, Any]]]()
"""What the executions of this process, and of xdist's workers, have covered."""
_SHORTFALL = pytest.StashKey[list[str]]()
"""The machines that tests have covered less than is asked for, each with what is missing."""


def pytest_configure(config: pytest.Config) -> None:
    """Let handlers have the real credentials, the network and real time in live tests."""
    config.stash.setdefault(SECTIONS, []).append(_live_handlers)


def _live_handlers() -> AbstractContextManager[None]:
    from pipeproof.stepfunctions.answers.invocations import live_handlers

    return live_handlers()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Wrap the tests where one is marked `real_time`."""
    if any_marked(session.items, "real_time"):
        session.config.pluginmanager.register(_RealTime(), "pipeproof-real-time")


class _RealTime:
    """Lets handlers sleep in real time in tests that are marked `real_time`."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        if item.get_closest_marker("real_time") is None:
            return (yield)
        from pipeproof.virtual_time import in_real_time

        with in_real_time():
            return (yield)


@pytest.fixture
def state_machine(request: pytest.FixtureRequest, evidence: Evidence) -> MakeStateMachine:
    """Make state machines of definitions: `state_machine("orders.asl.json").run({"id": 1}, mocks={...})`.

    The source is a dict or the path of a file (JSON, YAML, SAM, CloudFormation); a relative path is looked for beside
    the test's file first, then from the root of the tests. The options are those of `pipeproof.StateMachine`. Each
    execution is recorded as evidence, with what it has covered of the definition.
    """
    from pipeproof.stepfunctions.machine import StateMachine

    observe = _observer(request.config, evidence)
    places = (request.path.parent, request.config.rootpath, request.config.invocation_params.dir)

    def make(source: "Mapping[str, Any] | str | Path", **options: Any) -> StateMachine:
        if isinstance(options.get("role_policy"), (str, Path)):
            options["role_policy"] = find_source(options["role_policy"], places)
        machine = StateMachine(find_source(source, places), **options)
        machine.observers.append(observe)
        return machine

    return make


def _observer(config: pytest.Config, evidence: Evidence) -> Callable[[Any, Any], None]:
    """Return what keeps an execution: as evidence of its test, and what it covered for the threshold of the run."""
    from pipeproof.stepfunctions.reporting.evidence import execution_evidence

    def observe(run: Any, execution: Any) -> None:
        record = execution_evidence(run, execution)
        evidence(_EXECUTION, record)
        config.stash.setdefault(_COVERAGES, []).append(record["coverage"])

    return observe


def serve_state_machines(stub: Any, config: pytest.Config, evidence: Evidence) -> None:
    """Let boto3's stepfunctions on the stubs of `aws` run executions by our engine, and record them as evidence."""
    from pipeproof.stepfunctions.moto_service import engine_in_moto

    service = stub.stack.enter_context(engine_in_moto(_observer(config, evidence)))
    stub.clocks.append(service.pass_time)


def find_source(source: "Mapping[str, Any] | str | Path", places: tuple[Path, ...]) -> "Mapping[str, Any] | str | Path":
    """Return a definition's path from the first of the places that has it; anything else as it is."""
    if isinstance(source, Mapping) or (isinstance(source, str) and source.lstrip().startswith("{")):
        return source
    path = Path(source)
    if path.is_absolute():
        return path
    return next((place / path for place in places if (place / path).is_file()), path)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of xdist has covered."""
    found = getattr(node, "workeroutput", {}).get(_WORKER_KEY, [])
    node.config.stash.setdefault(_COVERAGES, []).extend(found)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where a machine is covered less than `[tool.pipeproof.stepfunctions] fail_under` asks for."""
    collected = session.config.stash.get(_COVERAGES, [])
    if not collected:
        return
    from pipeproof.stepfunctions.reporting.coverage import Coverage, describe_item, merge_coverages

    merged = merge_coverages(Coverage.from_dict(data) for data in collected)
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_WORKER_KEY] = [coverage.to_dict() for coverage in merged]
        return
    least = _fail_under(session.config.rootpath)
    short = [coverage for coverage in merged if least is not None and coverage.percentage < least]
    shortfall = [
        f"{coverage.machine}: {coverage.percentage:.0f} % covered, {least:g} % asked for; never exercised: "
        + ", ".join(describe_item(item) for item in coverage.missed[:20])
        for coverage in short
    ]
    session.config.stash[_SHORTFALL] = shortfall
    places = [(coverage.file, min(coverage.lines.values(), default=None)) for coverage in short]
    reasons = session.config.stash.setdefault(REASONS, [])
    reasons += [(line, *place) for line, place in zip(shortfall, places, strict=True)]
    if short and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say which machines are covered too little."""
    shortfall = config.stash.get(_SHORTFALL, [])
    if shortfall:
        terminalreporter.section("state machine coverage", red=True)
        for line in shortfall:
            terminalreporter.write_line(line)


def _fail_under(folder: Path) -> float | None:
    """Return the threshold in the project's pyproject.toml, if it has one."""
    import tomllib

    file = folder / "pyproject.toml"
    if not file.is_file():
        return None
    try:
        tools = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, tomllib.TOMLDecodeError):
        return None
    found = tools.get("pipeproof", {}).get("stepfunctions", {}).get("fail_under")
    if found is not None and not isinstance(found, (int, float)):
        raise pytest.UsageError(f"{file}: [tool.pipeproof.stepfunctions] fail_under must be a number, not {found!r}")
    return found
