"""JUnit XML of any origin, read test by test: what is held is one test, however large the file is.

Written by pytest, Maven Surefire (with its `rerunFailure` and `flakyFailure`), Gradle, go-junit-report, gotestsum,
jest-junit, GoogleTest, CTest and others. expat reads it, and no document type is borne: entities of its own are what a
hostile file is made of, and no tool writes them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from pipeproof.errors import InputError, Location
from pipeproof.results.model import Attempt, Failure, Status, TestResult
from pipeproof.results.reading.identity import Names
from pipeproof.results.reading.sources import Sources
from pipeproof.results.reading.texts import Text, first_line, seconds, shorten
from pipeproof.results.reading.tracebacks import find_place

_CHUNK = 1 << 16
_TOKEN_LIMIT = 1 << 22
"""Bytes of one tag or comment; text between tags comes in pieces and may be of any length."""
_DEPTH = 200
"""How deep elements may be nested."""
_ROOTS = ("testsuites", "testsuite")
_FAILED = ("failure", "error")
_EARLIER = ("rerunFailure", "rerunError", "flakyFailure", "flakyError")
_TEXTS = (*_FAILED, *_EARLIER, "skipped", "system-out", "system-err", "stackTrace", "property")
_NOT_RUN = ("notrun", "disabled", "skipped", "suppressed", "ignored", "pending")
NOT_GOOD = ("fail", "failed", "failure", "error", "errored", "broken", "crashed", "timedout", "timeout", "interrupted")
"""Words for a test that has failed, in small letters, by which tools tell it beside the format's own."""

_NAME_LIMIT = 4_096
_PHASE = re.compile(r'failed on (?P<phase>setup|teardown) with "(?P<message>.*)"\Z', re.DOTALL)
"""How pytest words the message of an error in a fixture."""
_TYPE = re.compile(r"(?:[A-Za-z_]\w*\.)*(?P<type>[A-Z]\w*(?:Error|Exception|Failure|Warning|Exit|Interrupt)): ")
"""How pytest's message begins, which has no type of its own."""
_EXPECTATIONS = {"pytest.xfail": "xfailed"}


class ReportError(InputError):
    """A report is broken, or is none; the location says where."""


@dataclass(slots=True)
class _Suite:
    """A suite (or `testsuites`) that is open; how many bad tests it says it has, and how many were in it."""

    name: str
    said: int
    line: int
    bad: int = 0


@dataclass(slots=True)
class _Element:
    """A child of a test that says something: its tag, attributes, text, and that of its `stackTrace`."""

    tag: str
    attributes: dict[str, str]
    text: Text = field(default_factory=Text)
    trace: Text | None = None


