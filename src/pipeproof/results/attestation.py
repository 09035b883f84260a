"""`test-result.intoto.json`: an in-toto statement of the commit's test result, to be signed.

Source: in-toto's predicate "Test Result" 0.1 (https://in-toto.io/attestation/test-result/v0.1) and Statement v1. Its
`predicate` is what `actions/attest` takes.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from pipeproof.results.model import Run, Status
from pipeproof.results.quarantine import QUARANTINED

PREDICATE_TYPE = "https://in-toto.io/attestation/test-result/v0.1"


def build_statement(run: Run, environment: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the statement on a run; None where no commit is known that it could be about.

    A test in quarantine that failed, and a flaky one, are warned of; what was skipped is named nowhere.

    Args:
        run: The results.
        environment: The runner's variables: commit, repository, workflow and run.
    """
    commit = environment.get("GITHUB_SHA")
    if not commit:
        return None
    server, repository = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    passed = [result.id for result in run.results if result.status is Status.PASSED]
    warned = [
        result.id
        for result in run.results
        if result.status is Status.FLAKY or (result.expectation == QUARANTINED and result.excused)
    ]
    failed = [result.id for result in run.results if result.status in (Status.FAILED, Status.ERROR)]
    good = "WARNED" if warned or run.not_run else "PASSED"
    predicate = {
        "result": good if run.conclusion == "success" else "FAILED",
        "configuration": _configuration(environment, server),
        "passedTests": passed,
        "warnedTests": warned,
        "failedTests": failed,
    }
    if repository and environment.get("GITHUB_RUN_ID"):
        attempt = environment.get("GITHUB_RUN_ATTEMPT", "1")
        predicate["url"] = f"{server}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']}/attempts/{attempt}"
    ref = environment.get("GITHUB_REF", "")
    name = f"git+{server}/{repository}{f'@{ref}' if ref else ''}"
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"gitCommit": commit}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": predicate,
    }


def _configuration(environment: Mapping[str, str], server: str) -> list[dict[str, Any]]:
    """Return what the tests were run by: the workflow's file at its commit, and this tool."""
    tool = {"name": "pipeproof", "uri": f"pkg:pypi/pipeproof@{version('pipeproof')}"}
    path, _, _ = environment.get("GITHUB_WORKFLOW_REF", "").partition("@")
    commit = environment.get("GITHUB_WORKFLOW_SHA", "")
    owner, _, rest = path.partition("/")
    repository, _, file = rest.partition("/")
    if not (file and commit):
        return [tool]
    link = f"{server}/{owner}/{repository}/blob/{commit}/{file}"
    return [{"name": file, "downloadLocation": link, "digest": {"gitCommit": commit}}, tool]
