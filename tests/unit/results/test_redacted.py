"""A run is redacted before it is rendered: escaping would hide a secret from the redactor, not from a reader."""

import html

from hypothesis import given
from hypothesis import strategies as st

from pipeproof.redaction import Redactor
from pipeproof.report.summary import Links, render_summary
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult
from pipeproof.results.redacted import redact_run

SECRETS = st.text("abcXYZ0189/+=_-.|*<>&", min_size=16, max_size=60)


def run_with(secret: str) -> Run:
    failure = Failure("call", "ValueError", f"could not log in with {secret}!", f"E  {secret}", "test_a.py", 3, secret)
    result = TestResult(
        id=f"test_a.py::test_login[{secret}]",
        file="test_a.py",
        line=2,
        status=Status.FAILED,
        failures=(failure,),
        attempts=(Attempt(0.1, (failure,)),),
        output=(("Captured stdout call", f"key={secret}"),),
        evidence=({"kind": "login", "data": {"keys": [secret], secret: 1}},),
        properties=(("key", secret),),
    )
    return Run(results=(result,), failures=(failure,), not_run=(secret,))


@given(SECRETS)
def test_redact_run__leaves_no_secret_in_any_field(secret: str) -> None:
    redacted = redact_run(run_with(secret), Redactor([secret]).redact)
    assert secret not in repr(redacted)


@given(SECRETS)
def test_redact_run__leaves_no_secret_in_the_summary_that_a_browser_shows(secret: str) -> None:
    redacted = redact_run(run_with(secret), Redactor([secret]).redact)
    assert secret not in html.unescape(render_summary(redacted, "t", Links()))


def test_redact_run__keeps_what_is_no_text() -> None:
    run = Run(results=(TestResult("a.py::t", "a.py", 1, Status.PASSED, duration=1.5),), duration=2.0, exit_status=0)
    assert redact_run(run, str) == run
