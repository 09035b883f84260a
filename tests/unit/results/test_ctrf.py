"""`report.json`, held to the rules of the Common Test Report Format (https://ctrf.io/docs/specification)."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pipeproof.errors import InputError
from pipeproof.results.ctrf import read_tests, write_ctrf
from pipeproof.results.model import Run, Status, TestResult

Make = Callable[..., Run]
COUNT = {"type": "integer", "minimum": 0}
TEXT = {"type": "string"}
STATUS = {"enum": ["passed", "failed", "skipped", "pending", "other"]}
SCHEMA = {
    "type": "object",
    "required": ["reportFormat", "specVersion", "results"],
    "additionalProperties": False,
    "properties": {
        "reportFormat": {"const": "CTRF"},
        "specVersion": {"pattern": r"^\d+\.\d+\.\d+$"},
        "reportId": {"pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
        "timestamp": {"pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"},
        "generatedBy": TEXT,
        "extra": {"type": "object"},
        "results": {
            "type": "object",
            "required": ["tool", "summary", "tests"],
            "additionalProperties": False,
            "properties": {
                "tool": {"type": "object", "required": ["name"], "properties": {"name": TEXT, "version": TEXT}},
                "summary": {
                    "type": "object",
                    "required": ["tests", "passed", "failed", "skipped", "pending", "other", "start", "stop"],
                    "additionalProperties": False,
                    "properties": dict.fromkeys(
                        [
                            "tests",
                            "passed",
                            "failed",
                            "skipped",
                            "pending",
                            "other",
                            "flaky",
                            "start",
                            "stop",
                            "duration",
                        ],
                        COUNT,
                    ),
                },
                "tests": {"type": "array", "items": {"$ref": "#/$defs/test"}},
            },
        },
    },
    "$defs": {
        "test": {
            "type": "object",
            "required": ["name", "status", "duration"],
            "additionalProperties": False,
            "properties": {
                "name": TEXT,
                "status": STATUS,
                "duration": COUNT,
                "start": COUNT,
                "rawStatus": TEXT,
                "message": TEXT,
                "trace": TEXT,
                "line": COUNT,
                "filePath": TEXT,
                "threadId": TEXT,
                "flaky": {"type": "boolean"},
                "retries": COUNT,
                "suite": {"type": "array", "minItems": 1, "items": TEXT},
                "stdout": {"type": "array", "items": TEXT},
                "extra": {"type": "object"},
                "retryAttempts": {"type": "array", "items": {"$ref": "#/$defs/attempt"}},
            },
        },
        "attempt": {
            "type": "object",
            "required": ["attempt", "status"],
            "additionalProperties": False,
            "properties": {
                "attempt": {"type": "integer", "minimum": 1},
                "status": STATUS,
                "duration": COUNT,
                "message": TEXT,
                "trace": TEXT,
                "line": COUNT,
            },
        },
    },
}


def no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def written(run: Run, folder: Path, title: str = "Orders") -> dict[str, Any]:
    path = folder / "report.json"
    write_ctrf(run, path, title)
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), parse_constant=no_constant)
    Draft202012Validator(SCHEMA).validate(report)
    return report


def test_ctrf__keeps_to_the_format_and_has_the_totals(mixed_run: Make, tmp_path: Path) -> None:
    report = written(mixed_run(), tmp_path)
    summary, tests = report["results"]["summary"], report["results"]["tests"]
    assert (summary["tests"], summary["passed"], summary["failed"], summary["skipped"], summary["flaky"]) == (
        7,
        3,
        2,
        2,
        1,
    )
    assert summary["tests"] == len(tests)
    for status in ("passed", "failed", "skipped"):
        assert summary[status] == sum(test["status"] == status for test in tests)
    assert (summary["start"], summary["stop"], summary["duration"]) == (100_000, 103_250, 3_250)
    assert report["extra"]["totals"] == {
        "tests": 7,
        "passed": 2,
        "failed": 1,
        "errors": 1,
        "skipped": 2,
        "flaky": 1,
    }
    assert report["extra"]["notRun"] == ["a/t.py::TestX::boom8"]
    assert report["extra"]["conclusion"] == "failure"


def test_ctrf__tells_a_failed_test_in_full(mixed_run: Make, tmp_path: Path) -> None:
    test = written(mixed_run(), tmp_path)["results"]["tests"][1]
    assert (test["name"], test["suite"], test["filePath"]) == ("TestX::boom2", ["a/t.py", "TestX"], "boom.py")
    assert test["extra"]["failures"] == [
        {"phase": "call", "type": "ValueError", "message": "boom", "file": "boom.py", "line": 3},
        {"phase": "setup", "message": "boom"},
    ]


def test_ctrf__keeps_earlier_attempts(mixed_run: Make, tmp_path: Path) -> None:
    tests = written(mixed_run(), tmp_path)["results"]["tests"]
    assert tests[5]["flaky"] is True
    assert tests[5]["retries"] == len(tests[5]["retryAttempts"]) == 1


def test_ctrf__is_json_whatever_the_texts_are(mixed_run: Make, hostile: str, tmp_path: Path) -> None:
    """A lone surrogate, which no UTF-8 can hold, is written as JSON escapes it."""
    report = written(mixed_run(hostile), tmp_path, hostile)
    assert report["extra"]["title"] == hostile
    assert report["results"]["tests"][6]["extra"]["evidence"] == [{"kind": hostile, "data": {hostile: [hostile]}}]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(text=st.text(st.characters()))
def test_ctrf__is_json_for_any_text(text: str, mixed_run: Make, tmp_path: Path) -> None:
    written(mixed_run(text), tmp_path, text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [-float("inf")], {"x": float("nan")}])
def test_ctrf__writes_numbers_that_json_has_not_as_null(value: object, tmp_path: Path) -> None:
    result = TestResult("t.py::x", "t.py", 1, Status.PASSED, evidence=({"kind": "x", "data": {"value": value}},))
    text = json.dumps(written(Run((result,)), tmp_path)["results"]["tests"][0]["extra"]["evidence"])
    assert "null" in text
    assert "NaN" not in text
    assert "Infinity" not in text


@pytest.mark.parametrize("value", [1 << 70, "half \ud800 a pair", {1: "a key that is no text"}])
def test_ctrf__writes_what_the_fast_way_does_not_know(value: object, tmp_path: Path) -> None:
    result = TestResult("t.py::x", "t.py", 1, Status.PASSED, evidence=({"kind": "x", "data": {"value": value}},))
    (record,) = written(Run((result,)), tmp_path)["results"]["tests"][0]["extra"]["evidence"]
    assert record["data"]["value"] == ({"1": "a key that is no text"} if isinstance(value, dict) else value)
    assert read_tests(tmp_path / "report.json")[0]["extra"]["evidence"] == [record]


def test_ctrf__writes_evidence_of_endless_depth_to_some_depth(tmp_path: Path) -> None:
    value: list[Any] = []
    for _ in range(20_000):
        value = [value]
    result = TestResult("t.py::x", "t.py", 1, Status.PASSED, evidence=({"kind": "x", "data": {"value": value}},))
    assert "…" in json.dumps(written(Run((result,)), tmp_path), ensure_ascii=False)


def test_read_tests__reads_what_was_written(mixed_run: Make, tmp_path: Path) -> None:
    write_ctrf(mixed_run(), tmp_path / "report.json", "x")
    tests = read_tests(tmp_path / "report.json")
    assert [test["rawStatus"] for test in tests] == [
        "passed",
        "failed",
        "error",
        "skipped",
        "skipped",
        "flaky",
        "passed",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"results": 1}',
        '{"results": {"tests": [1]}}',
        '{"results": {"tests": 5}}',
        "[" * 100_000,
        '{"results": {"tests": [{"rawStatus": "passed", "extra": {"id": "x"}, "duration": "1"}]}}',
        '{"results": {"tests": [{"rawStatus": [], "extra": {"id": "x"}, "duration": 1}]}}',
        '{"results": {"tests": [{"rawStatus": "passed", "duration": 1}]}}',
    ],
)
def test_read_tests__refuses_what_is_no_report(text: str, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(text)
    with pytest.raises(InputError, match=r"report\.json"):
        read_tests(tmp_path / "report.json")


def test_read_tests__refuses_a_folder_and_what_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(InputError):
            read_tests(path)
