"""JUnit XML of a run: what every CI system reads.

Earlier attempts of a test are kept as Maven Surefire writes them (`rerunFailure`, `flakyFailure`). A test is one
`testcase` with at most one `failure` or `error`, so the totals are those of the other reports.
"""

import re
from pathlib import Path

from junitparser import Attr, Error, Failure, IntAttr, JUnitXml, Properties, Property, Skipped, TestSuite
from junitparser.xunit2 import FlakyError, FlakyFailure, RerunError, RerunFailure, TestCase

from pipeproof.results.model import Failure as Failed
from pipeproof.results.model import Run, Status, TestResult
from pipeproof.results.quarantine import QUARANTINED
from pipeproof.text import strip_ansi

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What an XML 1.0 document cannot hold (https://www.w3.org/TR/xml/#charsets)."""

_ESCAPES = {ord(one): f"&#{ord(one)};" for one in '&<>"\t\n\r'}
"""How an attribute's value is written; a line break that is not escaped would be read as a blank."""

_EMPTY = b" /></testsuites>"
"""How a document of one empty suite ends."""

_INTERIM = {
    (True, True): FlakyFailure,
    (True, False): FlakyError,
    (False, True): RerunFailure,
    (False, False): RerunError,
}


class _Case(TestCase):
    """A testcase that says where it is defined."""

    file = Attr()
    line = IntAttr()


def write_junit(run: Run, path: Path, title: str) -> None:
    """Write a run as JUnit XML, test by test: junitparser counts all tests anew with each one that is added."""
    document, suite, totals = JUnitXml(xml_text(title)), TestSuite(xml_text(title)), run.totals
    for element in (document, suite):
        element.tests, element.failures, element.errors = totals.tests, totals.failed, totals.errors
        element.skipped, element.time = totals.skipped, round(run.duration, 3)
    document.append(suite)
    head: bytes = document.tostring().removesuffix(_EMPTY)
    with path.open("wb") as file:
        file.write(b"<?xml version='1.0' encoding='utf-8'?>\n" + head + b">\n")
        for result in run.results:
            file.write(render_case(result) + b"\n")
        file.write(b"</testsuite></testsuites>\n")


def render_case(result: TestResult) -> bytes:
    """Render one testcase; one that only passed, as most do, without an element in between."""
    if result.status is not Status.PASSED or result.attempts or result.properties or result.output:
        rendered: bytes = _case(result).tostring()  # type: ignore[no-untyped-call]
        return rendered
    name, classname = _names(result)
    attributes = {"name": name, "classname": classname, "time": str(round(result.duration, 6))}
    if result.file:
        attributes["file"] = result.file
    if result.line:
        attributes["line"] = str(result.line)
    written = "".join(f' {key}="{xml_text(value).translate(_ESCAPES)}"' for key, value in attributes.items())
    return f"<testcase{written} />".encode()


def _names(result: TestResult) -> tuple[str, str]:
    """Return the test's name and its class's, as pytest's own JUnit has them."""
    file, *classes, name = result.path if len(result.path) > 1 else ("", result.id.removesuffix(".py"))
    return name, ".".join(filter(None, [file.removesuffix(".py").replace("/", "."), *classes]))


def _case(result: TestResult) -> _Case:
    name, classname = _names(result)
    case = _Case(xml_text(name), xml_text(classname), round(result.duration, 6))
    if result.file:
        case.file = xml_text(result.file)
    if result.line:
        case.line = result.line
    if result.failures:
        case.result = [_outcome(result)]
    elif result.status is Status.SKIPPED:
        kind = {"xfailed": "pytest.xfail", QUARANTINED: "pipeproof.quarantine"}.get(
            result.expectation or "", "pytest.skip"
        )
        case.result = [Skipped(xml_text(result.reason or ""), kind)]
    for attempt in result.attempts:
        for failure in attempt.failures:
            interim = _INTERIM[result.status is Status.FLAKY, failure.phase == "call"]
            element = interim(xml_text(failure.headline), xml_text(failure.type))
            element.stack_trace = xml_text(failure.traceback)
            case.add_interim_result(element)
    if result.properties:
        properties = Properties()
        for key, value in result.properties:
            properties.add_property(Property(xml_text(key), xml_text(str(value))))
        case.append(properties)  # type: ignore[no-untyped-call]
    if result.output:
        case.system_out = xml_text("\n".join(f"--- {name} ---\n{text}" for name, text in result.output))
    return case


def _outcome(result: TestResult) -> Failure | Error:
    first = result.failures[0]
    kind = Failure if result.status is Status.FAILED else Error
    outcome = kind(xml_text(first.headline), xml_text(first.type))
    outcome.text = xml_text("\n\n".join(_text(failure) for failure in result.failures))
    return outcome


def _text(failure: Failed) -> str:
    where = f"{failure.file}:{failure.line}: " if failure.file and failure.line else ""
    subtest = f" in subtest {failure.subtest}" if failure.subtest else ""
    return f"{where}{failure.phase}{subtest}: {failure.headline}\n{failure.traceback}"


def xml_text(text: str) -> str:
    """Take out of a text what XML cannot hold, and what a terminal would act on."""
    return _NOT_XML.sub("\ufffd", strip_ansi(text))
