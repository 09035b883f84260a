"""Paths in what failures say, named from the workspace."""

from pathlib import Path

import pytest

from pipeproof.report.links import Links
from pipeproof.report.page.document import render_page
from pipeproof.report.relative import leave_out
from pipeproof.report.summary import render_summary
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("/app/flow.py:3: boom", "flow.py:3: boom"),
        ("from 'shop' (/app/shop.py)", "from 'shop' (shop.py)"),
        ("PATH=/app/bin:/app/lib", "PATH=bin:lib"),
        ("/opt/app/flow.py", "/opt/app/flow.py"),
        ("file:///app/flow.py", "file:///app/flow.py"),
        ("/apps/flow.py, /app", "/apps/flow.py, /app"),
    ],
)
def test_leave_out__takes_the_workspace_alone(text: str, told: str) -> None:
    assert leave_out(Path("/app"))(text) == told
    assert leave_out(Path("/"))(text) == text


def test_reports__name_files_from_the_workspace() -> None:
    failure = Failure("call", "OSError", "no /home/me/shop/a.csv", "/home/me/shop/t.py:3: OSError", "t.py", 3)
    results = (
        TestResult("t.py::x", "t.py", 1, Status.FAILED, failures=(failure,), output=(("stdout", "/home/me/shop/b"),)),
        TestResult("t.py::y", "t.py", 1, Status.FLAKY, attempts=(Attempt(1.0, (failure,)),)),
    )
    run, workspace = Run(results, failures=(failure,)), Path("/home/me/shop")
    for report in (render_summary, render_page):
        assert "/home/me" not in "".join(report(run, "Shop", Links(), workspace=workspace)).replace("&#47;", "/")
