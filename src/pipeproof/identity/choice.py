"""The CI that a run is in: its verdict on credentials, and where its ID tokens come from."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeproof.identity.buildkite import find_agents_tokens, judge_buildkite
from pipeproof.identity.eligibility import Eligibility, judge_github
from pipeproof.identity.github import find_runners_tokens
from pipeproof.identity.gitlab import find_kept_tokens, judge_gitlab
from pipeproof.identity.token import IdTokenSource

_NO_CI = Eligibility(
    "withheld", "this is no run of GitHub Actions, GitLab CI or Buildkite, so there is no workflow identity"
)


def judge_run(event: Mapping[str, Any], environment: Mapping[str, str], variables: Sequence[str] = ()) -> Eligibility:
    """Decide whether a run may have credentials.

    Args:
        event: GitHub's webhook payload (`GITHUB_EVENT_PATH`'s content); empty elsewhere.
        environment: The variables that the CI set.
        variables: Those that hold ID tokens on GitLab.
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        return judge_github(event, environment)
    if environment.get("GITLAB_CI") == "true":
        return judge_gitlab(environment, variables)
    if environment.get("BUILDKITE") == "true":
        return judge_buildkite(environment)
    return _NO_CI


def find_source(environment: Mapping[str, str], variables: Sequence[str] = ()) -> IdTokenSource | None:
    """Return where the job's ID tokens come from; None where it has none.

    Raises:
        IdTokenError: What its CI set is broken.
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        return find_runners_tokens(environment)
    if environment.get("GITLAB_CI") == "true":
        return find_kept_tokens(environment, variables)
    if environment.get("BUILDKITE") == "true":
        return find_agents_tokens(environment)
    return None
