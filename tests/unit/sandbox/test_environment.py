"""What of the supervisor's environment the tests start with."""

from pathlib import Path

import pytest

from pipeproof.sandbox.environment import environment_for_tests
from pipeproof.variables import LIVE_FD, TO_BE_SET


@pytest.mark.parametrize("name", TO_BE_SET)
def test_environment__a_switch_that_messages_and_the_reference_name_arrives(name: str) -> None:
    arrived = environment_for_tests({name: "x"})
    assert arrived == ({name: "x"} if TO_BE_SET[name].passed_on else {})


def test_environment__what_the_workflow_sets_arrives() -> None:
    own = {"DBT_ENV_SECRET_TOKEN": "x", "AWS_PROFILE": "ci", "PYTHONPATH": "src"}
    assert environment_for_tests(own) == own


@pytest.mark.parametrize(
    "name",
    [
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "ACTIONS_RUNTIME_TOKEN",
        "BUILDKITE_AGENT_ACCESS_TOKEN",
        "BUILDKITE_AGENT_JOB_API_TOKEN",
        "INPUT_GITHUB-TOKEN",
        "GITHUB_OUTPUT",
        "LD_PRELOAD",
        "PYTHONSTARTUP",
        LIVE_FD,
    ],
)
def test_environment__what_gives_the_supervisors_powers_does_not(name: str) -> None:
    assert environment_for_tests({name: "x"}) == {}


def test_environment__variables_that_hold_id_tokens_do_not() -> None:
    assert environment_for_tests({"GITLAB_OIDC_TOKEN": "x", "CI": "true"}, without=["GITLAB_OIDC_TOKEN"]) == {
        "CI": "true"
    }


def test_environment__a_home_of_the_tests_own() -> None:
    given = {"HOME": "/root", "XDG_CACHE_HOME": "/root/.cache"}
    assert environment_for_tests(given, home=Path("/h")) == {"HOME": "/h"}
