"""The sender of events: tells the supervisor each outcome as it happens, in a plain run and under xdist.

Where an exception is at hand (in the process that runs the test) its place in the user's files is found and put on the
report; where the run's reports come together (pytest itself, or xdist's controller) they are sent.

PYTEST_DONT_REWRITE
"""

import json
import time
import warnings
from collections.abc import Generator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from pipeproof import environ
from pipeproof.errors import Location
from pipeproof.events import EventWriter
from pipeproof.plugin.evidence import RECORDS
from pipeproof.plugin.places import place_of_failure, relative_name
from pipeproof.plugin.sharding import SUITE, WORKER_SUITE
from pipeproof.plugin.tracebacks import render_traceback
from pipeproof.sources import is_users
from pipeproof.variables import EVENTS_FD, WORKSPACE

_TEXT_LIMIT = 64 * 1024
_GROUP_LIMIT = 10
"""How many exceptions of a group are told."""
_DETAIL = "_pipeproof_detail"
"""The attribute of a report that holds, as JSON, what this plugin adds to it: so it survives xdist's serialization."""

_PHASES = ["setup", "call", "teardown"]
_QUICK = 0.1
"""Seconds; a phase that took longer is told at once."""

REASONS = pytest.StashKey[list[tuple[str, str | None, int | None]]]()
"""Why the run is to fail though no test has: each reason with a file and a line of it, where there are such."""

_writer: EventWriter | None = None


def _open_writer() -> EventWriter | None:
    """Take over the descriptor that the supervisor left, once: a pytest inside a test must not find it again."""
    number = environ.take(EVENTS_FD) or ""
    return EventWriter(int(number)) if number.isdecimal() else None


