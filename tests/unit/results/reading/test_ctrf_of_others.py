"""CTRF of other tools and of pipeproof's own, read test by test."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult
from pipeproof.results.reading.ctrf import read_ctrf
from pipeproof.results.reading.json_stream import JsonStream
from pipeproof.results.reading.junit import ReportError
from pipeproof.results.reading.sources import Sources


def read(text: str | bytes, folder: Path) -> list[TestResult | Failure]:
    path = folder / "ctrf.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_ctrf(path, Sources(folder)))


def of(*tests: dict[str, Any], summary: dict[str, int] | None = None) -> str:
    results = {"tool": {"name": "jest"}, "summary": summary or {}, "tests": list(tests)}
    return json.dumps({"reportFormat": "CTRF", "specVersion": "0.0.0", "results": results})


@pytest.mark.parametrize(
    ("test", "status"),
    [
        ({"status": "passed"}, Status.PASSED),
        ({"status": "passed", "flaky": True, "retries": 1}, Status.FLAKY),
        ({"status": "passed", "retries": 1}, Status.FLAKY),
        ({"status": "passed", "retries": 0, "retryAttempts": []}, Status.PASSED),
        ({"status": "passed", "retries": 2, "flaky": False}, Status.PASSED),
        ({"status": "passed", "retryAttempts": [{"attempt": 1, "status": "failed"}]}, Status.FLAKY),
        ({"status": "failed", "message": "no"}, Status.FAILED),
        ({"status": "other", "rawStatus": "timedOut"}, Status.FAILED),
        ({"status": "other", "rawStatus": "todo"}, Status.SKIPPED),
        ({"status": "skipped"}, Status.SKIPPED),
        ({"status": "pending"}, Status.SKIPPED),
        ({"status": "other"}, Status.SKIPPED),
        ({"status": "green"}, Status.FAILED),
        ({}, Status.FAILED),
    ],
)
def test_ctrf__each_status_is_one_of_ours_and_an_unknown_one_is_no_pass(
    test: dict[str, Any], status: Status, tmp_path: Path
) -> None:
    (result,) = read(of({"name": "a", "duration": 5, **test}), tmp_path)
    assert isinstance(result, TestResult)
    assert (result.id, result.status, result.duration) == ("a", status, 0.005)


def test_ctrf__counts_that_no_test_bears_out_are_a_failure(tmp_path: Path) -> None:
    told = read(of({"name": "a", "status": "passed", "duration": 1}, summary={"failed": 2}), tmp_path)
    assert isinstance(told[-1], Failure)
    assert "counts 2 failed tests" in told[-1].message


def test_ctrf__of_our_own_comes_back_as_it_was(tmp_path: Path) -> None:
    failure = Failure("call", "ValueError", "no\nway", "trace", "a.py", 3)
    results = (
        TestResult("a.py::b", "a.py", 1, Status.PASSED, 1.5, 1000.0),
        TestResult("a.py::c", "a.py", 2, Status.FAILED, 0.25, failures=(failure,)),
        TestResult("a.py::d", "a.py", 4, Status.FLAKY, attempts=(Attempt(0.0, (Failure("call", "", "x", ""),)),)),
        TestResult("a.py::e", None, None, Status.SKIPPED, reason="why", expectation="xfailed"),
    )
    write_ctrf(Run(results), tmp_path / "report.json", "t")
    assert tuple(read((tmp_path / "report.json").read_bytes(), tmp_path)) == results


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("", "the file ends too early", 1),
        ('{"results": {"tests": [\n{"name": "a"', "is no CTRF", 2),
        ('{"results": {}}', "has no `results.tests`", 1),
        ('{"results": {"tests": [\n\n5]}}', "a test has no name", 3),
        (of() + "{}", "something follows", 1),
        ('{"results": {"tests": [' + "[" * 100_000, "is nested too deep", 1),
        (b'{"results": {"tests": [{"name": "\xff"}]}}', "is not UTF-8", 1),
    ],
    ids=["empty", "cut", "no tests", "no name", "more", "nesting", "bytes"],
)
def test_ctrf__that_is_broken_is_refused_with_its_line(
    text: str | bytes, words: str, line: int, tmp_path: Path
) -> None:
    with pytest.raises(ReportError, match=f"ctrf.json:{line}: .*{words}"):
        read(text, tmp_path)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=6,
)


class _Slowly:
    """A file that gives one character at a time, so that each value is cut everywhere."""

    def __init__(self, text: str) -> None:
        self._text = iter(text)

    def read(self, _: int) -> str:
        return next(self._text, "")


@settings(max_examples=40, deadline=None)
@given(items=st.lists(VALUES, max_size=5), indent=st.sampled_from([None, 2]))
def test_stream__gives_the_items_of_a_list_however_it_is_cut(items: list[Any], indent: int | None) -> None:
    stream = JsonStream(_Slowly(json.dumps(items, indent=indent)))  # type: ignore[arg-type]
    assert list(stream.items()) == items
    stream.end()
