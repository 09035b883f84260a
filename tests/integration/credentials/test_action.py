"""The action as the runner starts it, with the imitated services: what live tests get, and what nothing gets."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from actions_runner import Runner, Step
from clouds import REQUEST_TOKEN, Cloud

ROLE = "arn:aws:iam::123456789012:role/ci"
Project = Callable[..., Path]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """The services in real time: the action has the machine's clock."""
    with Cloud() as cloud:
        cloud.trust(ROLE)
        yield cloud


@pytest.fixture
def aws(cloud: Cloud, runner: Runner) -> dict[str, str]:
    runner.environment |= cloud.runner_environment()
    return {"aws_role_to_assume": ROLE, "aws_region": "eu-central-1", "aws_sts_endpoint": cloud.sts, "install": "none"}


def write_event(runner: Runner, **event: Any) -> None:
    (runner.folder / "event.json").write_text(json.dumps(event))


def read_audit(step: Step) -> list[Mapping[str, Any]]:
    lines = (step.workspace / "pipeproof-report/audit.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def list_statuses(step: Step) -> dict[str, str]:
    return {test["name"].rpartition("::")[2]: test["status"] for test in step.report["results"]["tests"]}


def everything(step: Step) -> str:
    """All that leaves the run."""
    folder = step.workspace / "pipeproof-report"
    texts = [path.read_text(errors="replace") for path in folder.rglob("*") if path.is_file()]
    masks = "\n".join(f"::add-mask::{command.data}" for command in step.commands if command.name == "add-mask")
    log = "\n".join(line for line in step.log.splitlines() if line not in masks.splitlines())
    return "\n".join([log, step.summary, *step.files.values(), *texts])


SUITE = """
import base64, os, pathlib, socket, textwrap, urllib.parse
import pytest

ENDPOINT = {endpoint!r}
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

@pytest.mark.live
def test_live():
    import boto3
    who = boto3.client("sts", endpoint_url=ENDPOINT).get_caller_identity()
    assert who["Account"] == "123456789012"
    assert who["Arn"].endswith("assumed-role/ci/gh-42-1-test")
    assert os.environ["AWS_REGION"] == "eu-central-1"

@pytest.mark.live
def test_shows_what_it_has():
    for name in KEYS:
        secret = os.environ[name]
        print(secret, repr(secret), urllib.parse.quote(secret, safe=""))
        print(base64.b64encode(b"x" + secret.encode()).decode(), secret.encode().hex())
        print(textwrap.fill(secret, 11))
        print("\\n".join(secret))
        print("::warning::" + secret)
    logs = pathlib.Path("pipeproof-report/dbt/dbt.log")
    logs.parent.mkdir(parents=True)
    logs.write_text("password: " + secret)
    pytest.fail("it has " + os.environ["AWS_SECRET_ACCESS_KEY"])

def test_stubs():
    assert [os.environ[name] for name in KEYS] == ["testing"] * 3
    assert not [name for name in os.environ if name.startswith(("ACTIONS_", "INPUT_"))]

def test_network():
    with pytest.raises(Exception, match="tests reach nothing but this machine"):
        socket.create_connection(("api.example.com", 443))
"""


def test_action__live_tests_have_working_credentials_and_all_others_stubs(cloud, runner, project, aws) -> None:
    workspace = project({"test_it.py": SUITE.format(endpoint=cloud.sts)})
    step = runner.run(workspace, **aws)
    assert list_statuses(step) == {
        "test_live": "passed",
        "test_shows_what_it_has": "failed",
        "test_stubs": "passed",
        "test_network": "passed",
    }
    assert step.outputs["aws-account-id"] == "123456789012"
    assert step.exit_code == 1
    session = next(iter(cloud.sessions.values()))
    assert (workspace / "pipeproof-report/dbt/dbt.log").read_text() == "password: ***"
    leaked = everything(step)
    squeezed = "".join(leaked.split())
    for secret in (session.key_id, session.secret, session.token, REQUEST_TOKEN):
        encoded = base64.b64encode(b"x" + secret.encode()).decode()[4:-4]
        for form in (secret, encoded, secret.encode().hex()):
            assert not [form[at : at + 16] for at in range(len(form) - 15) if form[at : at + 16] in squeezed]
        assert f"::add-mask::{secret}" in step.log
        assert step.log.index(f"::add-mask::{secret}") < step.log.index("test_it.py")
    audit = read_audit(step)
    assert [record["event"] for record in audit] == ["issued", "used", "used"]
    issued, used = audit[:2]
    assert issued["role"] == ROLE
    assert issued["account"] == "123456789012"
    assert issued["run"]["actor"] == "octocat"
    assert len(issued["jti_sha256"]) == 64
    assert used["test"] == "test_it.py::test_live"
    assert used["started"] <= used["finished"]
    assert "AWS_SECRET_ACCESS_KEY" in used["variables"]


PLAIN = """
import pytest

@pytest.mark.live
def test_live():
    raise AssertionError("it ran")

def test_other():
    pass
"""


def test_action__a_forks_pull_request_has_stubs_and_no_exchange(cloud, runner, project, aws) -> None:
    fork, home = {"id": 2, "full_name": "mallory/orders"}, {"id": 1, "full_name": "octo/orders"}
    write_event(runner, repository=home, pull_request={"head": {"repo": fork}, "base": {"repo": home}})
    runner.environment["GITHUB_EVENT_NAME"] = "pull_request"
    step = runner.run(project({"test_it.py": PLAIN}), **aws)
    assert step.exit_code == 0
    assert list_statuses(step) == {"test_live": "skipped", "test_other": "passed"}
    assert "the code comes from mallory/orders: forks get no credentials" in json.dumps(step.report)
    assert not cloud.seen
    assert [record["event"] for record in read_audit(step)] == ["withheld"]


def test_action__a_forks_head_under_pull_request_target_is_refused_before_any_of_it_runs(
    cloud, runner, project, aws
) -> None:
    write_event(runner, pull_request={"head": {"repo": {"id": 2, "full_name": "mallory/orders"}}})
    runner.environment["GITHUB_EVENT_NAME"] = "pull_request_target"
    workspace = project({"test_it.py": "open('ran', 'w')", "requirements.txt": "./evil"})
    step = runner.run(workspace, **{**aws, "install": "auto"})
    assert step.exit_code == 3
    assert "mallory/orders" in step.log
    assert "on: pull_request" in step.log
    assert not (workspace / "ran").exists()
    assert not cloud.seen


def test_action__without_the_permission_a_role_that_is_asked_for_is_an_error(runner, project, aws) -> None:
    """A green run in which nothing live has run would say that the credentials work."""
    runner.environment.clear()
    workspace = project({"test_it.py": "open('ran', 'w')"})
    step = runner.run(workspace, **aws)
    assert step.exit_code == 3
    assert "credentials were asked for, but the job has no `id-token: write`" in step.log
    assert "permissions: {id-token: write" in step.log
    assert not (workspace / "ran").exists()


def test_action__refused_credentials_end_the_run_before_the_tests(cloud, runner, project, aws) -> None:
    cloud.claims["sub"] = "repo:octo/orders:pull_request"
    workspace = project({"test_it.py": "open('ran', 'w')"})
    step = runner.run(workspace, **aws)
    assert step.exit_code == 3
    assert "sub=repo:octo/orders:pull_request" in step.log
    assert "A trust policy statement that would match" in step.log
    assert not (workspace / "ran").exists()
    assert step.outputs["conclusion"] == "failure"


def test_action__inputs_that_do_not_go_together_are_told_at_once(runner, project) -> None:
    step = runner.run(
        project({"test_it.py": PLAIN}),
        aws_role_to_assume=ROLE,
        aws_chained_role="ci",
        aws_sts_endpoint="http://sts.example.com",
        aws_session_policy="{}",
        azure_tenant_id="tenant.example.com",
        oidc_tokens="LD_PRELOAD=x",
    )
    assert step.exit_code == 2
    for name in (
        "aws-chained-role",
        "aws-sts-endpoint",
        "aws-region",
        "aws-session-policy",
        "azure-client-id",
        "oidc-tokens",
    ):
        assert name in step.log


def test_action__what_the_workflow_sets_itself_is_for_live_tests_where_they_are_told_so(runner, project) -> None:
    runner.environment["AWS_ACCESS_KEY_ID"] = "of the workflow"
    text = """
import os, pytest

@pytest.mark.live
def test_live():
    assert os.environ["AWS_ACCESS_KEY_ID"] == "of the workflow"

def test_other():
    assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
"""
    step = runner.run(project({"test_it.py": text}), install="none", pytest_args="--live")
    assert list_statuses(step) == {"test_live": "passed", "test_other": "passed"}


BROKER = """
import os, time
import boto3, pytest

@pytest.mark.live
def test_live():
    assert "AWS_ACCESS_KEY_ID" not in os.environ
    client = boto3.client("sts", endpoint_url={endpoint!r})
    accounts = {{client.get_caller_identity()["Account"] for _ in range(3)}}
    assert accounts == {{"123456789012"}}
    assert boto3.DEFAULT_SESSION.get_credentials().method == "container-role"
    assert os.environ["SNOWFLAKE_TOKEN"].count(".") == 2

def test_other():
    assert os.environ["AWS_ACCESS_KEY_ID"] == "testing"
    assert "AWS_CONTAINER_AUTHORIZATION_TOKEN" not in os.environ
    assert os.environ["SNOWFLAKE_TOKEN"] == "pipeproof-stub"
"""


def test_action__the_broker_gives_boto3_its_credentials_in_each_worker(cloud, runner, project, aws) -> None:
    workspace = project({"test_it.py": BROKER.format(endpoint=cloud.sts)})
    more = {"credentials_mode": "broker", "workers": "2", "oidc_tokens": "SNOWFLAKE_TOKEN=snowflakecomputing.com"}
    step = runner.run(workspace, **aws, **more)
    assert list_statuses(step) == {"test_live": "passed", "test_other": "passed"}, step.log
    assert not [form for form in cloud.sessions if form in everything(step)]


def test_action__points_out_the_checkouts_token(runner, project) -> None:
    header = '[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic c2VjcmV0LXRva2Vu\n'
    step = runner.run(
        project({"test_it.py": PLAIN, ".git/config": f"[core]\n\tbare = false\n{header}"}), install="none"
    )
    found = [command.data for command in step.commands if command.name == "warning"]
    assert any(".git/config, line 4" in text and "persist-credentials: false" in text for text in found)
    assert "c2VjcmV0" not in step.log
