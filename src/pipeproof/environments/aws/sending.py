"""What is sent goes to moto in this process; what moto does not know is an error that says so, and is not sent."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pipeproof.environments.aws.async_clients import AWS_DOMAINS
from pipeproof.environments.aws.touched import KNOWING
from pipeproof.errors import PipeproofError

_NO_STUB = "Not yet implemented"
"""moto's text, with a status of 404, for an endpoint of AWS that none of its services has."""

_FAKE = "Nothing was sent. Replace the call in this test by a fake (monkeypatch, unittest.mock, botocore.stub.Stubber)."


class UnstubbedEndpointError(PipeproofError):
    """A call would have left the machine: moto does not know the endpoint."""


class UnstubbedOperationError(PipeproofError):
    """moto knows the service, but cannot answer this operation of it."""


def ask_moto(request: Any, service: str, operation: str) -> tuple[int, Any, Any] | None:
    """moto's answer to a request: status, headers and body; `None` where the endpoint is none of AWS.

    Args:
        request: botocore's prepared request.
        service: boto3's name of the service.
        operation: The operation.

    Raises:
        UnstubbedEndpointError: moto has no such endpoint.
        UnstubbedOperationError: moto lacks the operation, or a package that it takes.
    """
    from moto.core.models import botocore_stubber

    request.url = without_host_prefix(request.url)
    try:
        answered: tuple[int, Any, Any] | None = botocore_stubber.process_request(request)
    except (NotImplementedError, ImportError) as error:
        raise unanswered(service, operation, error) from error
    host = urlsplit(request.url).hostname or ""
    is_unknown = answered is not None and answered[0] == 404 and answered[2] == _NO_STUB
    if is_unknown and _knows(request.url):
        raise unanswered(service, operation)
    if is_unknown or (answered is None and host.endswith(AWS_DOMAINS)):
        raise UnstubbedEndpointError(f"moto has no stub for {host}, which {service}:{operation} asks", hint=_FAKE)
    return answered


def _knows(url: str) -> bool:
    """Return whether one of moto's services has the host."""
    if not KNOWING.usable():
        return False
    from moto.backend_index import backend_url_patterns

    parts = urlsplit(url)
    return any(pattern.match(f"{parts.scheme}://{parts.netloc}{parts.path}") for _, pattern in backend_url_patterns)


def unanswered(service: str, operation: str, error: Exception | None = None) -> UnstubbedOperationError:
    """Return the error for an operation that moto does not answer, by what moto raised, if anything."""
    if isinstance(error, ImportError):
        return UnstubbedOperationError(
            f"moto cannot answer {service}:{operation}: the package {error.name} is not installed",
            hint=f"Add it to the requirements of the tests: moto[{service}] brings it.",
        )
    return UnstubbedOperationError(f"moto cannot answer {service}:{operation}: it lacks the operation", hint=_FAKE)


def without_host_prefix(url: str) -> str:
    """A URL of AWS without the prefix that some operations put before the host (`sync-states`), which moto lacks."""
    parts = urlsplit(url)
    if parts.netloc.startswith("sync-states."):
        return urlunsplit(parts._replace(netloc=parts.netloc.removeprefix("sync-")))
    return url
