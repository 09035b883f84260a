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
        self._file = path.open("w", encoding="utf-8", errors="backslashreplace")
        self._file.write('{"reportFormat": "CTRF", "specVersion": "0.0.0", "results": {"tests": [')
        self._comma = "\n"

    def __enter__(self) -> "CtrfFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, result: TestResult) -> None:
        """Write one test."""
        self._file.write(f"{self._comma}{_render(result)}")
        self._comma = ",\n"

    def end(self, run: Run, title: str) -> None:
        """Write what the tests came to.

        Args:
            run: The run; its results have been written already.
            title: The heading.
        """
        results, about = _dump(_about_results(run)), _dump(_about_run(run, title))
        self._file.write(f"\n], {results[1:]}, {about[1:]}\n")


def _render(result: TestResult) -> str:
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
    path = result.path
    return (
        f'{{"name": {_quoted(result.name)}, "status": "passed", "duration": {round(result.duration * 1000)}, '
        f'"rawStatus": "passed"{place}, "suite": {_suite(path[:-1] or path)}, "extra": {{"id": {_quoted(result.id)}}}}}'
    )


@lru_cache(maxsize=1024)
def _suite(path: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quoted, path))}]"


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


def _dump(record: dict[str, Any]) -> str:
    try:
        return json.dumps(record, ensure_ascii=False, default=str, allow_nan=False)
    except (ValueError, RecursionError):  # what Python's JSON has and JSON has not: NaN, infinity; or endless depth
        return json.dumps(_storable(record), ensure_ascii=False, default=str)


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
    optional: dict[str, Any] = {
        "filePath": result.file,
        "line": result.line,
        "start": round(result.started * 1000) if result.started else None,
        "threadId": result.worker,
        "suite": list(result.path[:-1]) or [result.id],
    }
    if result.failures:
        optional["message"] = "\n\n".join(failure.headline for failure in result.failures)
        optional["trace"] = "\n\n".join(failure.traceback for failure in result.failures)
    elif result.reason:
        optional["message"] = result.reason
    if result.attempts:
        optional |= {
            "flaky": result.status is Status.FLAKY,
            "retries": len(result.attempts),
            "retryAttempts": list(_attempts(result)),
        }
    output = [line for _, text in result.output for line in text.splitlines()]
    return {
        "name": result.name,
        "status": _STATUS[result.status],
        "duration": round(result.duration * 1000),
        "rawStatus": result.status.value,
        **{key: value for key, value in optional.items() if value},
        **({"stdout": output} if output else {}),
        "extra": _extra(result),
    }


def _extra(result: TestResult) -> dict[str, Any]:
    extra: dict[str, Any] = {
        "id": result.id,
        "failures": [_failure(failure) for failure in result.failures],
        "reason": result.reason,
        "expectation": result.expectation,
        "excused": [_failure(failure) for failure in result.excused],
        "evidence": list(result.evidence),
        "properties": dict(result.properties),
        "subtests": result.subtests,
    }
    return {key: value for key, value in extra.items() if value}


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
