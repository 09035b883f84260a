"""The report: each file and each step by itself, so that a fault in one loses no other."""

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from pipeproof import reporting as steps
from pipeproof.access import make_audit
from pipeproof.github.file_commands import Snapshot
from pipeproof.inputs import read_inputs
from pipeproof.job import Job, Trail
from pipeproof.judging import Verdict
from pipeproof.redaction import Redactor
from pipeproof.reporting import report
from pipeproof.results.model import Failure, Run, Status, TestResult
from pipeproof.sandbox.process import Cancellation

FAILED = TestResult("t.py::x", "t.py", 1, Status.FAILED, failures=(Failure("call", "ValueError", "boom"),))
STEPS = {
    "write_ctrf": "report.json",
    "write_junit": "junit.xml",
    "render_summary": "summary.md",
    "render_page": "report.html",
    "render_sarif": "failures.sarif",
    "annotations": "annotate",
    "outputs": "set_outputs",
    "comment": None,
}
"""What makes each part of a report, and the part: a file, or the outlet's method that takes it."""


def reported(workspace: Path) -> tuple[Mock, Exception | None]:
    redactor = Redactor()
    outlet = Mock(on_github=False)
    inputs = read_inputs({"summary": "always"}, workspace)
    job = Job(inputs, workspace, {}, None, Snapshot(), outlet, Cancellation())
    try:
        report(job, Verdict(Run(results=(FAILED,), dropped=2)), (), Trail(redactor, make_audit({}, redactor)))
    except RuntimeError as error:
        return outlet, error
    return outlet, None


def parts(workspace: Path, outlet: Mock) -> set[str]:
    """What has arrived."""
    files = {file.name for file in workspace.rglob("*") if file.is_file()}
    return {part for part in STEPS.values() if part in files or (part and getattr(outlet, part, Mock()).call_count)}


@pytest.mark.parametrize("broken", [None, *STEPS])
def test_report__a_fault_in_one_part_loses_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str | None
) -> None:
    """And it is raised when all else is done: what ends the run says it."""

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"{broken} is broken")

    if broken:
        monkeypatch.setattr(steps, broken, fail)
    outlet, raised = reported(tmp_path)
    assert str(raised) == (f"{broken} is broken" if broken else "None")
    assert parts(tmp_path, outlet) == {part for step, part in STEPS.items() if part and step != broken}
    assert outlet.draw_totals.called


def test_report__says_how_many_records_were_left_out(tmp_path: Path) -> None:
    outlet, _ = reported(tmp_path)
    outlet.warn.assert_called_once()
    assert "wrote 2 records that pipeproof could not read" in outlet.warn.call_args.args[0]
    assert "2 records" in outlet.add_summary.call_args.args[0]
