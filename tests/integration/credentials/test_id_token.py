import urllib.parse

import pytest

from pipeproof.errors import CredentialsError
from pipeproof.identity.github import RunnersTokens
from pipeproof.identity.token import IdTokenError


def test_fetch_token__asks_for_the_audience_and_masks_first(cloud, tools, notes) -> None:
    token = tools.fetch_token("https://example.com/a b&c")
    assert token.claims.text("aud") == "https://example.com/a b&c"
    assert notes.masked == [token.value]
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(cloud.seen[0].path).query)
    assert query["api-version"] == ["2.0"]
    assert token.value not in repr(token)


@pytest.mark.parametrize(
    "fault", [(500, b""), (503, b"busy"), (429, b""), None], ids=["500", "503", "429", "broken connection"]
)
def test_fetch_token__tries_again_after_a_passing_fault(cloud, tools, clock, fault) -> None:
    cloud.faults["/id-token"] = [fault, fault]
    assert tools.fetch_token("aud").claims.text("aud") == "aud"
    assert len(cloud.seen) == 3
    assert clock.slept == [0.5, 1.0]


@pytest.mark.parametrize("status", [401, 403])
def test_fetch_token__is_never_tried_again_when_refused(cloud, tools, clock, status) -> None:
    cloud.refuse_id_token = status
    with pytest.raises(IdTokenError, match=f"HTTP {status}") as caught:
        tools.fetch_token("aud")
    assert "id-token: write" in caught.value.hint
    assert caught.value.exit_code == 3
    assert len(cloud.seen) == 1
    assert not clock.slept


def test_fetch_token__gives_up_at_the_deadline(cloud, tools, clock) -> None:
    cloud.faults["/id-token"] = [(503, b"")] * 100
    with pytest.raises(IdTokenError, match="fails"):
        tools.fetch_token("aud")
    assert sum(clock.slept) < 20


def test_fetch_token__throttled(cloud, tools) -> None:
    cloud.faults["/id-token"] = [(429, b"")] * 100
    with pytest.raises(IdTokenError, match="throttling"):
        tools.fetch_token("aud")


def test_fetch_token__out_of_reach(make_tools) -> None:
    tools = make_tools(source=RunnersTokens("http://127.0.0.1:1/token", "t"))
    with pytest.raises(CredentialsError, match=r"cannot be reached: 127\.0\.0\.1:1: nothing accepts connections"):
        tools.fetch_token("aud")


@pytest.mark.parametrize("body", [b"", b"{}", b'{"value": 7}', b'{"value": "one.two"}', b"<html>"])
def test_fetch_token__an_answer_without_a_token(cloud, tools, body) -> None:
    cloud.faults["/id-token"] = [(200, body)]
    with pytest.raises(IdTokenError, match=r"without a token|not a JWT"):
        tools.fetch_token("aud")


def test_fetch_token__measures_the_clocks_difference(cloud, tools) -> None:
    cloud.github_ahead = -90
    assert tools.fetch_token("aud").skew == pytest.approx(90, abs=1)


def test_transport__goes_through_the_proxy_that_the_environment_names(cloud, clock) -> None:
    """A proxy sees an absolute address; the imitation plays it, for a host that is not there."""
    from pipeproof.transport import Transport

    proxied = Transport({"http_proxy": cloud.url}, clock=clock, sleep=clock.sleep)
    assert proxied.send("GET", "http://sts.example.invalid/id-token").status == 404
    assert cloud.seen[0].path == "http://sts.example.invalid/id-token"


def test_transport__no_proxy_for_excepted_hosts_and_loopback() -> None:
    from pipeproof.transport import find_proxy

    environment = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "example.com, .internal"}
    assert find_proxy("https://sts.amazonaws.com", environment) == "http://proxy:3128"
    assert find_proxy("https://a.example.com/x", environment) is None
    assert find_proxy("https://db.internal", environment) is None
    assert find_proxy("https://notexample.com", environment) == "http://proxy:3128"
    assert find_proxy("https://127.0.0.1:1", environment) is None
    assert find_proxy("https://a.example", {"all_proxy": "http://p", "no_proxy": "*"}) is None


def test_transport__waits_as_long_as_the_service_asks(cloud, clock) -> None:
    from pipeproof.transport import Response, Transport

    transport = Transport(clock=clock, sleep=clock.sleep, jitter=lambda: 0.0)
    assert transport._choose_pause(0, Response(429, {"retry-after": "7"}, b"")) == 7.0
    assert transport._choose_pause(9, None) == 2.5
