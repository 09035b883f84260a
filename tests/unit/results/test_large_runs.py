"""Large runs: what is quadratic would not come to an end here."""

from pathlib import Path
from xml.etree.ElementTree import iterparse

from pipeproof.results.ctrf import read_tests, write_ctrf
from pipeproof.results.junit import write_junit
from pipeproof.results.model import Failure, Run, Status, TestResult

BOOM = Failure("call", "ValueError", "boom", "trace", "t.py", 3)


def test_reports__of_ten_thousand_tests_have_them_all(tmp_path: Path) -> None:
    good = (TestResult(f"t.py::test[{n}]", "t.py", 1, Status.PASSED, 0.01) for n in range(9_000))
    bad = (TestResult(f"t.py::bad[{n}]", "t.py", 1, Status.FAILED, 0.01, failures=(BOOM,)) for n in range(1_000))
    run = Run((*good, *bad))
    write_junit(run, tmp_path / "junit.xml", "Many")
    write_ctrf(run, tmp_path / "report.json", "Many")
    assert sum(element.tag == "testcase" for _, element in iterparse(tmp_path / "junit.xml")) == 10_000
    assert len(read_tests(tmp_path / "report.json")) == 10_000
