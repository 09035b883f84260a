"""`report.json`: the Common Test Report Format (https://ctrf.io, schema 0.0.0), written and read.

CTRF knows `passed`, `failed` and `skipped`; an error is `failed` and a flaky test `passed` there, with our word in
`rawStatus`. What the format has no field for is under `extra`.
"""

import json
import math
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Any

import orjson

from pipeproof.errors import InputError
from pipeproof.results.model import Failure, Run, Status, TestResult
from pipeproof.untrusted import read_file

_STATUS = {
    Status.PASSED: "passed",
    Status.FLAKY: "passed",
    Status.FAILED: "failed",
    Status.ERROR: "failed",
    Status.SKIPPED: "skipped",
}

_REQUIRED = ("name", "status", "duration")
"""What each test of the format has."""

_DEPTH = 100
"""How deep a record goes that has to be mended before it can be written."""


def write_ctrf(run: Run, path: Path, title: str) -> None:
    """Write a run as CTRF, test by test, so that a large one needs no second copy in memory."""
    with CtrfFile(path) as file:
        for result in run.results:
            file.add(result)
        file.end(run, title)


class CtrfFile:
    """A CTRF file that is written while its tests become known: what counts them comes after them.

    Args:
        path: The file; it is made anew.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._file.write(b'{"reportFormat": "CTRF", "specVersion": "0.0.0", "results": {"tests": [')
        self._comma = b"\n"

    def __enter__(self) -> "CtrfFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, result: TestResult) -> None:
        """Write one test."""
        self._file.write(self._comma + _render(result))
        self._comma = b",\n"

    def end(self, run: Run, title: str) -> None:
        """Write what the tests came to.

        Args:
            run: The run; its results have been written already.
            title: The heading.
        """
        results, about = _dump(_about_results(run)), _dump(_about_run(run, title))
        self._file.write(b"\n], %b, %b\n" % (results[1:], about[1:]))


def _render(result: TestResult) -> bytes:
    """Render one test; one that only passed, as most do, is put together by hand."""
    if result.status is not Status.PASSED or result.output or result.evidence or result.properties or result.attempts:
        return _dump(_test(result))
    if result.reason or result.expectation or result.subtests:
        return _dump(_test(result))
    place = f', "filePath": {_quoted(result.file)}' if result.file else ""
    if result.line:
        place += f', "line": {result.line}'
    if result.started:
        place += f', "start": {round(result.started * 1000)}'
    if result.worker:
        place += f', "threadId": {_quoted(result.worker)}'
    file, _, name = result.id.partition("::")
    classes = name.partition("[")[0].rpartition("::")[0]
    return (
        f'{{"name": {_quoted(name or result.id)}, "status": "passed", "duration": {round(result.duration * 1000)}, '
        f'"rawStatus": "passed"{place}, "suite": {_suite(file, classes)}, "extra": {{"id": {_quoted(result.id)}}}}}'
    ).encode("utf-8", "backslashreplace")


@lru_cache(maxsize=1024)
def _suite(file: str, classes: str) -> str:
    return f"[{', '.join(map(_quoted, [file, *(classes.split('::') if classes else ())]))}]"


def read_document(path: Path) -> dict[str, Any]:
    """Read a `report.json` that pipeproof wrote; tests in another form than ours are left out of it.

    Raises:
        InputError: where the file is none.
    """
    try:
        return parse_document(read_file(path, limit=1 << 30))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path} is not a report.json of pipeproof ({type(error).__name__}: {error})",
            hint="Give the report.json of an earlier run, or a folder that holds some.",
        ) from error


def parse_document(data: bytes) -> dict[str, Any]:
    """Read the bytes of a `report.json`, as [read_document][] does.

    Raises:
        ValueError, KeyError, TypeError, RecursionError: where they are none.
    """
    document: dict[str, Any] = json.loads(data)
    known = {status.value for status in Status}
    results = document["results"]
    results["tests"] = [
        test
        for test in results["tests"]
        if test["rawStatus"] in known and isinstance(test["extra"]["id"], str) and test["duration"] >= 0
    ]
    return document


def read_tests(path: Path) -> list[dict[str, Any]]:
    """Read the tests of a `report.json` that pipeproof wrote, in CTRF's form.

    Raises:
        InputError: where the file is none.
    """
    tests: list[dict[str, Any]] = read_document(path)["results"]["tests"]
    return tests


def _dump(record: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(record, default=str, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # halves of characters, numbers beyond 64 bits, endless depth
        return json.dumps(_storable(record), ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")


def _storable(value: Any, depth: int = 0) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if not isinstance(value, dict | list | tuple):
        return value
    if depth == _DEPTH:
        return "…"
    if isinstance(value, dict):
        return {str(key): _storable(inner, depth + 1) for key, inner in value.items()}
    return [_storable(inner, depth + 1) for inner in value]


def _about_run(run: Run, title: str) -> dict[str, Any]:
    totals = run.totals
    return {
        "reportId": str(uuid.uuid4()),
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "generatedBy": f"pipeproof {version('pipeproof')}",
        "extra": {
            "title": title,
            "conclusion": run.conclusion,
            "totals": {
                "tests": totals.tests,
                "passed": totals.passed,
                "failed": totals.failed,
                "errors": totals.errors,
                "skipped": totals.skipped,
                "flaky": totals.flaky,
            },
            "failures": [_failure(failure) for failure in run.failures],
            "notRun": list(run.not_run),
            "deselected": run.deselected,
            "warnings": [
                {"message": w.message, "category": w.category, "file": w.file, "line": w.line, "count": w.count}
                for w in run.warnings
            ],
        },
    }


def _about_results(run: Run) -> dict[str, Any]:
    totals = run.totals
    tool = {"name": run.environment.get("tool", "pytest"), "version": run.environment.get("pytest", "unknown")}
    known = {"commit": run.environment.get("commit"), "branchName": run.environment.get("branch")}
    environment = {key: value for key, value in known.items() if value}
    return {
        "tool": tool,
        **({"environment": environment} if environment else {}),
        "summary": {
            "tests": totals.tests,
            "passed": totals.passed + totals.flaky,
            "failed": totals.failed + totals.errors,
            "skipped": totals.skipped,
            "pending": 0,
            "other": 0,
            "flaky": totals.flaky,
            "start": round(run.started * 1000),
            "stop": round((run.started + run.duration) * 1000),
            "duration": round(run.duration * 1000),
        },
    }


def _test(result: TestResult) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": result.name,
        "status": _STATUS[result.status],
        "duration": round(result.duration * 1000),
        "rawStatus": str(result.status),
        "filePath": result.file,
        "line": result.line,
        "start": round(result.started * 1000) if result.started else None,
        "threadId": result.worker,
        "suite": result.path[:-1] or [result.id],
        "message": "\n\n".join([failure.headline for failure in result.failures]) or result.reason,
        "trace": "\n\n".join([failure.traceback for failure in result.failures]),
        "flaky": result.status is Status.FLAKY,
        "retries": len(result.attempts),
        "retryAttempts": list(_attempts(result)),
        "stdout": [line for _, text in result.output for line in text.splitlines()],
        "extra": _extra(result),
    }
    # CTRF's own are there in any case; what says nothing is left out.
    return {key: value for key, value in told.items() if value or key in _REQUIRED}


def _extra(result: TestResult) -> dict[str, Any]:
    extra: dict[str, Any] = {"id": result.id}
    if result.failures:
        extra["failures"] = [_failure(failure) for failure in result.failures]
    if result.excused:
        extra["excused"] = [_failure(failure) for failure in result.excused]
    told = {
        "reason": result.reason,
        "expectation": result.expectation,
        "evidence": result.evidence,
        "properties": dict(result.properties) if result.properties else None,
        "subtests": result.subtests,
    }
    return extra | {key: value for key, value in told.items() if value}


def _attempts(result: TestResult) -> Iterator[dict[str, Any]]:
    for number, attempt in enumerate(result.attempts, start=1):
        last = attempt.failures[-1]
        told = {"message": last.headline, "trace": last.traceback, "line": last.line}
        yield {
            "attempt": number,
            "status": "failed",
            "duration": round(attempt.duration * 1000),
            **{key: value for key, value in told.items() if value},
        }


def _failure(failure: Failure) -> dict[str, Any]:
    told = {
        "phase": failure.phase,
        "type": failure.type,
        "message": failure.message,
        "file": failure.file,
        "line": failure.line,
        "subtest": failure.subtest,
    }
    return {key: value for key, value in told.items() if value}
