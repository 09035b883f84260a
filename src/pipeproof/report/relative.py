"""Paths in what failures say, named from the workspace: where that is says nothing, and a laptop has it elsewhere."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
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
    root = workspace.as_posix().rstrip("/")
    if not root:
        return run
    if not any(_names(one, root) for one in run.results) and not any(map(_in(root), run.failures)):
        return run
    change = leave_out(workspace)
    return replace(
        run,
        results=tuple(_result(one, change) if _names(one, root) else one for one in run.results),
        failures=_failures(run.failures, change),
    )


def _names(result: TestResult, root: str) -> bool:
    """Return whether a test that failed names the workspace at all: most do not, and are as they were."""
    if not (result.failures or result.attempts or result.excused):
        return False
    told = chain(result.failures, result.excused, *(attempt.failures for attempt in result.attempts))
    return any(map(_in(root), told)) or any(root in text for _, text in result.output)


def _in(root: str) -> Callable[[Failure], bool]:
    return lambda failure: root in failure.message or root in failure.traceback


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
