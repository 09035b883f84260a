"""What `make demo` says of the run that it has made."""

from pathlib import Path

import demo
import pytest

ROOT = Path(__file__).parents[3]
SUITES = demo.read_suites((ROOT / "examples" / "orders" / "README.md").read_text(encoding="utf-8"))


def of(path: str, status: str = "passed", name: str = "test_it") -> dict[str, str]:
    return {"filePath": path, "status": status, "name": name}


def test_suites__each_file_of_tests_is_described() -> None:
    files = {path.name for path in (ROOT / "examples" / "orders" / "tests").glob("test_*.py")}
    assert files | {"dbt/dbt_project.yml"} == set(SUITES)


def test_shown__counts_what_passed_and_says_of_what_it_is() -> None:
    tests = [of("tests/test_flow.py"), of("tests/test_flow.py", "failed"), of("dbt/models/_marts.yml"), of("other.py")]
    lines = demo.render_shown(tests, SUITES).splitlines()
    assert [line.split()[:4] for line in lines[1:]] == [
        ["1", "of", "2", "test_flow.py"],
        ["1", "of", "1", "dbt/dbt_project.yml"],
        ["1", "of", "1", "other.py"],
    ]
    assert "run by Prefect's engine" in lines[1]
    assert "data tests and unit tests" in lines[2]


@pytest.mark.parametrize("status", ["skipped", "failed", "other", "pending"])
def test_faults__whatever_did_not_pass(status: str) -> None:
    assert demo.find_faults([of("a.py"), of("b.py", status, "test_b")]) == [f"b.py::test_b {status}"]


def test_next__names_pages_that_are_there() -> None:
    named = [line.split()[0] for line in demo.NEXT.format(page="pipeproof-report/report.html").splitlines()[2:]]
    assert [name for name in named if not (ROOT / name).exists()] == []
