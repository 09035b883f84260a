"""GitLab: which of the job's tokens is taken, and whose code may have one."""

import base64
import json

import pytest

from pipeproof.identity.choice import judge_run
from pipeproof.identity.gitlab import find_kept_tokens
from pipeproof.identity.token import IdTokenError
from pipeproof.transport import Transport

NOW = 1_800_000_000.0
NAMES = ("GITLAB_OIDC_TOKEN", "SNOWFLAKE_ID_TOKEN")
JOB = {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "push"}


def make_token(**claims: object) -> str:
    parts = ({"alg": "RS256"}, {"iss": "https://gitlab.com", "iat": NOW - 600, "exp": NOW + 3000, **claims})
    return ".".join(
        [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts] + ["s"]
    )


def fetch(audience: str, masked: list[str] | None = None, **environment: str):
    source = find_kept_tokens(environment, NAMES)
    assert source is not None
    return source.fetch(audience, Transport(), [].append if masked is None else masked.append, lambda: NOW)


def test_fetch__the_token_of_the_audience() -> None:
    first, second = make_token(aud="https://gitlab.com"), make_token(aud=["snowflakecomputing.com", "other"])
    masked: list[str] = []
    token = fetch("snowflakecomputing.com", masked, GITLAB_OIDC_TOKEN=first, SNOWFLAKE_ID_TOKEN=second)
    assert (token.value, token.issuer, token.skew) == (second, "GitLab", 0.0)
    assert masked == [first, second]
    assert token.value not in repr(token)


def test_fetch__lives_from_now_to_its_end() -> None:
    """GitLab issued it when the job began."""
    assert fetch("x", GITLAB_OIDC_TOKEN=make_token(aud="x")).lifetime == 3000


def test_fetch__no_token_of_the_audience() -> None:
    with pytest.raises(IdTokenError, match=r"\$GITLAB_OIDC_TOKEN is for 'https://gitlab\.com'") as caught:
        fetch("sts.amazonaws.com", GITLAB_OIDC_TOKEN=make_token(aud="https://gitlab.com"))
    assert "aud: sts.amazonaws.com" in caught.value.hint
    assert caught.value.exit_code == 3


def test_fetch__a_token_that_has_ended() -> None:
    with pytest.raises(IdTokenError, match="ended 10 s ago") as caught:
        fetch("x", GITLAB_OIDC_TOKEN=make_token(aud="x", exp=NOW - 10))
    assert "timeout" in caught.value.hint


def test_fetch__one_of_another_service_may_have_ended() -> None:
    ended = make_token(aud="y", exp=NOW - 10)
    assert fetch("x", GITLAB_OIDC_TOKEN=ended, SNOWFLAKE_ID_TOKEN=make_token(aud="x"))


def test_fetch__what_is_no_token_is_not_repeated() -> None:
    with pytest.raises(IdTokenError, match=r"\$GITLAB_OIDC_TOKEN is not a JWT") as caught:
        fetch("x", GITLAB_OIDC_TOKEN="a password of the project's")
    assert "password" not in str(caught.value)


def test_judge_run__a_job_that_has_a_token() -> None:
    assert judge_run({}, {**JOB, "GITLAB_OIDC_TOKEN": "x"}, NAMES).decision == "allowed"


def test_judge_run__a_job_without_one_lacks_the_right() -> None:
    verdict = judge_run({}, JOB, NAMES)
    assert (verdict.decision, verdict.lacks_right) == ("withheld", True)
    assert "$GITLAB_OIDC_TOKEN, $SNOWFLAKE_ID_TOKEN" in verdict.reason
    assert "id_tokens: {GITLAB_OIDC_TOKEN: {aud: …}}" in verdict.hint


MERGE_REQUEST = {**JOB, "GITLAB_OIDC_TOKEN": "x", "CI_PIPELINE_SOURCE": "merge_request_event"}


def test_judge_run__a_merge_request_of_a_branch() -> None:
    ids = {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7", "CI_MERGE_REQUEST_PROJECT_ID": "7"}
    assert judge_run({}, {**MERGE_REQUEST, **ids}, NAMES).decision == "allowed"


@pytest.mark.parametrize(
    "there",
    [
        {
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8",
            "CI_MERGE_REQUEST_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "mallory/orders",
        },
        {"CI_MERGE_REQUEST_PROJECT_ID": "7"},
        {},
    ],
    ids=["fork", "gone", "unknown"],
)
def test_judge_run__a_merge_request_of_a_fork(there) -> None:
    """In the parent's project too, where someone let its pipeline run."""
    verdict = judge_run({}, {**MERGE_REQUEST, **there}, NAMES)
    assert (verdict.decision, verdict.foreign, verdict.lacks_right) == ("withheld", True, False)
    assert there.get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH", "a fork that is not named") in verdict.reason


@pytest.mark.parametrize(("source", "decision"), [("acme/orders", "allowed"), ("mallory/orders", "withheld")])
def test_judge_run__a_pull_request_of_a_mirrored_repository(source, decision) -> None:
    names = {
        "CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY": source,
        "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY": "acme/orders",
    }
    job = {**MERGE_REQUEST, "CI_PIPELINE_SOURCE": "external_pull_request_event", **names}
    assert judge_run({}, job, NAMES).decision == decision
