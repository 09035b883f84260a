"""Renewal: short-lived credentials in a long suite, by a clock that the test moves."""

import json
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pipeproof.credentials.broker import serve
from pipeproof.credentials.lease import Keeper, Lease, Plan
from pipeproof.credentials.registry import obtain
from pipeproof.credentials.request import (
    AwsRequest,
    AzureRequest,
    CredentialRequest,
    DatabaseLogin,
    OidcVariable,
    parse_role,
)
from pipeproof.errors import CredentialsError

ROLE = parse_role("arn:aws:iam::123456789012:role/ci")


@pytest.fixture
def broker(cloud) -> CredentialRequest:
    cloud.trust(ROLE.arn)
    aws = AwsRequest(ROLE, "eu-central-1", "gh-7-1-test", duration=900, endpoint=cloud.sts)
    return CredentialRequest(aws=aws, mode="broker")


def get(url: str, token: str | None) -> tuple[int, dict[str, str]]:
    request = urllib.request.Request(url, headers={"Authorization": token} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def ask(environment) -> dict[str, str]:
    url, token = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"], environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    status, answer = get(url, token)
    assert status == 200, answer
    return answer


def test_broker__no_static_key_is_in_the_environment(broker, tools, notes) -> None:
    with obtain(broker, tools) as issued:
        assert set(issued.environment) == {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
        }
        assert issued.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] in notes.masked
        assert issued.account_id == "123456789012"


def test_broker__sessions_of_five_seconds_serve_a_long_suite(cloud, clock, broker, tools, notes) -> None:
    """A minute of requests, ten a second: no key that is handed out has ended, each comes of a fresh ID token."""
    cloud.session_life = 5
    with obtain(broker, tools) as issued:
        for _ in range(600):
            clock.seconds += 0.1
            answer = ask(issued.environment)
            assert cloud.sessions[answer["AccessKeyId"]].expires > clock()
    exchanges = cloud.requests("/sts")
    assert 12 <= len(exchanges) <= 30
    assert len({seen.form["WebIdentityToken"] for seen in exchanges}) == len(exchanges)
    events = [record["event"] for record in notes.records]
    assert events == ["issued"] + ["renewed"] * (len(exchanges) - 1)
    assert all(session.secret in notes.masked for session in cloud.sessions.values())


def test_broker__three_hours_with_sessions_of_fifteen_minutes(cloud, clock, broker, tools) -> None:
    with obtain(broker, tools) as issued:
        for _ in range(3 * 60):
            clock.seconds += 60
            assert cloud.sessions[ask(issued.environment)["AccessKeyId"]].expires > clock()
    assert len(cloud.sessions) == 23, "one every eight minutes: at the first request after half of its life"


def test_broker__many_clients_at_once_make_one_renewal(cloud, clock, broker, tools) -> None:
    cloud.pause = lambda: threading.Event().wait(0.05)
    with obtain(broker, tools) as issued, ThreadPoolExecutor(16) as pool:
        for round_ in range(1, 4):
            clock.seconds += 1000
            answers = list(pool.map(ask, [issued.environment] * 16))
            assert len(cloud.sessions) == 1 + round_
            assert len({answer["AccessKeyId"] for answer in answers}) == 1
    assert cloud.most_at_once == 1


def test_broker__what_is_still_good_is_served_while_another_renews(clock, tools) -> None:
    """A request does not wait for a renewal that another one has begun."""
    begun, go_on = threading.Event(), threading.Event()

    def issue() -> Lease:
        if begun_once:
            begun.set()
            assert go_on.wait(20)
        begun_once.append(1)
        return Lease({"N": str(len(begun_once))}, clock(), clock() + 100, {})

    begun_once: list[int] = []
    keeper = Keeper(Plan("x", "token", issue), tools)
    clock.seconds += 60
    with ThreadPoolExecutor(1) as pool:
        renewal = pool.submit(keeper.current)
        assert begun.wait(20)
        assert keeper.current().variables["N"] == "1"
        go_on.set()
        assert renewal.result().variables["N"] == "2"


