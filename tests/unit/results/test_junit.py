"""JUnit XML, read back with junitparser and with the standard library's parser."""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from junitparser import JUnitXml

from pipeproof.results.junit import render_case, write_junit
from pipeproof.results.model import Run, Status, TestResult

Make = Callable[..., Run]


def written(run: Run, folder: Path, title: str = "Orders") -> ET.Element:
    path = folder / "junit.xml"
    write_junit(run, path, title)
    return ET.parse(path).getroot()


def test_junit__has_each_test_once_and_the_totals_of_the_run(mixed_run: Make, tmp_path: Path) -> None:
    run = mixed_run()
    write_junit(run, tmp_path / "junit.xml", "Orders")
    document = JUnitXml.fromfile(str(tmp_path / "junit.xml"))
    (suite,) = list(document)
    totals = run.totals
    for found in (document, suite):
        assert (found.tests, found.failures, found.errors, found.skipped) == (
            totals.tests,
            totals.failed,
            totals.errors,
            totals.skipped,
        )
        assert found.name == "Orders"
    assert len(list(suite)) == totals.tests
    root = ET.parse(tmp_path / "junit.xml").getroot()
    assert [root.get("time"), root.find("testsuite").get("time")] == ["3.25", "3.25"]


def test_junit__says_where_a_test_is(mixed_run: Make, tmp_path: Path) -> None:
    case = written(mixed_run(), tmp_path).findall(".//testcase")[0]
    assert case.attrib == {
        "name": "boom1",
        "classname": "a.t.TestX",
        "time": "0.5",
        "file": "boom.py",
        "line": "1",
    }


def test_junit__keeps_earlier_attempts(mixed_run: Make, tmp_path: Path) -> None:
    root = written(mixed_run(), tmp_path)
    assert [case.get("name") for case in root.iter("testcase") if case.find("flakyFailure") is not None] == ["boom6"]
    assert [case.get("name") for case in root.iter("testcase") if case.find("rerunFailure") is not None] == ["boom3"]
    assert root.find(".//flakyFailure/stackTrace").text == "boom"


def test_junit__tells_a_skip_from_an_expected_failure(mixed_run: Make, tmp_path: Path) -> None:
    found = [(skip.get("type"), skip.get("message")) for skip in written(mixed_run(), tmp_path).iter("skipped")]
    assert found == [("pytest.skip", "boom"), ("pytest.xfail", "boom")]


def test_junit__has_properties_and_output(mixed_run: Make, tmp_path: Path) -> None:
    root = written(mixed_run(), tmp_path)
    assert {p.get("name"): p.get("value") for p in root.iter("property")} == {"boom": "boom", "n": "nan"}
    assert root.find(".//system-out").text == "--- boom ---\nboom"


def test_junit__is_xml_whatever_the_texts_are(mixed_run: Make, hostile: str, tmp_path: Path) -> None:
    root = written(mixed_run(hostile), tmp_path, hostile)
    assert len(root.findall(".//testcase")) == 7
    assert "☃" in root.find(".//failure").text
    assert "[31m" not in (tmp_path / "junit.xml").read_text(encoding="utf-8")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(text=st.text(st.characters()))
def test_junit__is_xml_for_any_text(text: str, mixed_run: Make, tmp_path: Path) -> None:
    assert len(written(mixed_run(text), tmp_path, text).findall(".//testcase")) == 7


@pytest.mark.parametrize(
    ("identity", "classname", "name"),
    [
        ("my.pyx/t.py::test_x", "my.pyx.t", "test_x"),
        ("t.py::test_x[a::b]", "t", "test_x[a::b]"),
        ("t.py::test_x[u.py]", "t", "test_x[u.py]"),
        ("a/t.py", "", "a/t"),
    ],
)
def test_junit__names_a_test_as_pytest_does(identity: str, classname: str, name: str, tmp_path: Path) -> None:
    (case,) = written(Run((TestResult(identity, None, None, Status.PASSED),)), tmp_path).findall(".//testcase")
    assert (case.get("classname") or "", case.get("name")) == (classname, name)


def test_junit__of_no_test_is_a_document(tmp_path: Path) -> None:
    assert written(Run(), tmp_path).find("testsuite").get("tests") == "0"


@given(st.text(st.characters()), st.text(st.characters()), st.floats(0, 1e6), st.none() | st.integers(1, 9))
def test_junit__a_passed_test_is_what_junitparser_would_write(
    name: str, file: str, duration: float, line: int | None
) -> None:
    """It is written without junitparser, whose elements cost more than all else of a large report."""
    passed = TestResult(f"{file}::{name}", file or None, line, Status.PASSED, duration)
    skipped = replace(passed, status=Status.SKIPPED)
    ours, theirs = (ET.fromstring(render_case(result)) for result in (passed, skipped))
    assert list(ours) == []
    assert list(ours.attrib.items()) == list(theirs.attrib.items())
