"""Buildkite: the agent that is asked, and whose code may have its answer."""

import base64
import json
import sys
from pathlib import Path

import pytest

from pipeproof.identity.buildkite import find_agents_tokens, name_repository
from pipeproof.identity.choice import judge_run
from pipeproof.identity.token import IdTokenError
from pipeproof.transport import Transport

NOW = 1_800_000_000.0
TOKEN = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b"{}", json.dumps({"aud": "x", "iat": NOW - 2, "exp": NOW + 298}).encode(), b"s")
)


@pytest.fixture
def agent(tmp_path: Path):
    """An agent on a PATH of its own that does what `body` says; its arguments are kept."""

    def make(body: str) -> dict[str, str]:
        file = tmp_path / "buildkite-agent"
        file.write_text(
            f"#!{sys.executable}\nimport os, sys\n"
            f"with open({str(tmp_path / 'calls')!r}, 'a') as calls: print(*sys.argv[1:], file=calls)\n{body}\n"
        )
        file.chmod(0o755)
        return {"BUILDKITE": "true", "PATH": str(tmp_path), "BUILDKITE_AGENT_ACCESS_TOKEN": "the agent's token"}

    return make


def fetch(environment: dict[str, str], masked: list[str]):
    source = find_agents_tokens(environment)
    assert source is not None
    assert source.secrets == ("the agent's token",)
    return source.fetch("x", Transport(), masked.append, lambda: NOW)


def test_fetch__what_the_agent_prints(agent, tmp_path) -> None:
    masked: list[str] = []
    token = fetch(agent(f"print({TOKEN!r})"), masked)
    assert (token.value, token.issuer, token.lifetime, token.skew) == (TOKEN, "Buildkite", 300, 2)
    assert masked == [TOKEN]
    assert (tmp_path / "calls").read_text() == "oidc request-token --audience x\n"


def test_fetch__in_a_container_without_the_job_api(agent, tmp_path) -> None:
    """Since 3.104 the agent wants to have the token redacted by the API of the job, which a container lacks."""
    body = (
        "if '--skip-redaction' not in sys.argv:\n"
        "    sys.exit('buildkite-agent: fatal: failed to create Job API client: JOB_API_SOCKET empty')\n"
        f"print({TOKEN!r})"
    )
    masked: list[str] = []
    assert fetch(agent(body), masked).value == TOKEN
    assert masked == [TOKEN]
    assert len((tmp_path / "calls").read_text().splitlines()) == 2


def test_fetch__the_agents_own_words_where_it_gives_none(agent, tmp_path) -> None:
    with pytest.raises(IdTokenError, match="POST /oidc/tokens: 403 Forbidden") as caught:
        fetch(agent("sys.exit('a log line\\nfatal: POST /oidc/tokens: 403 Forbidden')"), [])
    assert caught.value.exit_code == 3
    assert len((tmp_path / "calls").read_text().splitlines()) == 1


def test_fetch__what_is_no_token_is_not_repeated(agent) -> None:
    with pytest.raises(IdTokenError, match="is not a JWT") as caught:
        fetch(agent("print('a secret')"), [])
    assert "a secret" not in str(caught.value)


def test_judge_run__a_job_whose_agent_is_missing_lacks_the_right(tmp_path) -> None:
    verdict = judge_run({}, {"BUILDKITE": "true", "PATH": str(tmp_path)})
    assert (verdict.decision, verdict.lacks_right) == ("withheld", True)
    assert "mount-buildkite-agent" in verdict.hint


@pytest.mark.parametrize(
    ("number", "there", "decision"),
    [
        ("false", "", "allowed"),
        ("7", "https://github.com/acme/orders.git", "allowed"),
        ("7", "git://github.com/Acme/Orders.git", "allowed"),
        ("7", "https://github.com/mallory/orders.git", "withheld"),
        ("7", "", "withheld"),
    ],
    ids=["a branch", "own", "own by another way", "fork", "unknown"],
)
def test_judge_run__a_pull_request(agent, number, there, decision) -> None:
    environment = agent("") | {"BUILDKITE_PULL_REQUEST": number, "BUILDKITE_PULL_REQUEST_REPO": there}
    verdict = judge_run({}, environment | {"BUILDKITE_REPO": "git@github.com:acme/orders.git"})
    assert (verdict.decision, verdict.foreign) == (decision, decision == "withheld")


@pytest.mark.parametrize(
    "address",
    [
        "git@github.com:acme/orders.git",
        "ssh://git@github.com/acme/orders",
        "ssh://git@github.com:22/acme/orders.git/",
        "https://token@github.com/acme/orders.git",
        "GIT://GitHub.com/acme/orders.git",
    ],
)
def test_name_repository__one_name_for_one_repository(address) -> None:
    assert name_repository(address) == "github.com/acme/orders"


@pytest.mark.parametrize("address", ["", "orders", "https://"])
def test_name_repository__what_is_none_has_no_name(address) -> None:
    assert name_repository(address) == ""
