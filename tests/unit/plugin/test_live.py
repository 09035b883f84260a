"""What live tests, and all others, find in the environment."""

import pytest

from pipeproof.environments.aws.configuration import stub_variables
from pipeproof.plugin.live import _read_document

JOBS = {
    "AWS_BEARER_TOKEN_BEDROCK": "token",
    "AWS_ENDPOINT_URL": "https://aws.example",
    "AWS_ENDPOINT_URL_S3": "https://s3.example",
    "AWS_ROLE_SESSION_NAME": "job",
    "AWS_ACCESS_KEY_ID": "AKIA",
}


@pytest.fixture
def of_job(monkeypatch):
    for name, value in JOBS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("of_job")
def test_ordinary_tests__find_nothing_of_the_jobs_aws():
    """There is one list of what leads to AWS: that of the stubs."""
    live = _read_document({"environment": {"AWS_ACCESS_KEY_ID": "ASIA"}}, own=False)
    regions = {"AWS_REGION", "AWS_DEFAULT_REGION"}
    stubs = {name: value for name, value in live.stubs.items() if name.startswith("AWS_") and name not in regions}
    assert stubs == {name: value for name, value in stub_variables(JOBS).items() if name not in regions}


@pytest.mark.usefixtures("of_job")
def test_live_tests__find_the_session_at_the_jobs_endpoint():
    live = _read_document({"environment": {"AWS_ACCESS_KEY_ID": "ASIA"}}, own=False)
    assert {name: live.values[name] for name in JOBS} == {
        "AWS_BEARER_TOKEN_BEDROCK": None,
        "AWS_ENDPOINT_URL": "https://aws.example",
        "AWS_ENDPOINT_URL_S3": "https://s3.example",
        "AWS_ROLE_SESSION_NAME": None,
        "AWS_ACCESS_KEY_ID": "ASIA",
    }
