"""The job's service containers, as the workflow's file names them."""

from pathlib import Path

import pytest

from pipeproof.github.services import read_services

WORKFLOW = """
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    services:
      postgres: {image: "postgres:17"}
      object-store: {image: minio}
      "no name": {image: x}
  other: {runs-on: ubuntu-latest, services: {redis: {image: redis}}}
  broken: {services: 5}
"""
ENVIRONMENT = {
    "GITHUB_REPOSITORY": "octo/orders",
    "GITHUB_WORKFLOW_REF": "octo/orders/.github/workflows/ci.yml@refs/heads/main",
    "GITHUB_JOB": "test",
}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ("postgres", "object-store")),
        ({"GITHUB_JOB": "other"}, ("redis",)),
        ({"GITHUB_JOB": "broken"}, ()),
        ({"GITHUB_JOB": "missing"}, ()),
        ({"GITHUB_WORKFLOW_REF": "octo/shared/.github/workflows/ci.yml@v1"}, ()),
        ({"GITHUB_WORKFLOW_REF": "octo/orders/.github/workflows/../../x.yml@v1"}, ()),
        ({"GITHUB_WORKFLOW_REF": "octo/orders/.github/workflows/none.yml@v1"}, ()),
        ({"GITHUB_WORKFLOW_REF": ""}, ()),
    ],
)
def test_read_services__of_the_job_in_hand(changes: dict[str, str], names: tuple[str, ...], tmp_path: Path) -> None:
    file = tmp_path / ".github" / "workflows" / "ci.yml"
    file.parent.mkdir(parents=True)
    file.write_text(WORKFLOW)
    assert read_services(ENVIRONMENT | changes, tmp_path) == names


@pytest.mark.parametrize("text", ["", "[", "jobs: [1]", "a: &a [*a]", "[" * 2000])
def test_read_services__of_what_is_no_workflow(text: str, tmp_path: Path) -> None:
    file = tmp_path / ".github" / "workflows" / "ci.yml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert read_services(ENVIRONMENT, tmp_path) == ()
