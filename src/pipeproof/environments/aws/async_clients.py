"""Async clients (aioboto3, aiobotocore): told where they can be tested, as moto in the process does not answer them."""

import sys
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

from pipeproof.environments.aws.touched import ASYNC_CALLS
from pipeproof.errors import PipeproofError

AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws")


class AsyncClientError(PipeproofError):
    """An async client was used where only boto3 is stubbed."""


def enter_async(stack: ExitStack) -> None:
    """Have async clients refused until the stack is closed, where aiobotocore is loaded."""
    if "aiobotocore.client" in sys.modules:
        ASYNC_CALLS.enter(stack, {"aiobotocore.client:AioBaseClient._make_api_call": wrap_async_call})


def wrap_async_call(original: Any) -> Any:
    """`_make_api_call` of async clients, which refuses what would leave the machine."""

    async def make_api_call(client: Any, operation_name: str, api_params: Any) -> Any:
        refuse_async(client)
        return await original(client, operation_name, api_params)

    return make_api_call


def wrap_creation(original: Any) -> Any:
    """`BaseClient.__init__`, which refuses async clients of AWS itself."""

    def init(client: Any, *args: Any, **kwargs: Any) -> None:
        original(client, *args, **kwargs)
        if any(base.__module__.startswith("aiobotocore") for base in type(client).__mro__):
            refuse_async(client)

    return init


def refuse_async(client: Any) -> None:
    """Raise [AsyncClientError][] for a client of AWS itself; one of a server on this machine is fine."""
    host = urlsplit(str(client.meta.endpoint_url)).hostname or ""
    if host.endswith(AWS_DOMAINS):
        raise AsyncClientError(
            "an aioboto3 or aiobotocore client is out of reach of the fixture `aws`, which stubs boto3 in this process",
            hint="Use the fixture `aws_server`: moto behind a real port, which async clients find by AWS_ENDPOINT_URL.",
        )
