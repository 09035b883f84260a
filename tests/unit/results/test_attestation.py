"""The in-toto statement of a test result."""

import pytest

from pipeproof.results.attestation import build_statement
from pipeproof.results.model import Attempt, Failure, Run, Status, TestResult

BOOM = Failure("call", "E", "boom")
ENVIRONMENT = {
    "GITHUB_SHA": "0123456789abcdef0123456789abcdef01234567",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "octo/orders",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_RUN_ID": "42",
    "GITHUB_WORKFLOW_REF": "octo/orders/.github/workflows/ci.yml@refs/heads/main",
    "GITHUB_WORKFLOW_SHA": "89abcdef0123456789abcdef0123456789abcdef",
}
PASSED = TestResult("p", "t.py", 1, Status.PASSED)
FLAKY = TestResult("k", "t.py", 1, Status.FLAKY, attempts=(Attempt(0.1, (BOOM,)),))
EXCUSED = TestResult("q", "t.py", 1, Status.SKIPPED, expectation="quarantined", excused=(BOOM,))
SKIPPED = TestResult("s", "t.py", 1, Status.SKIPPED)
FAILED = TestResult("f", "t.py", 1, Status.FAILED, failures=(BOOM,))
ERROR = TestResult("e", "t.py", 1, Status.ERROR, failures=(BOOM,))


def test_statement__is_about_the_commit_and_its_workflow() -> None:
    statement = build_statement(Run((PASSED,)), ENVIRONMENT)
    assert statement is not None
    tool = statement["predicate"]["configuration"].pop()
    assert tool["uri"].startswith("pkg:pypi/pipeproof@")
    assert statement == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {
                "name": "git+https://github.com/octo/orders@refs/heads/main",
                "digest": {"gitCommit": ENVIRONMENT["GITHUB_SHA"]},
            }
        ],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {
            "result": "PASSED",
            "configuration": [
                {
                    "name": ".github/workflows/ci.yml",
                    "downloadLocation": f"https://github.com/octo/orders/blob/{ENVIRONMENT['GITHUB_WORKFLOW_SHA']}"
                    "/.github/workflows/ci.yml",
                    "digest": {"gitCommit": ENVIRONMENT["GITHUB_WORKFLOW_SHA"]},
                }
            ],
            "passedTests": ["p"],
            "warnedTests": [],
            "failedTests": [],
            "url": "https://github.com/octo/orders/actions/runs/42/attempts/1",
        },
    }


@pytest.mark.parametrize(
    ("run", "result", "warned", "failed"),
    [
        (Run((PASSED, SKIPPED)), "PASSED", [], []),
        (Run((PASSED, FLAKY)), "WARNED", ["k"], []),
        (Run((PASSED, EXCUSED)), "WARNED", ["q"], []),
        (Run((PASSED,), not_run=("n",)), "WARNED", [], []),
        (Run((FAILED, ERROR, FLAKY)), "FAILED", ["k"], ["f", "e"]),
        (Run((PASSED,), failures=(BOOM,)), "FAILED", [], []),
        (Run((PASSED,), cancelled=True), "FAILED", [], []),
    ],
)
def test_statement__has_one_result(run: Run, result: str, warned: list[str], failed: list[str]) -> None:
    statement = build_statement(run, ENVIRONMENT)
    assert statement is not None
    predicate = statement["predicate"]
    assert (predicate["result"], predicate["warnedTests"], predicate["failedTests"]) == (result, warned, failed)


def test_statement__without_a_commit_there_is_none() -> None:
    assert build_statement(Run((PASSED,)), {}) is None
    statement = build_statement(Run((PASSED,)), {"GITHUB_SHA": "abc"})
    assert statement is not None
    assert [entry["name"] for entry in statement["predicate"]["configuration"]] == ["pipeproof"]