def test_broker__a_renewal_that_fails_is_tried_again_and_the_old_session_serves(
    cloud, clock, broker, tools, notes
) -> None:
    with obtain(broker, tools) as issued:
        first = ask(issued.environment)["AccessKeyId"]
        clock.seconds += 600
        cloud.refuse_id_token = 403
        assert ask(issued.environment)["AccessKeyId"] == first
        assert notes.records[-1]["event"] == "renewal failed"
        clock.seconds += 400
        status, answer = get(
            issued.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
            issued.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"],
        )
        assert (status, answer["code"]) == (500, "IdTokenError")
        assert "refuses this job" in answer["message"]
        cloud.refuse_id_token = None
        assert ask(issued.environment)["AccessKeyId"] != first


def test_broker__nothing_without_the_token_or_beside_the_path(broker, tools) -> None:
    with obtain(broker, tools) as issued:
        url = issued.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        token = issued.environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        for wrong in (None, "", "x", token + "x", token[:-1]):
            assert get(url, wrong)[0] == 403
        assert get(url.replace("/aws", "/other"), token)[0] == 404
        assert get(url.replace("/aws", "/environment"), token)[0] == 404
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url, timeout=5)


def test_broker__listens_on_loopback_only() -> None:
    with serve({}, lambda secret: None) as broker:
        assert broker.url.startswith("http://127.0.0.1:")


def test_broker__botocore_renews_from_it(cloud, broker, tools, monkeypatch) -> None:
    """AWS's own library reads the protocol, and asks again when its credentials near their end."""
    from botocore.session import Session

    cloud.now = time.time
    with obtain(broker, replace(tools, now=time.time)) as issued:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        for name, value in issued.environment.items():
            monkeypatch.setenv(name, value)
        credentials = Session().get_credentials()
        assert credentials.method == "container-role"
        first = credentials.get_frozen_credentials()
        assert first.token == cloud.sessions[first.access_key].token


def test_environment__tokens_are_renewed_when_a_live_test_asks(cloud, clock, tools) -> None:
    cloud.trust(ROLE.arn)
    request = CredentialRequest(
        aws=AwsRequest(ROLE, "eu-central-1", "gh-7-1-test", endpoint=cloud.sts),
        databases=(DatabaseLogin("PGPASSWORD", "ci", "db.example.com", 5432),),
        oidc_variables=(OidcVariable("SNOWFLAKE_TOKEN", "snowflakecomputing.com"),),
    )
    with obtain(request, tools) as issued:
        renewal = issued.build_handover()["renewal"]
        assert get(**renewal)[1] == {name: issued.environment[name] for name in ("PGPASSWORD", "SNOWFLAKE_TOKEN")}
        clock.seconds += 200
        status, later = get(**renewal)
        assert status == 200
        assert later["SNOWFLAKE_TOKEN"] != issued.environment["SNOWFLAKE_TOKEN"]
        assert "AWS_ACCESS_KEY_ID" not in later
        assert cloud.check(later["SNOWFLAKE_TOKEN"])["exp"] > clock() + 100


def test_files__are_renewed_though_nobody_asks(cloud, tools, azure_request) -> None:
    """Real time: the file's ID token lives for seconds, and a reader always finds one that is good."""
    cloud.now, cloud.token_life = time.time, 5.0
    with obtain(azure_request, replace(tools, now=time.time)) as issued:
        path = Path(issued.environment["AZURE_FEDERATED_TOKEN_FILE"])
        seen = {path.read_text()}
        deadline = time.monotonic() + 90
        pause = threading.Event()
        while len(seen) < 3:
            assert time.monotonic() < deadline
            pause.wait(0.05)
            seen.add(path.read_text())


@pytest.fixture
def azure_request(cloud) -> CredentialRequest:
    return CredentialRequest(azure=AzureRequest(cloud.azure_tenant, cloud.azure_client, f"{cloud.url}/azure"))


def test_keeper__says_when_nothing_can_be_had_any_more(clock, tools, notes) -> None:
    leases = iter([Lease({}, clock(), clock() + 10, {})])

    def issue() -> Lease:
        for lease in leases:
            return lease
        raise CredentialsError("gone")

    keeper = Keeper(Plan("x", "token", issue), tools)
    clock.seconds += 11
    with pytest.raises(CredentialsError, match="gone"):
        keeper.current()
