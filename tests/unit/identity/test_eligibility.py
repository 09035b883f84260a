import pytest

from pipeproof.identity.choice import judge_run
from pipeproof.identity.github import REQUEST_TOKEN, REQUEST_URL

HOME = {"id": 1, "full_name": "acme/pipeline"}
FORK = {"id": 2, "full_name": "mallory/pipeline", "fork": True}


def environment(event: str, **changes: str) -> dict[str, str]:
    granted = {REQUEST_URL: "https://runner.invalid/token", REQUEST_TOKEN: "t"}
    return {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event, "GITHUB_ACTOR": "mona", **granted, **changes}


def pull_request(head: object) -> dict[str, object]:
    return {"repository": HOME, "pull_request": {"head": {"repo": head}, "base": {"repo": HOME}}}


@pytest.mark.parametrize("event", ["push", "workflow_dispatch", "schedule", "merge_group"])
def test_judge_run__events_of_the_repository_itself(event) -> None:
    assert judge_run({"repository": HOME}, environment(event)).decision == "allowed"


@pytest.mark.parametrize("event", ["pull_request", "pull_request_review", "pull_request_target"])
def test_judge_run__a_pull_request_of_a_branch(event) -> None:
    assert judge_run(pull_request(HOME), environment(event)).decision == "allowed"


def test_judge_run__a_pull_request_of_a_branch_in_a_repository_that_is_a_fork_itself() -> None:
    """`fork: true` says that this repository was forked from another, not that the pull request comes from one."""
    home = {**HOME, "fork": True}
    event = {"repository": home, "pull_request": {"head": {"repo": home}, "base": {"repo": home}}}
    assert judge_run(event, environment("pull_request")).decision == "allowed"


@pytest.mark.parametrize(
    "head", [FORK, None, {"id": 2, "full_name": "acme/pipeline"}], ids=["fork", "gone", "same name"]
)
@pytest.mark.parametrize("event", ["pull_request", "pull_request_review_comment"])
def test_judge_run__a_pull_request_of_a_fork(event, head) -> None:
    verdict = judge_run(pull_request(head), environment(event))
    assert verdict.decision == "withheld"
    assert "fork" in verdict.reason
    assert verdict.foreign


def test_judge_run__pull_request_target_with_a_forks_head() -> None:
    verdict = judge_run(pull_request(FORK), environment("pull_request_target"))
    assert verdict.decision == "refused"
    assert "mallory/pipeline" in verdict.reason
    assert "on: pull_request" in verdict.hint


def test_judge_run__a_run_after_the_run_of_a_fork() -> None:
    event = {"repository": HOME, "workflow_run": {"head_repository": FORK}}
    assert judge_run(event, environment("workflow_run")).decision == "withheld"
    event = {"repository": HOME, "workflow_run": {"head_repository": HOME}}
    assert judge_run(event, environment("workflow_run")).decision == "allowed"


@pytest.mark.parametrize("variable", ["GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR"])
def test_judge_run__dependabot(variable) -> None:
    verdict = judge_run({"repository": HOME}, environment("push", **{variable: "dependabot[bot]"}))
    assert verdict.decision == "withheld"
    assert "Dependabot" in verdict.reason


@pytest.mark.parametrize("missing", [REQUEST_URL, REQUEST_TOKEN])
def test_judge_run__no_permission(missing) -> None:
    verdict = judge_run({"repository": HOME}, environment("push", **{missing: ""}))
    assert verdict.decision == "withheld"
    assert "id-token: write" in verdict.reason
    assert "permissions" in verdict.hint
    assert not verdict.foreign


def test_judge_run__outside_github() -> None:
    assert judge_run({}, {}).decision == "withheld"


def test_judge_run__a_payload_that_says_nothing_is_not_trusted() -> None:
    assert judge_run({}, environment("pull_request")).decision == "withheld"
    assert judge_run({"pull_request": "?"}, environment("pull_request_target")).decision == "refused"
