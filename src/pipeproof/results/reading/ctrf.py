"""CTRF (https://ctrf.io) of any origin, read test by test; pipeproof's own has the more exact words under `extra`."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeproof.errors import Location
from pipeproof.results.model import Attempt, Failure, Status, TestResult
from pipeproof.results.reading.json_stream import JsonStream
from pipeproof.results.reading.junit import NOT_GOOD, ReportError
from pipeproof.results.reading.sources import Sources
from pipeproof.results.reading.texts import first_line, shorten
from pipeproof.results.reading.tracebacks import find_place
from pipeproof.results.stored import read_failures, read_result

_OWN = {status.value for status in Status}
_NAME_LIMIT = 4_096


def read_ctrf(path: Path, sources: Sources) -> Iterator[TestResult | Failure]:
    """Read the tests of a CTRF file; a `Failure` is what went wrong outside of any test, or is counted and not there.

    Args:
        path: The file.
        sources: Those of the workspace, in which the places of failures are found.

    Raises:
        ReportError: It is no CTRF, or broken; with the line.
        OSError: It cannot be read.
    """
    with path.open(encoding="utf-8-sig") as file:
        stream = JsonStream(file)
        try:
            yield from _document(stream, path, sources)
            stream.end()
        except UnicodeDecodeError as error:
            raise _error(path, stream, f"is not UTF-8 ({error.reason})") from None
        except RecursionError:
            raise _error(path, stream, "is nested too deep") from None
        except ValueError as error:
            raise _error(path, stream, f"is no CTRF: {error}") from None


def _error(path: Path, stream: JsonStream, message: str) -> ReportError:
    hint = "Is it the CTRF file that the tests wrote, and did they come to its end?"
    return ReportError(message, hint=hint, location=Location(path, stream.line))


def _document(stream: JsonStream, path: Path, sources: Sources) -> Iterator[TestResult | Failure]:
    found = False
    said = bad = 0
    for member in stream.members():
        if member == "extra":
            extra = stream.value()
            yield from _of_run(extra, path) if isinstance(extra, Mapping) else ()
            continue
        if member != "results" or not stream.opens("{"):
            stream.value()
            continue
        for inner in stream.members():
            if inner == "tests" and stream.opens("["):
                found = True
                for test in stream.items():
                    result = _result(test, sources)
                    bad += bool(result.failures)
                    yield result
            elif inner == "summary":
                summary = stream.value()
                failed = summary.get("failed") if isinstance(summary, Mapping) else 0
                said = failed if isinstance(failed, int) else 0
            else:
                stream.value()
    if not found:
        raise ValueError("it has no `results.tests`")
    if said and not bad:
        counted = "one failed test" if said == 1 else f"{said} failed tests"
        yield Failure("session", "", f"{path.name} counts {counted}, and no test in it has failed")


def _of_run(extra: Mapping[str, Any], path: Path) -> Iterator[Failure]:
    """Yield what pipeproof's own report says of a run beside its tests."""
    yield from read_failures(extra.get("failures"))
    if extra.get("conclusion") == "cancelled":
        yield Failure("session", "", f"the run of {path.name} was cancelled before its end")


def _result(test: Any, sources: Sources) -> TestResult:
    if not isinstance(test, Mapping) or not isinstance(test.get("name"), str):
        raise ValueError(f"a test has no name: {json.dumps(test)[:80]}")
    extra = test.get("extra")
    duration = test.get("duration")
    lasted = duration if isinstance(duration, int | float) and 0 <= duration < 1e12 else 0.0
    if test.get("rawStatus") in _OWN and isinstance(extra, Mapping) and isinstance(extra.get("id"), str):
        return read_result({**test, "duration": lasted})
    name, suite = shorten(test["name"], _NAME_LIMIT), _suite(test.get("suite"))
    told = _text(test.get("filePath"))
    file = (sources.find(told) or told.removeprefix("./")) if told else None
    line = test.get("line") if isinstance(test.get("line"), int) and test["line"] > 0 else None
    classes = [part for part in suite if part not in (file, told)]
    status = _status(test)
    failures = (_failure(test, file, line, sources),) if status in (Status.FAILED, Status.ERROR) else ()
    return TestResult(
        id="::".join([*([file] if file else []), *classes, name]),
        file=file,
        line=line,
        status=status,
        duration=lasted / 1000,
        failures=failures,
        attempts=_attempts(test) if status is Status.FLAKY else (),
        reason=_skip_reason(test) if status is Status.SKIPPED else None,
        output=tuple((name, text) for name in ("stdout", "stderr") if (text := _lines(test.get(name)))),
    )


def _status(test: Mapping[str, Any]) -> Status:
    """Return the one status; a word that CTRF does not have passes nothing.

    A test that passed after an attempt that did not, or after `retries` where `flaky` is not said, is flaky.
    """
    told = test.get("status")
    if told == "passed":
        retries = test.get("retries") if test.get("flaky") is None else 0
        again = isinstance(retries, int) and retries > 0
        return Status.FLAKY if test.get("flaky") is True or again or _failed_attempts(test) else Status.PASSED
    if told == "other" and str(test.get("rawStatus", "")).lower() in NOT_GOOD:
        return Status.FAILED
    return Status.SKIPPED if told in ("skipped", "pending", "other") else Status.FAILED


def _skip_reason(test: Mapping[str, Any]) -> str | None:
    """Return why a test did not run; of one that is neither passed, failed nor skipped, its status."""
    if message := first_line(_text(test.get("message")) or ""):
        return message
    return f"its status is {_text(test.get('rawStatus')) or 'other'}" if test.get("status") == "other" else None


def _failure(test: Mapping[str, Any], file: str | None, line: int | None, sources: Sources) -> Failure:
    trace = shorten(_text(test.get("trace")) or "")
    message = shorten(_text(test.get("message")) or first_line(trace) or f"its status is {_word(test)!r}")
    place = find_place(message, trace, sources, file) or find_place("", message, sources, file)
    where, at = place or (file, line)
    return Failure("call", "", message, trace, where, at)


def _word(test: Mapping[str, Any]) -> object:
    """Return the word that says the most of how a test ended."""
    return test.get("rawStatus") or test.get("status") if test.get("status") == "other" else test.get("status")


def _attempts(test: Mapping[str, Any]) -> tuple[Attempt, ...]:
    return tuple(Attempt(0.0, (_earlier(one),)) for one in _failed_attempts(test) or [{}])


def _failed_attempts(test: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    told = test.get("retryAttempts")
    tried = [one for one in told if isinstance(one, Mapping)] if isinstance(told, list) else []
    return [one for one in tried if one.get("status") not in ("passed", "skipped", "pending")]


def _earlier(attempt: Mapping[str, Any]) -> Failure:
    message, trace = _text(attempt.get("message")) or "failed", _text(attempt.get("trace")) or ""
    return Failure("call", "", shorten(message), shorten(trace))


def _suite(told: object) -> list[str]:
    if isinstance(told, str):
        return [part.strip() for part in told.split(" > ")] if told else []
    return [part for part in told if isinstance(part, str) and part] if isinstance(told, list) else []


def _lines(told: object) -> str:
    lines = told if isinstance(told, list) else [told]
    return shorten("\n".join(line for line in lines if isinstance(line, str)))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
