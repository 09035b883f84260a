"""Fixtures for AWS: `aws`, moto in this process, and `aws_server`, moto behind a port.

While the user's modules are imported (conftest files, collection) the process has a stub configuration of AWS: keys
that are not real, a region, no profile, no endpoint. So a client made at import time is one of the stubs', whatever the
machine says. While tests run, the environment is the run's own again, but within the fixtures. The ini option
`pipeproof_aws_configuration = ambient` leaves imports alone.

PYTEST_DONT_REWRITE
"""

import re
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import pytest

from pipeproof import environ
from pipeproof.plugin.evidence import Evidence
from pipeproof.plugin.stepfunctions import serve_state_machines

if TYPE_CHECKING:
    from pipeproof.environments.aws import AwsServer, AwsStub, MotoServer


_AWS_HOST = re.compile(r"\.amazonaws\.com\b")
_NATIVE = (
    "The fixture `aws` stubs boto3. Arrow, Polars, delta-rs, DuckDB and other clients that bring their own reach it "
    "over a port: use the fixture `aws_server`."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini options of AWS."""
    parser.addini("pipeproof_aws_region", "the region of the fixtures aws and aws_server", default="us-east-1")
    parser.addini(
        "pipeproof_aws_configuration",
        "stub: modules are imported with a stub configuration of AWS; ambient: with the machine's",
        default="stub",
    )


def _while_importing(config: pytest.Config) -> AbstractContextManager[None]:
    from pipeproof.environments.aws.configuration import stub_variables

    configuration = config.getini("pipeproof_aws_configuration")
    if configuration not in ("stub", "ambient"):
        raise pytest.UsageError(f"pipeproof_aws_configuration is stub or ambient, not {configuration!r}")
    if configuration == "ambient":
        return nullcontext()
    return environ.changed(stub_variables(environ.everything(), str(config.getini("pipeproof_aws_region"))))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Import the first conftest files with the stub configuration."""
    with _while_importing(early_config):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Import the tests, and with them the user's modules, with the stub configuration."""
    with _while_importing(session.config):
        return (yield)


@pytest.fixture
def aws(request: pytest.FixtureRequest, evidence: Evidence) -> "Iterator[AwsStub]":
    """AWS, stubbed in this process: empty at first, seen call by call, gone after the test."""
    from pipeproof.environments.aws import open_aws
    from pipeproof.environments.aws.calls import summarize
    from pipeproof.environments.aws.configuration import require_region
    from pipeproof.iam.usage import summarize_usage

    if not request.config.pluginmanager.has_plugin("pipeproof-aws"):
        request.config.pluginmanager.register(_Explained(), "pipeproof-aws")
    real_time = request.node.get_closest_marker("real_time") is not None
    region = require_region(str(request.config.getini("pipeproof_aws_region")))
    with open_aws(region, real_time=real_time) as stub:
        stub.on_first_use("stepfunctions", lambda opened: serve_state_machines(opened, request.config, evidence))
        yield stub
        if seen := stub.seen:
            evidence("aws.calls", summarize(list(seen)))
        for enforcement in stub.enforcements:
            evidence("aws.policy", summarize_usage(enforcement.usage))


@pytest.fixture(scope="session")
def _moto_server() -> "Iterator[MotoServer]":
    from pipeproof.environments.aws import start_server

    with start_server() as server:
        yield server


@pytest.fixture
def aws_server(aws: "AwsStub", _moto_server: "MotoServer") -> "Iterator[AwsServer]":
    """AWS behind a port of this machine, for what is not boto3 in this process; `AWS_ENDPOINT_URL` is set."""
    from pipeproof.environments.aws import serve

    with serve(aws, _moto_server) as server:
        yield server


def _is_native(error: Exception) -> bool:
    """Return whether a client that is no boto3 says that it could not reach AWS."""
    return not hasattr(error, "response") and _AWS_HOST.search(str(error)) is not None


class _Explained:
    """Says of a failure what it was for; registered by the first test that has `aws`, so that others pay nothing."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Name `aws_server` where a client that is not boto3 has asked for AWS itself under `aws`."""
        try:
            return (yield)
        except Exception as error:
            fixtures = getattr(item, "fixturenames", ())
            if "aws" in fixtures and "aws_server" not in fixtures and _is_native(error):
                error.add_note(_NATIVE)
            raise