def read_junit(path: Path, sources: Sources) -> Iterator[TestResult | Failure]:
    """Read the tests of a JUnit file; a `Failure` is what a suite tells of that no test of it does.

    Args:
        path: The file.
        sources: Those of the workspace, in which the places of failures are found.

    Raises:
        ReportError: It is no JUnit, or broken; with the line.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        yield from _Reader(path, sources).read(file)


class _Reader:
    """Takes expat's events of one file."""

    def __init__(self, path: Path, sources: Sources) -> None:
        self._path = path
        self._sources = sources
        self._names = Names(sources)
        self._prefix = self._names.prefix
        self._ended: list[TestResult | Failure] = []
        self._depth = 0
        self._suites: list[_Suite] = []
        self._case: dict[str, str] | None = None
        self._children: list[_Element] = []
        self._text: Text | None = None
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.buffer_size = _CHUNK
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._refuse_doctype

    def read(self, file: BinaryIO) -> Iterator[TestResult | Failure]:
        """Feed the file piece by piece, and give what each piece completes."""
        parser, fed = self._parser, 0
        try:
            while data := file.read(_CHUNK):
                fed += len(data)
                parser.Parse(data, False)
                if fed - max(parser.CurrentByteIndex, 0) > _TOKEN_LIMIT:
                    raise self._error(f"a tag or a comment has more than {_TOKEN_LIMIT} bytes")
                yield from self._ended
                self._ended.clear()
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            words = expat.ErrorString(error.code)
            told = "the file is empty" if not fed else f"it is no whole XML: {words}"
            raise ReportError(told, hint=_HINT, location=Location(self._path, error.lineno, error.offset + 1)) from None
        except (ValueError, LookupError) as error:  # an encoding that Python does not know, or that expat cannot use
            raise self._error(f"its encoding cannot be read ({error})") from None
        yield from self._ended

    def _error(self, message: str) -> ReportError:
        place = Location(self._path, self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1)
        return ReportError(message, hint=_HINT, location=place)

    def _refuse_doctype(self, *_: object) -> None:
        raise self._error("it declares a document type, in which entities could be defined; that is not read")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEPTH:
            raise self._error(f"elements are nested more than {_DEPTH} deep")
        if self._depth == 1 and tag not in _ROOTS:
            raise self._error(f"its root is <{tag[:80]}>, not <testsuites> or <testsuite>")
        if self._case is None:
            if tag == "testcase":
                self._case = attributes
            elif tag in _ROOTS:
                name = attributes.get("name", "") if tag == "testsuite" else ""
                said = _count(attributes.get("failures")) + _count(attributes.get("errors"))
                self._suites.append(_Suite(name, said, self._parser.CurrentLineNumber))
        elif tag in _TEXTS:
            self._open_text(tag, attributes)

    def _open_text(self, tag: str, attributes: dict[str, str]) -> None:
        """Take the text from here on: that of a child of the test, or of a child's child."""
        if tag == "stackTrace" and self._children:
            self._children[-1].trace = self._text = Text()
        else:
            self._children.append(_Element(tag, attributes))
            self._text = self._children[-1].text
        self._parser.CharacterDataHandler = self._text.add

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if self._case is not None and tag == "testcase":
            self._end_case(self._case)
        elif tag in _ROOTS and self._case is None and self._suites:
            self._end_suite(self._suites.pop())
        elif self._text is not None and tag in _TEXTS:
            self._text = None
            self._parser.CharacterDataHandler = None

    def _end_case(self, case: dict[str, str]) -> None:
        self._case = None
        suite = self._suites[-1] if self._suites else None
        result = self._result(case, suite.name if suite else "")
        if self._children or "status" in case or "result" in case:  # most have only passed
            result = self._judge(result, case, self._children)
            self._children = []
            if suite and result.failures:
                suite.bad += 1
        self._ended.append(result)

    def _end_suite(self, suite: _Suite) -> None:
        """Count bad tests in the suite around, and tell of those that are counted and not there."""
        if self._suites:
            self._suites[-1].bad += suite.bad
        if suite.said and not suite.bad:
            counted = "one failure" if suite.said == 1 else f"{suite.said} failures"
            what = f"the suite {suite.name or 'without a name'}" if self._depth else "the report"
            message = f"{what} counts {counted}, and no test in it has failed"
            self._ended.append(Failure("session", "", f"{message}\n{self._path}:{suite.line} does not say which did"))
            if self._suites:
                self._suites[-1].bad += suite.said

    def _result(self, case: dict[str, str], suite: str) -> TestResult:
        """Return the test, as one that has passed."""
        told = case.get
        name, classname = told("name", ""), told("classname", "")
        prefix, file = self._prefix(told("file"), "" if classname == name else classname, suite)
        test = f"{prefix}::{name}" if name else prefix
        if not classname and (module := self._names.module(name)):  # pytest: a file that could not be collected
            test = file = module
        elif len(test) > _NAME_LIMIT:
            test = shorten(test, _NAME_LIMIT)
        line = told("line") or told("lineno")
        return TestResult(test, file, (_count(line) or None) if line else None, Status.PASSED, seconds(told("time")))

    def _judge(self, passed: TestResult, case: dict[str, str], children: list[_Element]) -> TestResult:
        """Return the test with its outcome, and what it tells of it."""
        test, file = passed.id, passed.file
        earlier = [self._failure(child, file, test) for child in children if child.tag in _EARLIER]
        failures = tuple(self._failure(child, file, test) for child in children if child.tag in _FAILED)
        skipped = next((child for child in children if child.tag == "skipped"), None)
        status, failures, reason = _status(case, failures, skipped, flaky=bool(earlier))
        return TestResult(
            id=test,
            file=file or next((failure.file for failure in failures if failure.file), None),
            line=passed.line,
            status=status,
            duration=passed.duration,
            failures=failures,
            attempts=tuple(Attempt(0.0, (failure,)) for failure in earlier),
            reason=reason,
            expectation=_EXPECTATIONS.get(skipped.attributes.get("type", "")) if skipped and not failures else None,
            output=tuple(
                (child.tag.replace("system-", "std"), text)
                for child in children
                if child.tag in ("system-out", "system-err") and (text := child.text.read())
            ),
            properties=tuple(
                (child.attributes["name"], child.attributes.get("value") or child.text.read())
                for child in children
                if child.tag == "property" and "name" in child.attributes
            ),
        )

    def _failure(self, child: _Element, file: str | None, test: str) -> Failure:
        text = (child.trace or child.text).read().strip("\n")
        message, kind = child.attributes.get("message", ""), child.attributes.get("type", "")
        place = find_place(message, text, self._sources, file)
        line = _count(child.attributes.get("line"))
        if place is None and line:
            told = child.attributes.get("file")
            place = ((self._sources.find(told) or told) if told else file or "", line)
        phase, kind, message = _told(shorten(message or first_line(text)), kind, child.tag)
        if place is None and file and phase == "collect":
            place = (file, 1)
        elif place is None and file and file.endswith(".py"):
            found = self._sources.definition(file, test, "xfail" if message.startswith("[XPASS(strict)]") else "")
            place = (file, found) if found else None
        return Failure(
            phase=phase,
            type=kind,
            message=message,
            traceback=text,
            file=(place[0] or None) if place else file,
            line=place[1] if place else None,
        )


