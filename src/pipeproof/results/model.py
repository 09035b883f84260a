"""What a run came to: frozen records that the reports are rendered from."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(*, frozen: bool, slots: bool):
        """Make a record that mypy holds to be frozen: what keeps it so at run time makes each four times as slowly."""
        return dataclasses.dataclass(slots=slots, unsafe_hash=frozen)


PYTEST_OK, PYTEST_USAGE_ERROR, PYTEST_NO_TESTS = 0, 4, 5
"""Exit statuses: `pytest.ExitCode.OK`, `USAGE_ERROR` and `NO_TESTS_COLLECTED`."""

EXIT_PASSED, EXIT_FAILED, EXIT_CANCELLED = 0, 1, 130
"""Exit statuses of pipeproof's own: 128 and SIGINT's number where a run was cancelled."""

_HEADLINE = 4_096
"""Characters in which the first line of a message is looked for."""


class Status(StrEnum):
    """The outcome of a test; each test has exactly one, so the totals add up."""

    PASSED = "passed"
    FAILED = "failed"
    """The test itself failed, or passed where a strict `xfail` says that it must not."""
    ERROR = "error"
    """Setup, teardown or collection failed, or the interpreter ended while the test ran."""
    SKIPPED = "skipped"
    """Skipped, or failed as its `xfail` says that it does."""
    FLAKY = "flaky"
    """Failed, was run again, and passed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that went wrong, on the line that it belongs to.

    Attributes:
        phase: `collect`, `setup`, `call`, `teardown`, `crash` or `session`.
        type: The exception's class; empty where there was no exception.
        message: The exception's message, or pytest's words.
        traceback: pytest's text of the failure.
        file: The file, relative to the workspace; `None` where no line of the user's is known.
        line: The line, from 1.
        subtest: The subtest's name, where it was in one.
    """

    phase: str
    type: str
    message: str
    traceback: str = ""
    file: str | None = None
    line: int | None = None
    subtest: str | None = None

    @property
    def headline(self) -> str:
        """Say in one line what happened."""
        first = self.message.lstrip()[:_HEADLINE]
        if not first.isprintable():  # most are of one line
            first = next(iter(first.splitlines()), "")
        first = first.rstrip()
        if not first:
            return self.type or "failed"
        return f"{self.type}: {first}" if self.type and not first.startswith(self.type) else first


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run of a test that failed and was followed by another; `duration` in seconds."""

    duration: float
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test and what came of it.

    Attributes:
        id: pytest's node id; that of the file or folder for a collection error.
        file: The file that defines it, relative to the workspace.
        line: The line of its `def`, from 1.
        status: Its one outcome.
        duration: Seconds of setup, call and teardown of the last attempt.
        started: Seconds since the epoch, `None` where it was not started.
        failures: What went wrong in the last attempt.
        attempts: The attempts before the last.
        reason: Why it was skipped, or expected to fail.
        expectation: `xfailed` or `xpassed` for a test with an `xfail` mark; `quarantined` for one in the quarantine.
        worker: The xdist worker that ran it.
        output: Captured sections: name and text.
        evidence: Records that the test left: `{"kind": …, "data": …}`.
        properties: What `record_property` wrote.
        subtests: How many subtests it reported.
        setup: Seconds of the duration that its fixtures took before it.
        teardown: Seconds of the duration that they took after it.
        excused: What went wrong where the quarantine excuses it; then it counts as skipped.
    """

    __test__ = False  # for pytest: this is no test class

    id: str
    file: str | None
    line: int | None
    status: Status
    duration: float = 0.0
    started: float | None = None
    failures: tuple[Failure, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    reason: str | None = None
    expectation: str | None = None
    worker: str | None = None
    output: tuple[tuple[str, str], ...] = ()
    evidence: tuple[Mapping[str, Any], ...] = ()
    properties: tuple[tuple[str, Any], ...] = ()
    subtests: int = 0
    setup: float = 0.0
    teardown: float = 0.0
    excused: tuple[Failure, ...] = ()

    @property
    def name(self) -> str:
        """The node id without its file: `TestX::test_y[1]`."""
        return self.id.partition("::")[2] or self.id

    @property
    def path(self) -> tuple[str, ...]:
        """The node id in its parts, file, classes and function; parameters may hold what parts the others."""
        file, colons, rest = self.id.partition("::")
        if not colons:
            return (file,)
        names, bracket, parameters = rest.partition("[")
        *classes, function = names.split("::")
        return (file, *classes, f"{function}{bracket}{parameters}")


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning, and how often it was issued: `count` times, `collecting` of them while no test ran."""

    message: str
    category: str
    file: str | None
    line: int | None
    count: int = 1
    collecting: int = 0


class Same:
    """Results as a key of a cache: equal where they are the same object, so that each report of a run asks once."""

    __slots__ = ("results",)

    def __init__(self, results: tuple[TestResult, ...]) -> None:
        self.results = results

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.results is other.results

    def __hash__(self) -> int:
        return id(self.results)


@dataclass(frozen=True, slots=True)
class Totals:
    """How many tests came to each outcome; `tests` is their sum."""

    tests: int = 0
    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    flaky: int = 0

    @classmethod
    def of(cls, results: Iterable[TestResult]) -> "Totals":
        """Count results."""
        statuses = [result.status for result in results]
        return cls(
            tests=len(statuses),
            passed=statuses.count(Status.PASSED),
            failed=statuses.count(Status.FAILED),
            errors=statuses.count(Status.ERROR),
            skipped=statuses.count(Status.SKIPPED),
            flaky=statuses.count(Status.FLAKY),
        )


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run.

    Attributes:
        results: Each test that came to an outcome, in the order of their ends.
        failures: What went wrong outside of any test: pytest's own breakdown, an install that failed.
        not_run: Node ids of the tests that were collected and not run.
        warnings: What was warned of.
        deselected: How many tests were left out by `-k`, `-m` or a shard.
        suite: Node ids of all tests that were divided, in their order, where the run is a shard; else empty.
        started: Seconds since the epoch.
        duration: Seconds from the start of the run to its end.
        exit_status: pytest's exit status; `None` where it did not come to give one.
        cancelled: Whether the run was ended from outside.
        environment: What it ran with: versions, platform.
        dropped: How many records of the tests' process were in no event's form, and were left out.
    """

    results: tuple[TestResult, ...] = ()
    failures: tuple[Failure, ...] = ()
    not_run: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()
    deselected: int = 0
    suite: tuple[str, ...] = ()
    started: float = 0.0
    duration: float = 0.0
    exit_status: int | None = None
    cancelled: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    dropped: int = 0

    @property
    def totals(self) -> Totals:
        """Count the outcomes."""
        return _count(Same(self.results))

    @property
    def conclusion(self) -> str:
        """`success`, `failure` or `cancelled`."""
        if self.cancelled:
            return "cancelled"
        totals = self.totals
        return "failure" if totals.failed or totals.errors or self.failures else "success"

    @property
    def refused(self) -> bool:
        """Whether pytest refused to run: a wrong argument, path or setting, and no file that is to blame."""
        return self.exit_status in (None, PYTEST_USAGE_ERROR) and not (self.results or self.failures or self.cancelled)


@lru_cache(maxsize=1)
def _count(run: Same) -> Totals:
    return Totals.of(run.results)
