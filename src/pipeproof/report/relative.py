"""Paths in what failures say, named from the workspace: where that is says nothing, and a laptop has it elsewhere."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pipeproof.results.model import Attempt, Failure, Run, TestResult

Change = Callable[[str], str]


def leave_out(workspace: Path) -> Change:
    """Return what leaves the workspace out of the paths in a text; a path that only contains its name stays."""
    root = workspace.as_posix().rstrip("/")
    if not root:
        return str
    inside = re.compile(rf"(?<![\w./~-]){re.escape(root)}/")
    return lambda text: inside.sub("", text) if root in text else text


def tell_from(run: Run, workspace: Path) -> Run:
    """Give the run with the workspace left out of what its failures say, and of what the tests that failed printed."""
    change = leave_out(workspace)
    if change is str:
        return run
    return replace(
        run,
        results=tuple(
            _result(one, change) if one.failures or one.attempts or one.excused else one for one in run.results
        ),
        failures=_failures(run.failures, change),
    )


def _result(result: TestResult, change: Change) -> TestResult:
    return replace(
        result,
        failures=_failures(result.failures, change),
        attempts=tuple(Attempt(one.duration, _failures(one.failures, change)) for one in result.attempts),
        excused=_failures(result.excused, change),
        output=tuple((name, change(text)) for name, text in result.output),
    )


def _failures(failures: tuple[Failure, ...], change: Change) -> tuple[Failure, ...]:
    return tuple(replace(one, message=change(one.message), traceback=change(one.traceback)) for one in failures)
