"""JUnit XML of a run: what every CI system reads.

Earlier attempts of a test are kept as Maven Surefire writes them (`rerunFailure`, `flakyFailure`). A test is one
`testcase` with at most one `failure` or `error`, so the totals are those of the other reports.
"""

import re
import shutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from pipeproof.results.model import Failure, Run, Status, TestResult
from pipeproof.results.quarantine import QUARANTINED
from pipeproof.text import strip_ansi

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What an XML 1.0 document cannot hold (https://www.w3.org/TR/xml/#charsets)."""

_ESCAPES = {ord(one): f"&#{ord(one)};" for one in '&<>"\t\n\r'}
"""How an attribute's value is written; a line break that is not escaped would be read as a blank."""

_SPECIAL = re.compile(r"[^ !#-%'-;=?-~]")
"""What of ASCII, and of all else, an attribute cannot hold as it is."""

_EARLIER = {
    (True, True): "flakyFailure",
    (True, False): "flakyError",
    (False, True): "rerunFailure",
    (False, False): "rerunError",
}


def write_junit(run: Run, path: Path, title: str) -> None:
    """Write a run as JUnit XML, test by test."""
    with JunitFile(path) as file:
        for result in run.results:
            file.add(result)
        file.end(run, title)


class JunitFile:
    """A JUnit file that is written while its tests become known; what counts them stands before them in the end.

    Args:
        path: The file; until its end the tests lie beside it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cases = path.with_name(f"{path.name}.cases")
        self._file = self._cases.open("wb")

    def __enter__(self) -> "JunitFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._cases.unlink(missing_ok=True)

    def add(self, result: TestResult) -> None:
        """Write one test."""
        self._file.write(render_case(result) + b"\n")

    def end(self, run: Run, title: str) -> None:
        """Put the totals before the tests.

        Args:
            run: The run; its results have been written already.
            title: The heading.
        """
        totals = run.totals
        counts = {"tests": totals.tests, "failures": totals.failed, "errors": totals.errors, "skipped": totals.skipped}
        named = {"name": title, **{word: str(count) for word, count in counts.items()}, "time": _seconds(run.duration)}
        opened = "".join(f"{_open(tag, named)}>" for tag in ("testsuites", "testsuite"))
        self._file.close()
        with self._path.open("wb") as file, self._cases.open("rb") as cases:
            file.write(f"<?xml version='1.0' encoding='utf-8'?>\n{opened}\n".encode())
            shutil.copyfileobj(cases, file)
            file.write(b"</testsuite></testsuites>\n")


def render_case(result: TestResult) -> bytes:
    """Render one testcase."""
    file, *classes, name = result.path if len(result.path) > 1 else ("", result.id.removesuffix(".py"))
    where = {"file": result.file} if result.file else {}
    if result.file and result.line:
        where["line"] = str(result.line)
    attributes = {"name": name, "classname": _class(file, *classes), "time": _seconds(result.duration), **where}
    inner = "".join(_children(result)) if _says_more(result) else ""
    return _element("testcase", attributes, inner).encode()


def _says_more(result: TestResult) -> bool:
    """Return whether there is more to tell than that a test passed."""
    return result.status is not Status.PASSED or bool(result.attempts or result.properties or result.output)


@lru_cache(maxsize=1024)
def _class(file: str, *classes: str) -> str:
    """Return the name of a test's class as pytest's own JUnit has it."""
    return ".".join(filter(None, [file.removesuffix(".py").replace("/", "."), *classes]))


def _seconds(duration: float) -> str:
    return str(round(duration, 6))


def _children(result: TestResult) -> Iterator[str]:
    """Yield what a test tells, in the order of Surefire's schema: outcome, earlier attempts, properties, output."""
    if result.failures:
        first = result.failures[0]
        tag = "failure" if result.status is Status.FAILED else "error"
        text = "\n\n".join(_text(failure) for failure in result.failures)
        yield _element(tag, {"message": first.headline, "type": first.type}, _content(text))
    elif result.status is Status.SKIPPED:
        kinds = {"xfailed": "pytest.xfail", QUARANTINED: "pipeproof.quarantine"}
        kind = kinds.get(result.expectation or "", "pytest.skip")
        yield _element("skipped", {"message": result.reason or "", "type": kind})
    for attempt in result.attempts:
        for failure in attempt.failures:
            trace = _element("stackTrace", {}, _content(failure.traceback))
            tag = _EARLIER[result.status is Status.FLAKY, failure.phase == "call"]
            yield _element(tag, {"message": failure.headline, "type": failure.type}, trace)
    if result.properties:
        each = (_element("property", {"name": key, "value": str(value)}) for key, value in result.properties)
        yield _element("properties", {}, "".join(each))
    if result.output:
        output = "\n".join(f"--- {name} ---\n{text}" for name, text in result.output)
        yield _element("system-out", {}, _content(output))


def _element(tag: str, attributes: Mapping[str, str], inner: str = "") -> str:
    """Render an element; `inner` is XML already."""
    return f"{_open(tag, attributes)}>{inner}</{tag}>" if inner else f"{_open(tag, attributes)} />"


def _open(tag: str, attributes: Mapping[str, str]) -> str:
    written = "".join([f' {name}="{_attribute(value)}"' for name, value in attributes.items()])
    return f"<{tag}{written}"


def _attribute(value: str) -> str:
    return xml_text(value).translate(_ESCAPES) if _SPECIAL.search(value) else value


def _content(text: str) -> str:
    return xml_text(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _text(failure: Failure) -> str:
    where = f"{failure.file}:{failure.line}: " if failure.file and failure.line else ""
    subtest = f" in subtest {failure.subtest}" if failure.subtest else ""
    return f"{where}{failure.phase}{subtest}: {failure.headline}\n{failure.traceback}"


def xml_text(text: str) -> str:
    """Take out of a text what XML cannot hold, and what a terminal would act on."""
    return _NOT_XML.sub("\ufffd", strip_ansi(text))