def workspace_of(config: pytest.Config) -> Path:
    """Give the folder that files are named from."""
    return Path(environ.get(WORKSPACE) or config.rootpath).resolve()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Report a `conftest.py` that cannot be imported: pytest itself only prints it, and ends."""
    global _writer  # noqa: PLW0603 - the run's one pipe; there is no stash yet
    writer = _writer = _open_writer()
    if writer is None:
        return (yield)
    try:
        return (yield)
    except Exception as error:
        cause = getattr(error, "cause", None)
        shown = cause if isinstance(cause, BaseException) else error
        if not isinstance(shown, pytest.UsageError):
            failure = _describe(shown, workspace_of(early_config), f"{type(error).__name__}: {error}")
            writer.send("collect", id=str(getattr(error, "path", "conftest.py")), outcome="failed", failure=failure)
        raise


def pytest_configure(config: pytest.Config) -> None:
    """Register the sender where there is a supervisor, and the describer wherever a test runs for one."""
    global _writer
    writer, _writer = _writer, None
    worker_input = getattr(config, "workerinput", None)  # xdist's word to its workers
    if writer is not None and worker_input is None:
        config.pluginmanager.register(_Sender(writer, config), "pipeproof-sender")
        config.pluginmanager.register(_Describer(config), "pipeproof-describer")
    elif worker_input is not None and worker_input.get("pipeproof_describe"):
        config.pluginmanager.register(_Describer(config), "pipeproof-describer")


class _Describer:
    """Puts onto each report what only the process that ran the test can know."""

    def __init__(self, config: pytest.Config) -> None:
        self._workspace = workspace_of(config)

    def _traceback(self, report: pytest.TestReport | pytest.CollectReport) -> str:
        return render_traceback(report, lambda file: is_users(file, str(self._workspace)))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.excinfo is None and call.when != "teardown":
            return report
        detail: dict[str, Any] = {}
        if call.excinfo is not None and report.outcome == "failed":
            detail["failure"] = _describe(call.excinfo.value, self._workspace, self._traceback(report))
        if call.when == "teardown" and item.stash.get(RECORDS, None):
            detail["evidence"] = item.stash[RECORDS]
        if detail:
            setattr(report, _DETAIL, json.dumps(detail, default=str))
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        excinfo = getattr(getattr(report, "call", None), "excinfo", None)
        if report.outcome == "failed" and excinfo is not None:
            failure = _describe(excinfo.value, self._workspace, self._traceback(report))
            setattr(report, _DETAIL, json.dumps({"failure": failure}))
        return report


class _Sender:
    """Sends what pytest, or xdist's controller, comes to know."""

    def __init__(self, writer: EventWriter, config: pytest.Config) -> None:
        self._writer = writer
        self._workspace = workspace_of(config)
        self._root = config.rootpath
        self._file = lru_cache(maxsize=4096)(self._relative_file)
        self._reasons = config.stash.setdefault(REASONS, [])
        self._told_suite = False
        self._placed: frozenset[str] = frozenset()
        """The tests whose place the supervisor knows since they were collected."""
        self._held: dict[str, list[tuple[str, float]]] = {}
        """Of each test that runs the phases that only passed, and how long they took: its end tells them in one."""

    def _relative_file(self, file: str) -> str:
        return relative_name(self._root / file, self._workspace)

    def _location(self, location: tuple[str, int | None, str]) -> tuple[str, int | None]:
        file, line, _ = location
        return self._file(file), None if line is None else line + 1

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._writer.send("session", pytest=pytest.__version__, rootdir=str(session.config.rootpath))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["pipeproof_describe"] = True

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        # Every worker collects the same tests; the first to finish speaks for all.
        self._send_collected([(test, None, None) for test in ids])

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._send_collected([(item.nodeid, *self._location(item.location)) for item in session.items])
        self._placed = frozenset(item.nodeid for item in session.items)
        self._send_suite(session.config.stash.get(SUITE, None))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        # Workers divide the suite, and can tell their controller at their end only; the first speaks for all.
        self._send_suite(getattr(node, "workeroutput", {}).get(WORKER_SUITE))

    def _send_suite(self, tests: Sequence[str] | None) -> None:
        if tests is None or self._told_suite:
            return
        self._told_suite = True
        for start in range(0, len(tests), 1000):
            self._writer.send("suite", tests=tests[start : start + 1000])

    def _send_collected(self, tests: list[tuple[str, str | None, int | None]]) -> None:
        for start in range(0, len(tests), 1000):
            self._writer.send("collected", tests=tests[start : start + 1000])

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        self._writer.send("deselected", count=len(items))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.outcome == "failed":
            detail = _detail_of(report)
            failure = detail.get("failure") or _described_by_pytest(report.longreprtext)
            self._writer.send("collect", id=report.nodeid, outcome="failed", failure=failure)
        elif report.outcome == "skipped":
            file, line, reason = _skip_of(report.longrepr)
            self._writer.send(
                "collect",
                id=report.nodeid,
                outcome="skipped",
                reason=reason,
                file=file and relative_name(file, self._workspace),
                line=line,
            )

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        place = (None, None) if nodeid in self._placed else self._location(location)
        self._writer.send_start(nodeid, time.time(), *place)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test, when = report.nodeid, str(report.when)
        if not _only_passed(report):
            self._release(test)
            self._send_phase(report)
            return
        held = self._held.setdefault(test, [])
        held.append((when, report.duration))
        if when == "teardown" and [phase for phase, _ in held] == _PHASES:
            del self._held[test]
            self._writer.send_passed(test, [seconds for _, seconds in held], _worker_of(report))
        elif when == "teardown" or report.duration > _QUICK:  # who waits for a test has to hear that it lives
            self._release(test)

    def _release(self, test: str) -> None:
        """Send the phases that were held back."""
        for when, seconds in self._held.pop(test, ()):
            self._writer.send("phase", id=test, when=when, outcome="passed", duration=seconds)

    def _send_phase(self, report: pytest.TestReport) -> None:
        detail = _detail_of(report)
        failure = detail.get("failure")
        reason = None
        if report.outcome == "skipped" and not hasattr(report, "wasxfail"):
            reason = _skip_of(report.longrepr)[2]
        elif report.outcome in ("failed", "rerun") and failure is None:
            failure = _described_by_pytest(_told_of(report))
        self._writer.send(
            "phase",
            id=report.nodeid,
            when=report.when,
            outcome=report.outcome,
            duration=report.duration,
            failure=failure,
            reason=reason,
            xfail=getattr(report, "wasxfail", None),
            subtest=_name_of_subtest(report),
            sections=[(name, _shorten(text)) for name, text in report.sections] or None,
            evidence=detail.get("evidence"),
            properties=[(str(name), _plain_value(value)) for name, value in report.user_properties] or None,
            worker=_worker_of(report),
        )

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage, nodeid: str) -> None:
        self._writer.send(
            "warning",
            message=_shorten(str(warning_message.message)),
            category=warning_message.category.__name__,
            file=relative_name(warning_message.filename, self._workspace),
            line=warning_message.lineno,
            id=nodeid or None,
        )

    def pytest_internalerror(self, excrepr: object, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self._writer.send("broken", failure=_describe(excinfo.value, self._workspace, str(excrepr)))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        reasons = [
            {"message": _shorten(reason), "file": file and relative_name(file, self._workspace), "line": line}
            for reason, file, line in self._reasons
        ]
        self._writer.send("finish", status=int(exitstatus), reasons=reasons or None)


def _describe(error: BaseException, workspace: Path, traceback: str) -> dict[str, Any]:
    """Put a failure into JSON's types: its type, message, place and pytest's own text of it."""
    try:
        place = place_of_failure(error, workspace)
    except Exception:  # noqa: BLE001 - a failure without a place is better than none
        place = None
    told = _what_an_import_raised(error) or error
    return {
        "type": type(told).__name__,
        "message": _shorten(_message_of(told)),
        "traceback": _shorten(traceback),
    } | _place(place, workspace)


def _what_an_import_raised(error: BaseException) -> BaseException | None:
    """Return what stopped pytest from importing a test file: pytest's own text of it begins with its importer's lines.

    Of two files of one name what is raised has no message, and pytest's text says what to do.
    """
    cause = error.__cause__ if isinstance(error, pytest.Collector.CollectError) else None
    return cause if isinstance(cause, ImportError | SyntaxError) and cause.msg else None


def _message_of(error: BaseException) -> str:
    if isinstance(error, pytest.FixtureLookupError) and error.argname:
        return error.msg or f"fixture {error.argname!r} not found"
    lines = [_text_of(error), *map(str, getattr(error, "__notes__", ()))]
    if isinstance(error, BaseExceptionGroup):
        lines += [f"- {type(inner).__name__}: {_message_of(inner)}" for inner in error.exceptions[:_GROUP_LIMIT]]
    return "\n".join(lines)


def _text_of(value: object) -> str:
    try:
        return str(value)
    except Exception as broken:  # noqa: BLE001 - the user's __str__ may do anything
        return f"<{type(value).__name__} whose str() raises {type(broken).__name__}>"


def _place(place: Location | None, workspace: Path) -> dict[str, Any]:
    if place is None:
        return {}
    return {"file": relative_name(place.file, workspace), "line": place.line}


def _told_of(report: pytest.TestReport) -> str:
    """Return what a report says; before it, pytest has the line of the worker that it came from."""
    return report.longrepr if isinstance(report.longrepr, str) else report.longreprtext


def _described_by_pytest(text: str) -> dict[str, Any]:
    """Describe a failure that has no exception: a strict xpass, a worker that crashed."""
    return {"type": "", "message": _shorten(text), "traceback": ""}


def _detail_of(report: pytest.TestReport | pytest.CollectReport) -> dict[str, Any]:
    detail: dict[str, Any] = json.loads(getattr(report, _DETAIL, "{}"))
    return detail


def _only_passed(report: pytest.TestReport) -> bool:
    """Return whether there is nothing more to tell of a phase; what it left behind is told at the teardown."""
    known = vars(report)
    return (
        report.outcome == "passed"
        and _DETAIL not in known
        and not (report.when == "teardown" and (report.sections or report.user_properties))
        and "wasxfail" not in known
        and "context" not in known
    )


def _worker_of(report: pytest.TestReport) -> str | None:
    """Return which of xdist's workers a report is from."""
    return getattr(getattr(getattr(report, "node", None), "gateway", None), "id", None)


def _skip_of(longrepr: object) -> tuple[str | None, int | None, str]:
    if isinstance(longrepr, tuple) and len(longrepr) == 3:
        file, line, reason = longrepr
        return str(file), int(line), str(reason).removeprefix("Skipped: ")
    return None, None, str(longrepr)


def _name_of_subtest(report: pytest.TestReport) -> str | None:
    context = getattr(report, "context", None)
    if context is None:
        return None
    values = ", ".join(f"{name}={value}" for name, value in (getattr(context, "kwargs", None) or {}).items())
    message = getattr(context, "msg", None)
    return " ".join(filter(None, (message and str(message), values and f"({values})"))) or "<subtest>"


def _plain_value(value: object) -> str | int | float | None:
    """Take what JSON has a type for as it is, anything else as its text: a property can be any object."""
    if value is None or isinstance(value, str | int | float):
        return value
    return _text_of(value)


def _shorten(text: str) -> str:
    """Keep the ends of a long text: the start says what happened, the end how it ended."""
    if len(text) <= _TEXT_LIMIT:
        return text
    half = _TEXT_LIMIT // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters left out …]\n{text[-half:]}"
