"""Faults on demand: errors, throttling and slowness, so that retries and timeouts can be tested."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_THROTTLING: Mapping[str, tuple[str, int]] = {
    "dynamodb": ("ProvisionedThroughputExceededException", 400),
    "ec2": ("RequestLimitExceeded", 503),
    "kinesis": ("ProvisionedThroughputExceededException", 400),
    "lambda": ("TooManyRequestsException", 429),
    "s3": ("SlowDown", 503),
    "firehose": ("ServiceUnavailableException", 500),
    "athena": ("TooManyRequestsException", 400),
}
"""The code and status with which a service throttles, where it is not `ThrottlingException`, 400."""

_STATUS: Mapping[str, int] = {
    "AccessDenied": 403,
    "Forbidden": 403,
    "InternalError": 500,
    "InternalFailure": 500,
    "InternalServerError": 500,
    "InvalidObjectState": 403,
    "MethodNotAllowed": 405,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "NoSuchUpload": 404,
    "NoSuchVersion": 404,
    "NotFound": 404,
    "NotModified": 304,
    "PreconditionFailed": 412,
    "RequestTimeout": 400,
    "ServiceException": 500,
    "ServiceUnavailable": 503,
    "SlowDown": 503,
    "TooManyRequestsException": 429,
}
"""The status of codes that the services' models do not tell (S3's list of error responses, and what all share)."""


@dataclass
class Fault:
    """What is to go wrong: an error code, an exception (a broken connection), or a delay in seconds.

    `operation` may be `None` for any of the service's; `times` is how many more attempts it hits, `None` for all.
    """

    service: str
    operation: str | None = None
    error: "str | Exception | None" = None
    times: int | None = 1
    message: str = ""
    status: int | None = None
    seconds: float = 0.0
    hits: int = field(default=0, init=False)

    @property
    def code(self) -> str:
        """The error's code, or the exception's name."""
        return self.error if isinstance(self.error, str) else type(self.error).__name__


class Faults:
    """The faults of a test, oldest first. Threads may ask at once."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """One more."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def take(self, service: str, operation: str) -> Fault | None:
        """Return the fault that hits this attempt, or `None`; it is used up by one."""
        with self._lock:
            for fault in self._faults:
                fits = fault.service == service and fault.operation in (None, operation)
                if fits and (fault.times is None or fault.hits < fault.times):
                    fault.hits += 1
                    return fault
        return None


def throttling_error(service: str) -> tuple[str, int]:
    """Return the code and status with which a service throttles."""
    return _THROTTLING.get(service, ("ThrottlingException", 400))


def status_of(code: str, service_model: Any) -> int:
    """Return the HTTP status that goes with an error code of a service.

    A code of digits is a status itself, as boto3 gives it where an answer has no body (`"404"` of a HEAD request).
    """
    if code.isdigit() and len(code) == 3:
        return int(code)
    return _modelled(code, service_model) or _STATUS.get(code, 400)


def _modelled(code: str, service_model: Any) -> int | None:
    """Return the status that botocore's model of the service has for an error."""
    for shape in service_model.error_shapes:
        error = shape.metadata.get("error") or {}
        if code in (shape.name, error.get("code")):
            status = error.get("httpStatusCode")
            return int(status) if status else None
    return None
