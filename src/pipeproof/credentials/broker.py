"""The broker: a server on this machine's loopback that hands out what is current, for as long as the tests run.

`GET /aws` is the container-credentials protocol of AWS's SDKs: `AWS_CONTAINER_CREDENTIALS_FULL_URI` names the address,
`AWS_CONTAINER_AUTHORIZATION_TOKEN` is sent in the `Authorization` header, and the answer has `AccessKeyId`,
`SecretAccessKey`, `Token` and `Expiration`. SDKs keep the answer and come back before it ends. `GET /environment` is
ours: the variables that carry short-lived tokens, which the plugin asks for when a live test begins.
"""

import json
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pipeproof.credentials.aws import KEYS
from pipeproof.credentials.lease import Keeper, format_time
from pipeproof.errors import CredentialsError

Answer = Callable[[], Mapping[str, object]]


class Broker:
    """A running broker: its address, and the token that a client has to send."""

    def __init__(self, server: ThreadingHTTPServer, token: str) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self.token = token


@contextmanager
def serve(answers: Mapping[str, Answer], mask: Callable[[str], None]) -> Iterator[Broker]:
    """Serve each of `answers` (by path) until the block ends. The token is masked before anything listens."""
    token = secrets.token_urlsafe(32)
    mask(token)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(answers, token))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="broker", daemon=True)
    thread.start()
    try:
        yield Broker(server, token)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def answer_aws(keeper: Keeper) -> Answer:
    """Return the session as AWS's SDKs read it."""

    def answer() -> Mapping[str, object]:
        lease = keeper.current()
        key_id, secret, session = (lease.variables[name] for name in KEYS)
        expiration = format_time(lease.expires)
        return {"AccessKeyId": key_id, "SecretAccessKey": secret, "Token": session, "Expiration": expiration}

    return answer


def _make_handler(answers: Mapping[str, Answer], token: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One request: the token first, then the path."""

        server_version = "pipeproof"
        sys_version = ""

        def do_GET(self) -> None:
            """Answer, or say why not in the form that AWS's SDKs show."""
            given = self.headers.get("Authorization", "")
            if not secrets.compare_digest(given.encode("utf-8", "replace"), token.encode()):
                self._send(403, {"code": "Forbidden", "message": "the authorization token is not this run's"})
            elif self.path not in answers:
                self._send(404, {"code": "NotFound", "message": "there is nothing here"})
            else:
                try:
                    self._send(200, answers[self.path]())
                except CredentialsError as error:
                    self._send(500, {"code": type(error).__name__, "message": error.message})

        def _send(self, status: int, answer: Mapping[str, object]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class names it
            """Nothing: a request is no event of the run."""

    return Handler
