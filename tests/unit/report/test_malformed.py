"""Whatever the tests' process says, there is a report: records in no form, endless depth, numbers out of range."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeproof.access import record_tests
from pipeproof.credentials.audit import Audit
from pipeproof.outlets.workflow import Workflow
from pipeproof.redaction import Redactor
from pipeproof.report.annotations import annotations
from pipeproof.report.cobertura import render_cobertura
from pipeproof.report.comment import render_comment
from pipeproof.report.coverage import find_shortfalls, find_units
from pipeproof.report.diagrams import render_diagrams
from pipeproof.report.exercised import render_exercised
from pipeproof.report.page.document import render_page
from pipeproof.report.sarif import render_sarif
from pipeproof.report.summary import Links, render_summary
from pipeproof.results.collector import Collector
from pipeproof.results.ctrf import write_ctrf
from pipeproof.results.junit import write_junit
from pipeproof.results.model import Run
from pipeproof.results.redacted import redact_run

FAILURE = {"type": "ValueError", "message": "boom", "traceback": "t"}
KINDS = (
    "live",
    "prefect.flow_run",
    "stepfunctions.execution",
    "aws.policy",
    "aws.calls",
    "dbt.project",
    "dbt.run",
    "own",
)
_TASK = {"task": "t", "retries": float("inf"), "state": {"type": "FAILED", "name": 1}, "error": [], "attempts": {}}


def _deep(levels: int) -> Any:
    value: Any = "bottom"
    for level in range(levels):
        value = {"x": value, "subflows": [value]} if level > levels - 5 else [value]
    return value


FORMS: dict[str, Any] = {
    "nothing": {},
    "other types": dict.fromkeys(("variables", "started", "task_runs", "state", "coverage", "nodes", "missing"), 5),
    "lists of the wrong": {name: [5, None, "x"] for name in ("variables", "task_runs", "subflows", "nodes", "given")},
    "infinite": {"variables": ["A"], "started": float("inf"), "finished": float("nan"), "duration": float("-inf"),
                 "flow": "f", "state": {"name": "x", "type": "FAILED"}, "task_runs": [_TASK]},
    "a time of no calendar": {"variables": ["A"], "started": 1e18, "finished": -1e18},
    "deep": {"a": _deep(900)},
    "no mapping": [1, 2],
    "a number": 5,
}  # fmt: skip


def _events(evidence: Any) -> Iterator[dict[str, Any]]:
    at = {"id": "t.py::t", "at": 1.0}
    yield {"event": "start", **at, "file": "t.py", "line": 1}
    yield {"event": "phase", **at, "when": "call", "outcome": "failed", "duration": 0.1, "failure": FAILURE}
    yield {"event": "phase", **at, "when": "teardown", "outcome": "passed", "duration": 0.1, "evidence": evidence,
           "properties": [["deep", _deep(900)]]}  # fmt: skip


def _report(run: Run, folder: Path) -> Audit:
    """All that is made of a run."""
    run = redact_run(run, Redactor(["Zq8vT1xWn3Lk5Jh7Gf9D"]).redact)
    audit = Audit({}, lambda: 0.0, str)
    record_tests(audit, run)
    exercised = render_exercised(run, folder)
    render_summary(run, "t", Links(), exercised=exercised)
    write_ctrf(run, folder / "report.json", "t")
    write_junit(run, folder / "junit.xml", "t")
    units = find_units(run, folder)
    render_cobertura(units, folder, 0.0)
    render_sarif(run, folder)
    render_diagrams(run)
    render_page(run, "t", Links(), workspace=folder, units=units)
    render_comment(run, "t", "<!-- x -->", Links(), workspace=folder)
    list(find_shortfalls(units, {"states": 80.0, "models": 80.0}))
    Workflow({}, out=(folder / "log").open("w")).annotate(annotations(run, "all", folder))
    return audit


@pytest.mark.parametrize("form", FORMS)
def test_report__is_there_whatever_a_record_holds(form: str, tmp_path: Path) -> None:
    collector = Collector(tmp_path)
    records = [{"kind": kind, "data": FORMS[form]} for kind in KINDS]
    for event in _events(records):
        collector.take(event)
    run = collector.finish(ended_by=None, cancelled=False, started=0.0, duration=1.0)
    assert run.totals.failed == 1
    told = [json.loads(line) for line in _report(run, tmp_path).lines]
    assert {record["event"] for record in told} <= {"flow run"}  # one form names a flow
    assert '"boom"' in (tmp_path / "report.json").read_text()


@pytest.mark.parametrize("evidence", [5, "text", {"kind": "live"}, [5, None, "x", [], {}, {"kind": 5, "data": {}}]])
def test_collector__records_in_no_form_cost_no_outcome(evidence: Any, tmp_path: Path) -> None:
    collector = Collector(tmp_path)
    ended = [test for event in _events(evidence) if (test := collector.take(event))]
    assert [(test.id, test.evidence) for test in ended] == [("t.py::t", ())]


def test_record_tests__tells_of_those_that_had_credentials(tmp_path: Path) -> None:
    collector = Collector(tmp_path)
    data = {"started": 1.0, "finished": 2.0, "variables": ["A"]}
    for event in _events([{"kind": "live", "data": data}]):
        collector.take(event)
    run = collector.finish(ended_by=None, cancelled=False, started=0.0, duration=1.0)
    assert len(_report(run, tmp_path).lines) == 1
    assert len(list(itertools.chain(*(test.evidence for test in run.results)))) == 1
