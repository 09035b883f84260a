"""History: the earlier run that a run is held against, from a file or from the workflow's own artifacts."""

from collections.abc import Callable
from typing import Any

from pipeproof.events import MALFORMED
from pipeproof.github.api import Api, ApiError
from pipeproof.github.artifacts import find_runs, read_artifacts
from pipeproof.report.files import CTRF
from pipeproof.results.baseline import Earlier, gather_earlier
from pipeproof.results.ctrf import parse_document


def find_baseline(
    api: Api | None, run_id: str, branch: str | None, pattern: str, title: str, say: Callable[[str], None]
) -> dict[str, Earlier] | None:
    """Find the last report of a branch; None where there is none, which is said.

    Args:
        api: GitHub's, where there is a token.
        run_id: This run.
        branch: The base branch; None for this run's own.
        pattern: Which artifacts are looked into.
        title: Only reports of this title count: those of the other jobs of a matrix have others.
        say: Told which run it is, or why there is none.
    """
    if api is None:
        say("There is no baseline: `baseline: auto` needs `github-token`, the workflow's `github.token`.")
        return None
    try:
        for run in find_runs(api, run_id, branch):
            files = read_artifacts(api, run["id"], pattern, CTRF)
            documents = [document for data in files if (document := _read(data, title))]
            if documents:
                say(f"The baseline is run {run['id']} on {run['head_branch']}, commit {str(run['head_sha'])[:12]}.")
                return gather_earlier(test for document in documents for test in document["results"]["tests"])
    except ApiError as error:
        needs = " The job needs `permissions: {actions: read}`." if error.status in (401, 403, 404) else ""
        say(f"There is no baseline: GitHub answered {error}.{needs}")
        return None
    except MALFORMED as error:
        say(f"There is no baseline: GitHub's answer is in no known form ({type(error).__name__}: {error}).")
        return None
    where = f"the branch {branch}" if branch else "this branch"
    what = f"an artifact {pattern} with a {CTRF} of this title"
    say(f"There is no baseline yet: no run of this workflow on {where} has {what}.")
    return None


def _read(data: bytes, title: str) -> dict[str, Any] | None:
    """Return a report of the title, unless its run was cancelled."""
    try:
        document = parse_document(data)
        extra = document["extra"]
        return document if extra["title"] == title and extra["conclusion"] != "cancelled" else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
