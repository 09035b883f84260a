"""New tests are run a few times more: one that passes by chance is found flaky before it is merged.

A test is new where the baseline does not know its node id. Its further runs come before the one that counts, so that
fixtures of its module, class and session are made once and taken down where they always are. Each has all that a run
has (timeouts, logs, warnings); one that fails is reported as pytest-rerunfailures reports what it runs again, so the
test is flaky where the run that counts passes, and fails where that fails too.

The bounds are those of Datadog's early flake detection: slow tests are run less often, and nothing is run again where
so many tests are new that the baseline can hardly be this suite's.

PYTEST_DONT_REWRITE
"""

import json
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest

_SHARE, _FEW = 0.3, 30
"""Where more than so many of the tests are new, and more than a few, none of them is run again."""
_STEPS = ((5.0, 1.0), (30.0, 0.5), (300.0, 0.0))
"""Up to so many seconds a run, the part of the further runs that are made; one at least, and beyond the last step."""
_GRACE = 60.0
"""Seconds of further runs, and as many more as all else took."""
_REPEAT = "_pipeproof_repeat"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("pipeproof")
    group.addoption(
        "--pipeproof-new-tests", type=int, default=0, metavar="N", help="run each test that is new so often more"
    )
    group.addoption(
        "--pipeproof-known-tests", metavar="PATH", help="a JSON list of the node ids that are not new, or a report.json"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Repeat new tests where that is asked for; a test that is debugged is run once."""
    times, source = config.getoption("--pipeproof-new-tests"), config.getoption("--pipeproof-known-tests")
    if times > 0 and not source:
        raise pytest.UsageError("--pipeproof-new-tests needs --pipeproof-known-tests: what is not in it is new")
    if times > 0 and not (config.getoption("usepdb") or config.getoption("collectonly")):
        from pipeproof.plugin.touched import RUNS

        if not RUNS.usable():
            return
        attempts = _Attempts()
        config.pluginmanager.register(attempts, "pipeproof-attempts")
        config.pluginmanager.register(_Repeats(times, read_known(Path(source)), attempts), "pipeproof-new-tests")


def read_known(path: Path) -> frozenset[str]:
    """Read node ids: a JSON list of them, or those of a `report.json` or a folder of them.

    Raises:
        pytest.UsageError: It is neither.
    """
    from pipeproof.errors import InputError
    from pipeproof.results.baseline import read_baseline

    try:
        if path.is_file() and isinstance(told := json.loads(path.read_bytes()), list):
            return frozenset(map(str, told))
        return frozenset(read_baseline(path))
    except (OSError, ValueError, InputError) as error:
        raise pytest.UsageError(f"--pipeproof-known-tests: {error}") from error


def choose_new(items: Sequence[pytest.Item], known: frozenset[str]) -> frozenset[str]:
    """Return the tests that are run more often: the new ones, unless they are too many.

    Left out are tests marked `live`, whose runs cost or leave something; what is no function (dbt's own tests); and
    tests of unittest or with subtests, whose parts are reported before the whole.
    """
    new = [item for item in items if item.nodeid not in known]
    if len(new) > max(_FEW, _SHARE * len(items)):
        return frozenset()
    return frozenset(item.nodeid for item in new if _can_be_repeated(item))


def _can_be_repeated(item: pytest.Item) -> bool:
    return (
        isinstance(item, pytest.Function)
        and not item.get_closest_marker("live")
        and "subtests" not in item.fixturenames
        and type(item).__name__ != "TestCaseFunction"
    )


def count_runs(times: int, seconds: float) -> int:
    """Return how often a test is run more whose first further run took so many seconds."""
    part = next((part for most, part in _STEPS if seconds <= most), 0.0)
    return max(int(times * part), 1)


class _Attempts:
    """Makes a run that is not logged, where one is asked for; whatever wraps a test's run wraps it too."""

    def __init__(self) -> None:
        self.asked = False
        self.reports: list[pytest.TestReport] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        if not self.asked:
            return None
        from pipeproof.plugin.touched import RUNS

        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        run = RUNS.find("_pytest.runner:runtestprotocol")
        self.reports = run(item, log=False, nextitem=nextitem)
        return True


class _Repeats:
    """Runs new tests more often before the run that counts."""

    def __init__(self, times: int, known: frozenset[str], attempts: _Attempts) -> None:
        self._times = times
        self._known = known
        self._attempts = attempts
        self._chosen: frozenset[str] = frozenset()
        self._started = time.monotonic()
        self._spent = 0.0

    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Show a further run that failed as pytest-rerunfailures does."""
        return ("rerun", "R", ("RERUN", {"yellow": True})) if hasattr(report, _REPEAT) else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._chosen = choose_new(session.items, self._known)
        self._started = time.monotonic()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if item.nodeid in self._chosen and not self._attempts.asked:
            self._repeat(item)
        return (yield)

    def _repeat(self, item: pytest.Item) -> None:
        left = self._times
        while left > 0 and self._has_room():
            before = time.monotonic()
            reports = self._attempt(item)
            took = time.monotonic() - before
            if left == self._times:
                left = count_runs(self._times, took)
            left -= 1
            self._spent += took
            if any(report.skipped for report in reports):
                return
            if any(report.failed for report in reports):
                _log_as_rerun(item, reports)
                return

    def _has_room(self) -> bool:
        return self._spent < _GRACE + (time.monotonic() - self._started - self._spent)

    def _attempt(self, item: pytest.Item) -> list[pytest.TestReport]:
        """Run a test as it is always run, and take down only what is its own."""
        self._attempts.asked = True
        try:
            # What comes next lies in the same class or module, whose fixtures stay.
            item.ihook.pytest_runtest_protocol(item=item, nextitem=item.parent)
        finally:
            self._attempts.asked = False
        if isinstance(
            item.parent, pytest.Class
        ):  # pytest keeps the object, and its method, for the one run it knows of
            vars(item).pop("_instance", None)
            vars(item)["_obj"] = None
        return self._attempts.reports


def _log_as_rerun(item: pytest.Item, reports: Sequence[pytest.TestReport]) -> None:
    for report in reports:
        if report.failed:
            report.outcome = "rerun"  # type: ignore[assignment]
            setattr(report, _REPEAT, True)
        item.ihook.pytest_runtest_logreport(report=report)
