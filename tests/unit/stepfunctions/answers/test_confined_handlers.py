"""Handlers have keys that are not real, and reach this machine alone."""

import os
import socket
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest

from pipeproof import StateMachine
from pipeproof.sandbox.confinement import within_this_machine
from pipeproof.sandbox.network_guard import NetworkBlockedError, current_guard
from pipeproof.stepfunctions.answers.invocations import live_handlers

ELSEWHERE = "192.0.2.1"
"""An address of the block that is for documentation alone (RFC 5737)."""
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:work"


def run(handler: Any, *, catch: bool = False) -> Any:
    state: dict[str, Any] = {"Type": "Task", "Resource": FUNCTION, "End": True}
    if catch:
        state["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
    states = {"Work": state, "Caught": {"Type": "Succeed"}}
    if not catch:
        del states["Caught"]
    machine = StateMachine({"StartAt": "Work", "States": states}, lambdas={"work": handler})
    return machine.run().output


@pytest.fixture(autouse=True)
def keys_of_the_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://s3.example.com")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/home/me/key.json")
    monkeypatch.setenv("OF_THE_SHELL", "1")


def test_environment__has_stub_keys_and_no_profile() -> None:
    seen = run(lambda event, context: dict(os.environ))
    assert (seen["AWS_ACCESS_KEY_ID"], seen["AWS_SECRET_ACCESS_KEY"]) == ("testing", "testing")
    assert not seen.keys() & {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "GOOGLE_APPLICATION_CREDENTIALS"}
    assert seen["OF_THE_SHELL"] == "1"
    assert os.environ["AWS_ACCESS_KEY_ID"] == "AKIAREAL"


def test_environment__keeps_endpoints_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:5000")
    assert run(lambda event, context: os.environ["AWS_ENDPOINT_URL"]) == "http://127.0.0.1:5000"


def test_default_session__of_the_developer_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE")
    boto3.setup_default_session(region_name="eu-west-1")
    own = boto3.DEFAULT_SESSION

    def work(event: Any, context: Any) -> str:
        return str(boto3.client("s3", region_name="us-east-1")._request_signer._credentials.access_key)

    try:
        assert run(work) == "testing"
        assert boto3.DEFAULT_SESSION is own
    finally:
        boto3.DEFAULT_SESSION = None


def put_item(event: Any, context: Any) -> None:
    client = boto3.client("dynamodb", region_name="us-east-1")
    client.put_item(TableName="orders", Item={"id": {"S": "1"}})


def connect(event: Any, context: Any) -> None:
    socket.create_connection((ELSEWHERE, 9), timeout=0.01).close()


def swallow(event: Any, context: Any) -> str:
    try:
        connect(event, context)
    except Exception:  # noqa: BLE001 - as handlers write it
        return "fine"
    return "reached"


def in_a_thread(event: Any, context: Any) -> str:
    thread = threading.Thread(target=swallow, args=(event, context))
    thread.start()
    thread.join()
    return "fine"


def fetch(event: Any, context: Any) -> bytes:
    with urllib.request.urlopen("https://example.com", timeout=0.01) as response:
        return bytes(response.read())


@pytest.mark.parametrize("catch", [False, True])
@pytest.mark.parametrize(
    ("handler", "target"),
    [
        (put_item, r"dynamodb\.us-east-1\.amazonaws\.com:443.*\n.*fixture `aws`"),
        (connect, rf"{ELSEWHERE}:9"),
        (swallow, rf"{ELSEWHERE}:9"),
        (in_a_thread, rf"{ELSEWHERE}:9"),
        (fetch, r"example\.com:443"),
    ],
)
def test_network__of_other_machines_is_refused_aloud(handler: Any, target: str, catch: bool) -> None:
    with pytest.raises(NetworkBlockedError, match=rf"(?s)handlers reach nothing but this machine.*{target}.*live"):
        run(handler, catch=catch)
    assert current_guard() is None


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"here")

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answering) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://localhost:{httpd.server_port}"
        httpd.shutdown()


def test_network__of_this_machine_is_free(server: str) -> None:
    def work(event: Any, context: Any) -> str:
        with urllib.request.urlopen(server) as response:
            return str(response.read().decode())

    assert run(work) == "here"


def test_network__outside_of_handlers_is_left_alone() -> None:
    with within_this_machine():
        pass
    with pytest.raises(OSError, match=r".*"):
        socket.create_connection((ELSEWHERE, 9), timeout=0.01)


def test_live__handlers_have_what_the_test_has() -> None:
    with live_handlers():
        seen = run(lambda event, context: [os.environ["AWS_ACCESS_KEY_ID"], current_guard() is None])
    assert seen == ["AKIAREAL", True]
