"""Runs to report on."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeproof.results.model import Failure, Status, TestResult


@pytest.fixture(scope="session")
def failed() -> Callable[..., TestResult]:
    """Make a test that failed."""

    def make(name: str = "t.py::test_x", message: str = "boom", **changes: Any) -> TestResult:
        failure = Failure("call", "ValueError", message, changes.pop("traceback", ""), "t.py", changes.pop("at", 3))
        values = {"id": name, "file": "t.py", "line": 1, "status": Status.FAILED, "failures": (failure,)} | changes
        return TestResult(**values)

    return make
