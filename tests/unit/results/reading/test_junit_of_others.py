"""JUnit of other tools: their shapes, hostile files, and that what is held of a large one is one test."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeproof.errors import InputError
from pipeproof.results.junit import render_case
from pipeproof.results.model import Failure, Status, TestResult
from pipeproof.results.reading.junit import ReportError, read_junit
from pipeproof.results.reading.sources import Sources


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    for name in (
        "tests/test_orders.py",
        "src/test/java/com/acme/OrdersTest.java",
        "orders/orders_test.go",
        "web/src/orders.test.js",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("def test_late():\n    assert 1 == 2\n")
    return folder


def read(text: str | bytes, workspace: Path) -> list[TestResult | Failure]:
    path = workspace.parent / "junit.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_junit(path, Sources(workspace)))


def only(text: str, workspace: Path) -> TestResult:
    (result,) = read(text, workspace)
    assert isinstance(result, TestResult)
    return result


SUREFIRE = """<testsuite name="com.acme.OrdersTest" tests="1" failures="1" errors="0">
<testcase name="late" classname="com.acme.OrdersTest" time="1,234.5">
<failure message="expected: 1" type="org.opentest4j.AssertionFailedError">
<![CDATA[org.opentest4j.AssertionFailedError: expected: 1
	at org.junit.Assertions.fail(Assertions.java:55)
	at app//com.acme.OrdersTest.late(OrdersTest.java:42)
	at java.base/java.lang.Thread.run(Thread.java:1583)]]></failure>
<rerunFailure message="expected: 1" type="x"><stackTrace>first</stackTrace><system-out>noise</system-out></rerunFailure>
</testcase></testsuite>"""
GO = """<testsuites tests="1" failures="1"><testsuite name="github.com/acme/shop/orders" tests="1" failures="1">
<testcase classname="orders" name="TestLate/one" time="0.010">
<failure message="Failed" type="">    orders_test.go:12: got 1, want 2</failure>
</testcase></testsuite></testsuites>"""
JEST = """<testsuites name="jest tests"><testsuite name="orders" tests="1" failures="1">
<testcase classname="orders are late" name="orders are late" file="web/src/orders.test.js" time="0.01">
<failure>Error: expect(received).toBe(expected)
    at node_modules/expect/build/index.js:3:9
    at Object.toBe (/home/runner/work/shop/shop/web/src/orders.test.js:7:13)</failure>
</testcase></testsuite></testsuites>"""
PYTEST = """<testsuites><testsuite name="pytest" errors="0" failures="1" tests="1" hostname="x">
<testcase classname="tests.test_orders.TestLate" name="test_late[EUR]" time="0.001">
<failure message="AssertionError: assert 1 == 2">self = 1

    def test_late():
&gt;       assert 1 == 2
E       AssertionError: assert 1 == 2

tests/test_orders.py:2: AssertionError</failure></testcase></testsuite></testsuites>"""
GTEST = """<testsuites><testsuite name="Orders" tests="2">
<testcase name="Late" status="run" result="completed" classname="Orders"
file="orders.cc" line="9">
<failure message="orders.cc:11&#x0A;Expected" type=""><![CDATA[orders.cc:11
Expected]]></failure></testcase></testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("text", "test", "place"),
    [
        (SUREFIRE, "com.acme.OrdersTest::late", ("src/test/java/com/acme/OrdersTest.java", 42)),
        (GO, "orders::TestLate/one", ("orders/orders_test.go", 12)),
        (JEST, "web/src/orders.test.js::orders are late", ("web/src/orders.test.js", 7)),
        (PYTEST, "tests/test_orders.py::TestLate::test_late[EUR]", ("tests/test_orders.py", 2)),
        (GTEST, "orders.cc::Orders::Late", ("orders.cc", None)),
    ],
    ids=["surefire", "go", "jest", "pytest", "gtest"],
)
def test_junit__of_each_tool_has_its_tests_name_and_place(
    text: str, test: str, place: tuple[str, int | None], workspace: Path
) -> None:
    result = only(text, workspace)
    assert (result.id, result.status) == (test, Status.FAILED)
    assert (result.failures[0].file, result.failures[0].line) == place


def test_junit__of_surefire_has_its_earlier_attempts_and_its_thousands(workspace: Path) -> None:
    result = only(SUREFIRE, workspace)
    assert result.duration == 1234.5
    assert [attempt.failures[0].traceback for attempt in result.attempts] == ["first"]


CASES = [
    ("", Status.PASSED),
    ("<skipped/>", Status.SKIPPED),
    ('<skipped message="why"/><failure/>', Status.FAILED),
    ("<error/>", Status.ERROR),
    ("<error/><failure/>", Status.FAILED),
    ("<flakyFailure/>", Status.FLAKY),
    ("<system-out>failure</system-out>", Status.PASSED),
    ("<properties><property name='a' value='b'/></properties>", Status.PASSED),
]


