"""Stored runs: a `report.json` that pipeproof wrote, read back into a run.

The file may be a stranger's (the artifact of a fork's pull request): what is not in the form of a run is left out, or
taken for nothing.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeproof.results.ctrf import read_document
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult, Warned


def read_run(path: Path) -> tuple[Run, str]:
    """Read a run, and its title.

    Raises:
        InputError: where the file is no `report.json` of pipeproof.
    """
    document = read_document(path)
    extra, results = _mapping(document.get("extra")), document["results"]
    summary = _mapping(results.get("summary"))
    run = Run(
        results=tuple(read_result(test) for test in results["tests"]),
        failures=tuple(read_failures(extra.get("failures"))),
        not_run=tuple(_texts(extra.get("notRun"))),
        warnings=tuple(_warnings(extra.get("warnings"))),
        started=_number(summary.get("start")) / 1000,
        duration=_number(summary.get("duration")) / 1000,
        cancelled=extra.get("conclusion") == "cancelled",
    )
    return run, _text(extra.get("title")) or "Pipeline tests"


def read_result(test: Mapping[str, Any]) -> TestResult:
    """Return one test of a `report.json` of pipeproof's: `extra.id`, `rawStatus` and `duration` are as they should."""
    extra = test["extra"]
    failures = tuple(read_failures(extra.get("failures"), _text(test.get("trace"))))
    status = Status(test["rawStatus"])
    attempts = tuple(_attempts(test.get("retryAttempts")))
    if status in (Status.FAILED, Status.ERROR) and not failures:
        failures = (Failure("call", "", _text(test.get("message")) or "failed"),)
    if status is Status.FLAKY and not attempts:
        status = Status.PASSED
    return TestResult(
        id=extra["id"],
        file=_text(test.get("filePath")),
        line=_line(test.get("line")),
        status=status,
        duration=test["duration"] / 1000,
        failures=failures if status in (Status.FAILED, Status.ERROR) else (),
        attempts=attempts,
        reason=_text(extra.get("reason")),
        expectation=_text(extra.get("expectation")),
        started=_number(test.get("start")) / 1000 or None,
        worker=_text(test.get("threadId")),
        output=(("output", "\n".join(_texts(test.get("stdout")))),) if test.get("stdout") else (),
        evidence=tuple(record for record in _items(extra.get("evidence")) if isinstance(record, dict)),
        excused=tuple(read_failures(extra.get("excused"))),
    )


def read_failures(told: object, trace: str | None = None) -> Iterator[Failure]:
    """Yield the failures of a list; the traceback of all of them is the first one's."""
    for failure in _items(told):
        if isinstance(failure, Mapping):
            yield Failure(
                phase=_text(failure.get("phase")) or "call",
                type=_text(failure.get("type")) or "",
                message=_text(failure.get("message")) or "",
                traceback=trace or "",
                file=_text(failure.get("file")),
                line=_line(failure.get("line")),
                subtest=_text(failure.get("subtest")),
            )
            trace = None


def _attempts(told: object) -> Iterator[Attempt]:
    for attempt in _items(told):
        if isinstance(attempt, Mapping):
            message = _text(attempt.get("message")) or "failed"
            failure = Failure("call", "", message, _text(attempt.get("trace")) or "", line=_line(attempt.get("line")))
            yield Attempt(_number(attempt.get("duration")) / 1000, (failure,))


def _warnings(told: object) -> Iterator[Warned]:
    for warned in _items(told):
        if isinstance(warned, Mapping):
            yield Warned(
                message=_text(warned.get("message")) or "",
                category=_text(warned.get("category")) or "",
                file=_text(warned.get("file")),
                line=_line(warned.get("line")),
                count=_line(warned.get("count")) or 1,
            )


def _items(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: object) -> Iterator[str]:
    return (item for item in _items(value) if isinstance(item, str))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _line(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 31 else None


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e15 else 0.0
