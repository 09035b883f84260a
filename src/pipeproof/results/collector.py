"""The collector: events, in the order in which they come, become results.

It takes whatever part of the story there is. A test that was started and never ended makes an error that names it; a
test that was never started is counted as not run.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeproof.events import Event
from pipeproof.results.forms import is_event, prune, take_records
from pipeproof.results.model import (
    PYTEST_NO_TESTS,
    PYTEST_OK,
    PYTEST_USAGE_ERROR,
    Attempt,
    Failure,
    Run,
    Status,
    TestResult,
    Warned,
)
from pipeproof.text import strip_ansi
from pipeproof.untrusted import read_text

_DEFINITION = re.compile(r"\s*(async\s+def|def|class)\b")
_SOURCE_LIMIT = 1 << 22
"""Bytes of a file in which definitions are looked up."""
_OUTPUT_BUDGET = 1 << 26
"""Characters of output that are kept of all tests that passed; those of a test that did not are always kept."""


@dataclass(slots=True)
class _Open:
    """A test that has started and not ended."""

    id: str
    file: str | None = None
    line: int | None = None
    started: float | None = None
    heard: float = 0.0
    duration: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    output: list[tuple[str, str]] = field(default_factory=list)
    evidence: list[Mapping[str, Any]] = field(default_factory=list)
    properties: list[tuple[str, Any]] = field(default_factory=list)
    reason: str | None = None
    expectation: str | None = None
    skipped: bool = False
    superseded: bool = False
    failed_phases: set[str] = field(default_factory=set)
    worker: str | None = None
    subtests: int = 0
    phases: dict[str, float] = field(default_factory=dict)


class Collector:
    """Gathers the results of one run.

    Args:
        workspace: The folder that files are named from; a test's definition is looked up in it.
        clock: Gives seconds of a clock that nobody sets.
    """

    def __init__(self, workspace: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, _Open] = {}
        self._results: dict[str, TestResult] = {}
        self._failures: list[Failure] = []
        self._warnings: dict[tuple[str, str, str | None, int | None], list[int]] = {}
        self._collected: dict[str, tuple[str | None, int | None]] = {}
        self._deselected = 0
        self._suite: list[str] = []
        self._environment: dict[str, str] = {}
        self._definitions = _Definitions(workspace)
        self._output_room = _OUTPUT_BUDGET
        self.exit_status: int | None = None
        self.failed = 0
        """How many tests have ended with a failure."""
        self.dropped = 0
        """How many records were in no event's form: the tests can write to the pipe as well."""

    @property
    def running(self) -> Mapping[str, float]:
        """The tests that have started and not ended, each with when it was last heard of (seconds of `clock`)."""
        return {test.id: test.heard for test in self._open.values()}

    @property
    def results(self) -> tuple[TestResult, ...]:
        """The tests that have ended."""
        return tuple(self._results.values())

    @property
    def ended(self) -> int:
        """How many tests have ended."""
        return len(self._results)

    @property
    def collected(self) -> int:
        """How many tests are known to exist in this run."""
        return max(len(self._collected), len(self._results))

    def take(self, event: Event) -> TestResult | None:
        """Take in one event; give the test that it ended, where it ended one."""
        if not is_event(event):
            self.dropped += 1
            return None
        ended = getattr(self, f"_take_{event['event']}")(event)
        return ended if isinstance(ended, TestResult) else None

    def finish(
        self, *, ended_by: str | None, cancelled: bool, started: float, duration: float, culprit: str | None = None
    ) -> Run:
        """Close the books.

        Args:
            ended_by: How the test process ended where it did not end by itself: `SIGKILL`, `exit code 3`.
            culprit: The one test that made it end, where that is known; what else was running counts as not run.
            cancelled: Whether the run was ended from outside.
            started: Seconds since the epoch.
            duration: Seconds.
        """
        for test in list(self._open.values()):
            if culprit is not None and test.id != culprit:
                self._interrupt(test)
            else:
                self._abandon(test, ended_by, cancelled=cancelled)
        crashed = any(f.phase == "crash" for result in self._results.values() for f in result.failures)
        if ended_by and not cancelled and not crashed:
            self._failures.append(Failure("session", "", f"the test process ended early: {ended_by}"))
        if not cancelled and self._ended_badly_for_no_reason():
            message = f"pytest ended with exit status {self.exit_status}, though no test failed; the log has its reason"
            self._failures.append(Failure("session", "", message))
        return Run(
            results=tuple(self._results.values()),
            failures=tuple(self._failures),
            not_run=tuple(test for test in self._collected if test not in self._results),
            warnings=tuple(Warned(*key, *counts) for key, counts in self._warnings.items()),
            deselected=self._deselected,
            suite=tuple(self._suite),
            started=started,
            duration=duration,
            exit_status=self.exit_status,
            cancelled=cancelled,
            environment=self._environment,
            dropped=self.dropped,
        )

    def _ended_badly_for_no_reason(self) -> bool:
        """Tell whether pytest failed and nothing that we know of did: a plugin wills it so (coverage is too low)."""
        if self._failures or any(result.failures for result in self._results.values()):
            return False
        refused = self.exit_status == PYTEST_USAGE_ERROR and not self._results
        return self.exit_status not in (None, PYTEST_OK, PYTEST_NO_TESTS) and not refused

    def _interrupt(self, test: _Open) -> None:
        """Close a test whose end was not its own doing: it did not run, unless it had failed already."""
        if test.failures:
            self._end(test)
        else:
            del self._open[test.id]

    def _abandon(self, test: _Open, ended_by: str | None, *, cancelled: bool) -> None:
        if cancelled and not test.failures:
            test.skipped = True
            test.reason = "the run was cancelled while this test ran"
        elif not cancelled:
            how = ended_by or f"exit status {self.exit_status}"
            message = f"the test process ended ({how}) while this test ran"
            test.failures.append(self._at_definition(test, Failure("crash", "", message)))
            test.failed_phases.add("crash")
        self._end(test)

    def _take_session(self, event: Event) -> None:
        self._environment = {"pytest": str(event["pytest"]), "rootdir": str(event["rootdir"])}

    def _take_collected(self, event: Event) -> None:
        self._collected.update((test, (file, line)) for test, file, line in event["tests"])

    def _take_deselected(self, event: Event) -> None:
        self._deselected += int(event["count"])

    def _take_suite(self, event: Event) -> None:
        self._suite.extend(event["tests"])

    def _take_collect(self, event: Event) -> TestResult:
        test = str(event["id"]) or "(collection)"
        file = str(event.get("file") or test.partition("::")[0])
        if event["outcome"] == "skipped":
            line = int(event["line"]) if "line" in event else None
            result = TestResult(test, file, line, Status.SKIPPED, reason=str(event["reason"]))
        else:
            failure = _failure(event["failure"], "collect")
            failure = failure if failure.file else replace(failure, file=file, line=1)
            result = TestResult(test, failure.file, failure.line, Status.ERROR, failures=(failure,))
        self._results[test] = result
        return result

    def _take_start(self, event: Event) -> None:
        at = float(event["at"])
        test = self._open_test(event["id"])
        test.heard = self._clock()
        test.started = test.started or at
        if "file" in event:
            test.file, test.line = str(event["file"]), int(event["line"])
        else:
            test.file, test.line = self._collected.get(test.id, (test.file, test.line))

    def _take_passed(self, event: Event) -> TestResult:
        test = self._open_test(event["id"])
        setup, call, teardown = event["durations"]
        test.duration += setup + call + teardown
        test.phases = {"setup": setup, "call": call, "teardown": teardown}
        test.worker = event.get("worker", test.worker)
        return self._end(test)

    def _take_phase(self, event: Event) -> TestResult | None:
        outcome, when = event["outcome"], event["when"]
        duration = float(event["duration"])
        test = self._open_test(event["id"])
        if "subtest" in event:
            self._take_subtest(test, event)
            return None
        test.duration += duration
        test.phases[str(when)] = duration
        test.heard = self._clock()
        test.worker = str(event["worker"]) if "worker" in event else test.worker
        if when == "setup":
            test.superseded = False
        if "sections" in event:  # those of a later phase hold those of the earlier ones
            test.output = [(str(name), str(text)) for name, text in event["sections"]]
        test.evidence.extend(take_records(event.get("evidence", ())))
        if "properties" in event:
            test.properties = [(str(name), prune(value)) for name, value in event["properties"]]
        if outcome == "rerun":
            self._take_rerun(test, event)
            return None
        if "xfail" in event:
            test.reason = str(event["xfail"]).removeprefix("reason: ") or None
            test.expectation = "xfailed" if outcome == "skipped" else "xpassed"
        if outcome == "skipped":
            test.skipped = True
            test.reason = str(event["reason"]) if "reason" in event else test.reason
        elif outcome == "failed":
            self._take_failure(test, event)
        # "???" is the phase of xdist's report on a worker that crashed; nothing more comes of that test.
        ends = when in ("teardown", "???") and not test.superseded
        return self._end(test) if ends else None

    def _take_subtest(self, test: _Open, event: Event) -> None:
        test.subtests += 1
        if event["outcome"] == "failed":
            failure = replace(_failure(event["failure"], "call"), subtest=str(event["subtest"]))
            test.failures.append(self._at_definition(test, failure))
            test.failed_phases.add("call")

    def _take_failure(self, test: _Open, event: Event) -> None:
        when = "crash" if event["when"] == "???" else str(event["when"])
        test.failed_phases.add(when)
        failure = _failure(event["failure"], when)
        if not failure.type and any(known.subtest for known in test.failures):
            return  # pytest's own count of the failed subtests, each of which is here already
        if failure.message.startswith("[XPASS(strict)]"):
            test.expectation = "xpassed"
            failure = replace(failure, file=test.file, line=self._definitions.mark(test.file, test.line, "xfail"))
        test.failures.append(self._at_definition(test, failure))

    def _take_rerun(self, test: _Open, event: Event) -> None:
        failure = _failure(event["failure"], str(event["when"]))
        if failure.type or not test.failures:
            test.failures.append(self._at_definition(test, failure))
        attempt = Attempt(test.duration, tuple(test.failures))
        if test.superseded and test.attempts:  # the teardown of an attempt that has failed before it
            before = test.attempts.pop()
            attempt = Attempt(before.duration + attempt.duration, (*before.failures, *attempt.failures))
        test.attempts.append(attempt)
        test.duration, test.subtests = 0.0, 0
        test.phases.clear()
        # The teardown of this attempt is still to come, and ends nothing.
        test.superseded = True
        test.failures.clear()
        test.failed_phases.clear()

    def _take_warning(self, event: Event) -> None:
        place = (str(event["file"]), int(event["line"])) if "file" in event else (None, None)
        key = (str(event["message"]), str(event["category"]), *place)
        counts = self._warnings.setdefault(key, [0, 0])
        counts[0] += 1
        counts[1] += "id" not in event

    def _take_broken(self, event: Event) -> None:
        self._failures.append(_failure(event["failure"], "session"))

    def _take_finish(self, event: Event) -> None:
        self.exit_status = int(event["status"])
        for reason in event.get("reasons", ()):
            self._failures.append(_failure({"type": "", "traceback": ""} | reason, "session"))

    def _open_test(self, test: object) -> _Open:
        name = str(test)
        if name not in self._open:
            self._open[name] = _Open(name)
        return self._open[name]

    def _end(self, test: _Open) -> TestResult:
        del self._open[test.id]
        status = _status(test)
        if status is Status.PASSED:
            self._output_room -= sum(len(text) for _, text in test.output)
            if self._output_room < 0:
                test.output.clear()
        result = TestResult(
            id=test.id,
            file=test.file,
            line=self._definitions.line(test.file, test.line),
            status=status,
            duration=test.duration,
            started=test.started,
            failures=tuple(test.failures),
            attempts=tuple(test.attempts),
            reason=test.reason,
            expectation=test.expectation,
            worker=test.worker,
            output=tuple(test.output),
            evidence=tuple(test.evidence),
            properties=tuple(test.properties),
            subtests=test.subtests,
            setup=test.phases.get("setup", 0.0),
            teardown=test.phases.get("teardown", 0.0),
        )
        self._results[test.id] = result
        self.failed += bool(result.failures)
        return result

    def _at_definition(self, test: _Open, failure: Failure) -> Failure:
        """Put a failure that no line of the user's is known of on the test's own `def`."""
        if failure.file:
            return failure
        return replace(failure, file=test.file, line=self._definitions.line(test.file, test.line))


