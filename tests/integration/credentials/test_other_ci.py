"""`pipeproof run` in jobs of GitLab and Buildkite, and on any machine with a token file: who gets what."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from clouds import REQUEST_TOKEN, Cloud

ROLE = "arn:aws:iam::123456789012:role/ci"
SUITE = """
import os
import pytest

@pytest.mark.live
def test_live():
    import boto3
    who = boto3.client("sts", endpoint_url={endpoint!r}).get_caller_identity()
    assert who["Arn"].endswith("assumed-role/ci/{session}")
    assert not [name for name in {hidden!r} if name in os.environ]

def test_other():
    assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
    assert not [name for name in {hidden!r} if name in os.environ]
"""
AGENT = """
import json, sys, urllib.parse, urllib.request
assert sys.argv[1:4] == ["oidc", "request-token", "--audience"], sys.argv
query = urllib.parse.urlencode({{"audience": sys.argv[4]}})
request = urllib.request.Request({url!r} + "/id-token?" + query, headers={{"Authorization": "Bearer " + {token!r}}})
print(json.load(urllib.request.urlopen(request))["value"])
"""


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with Cloud() as cloud:
        cloud.trust(ROLE)
        yield cloud


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(cloud: Cloud, tmp_path: Path) -> Run:
    """Run a project's tests as a job of some CI does, with a role."""

    def run(variables: Mapping[str, str], *options: str, session: str = "x") -> "subprocess.CompletedProcess[str]":
        workspace = tmp_path / "workspace"
        workspace.mkdir()
        (workspace / "test_it.py").write_text(
            SUITE.format(endpoint=cloud.sts, session=session, hidden=sorted(variables.keys() - {"PATH"} & HIDDEN))
        )
        environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables}
        aws = ("--aws-role-to-assume", ROLE, "--aws-region", "eu-central-1", "--aws-sts-endpoint", cloud.sts)
        return subprocess.run(
            [sys.executable, "-m", "pipeproof", "run", "--install", "none", *aws, *options],
            cwd=workspace,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


HIDDEN = {"GITLAB_OIDC_TOKEN", "SNOWFLAKE_ID_TOKEN", "BUILDKITE_AGENT_ACCESS_TOKEN"}


def read_statuses(tmp_path: Path) -> dict[str, str]:
    report = json.loads((tmp_path / "workspace/pipeproof-report/report.json").read_text())
    return {test["name"].rpartition("::")[2]: test["status"] for test in report["results"]["tests"]}


def read_audit(tmp_path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (tmp_path / "workspace/pipeproof-report/audit.jsonl").read_text().splitlines()]


def everything(tmp_path: Path, done: "subprocess.CompletedProcess[str]") -> str:
    files = (tmp_path / "workspace").rglob("*")
    return done.stdout + done.stderr + "".join(path.read_text(errors="replace") for path in files if path.is_file())


def test_gitlab__the_jobs_token_is_exchanged_and_no_test_sees_it(cloud, run, tmp_path) -> None:
    cloud.claims |= {"iss": "https://gitlab.com", "project_path": "acme/orders"}
    cloud.token_life = 3600
    cloud.roles[ROLE].audience = "https://gitlab.com"
    token = cloud.sign("https://gitlab.com")
    job = {"GITLAB_CI": "true", "CI_PIPELINE_ID": "7", "CI_JOB_ID": "9", "CI_JOB_NAME_SLUG": "test"}
    job |= {"CI_PROJECT_PATH": "acme/orders", "GITLAB_USER_LOGIN": "mona", "GITLAB_OIDC_TOKEN": token}
    done = run(job, "--aws-audience", "https://gitlab.com", session="gl-7-9-test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_statuses(tmp_path) == {"test_live": "passed", "test_other": "passed"}
    assert token not in everything(tmp_path, done)
    issued = read_audit(tmp_path)[0]
    assert (issued["aud"], issued["run"]["actor"], issued["run"]["run_id"]) == ("https://gitlab.com", "mona", "7")


def test_gitlab__a_role_without_a_token_ends_the_run(cloud, run) -> None:
    """A green run in which nothing live has run would say that the credentials work."""
    done = run({"GITLAB_CI": "true"})
    assert done.returncode == 3
    assert "id_tokens: {GITLAB_OIDC_TOKEN: {aud: …}}" in done.stdout + done.stderr
    assert not cloud.seen


def test_gitlab__a_forks_merge_request_has_stubs_and_no_exchange(cloud, run, tmp_path) -> None:
    job = {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "merge_request_event"}
    job |= {"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8", "CI_MERGE_REQUEST_PROJECT_ID": "7"}
    done = run(job | {"GITLAB_OIDC_TOKEN": cloud.sign("sts.amazonaws.com")})
    assert done.returncode == 0
    assert read_statuses(tmp_path) == {"test_live": "skipped", "test_other": "passed"}
    assert not cloud.seen


def test_buildkite__the_agents_token_is_exchanged_and_no_test_can_ask_it(cloud, run, tmp_path) -> None:
    cloud.claims |= {"iss": "https://agent.buildkite.com", "pipeline_slug": "orders"}
    agent = tmp_path / "bin/buildkite-agent"
    agent.parent.mkdir()
    agent.write_text(f"#!{sys.executable}\n{textwrap.dedent(AGENT).format(url=cloud.url, token=REQUEST_TOKEN)}")
    agent.chmod(0o755)
    job = {"BUILDKITE": "true", "BUILDKITE_BUILD_NUMBER": "7", "BUILDKITE_JOB_ID": "0189", "BUILDKITE_BRANCH": "main"}
    job |= {"BUILDKITE_PULL_REQUEST": "false", "BUILDKITE_AGENT_ACCESS_TOKEN": "bkaj_0123456789abcdef"}
    done = run(job | {"PATH": f"{agent.parent}:{os.environ['PATH']}"}, session="bk-7-0189")
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_statuses(tmp_path) == {"test_live": "passed", "test_other": "passed"}
    assert [seen.path for seen in cloud.requests("/id-token")] == ["/id-token?audience=sts.amazonaws.com"]
    assert read_audit(tmp_path)[0]["run"]["ref"] == "main"


def test_token_file__is_an_identity_of_any_machine(cloud, run, tmp_path) -> None:
    (tmp_path / "token").write_text(cloud.sign("sts.amazonaws.com"))
    done = run({}, "--aws-web-identity-token-file", str(tmp_path / "token"), session="pipeproof")
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_statuses(tmp_path) == {"test_live": "passed", "test_other": "passed"}
    assert not cloud.requests("/id-token")
    assert (tmp_path / "token").read_text() not in everything(tmp_path, done)


def test_token_file__needs_no_right_of_the_workflow_but_serves_no_fork(cloud, run, tmp_path) -> None:
    (tmp_path / "token").write_text(cloud.sign("sts.amazonaws.com"))
    fork = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8", "CI_MERGE_REQUEST_PROJECT_ID": "7"}
    done = run(fork, "--aws-web-identity-token-file", str(tmp_path / "token"))
    assert done.returncode == 0
    assert read_statuses(tmp_path) == {"test_live": "skipped", "test_other": "passed"}
    assert not cloud.seen


def test_token_file__in_the_workspace_is_refused(run) -> None:
    done = run({}, "--aws-web-identity-token-file", "token", "--aws-role-external-id", "acme-7")
    assert done.returncode == 2
    said = done.stdout + done.stderr
    assert "aws-web-identity-token-file: 'token' lies in the workspace" in said
    assert "aws-role-external-id: needs aws-chained-role" in said
