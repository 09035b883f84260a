"""What answers at a server's address when the server has ended.

The socket outlives the server, so that a request would wait in its queue until it times out, and Prefect's client
would send it again, for minutes in all. Here each is refused at once with the reason: 410, which is not tried again.
"""

import json
import os
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing.connection import wait

from pipeproof.errors import SetupError

_REQUEST_SECONDS = 5


class ServerEndedError(SetupError):
    """The server that a flow used ended while it was used: it was killed, say, as memory ran out."""


class StandIn:
    """Waits for a server's end, and then stands in its place until it is stopped.

    Args:
        listener: The socket that the server serves.
        life: What the server writes a byte to when it answers, and what closes when it ends; it is closed here.
        explain: Says how it ended.
    """

    def __init__(self, listener: socket.socket, life: int, explain: Callable[[], str]) -> None:
        self.ended: str | None = None
        self._listener = listener
        self._life = life
        self._explain = explain
        self._known = threading.Event()
        self._stopped, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._watch, name="pipeproof-prefect-stand-in", daemon=True)
        self._thread.start()

    def wait_ready(self, seconds: float) -> bool:
        """Wait until the server answers; tells whether it did so in time."""
        return self._known.wait(seconds) and self.ended is None

    def stop(self) -> None:
        """Leave the socket to another."""
        os.write(self._stop, b"1")
        self._thread.join()
        for descriptor in (self._stop, self._stopped, self._life):
            os.close(descriptor)

    def _watch(self) -> None:
        while self._stopped not in wait([self._life, self._stopped]):
            if not os.read(self._life, 1):
                self.ended = self._explain()
                self._known.set()
                self._refuse(self.ended)
                return
            self._known.set()

    def _refuse(self, reason: str) -> None:
        class Refusal(_Refusal):
            body = json.dumps({"detail": reason}).encode()

        with _Quiet(("127.0.0.1", 0), Refusal, bind_and_activate=False) as server:
            server.socket.close()
            server.socket = self._listener.dup()
            while self._stopped not in wait([server.socket, self._stopped]):
                server.handle_request()


class _Quiet(HTTPServer):
    def handle_error(self, *_: object) -> None:
        """Who asked has gone: nobody is told."""


class _Refusal(BaseHTTPRequestHandler):
    """The answer to one request."""

    body = b""
    protocol_version = "HTTP/1.1"
    timeout = _REQUEST_SECONDS

    def handle(self) -> None:
        """Answer, whatever was asked, when it was read to its end."""
        self.raw_requestline = self.rfile.readline(65537)
        if self.raw_requestline and self.parse_request():
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(410)
            self.send_header("Connection", "close")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(self.body)))
            self.end_headers()
            self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Nobody is told."""