_HINT = "Is it the JUnit file that the tests wrote, and did they come to its end?"


def _told(message: str, kind: str, tag: str) -> tuple[str, str, str]:
    """Return the phase, the exception's class and its message, out of how pytest and others word them."""
    phase = "call" if tag.endswith("ailure") else "setup"
    if match := _PHASE.match(message):
        phase, message = match["phase"], match["message"]
    elif message == "collection failure":
        phase = "collect"
    if not kind and (match := _TYPE.match(message)):
        kind = match["type"]
        message = message[match.end() :]
    elif kind and message.startswith(f"{kind}: "):
        message = message[len(kind) + 2 :]
    return phase, kind, message


def _status(
    case: dict[str, str], failures: tuple[Failure, ...], skipped: _Element | None, *, flaky: bool
) -> tuple[Status, tuple[Failure, ...], str | None]:
    """Return a test's one status, its failures, and why it was skipped.

    A test that says by its `status` alone that it failed has failed; of several words the worst counts.
    """
    words = {case.get("status", "").lower(), case.get("result", "").lower()}
    if failures:
        errors = all(failure.phase != "call" for failure in failures)
        return (Status.ERROR if errors else Status.FAILED), failures, None
    if words & set(NOT_GOOD):
        return Status.FAILED, (Failure("call", "", f"its status is {' '.join(sorted(words - {''}))}"),), None
    if skipped is not None:
        return Status.SKIPPED, (), skipped.attributes.get("message") or first_line(skipped.text.read()) or None
    if words & set(_NOT_RUN):
        return Status.SKIPPED, (), f"its status is {' '.join(sorted(words - {''}))}"
    return (Status.FLAKY if flaky else Status.PASSED), (), None


def _count(text: str | None) -> int:
    """Read a whole number that others wrote; 0 where it is none."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0
