"""What docs/how-to/credentials.md shows can be used as it stands."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeproof.access import build_request
from pipeproof.inputs import Inputs, read_inputs

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/how-to/credentials.md").read_text(encoding="utf-8")
SECTIONS = {part.splitlines()[0].strip("# "): part for part in re.split(r"^(?=##+ )", GUIDE, flags=re.MULTILINE)[1:]}


def read_blocks(section: str) -> list[Any]:
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)]


def list_steps(section: str) -> list[dict[str, Any]]:
    return [block[0]["with"] for block in read_blocks(section) if isinstance(block, list)]


def list_profiles(section: str) -> list[dict[str, Any]]:
    return [block for block in read_blocks(section) if isinstance(block, dict) and "orders" in block]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/session-policy.json").write_text('{"Statement": [{"Effect": "Allow", "Action": "s3:*"}]}')
    return tmp_path


def read_step(step: dict[str, Any], workspace: Path) -> Inputs:
    return read_inputs({name: str(value) for name, value in step.items()}, workspace)


@pytest.mark.parametrize("title", [title for title, section in SECTIONS.items() if list_steps(section)])
def test_guide__each_step_asks_for_credentials(title, workspace) -> None:
    for step in list_steps(SECTIONS[title]):
        assert build_request(read_step(step, workspace), workspace, {})


@pytest.mark.parametrize("title", [title for title, section in SECTIONS.items() if list_profiles(section)])
def test_guide__each_profile_reads_variables_that_its_step_sets(title, workspace) -> None:
    section = SECTIONS[title]
    given = {
        name
        for step in list_steps(section)
        for name in build_request(read_step(step, workspace), workspace, {}).token_variables
    }
    for profile in list_profiles(section):
        assert profile["orders"]["target"] in profile["orders"]["outputs"]
        assert set(re.findall(r"env_var\('(\w+)'\)", str(profile))) == given


@pytest.mark.parametrize("title", ["GitLab", "Buildkite"])
def test_guide__each_command_of_another_ci_asks_for_credentials(title, workspace) -> None:
    (block,) = read_blocks(SECTIONS[title])
    job = block["steps"][0] if "steps" in block else block["pipeline tests"]
    _, command, *options = shlex.split(job.get("command") or job["script"][0])
    assert command == "run"
    names = [name.removeprefix("--") for name in options[::2]]
    inputs = read_inputs(dict(zip(names, options[1::2], strict=True)), workspace)
    assert build_request(inputs, workspace, {}).asks_identity
    if title == "GitLab":
        assert set(inputs.id_token_variables) == set(job["id_tokens"])
        audiences = {inputs.aws_audience, *(variable.audience for variable in inputs.oidc_tokens)}
        assert audiences == {token["aud"] for token in job["id_tokens"].values()}


def test_guide__dbt_reads_the_postgres_profile() -> None:
    from dbt.adapters.postgres.connections import PostgresCredentials
    from dbt.config.renderer import ProfileRenderer
    from dbt_common.context import set_invocation_context

    set_invocation_context({"DBT_ENV_SECRET_PGPASSWORD": "the token"})
    profile = list_profiles(SECTIONS["PostgreSQL on RDS or Aurora, with IAM"])[0]
    rendered = ProfileRenderer({}).render_data(profile["orders"]["outputs"]["ci"])
    rendered.pop("type")
    PostgresCredentials.validate({**rendered, "database": rendered["dbname"]})
    assert rendered["password"] == "the token"


def test_guide__the_broker_and_the_network_words_are_the_inputs_own() -> None:
    for word in ("credentials-mode: broker", "aws-session-policy", "`network: open`", "`network: loopback`"):
        assert word in GUIDE
