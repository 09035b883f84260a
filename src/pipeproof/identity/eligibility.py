"""Whether a run may have credentials: what such a verdict says, and GitHub's, by the event and the runner's variables.

Code that someone outside the repository wrote must not meet credentials. GitHub gives the runs of a fork's pull request
and of Dependabot no secrets, for that reason; the same rule is applied here, before any token is asked for. Worse is
`pull_request_target`: it runs with the repository's rights, and testing a fork's head in it gives those away.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pipeproof.identity.github import GRANT, REQUEST_TOKEN, REQUEST_URL

Decision = Literal["allowed", "withheld", "refused"]

_PULL_REQUEST_EVENTS = frozenset({"pull_request", "pull_request_review", "pull_request_review_comment"})


@dataclass(frozen=True, slots=True)
class Eligibility:
    """`allowed`; or `withheld`: run with stub credentials, skip live tests; or `refused`: do not run at all."""

    decision: Decision
    reason: str | None = None
    """Why not: shown as the reason for which live tests are skipped, or as the error."""
    hint: str | None = None
    foreign: bool = False
    """Whether the code is a stranger's: then the environment's own credentials are none of its business either."""
    lacks_right: bool = False
    """Whether nothing is in the way but a right that the job's own workflow does not give it."""


def judge_github(event: Mapping[str, Any], environment: Mapping[str, str]) -> Eligibility:
    """Decide by the webhook's payload (`GITHUB_EVENT_PATH`'s content) and the runner's variables."""
    name = environment.get("GITHUB_EVENT_NAME", "")
    outsider = _find_outsider(name, event)
    if outsider and name == "pull_request_target":
        return Eligibility(
            "refused",
            f"pull_request_target runs with this repository's rights, and this pull request is {outsider}'s code.",
            "Test pull requests in a workflow `on: pull_request`; live tests are skipped there for forks.",
            foreign=True,
        )
    if outsider:
        return Eligibility("withheld", f"the code comes from {outsider}: forks get no credentials", foreign=True)
    if "dependabot[bot]" in {environment.get("GITHUB_ACTOR"), environment.get("GITHUB_TRIGGERING_ACTOR")}:
        return Eligibility("withheld", "Dependabot started this run: it gets no credentials", foreign=True)
    if not (environment.get(REQUEST_URL) and environment.get(REQUEST_TOKEN)):
        reason = "the job has no `id-token: write`, so there is no workflow identity"
        return Eligibility("withheld", reason, GRANT, lacks_right=True)
    return Eligibility("allowed")


def _find_outsider(name: str, event: Mapping[str, Any]) -> str | None:
    """Return the other repository that the code under test comes from: its name, or None where it is this one."""
    if name in _PULL_REQUEST_EVENTS or name == "pull_request_target":
        request = _read_mapping(event, "pull_request")
        head = _read_mapping(request, "head")
        home = _read_mapping(_read_mapping(request, "base"), "repo") or _read_mapping(event, "repository")
        return _name_foreign(head.get("repo"), home, "a fork that is gone")
    if name == "workflow_run":
        run = _read_mapping(event, "workflow_run")
        return _name_foreign(run.get("head_repository"), _read_mapping(event, "repository"), "a fork that is gone")
    return None


def _name_foreign(head: object, home: Mapping[str, Any], unknown: str) -> str | None:
    """By the immutable id where both have one: names can be taken over. No repository at all counts as foreign."""
    if not isinstance(head, Mapping):
        return unknown
    key = "id" if head.get("id") is not None and home.get("id") is not None else "full_name"
    if head.get(key) is not None and head.get(key) == home.get(key):
        return None
    return str(head.get("full_name") or unknown)


def _read_mapping(source: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = source.get(key)
    return value if isinstance(value, Mapping) else {}