@pytest.mark.parametrize(("inner", "status"), CASES)
def test_junit__children_give_one_status(inner: str, status: Status, workspace: Path) -> None:
    result = only(f'<testsuite><testcase classname="a" name="b">{inner}</testcase></testsuite>', workspace)
    assert result.status is status
    assert bool(result.failures) == (status in (Status.FAILED, Status.ERROR))


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ('status="fail"', Status.FAILED),
        ('status="notrun"', Status.SKIPPED),
        ('result="suppressed"', Status.SKIPPED),
        ('status="run" result="completed"', Status.PASSED),
        ('result="timedOut"', Status.FAILED),
    ],
)
def test_junit__attributes_alone_give_a_status(attributes: str, status: Status, workspace: Path) -> None:
    assert only(f'<testsuite><testcase name="b" {attributes}/></testsuite>', workspace).status is status


def test_junit__a_report_that_counts_a_failure_which_no_test_has_is_a_failure_once(workspace: Path) -> None:
    told = read('<testsuites errors="1"><testsuite name="s"><testcase name="a"/></testsuite></testsuites>', workspace)
    assert [item.message.splitlines()[0] for item in told if isinstance(item, Failure)] == [
        "the report counts one failure, and no test in it has failed"
    ]
    counted = '<testsuites failures="1"><testsuite name="s" failures="1"><testcase name="a"/></testsuite></testsuites>'
    assert len([item for item in read(counted, workspace) if isinstance(item, Failure)]) == 1


def test_junit__a_suite_that_counts_a_failure_which_no_test_has_is_a_failure(workspace: Path) -> None:
    told = read('<testsuites><testsuite name="s" failures="1"><testcase name="a"/></testsuite></testsuites>', workspace)
    assert [type(item) for item in told] == [TestResult, Failure]
    assert isinstance(told[1], Failure)
    assert "the suite s counts one failure" in told[1].message


@pytest.mark.parametrize(
    ("data", "words", "place"),
    [
        (b"", "empty", "1:1"),
        (b"<testsuite>\n<testcase name='a'>\n", "no element found", "3:1"),
        (b"<testsuite>\n<testcase name='\xff\xfe'/></testsuite>", "not well-formed", "2:"),
        (b"<?xml version='1.0' encoding='klingon'?><testsuite/>", "encoding", "1:"),
        (b"<html><body/></html>", "its root is <html>", "1:1"),
        (b"no XML at all", "syntax error", "1:1"),
        (b"<!DOCTYPE x [<!ENTITY a 'aaaa'>]><testsuite name='&a;'/>", "document type", "1:"),
        (b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><testsuite/>", "document type", "1:"),
        (b"<testsuite>" + b"<testsuite>" * 100_000, "nested more than", "1:"),
        (b"<testsuite><testcase name='" + b"a" * (1 << 23) + b"'/></testsuite>", "more than 4194304 bytes", "1:"),
        (b"<testsuite><!--" + b"a" * (1 << 23), "more than 4194304 bytes", "1:"),
    ],
    ids=[
        "empty",
        "cut",
        "bytes",
        "encoding",
        "html",
        "text",
        "entities",
        "external",
        "nesting",
        "attribute",
        "comment",
    ],
)
def test_junit__that_is_broken_or_hostile_is_refused_with_its_place(
    data: bytes, words: str, place: str, workspace: Path
) -> None:
    with pytest.raises(ReportError) as caught:
        read(data, workspace)
    assert words in caught.value.message
    assert str(caught.value).startswith(f"{workspace.parent / 'junit.xml'}:{place}")
    assert isinstance(caught.value, InputError)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_junit__in_an_encoding_that_it_declares_is_read(encoding: str, workspace: Path) -> None:
    declared = encoding.removesuffix("-sig")
    text = f"<?xml version='1.0' encoding='{declared}'?><testsuite><testcase name='Übergrößen'/></testsuite>"
    (result,) = read(text.encode(encoding), workspace)
    assert isinstance(result, TestResult)
    assert result.name == "Übergrößen"


def test_junit__of_endless_output_is_read_in_little_memory(workspace: Path) -> None:
    path = workspace.parent / "junit.xml"
    with path.open("wb") as file:
        file.write(b"<testsuite>")
        for number in range(4):
            file.write(b"<testcase name='%d'><system-out>" % number)
            for _ in range(8):
                file.write(b"0123456789abcde\n" * (1 << 16))
            file.write(b"the end</system-out></testcase>")
        file.write(b"</testsuite>")
    tracemalloc.start()
    try:
        for result in read_junit(path, Sources(workspace)):
            assert isinstance(result, TestResult)
            assert result.output[0][1].endswith("the end")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 4 << 20


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=st.lists(TEXTS, min_size=1, max_size=3), text=TEXTS)
def test_junit__that_we_wrote_has_the_same_statuses_when_it_is_read(
    names: list[str], text: str, workspace: Path
) -> None:
    def results() -> Iterator[TestResult]:
        for name in names:
            yield TestResult(f"a.py::{name}", None, None, Status.PASSED)
            failure = Failure("call", "ValueError", text, text)
            yield TestResult(f"a.py::{name}", None, None, Status.FAILED, failures=(failure,), output=(("out", text),))

    written = list(results())
    cases = b"".join(map(render_case, written))
    told = read(b"<testsuite>" + cases + b"</testsuite>", workspace)
    assert [one.status for one in told if isinstance(one, TestResult)] == [one.status for one in written]
