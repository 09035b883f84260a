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
