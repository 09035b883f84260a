"""The stub opened: the environment, moto, the hooks in botocore and boto3's default session, and all put back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from pipeproof import environ
from pipeproof.environments.aws.botocore_hooks import moto_only_by_send, observed_by
from pipeproof.environments.aws.configuration import REGION, stub_variables
from pipeproof.environments.aws.moto_state import moto_in_process
from pipeproof.environments.aws.queries import athena_backend, redshift_data
from pipeproof.environments.aws.queries.queue import QueryQueue
from pipeproof.environments.aws.stub import AwsStub
from pipeproof.environments.aws.touched import CALLS
from pipeproof.environments.installed import require

_Answering = Callable[[QueryQueue, Callable[[str, str | None], Any]], AbstractContextManager[None]]

_QUERIES: Mapping[str, _Answering] = {
    "athena": athena_backend.answered_from,
    "redshift-data": redshift_data.redshift_answered_from,
    "rds-data": redshift_data.rds_answered_from,
}


def _answering(answered_from: _Answering) -> Callable[[AwsStub], None]:
    return lambda stub: stub.stack.enter_context(answered_from(stub.queries, stub.client_of))


@contextmanager
def open_aws(region: str = REGION, *, real_time: bool = False) -> Iterator[AwsStub]:
    """AWS, stubbed in this process, empty; all is gone afterwards. Needs no pytest.

    Raises:
        SetupError: moto or boto3 is not installed.
    """
    require("moto", "aws", "moto", "boto3")
    stub = AwsStub(region, real_time=real_time)
    for service, answered_from in _QUERIES.items():
        stub.on_first_use(service, _answering(answered_from))
    with (
        environ.changed(stub_variables(environ.everything(), region)),
        moto_in_process(),
        observed_by(stub),
        moto_only_by_send(),
        default_session(stub),
        stub.stack,
    ):
        if not CALLS.at_work:  # nothing will tell when a service is used first
            stub.use_all()
        yield stub


@contextmanager
def default_session(stub: AwsStub) -> Iterator[None]:
    """The stub's session is the one that `boto3.client()` uses; it is made when it is first needed."""
    import boto3  # type: ignore[import-untyped]

    session, setup = boto3.DEFAULT_SESSION, boto3.setup_default_session

    def setup_default_session(**options: Any) -> None:
        if options:
            setup(**options)
        else:
            boto3.DEFAULT_SESSION = stub.session

    boto3.DEFAULT_SESSION, boto3.setup_default_session = None, setup_default_session
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION, boto3.setup_default_session = session, setup