class _Definitions:
    """Finds the `def` below decorators: Python says that a decorated function starts at its first decorator."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._source = lru_cache(maxsize=8)(self._read)

    def line(self, file: str | None, line: int | None) -> int | None:
        """Give the line of the definition that starts at `line` of a file of the workspace, both from 1."""
        if not file or not line:
            return line
        source = self._source(file)
        if line > len(source) or not source[line - 1].lstrip().startswith("@"):  # a `def`, or an example in a docstring
            return line
        for number in range(line, min(line + 200, len(source) + 1)):
            if _DEFINITION.match(source[number - 1]):
                return number
        return line

    def mark(self, file: str | None, line: int | None, name: str) -> int | None:
        """Give the line of the decorator with this name above the definition that starts at `line`, else its `def`."""
        definition = self.line(file, line)
        if file and line and definition:
            source = self._source(file)
            for number in range(line, definition):
                if name in source[number - 1]:
                    return number
        return definition

    def _read(self, file: str) -> list[str]:
        try:
            return read_text(self._workspace / file, root=self._workspace, limit=_SOURCE_LIMIT).splitlines()
        except (OSError, ValueError):
            return []


def _status(test: _Open) -> Status:
    if "call" in test.failed_phases:
        return Status.FAILED
    if test.failed_phases:
        return Status.ERROR
    if test.skipped:
        return Status.SKIPPED
    return Status.FLAKY if test.attempts else Status.PASSED


def _failure(data: Mapping[str, Any], phase: str) -> Failure:
    line = data.get("line")
    return Failure(
        phase=phase,
        type=str(data["type"]),
        message=strip_ansi(str(data["message"])),  # pytest paints the explanation of an assertion
        traceback=strip_ansi(str(data["traceback"])),
        file=str(data["file"]) if data.get("file") else None,
        line=int(line) if line else None,
    )
