import os

import pytest

from pipeproof import access


def test_open_pipe__a_document_of_any_size(tmp_path) -> None:
    """More than a pipe holds does not hold up who writes it."""
    document = {"environment": {"TOKEN": "x" * 300_000}, "reason": None}
    with os.fdopen(access.Access(document).open_pipe()) as file:
        assert file.read().count("x") == 300_000


def test_judge__a_refused_run_is_an_error_of_credentials() -> None:
    environment = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request_target"}
    with pytest.raises(access.CredentialsError, match="this repository's rights"):
        access.judge({}, environment)


@pytest.mark.parametrize(
    ("document", "may_be"),
    [
        ({"environment": {"AWS_REGION": "x"}}, True),
        ({"reason": "no credentials were asked for", "own": True}, True),  # `--live` takes what the workflow set
        ({"reason": "a fork's code gets none", "own": False}, False),
    ],
)
def test_access__whether_live_tests_can_run(document, may_be) -> None:
    """Where they cannot, nothing opens the network guard."""
    assert access.Access(document).may_be_live is may_be
