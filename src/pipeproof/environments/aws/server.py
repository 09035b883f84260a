"""moto behind a port, for what is not boto3 in this process: subprocesses, DuckDB's httpfs, Arrow, async clients.

The server is a thread of this process and shares moto's state with [pipeproof.environments.aws.stub][], so what a test
puts into a bucket with the one is there with the other. It is started once and emptied between tests.
"""

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from pipeproof import environ
from pipeproof.environments.aws.configuration import stub_variables
from pipeproof.environments.aws.stub import AwsStub
from pipeproof.environments.aws.wire import observed
from pipeproof.environments.installed import require

HOST = "127.0.0.1"


class MotoServer:
    """moto's HTTP server on a free port of the loopback interface, in a thread."""

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
        from werkzeug.serving import make_server

        class Handler(MotoRequestHandler):
            disable_nagle_algorithm = True

            def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
                """Say nothing: the test's output is the user's."""

        self.observer: AwsStub | None = None
        app = observed(
            DomainDispatcherApplication(lambda service: _propagating(create_backend_app(service))),
            lambda: self.observer,
        )
        self._server = make_server(HOST, 0, app, threaded=True, request_handler=Handler)
        self.port = int(self._server.socket.getsockname()[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="pipeproof-moto", daemon=True)
        self._thread.start()

    @property
    def endpoint_url(self) -> str:
        """The server's URL, with the port that it has got."""
        return f"http://{HOST}:{self.port}"

    def stop(self) -> None:
        """Close the port and end the thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class AwsServer:
    """The fixture `aws_server`: AWS for everything that speaks HTTP.

    `aws` is the stub of the same test, with the same state; `environment` what a subprocess needs to find the server
    (it is in this process's environment already).
    """

    def __init__(self, aws: AwsStub, server: MotoServer) -> None:
        self.aws = aws
        self.endpoint_url = server.endpoint_url
        self.host = HOST
        self.port = server.port
        self.region = aws.region
        self.environment: Mapping[str, str] = MappingProxyType(
            {
                **{name: value for name, value in stub_variables({}, aws.region).items() if value is not None},
                **_over_the_wire(server),
            }
        )

    def client(self, service: str, **options: Any) -> Any:
        """Return a boto3 client that goes over the wire."""
        return self.aws.session.client(service, endpoint_url=self.endpoint_url, **options)

    def resource(self, service: str, **options: Any) -> Any:
        """Return a boto3 resource that goes over the wire."""
        return self.aws.session.resource(service, endpoint_url=self.endpoint_url, **options)


@contextmanager
def start_server() -> Iterator[MotoServer]:
    """moto's server, until the end of the block.

    Raises:
        SetupError: moto or what its server is made of is not installed.
    """
    require("moto", "aws", "moto", "boto3", "flask")
    server = MotoServer()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def serve(aws: AwsStub, server: MotoServer) -> Iterator[AwsServer]:
    """The server for one test: `AWS_ENDPOINT_URL` is set meanwhile. The stub sees to it that its state is fresh."""
    server.observer = aws
    try:
        with environ.changed(_over_the_wire(server)), _fresh_listings():
            yield AwsServer(aws, server)
    finally:
        server.observer = None


def _over_the_wire(server: MotoServer) -> dict[str, str]:
    """Return what clients need to find the server, and to speak plain HTTP with it.

    `AWS_ALLOW_HTTP` is read by Rust's object_store (delta-rs, Polars); without host prefixes, botocore asks the server
    itself for operations such as StartSyncExecution (`sync-127.0.0.1` is no host).
    """
    return {
        "AWS_ENDPOINT_URL": server.endpoint_url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    }


@contextmanager
def _fresh_listings() -> Iterator[None]:
    """s3fs keeps file systems and what they have listed by their address, which the next test has too."""
    _forget_listings()
    try:
        yield
    finally:
        _forget_listings()


def _forget_listings() -> None:
    module = sys.modules.get("s3fs")
    if module is not None:
        module.S3FileSystem.clear_instance_cache()


def _propagating(app: Any) -> Any:
    """One of moto's Flask applications, whose exceptions are not made HTML pages."""
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return app
