"""AWS, stubbed: moto in this process or behind a port, with calls seen, policies enforced, faults made and data loaded.

    with open_aws() as aws:
        aws.client("s3").create_bucket(Bucket="raw")
        with aws.enforce("template.yaml", role="LoaderRole"):
            run_the_pipeline()
        print(aws.least_privilege().to_template())

The names load what they need when they are first used: the plugin reads the configuration of each run from here.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeproof.environments.aws.async_clients import AsyncClientError
    from pipeproof.environments.aws.calls import AwsCall
    from pipeproof.environments.aws.enforcement import Enforcement
    from pipeproof.environments.aws.opening import open_aws
    from pipeproof.environments.aws.queries.queue import QueryResult, QueryResultError, UnansweredQueryError
    from pipeproof.environments.aws.sending import UnstubbedEndpointError, UnstubbedOperationError
    from pipeproof.environments.aws.server import AwsServer, MotoServer, serve, start_server
    from pipeproof.environments.aws.stub import AwsStub, UnknownOperationError
    from pipeproof.sql.errors import UntranslatableQueryError

__all__ = [
    "AsyncClientError",
    "AwsCall",
    "AwsServer",
    "AwsStub",
    "Enforcement",
    "MotoServer",
    "QueryResult",
    "QueryResultError",
    "UnansweredQueryError",
    "UnknownOperationError",
    "UnstubbedEndpointError",
    "UnstubbedOperationError",
    "UntranslatableQueryError",
    "open_aws",
    "serve",
    "start_server",
]

_HOMES = {
    "AsyncClientError": "async_clients",
    "AwsCall": "calls",
    "AwsServer": "server",
    "AwsStub": "stub",
    "Enforcement": "enforcement",
    "MotoServer": "server",
    "QueryResult": "queries.queue",
    "QueryResultError": "queries.queue",
    "UnansweredQueryError": "queries.queue",
    "UntranslatableQueryError": "..sql.errors",
    "UnknownOperationError": "stub",
    "UnstubbedEndpointError": "sending",
    "UnstubbedOperationError": "sending",
    "open_aws": "opening",
    "serve": "server",
    "start_server": "server",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
