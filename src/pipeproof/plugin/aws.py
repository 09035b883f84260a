"""Fixtures for AWS: `aws`, moto in this process, and `aws_server`, moto behind a port.

From the start of the run on, before any of the user's modules is imported, the process has a stub configuration of AWS
(keys that are not real, a region, no profile, no endpoint), so that a client made at import time is one of the stubs'.
Tests marked `live` get the run's own configuration back. The ini option `pipeproof_aws_configuration = ambient`
leaves the machine's configuration alone outside the fixtures.
"""

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pipeproof.plugin.evidence import Evidence

if TYPE_CHECKING:
    from pipeproof.environments.aws import AwsServer, AwsStub, MotoServer

_AMBIENT = "PIPEPROOF_AMBIENT_AWS"
"""Where the run's own configuration is kept, as JSON: processes of pytest-xdist start with the stubs' in theirs."""

_STASH = pytest.StashKey[dict[str, str | None]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini options of AWS."""
    parser.addini("pipeproof_aws_region", "the region of the fixtures aws and aws_server", default="us-east-1")
    parser.addini(
        "pipeproof_aws_configuration",
        "stub: no test but those marked live sees the machine's AWS configuration; ambient: it is left alone",
        default="stub",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Put the stub configuration in place before any module of the user's is imported."""
    configuration = early_config.getini("pipeproof_aws_configuration")
    if configuration not in ("stub", "ambient"):
        raise pytest.UsageError(f"pipeproof_aws_configuration is stub or ambient, not {configuration!r}")
    if configuration == "stub":
        _install(early_config)


def _install(config: pytest.Config) -> None:
    from pipeproof.environments.aws.configuration import change, stub_variables

    stub = stub_variables(os.environ, str(config.getini("pipeproof_aws_region")))
    stubbed = os.environ.get("AWS_ACCESS_KEY_ID") == stub["AWS_ACCESS_KEY_ID"] and _AMBIENT in os.environ
    ambient = json.loads(os.environ[_AMBIENT]) if stubbed else {name: os.environ.get(name) for name in stub}
    config.stash[_STASH] = ambient
    change({**stub, _AMBIENT: json.dumps(ambient)})


def pytest_unconfigure(config: pytest.Config) -> None:
    """Put the machine's configuration back."""
    ambient = config.stash.get(_STASH, None)
    if ambient is not None and not hasattr(config, "workerinput"):
        from pipeproof.environments.aws.configuration import change

        change({**ambient, _AMBIENT: None})


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Give a test that is marked `live` the run's own configuration."""
    ambient = item.config.stash.get(_STASH, None)
    if ambient is None or item.get_closest_marker("live") is None:
        return (yield)
    from pipeproof.environments.aws.configuration import environment_of

    with environment_of(ambient):
        return (yield)


@pytest.fixture
def aws(request: pytest.FixtureRequest, evidence: Evidence) -> "Iterator[AwsStub]":
    """AWS, stubbed in this process: empty at first, seen call by call, gone after the test."""
    from pipeproof.environments.aws import open_aws
    from pipeproof.environments.aws.calls import summarize
    from pipeproof.iam.usage import summarize_usage

    real_time = request.node.get_closest_marker("real_time") is not None
    with open_aws(str(request.config.getini("pipeproof_aws_region")), real_time=real_time) as stub:
        yield stub
        if stub.calls:
            evidence("aws.calls", summarize(stub.calls))
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
