"""A run with every kind of result, and texts that mean harm."""

from collections.abc import Callable

import pytest

from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult, Warned

HOSTILE = "]]>\x00\x1b[31m<b>&amp;\ud800\ufffe\r\n\u2028☃ 'x' \"y\""


@pytest.fixture(scope="session")
def hostile() -> str:
    """A text that XML, JSON and Markdown each have trouble with."""
    return HOSTILE


@pytest.fixture(scope="session")
def mixed_run() -> Callable[..., Run]:
    """Make a run with every kind of result, all of whose texts are the one that is given."""

    def make(text: str = "boom") -> Run:
        failure = Failure("call", "ValueError", text, text, f"{text}.py", 3)
        late = Failure("setup", "", text)
        identity = f"a/t.py::TestX::{text}"
        return Run(
            results=(
                TestResult(f"{identity}1", f"{text}.py", 1, Status.PASSED, 0.5, 100.25, output=((text, text),)),
                TestResult(f"{identity}2", f"{text}.py", 1, Status.FAILED, 0.5, 100.5, (failure, late)),
                TestResult(f"{identity}3", None, None, Status.ERROR, 0.0, None, (late,), (Attempt(0.1, (failure,)),)),
                TestResult(f"{identity}4", "t.py", 4, Status.SKIPPED, reason=text),
                TestResult(f"{identity}5", "t.py", 5, Status.SKIPPED, reason=text, expectation="xfailed"),
                TestResult(f"{identity}6", "t.py", 6, Status.FLAKY, 1.0, 1.0, (), (Attempt(0.1, (failure, late)),)),
                TestResult(
                    f"{identity}7",
                    "t.py",
                    7,
                    Status.PASSED,
                    1.0,
                    1.0,
                    worker="gw0",
                    properties=((text, text), ("n", float("nan"))),
                    evidence=({"kind": text, "data": {text: [text]}},),
                ),
            ),
            failures=(Failure("session", "", text),),
            not_run=(f"{identity}8",),
            warnings=(Warned(text, text, text, 1, 2),),
            started=100.0,
            duration=3.25,
        )

    return make
