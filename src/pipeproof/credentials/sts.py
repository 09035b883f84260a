"""Calls of AWS STS. botocore serialises, signs and parses; the request goes through our transport.

botocore's clients read profiles, endpoints and credentials of the process's environment. Here none of that may count,
so its parts are used without a client: the service model, the serializer, the signer and the parser.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

from pipeproof.errors import CredentialsError
from pipeproof.transport import Response, Transport

_TRANSIENT = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "IDPCommunicationError"})


class StsError(Exception):
    """STS answered with an error."""

    def __init__(self, code: str, message: str, date: float | None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.date = date
        """STS's clock, where its answer told it."""


@dataclass(frozen=True, slots=True)
class AwsSession:
    """Temporary credentials."""

    access_key_id: str = field(repr=False)
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    expires: float
    """Seconds since the epoch by this machine's clock, however wrong that is."""
    arn: str
    """`arn:aws:sts::<account>:assumed-role/<role>/<session name>`."""

    @property
    def account(self) -> str:
        """The account whose role it is."""
        return self.arn.split(":")[4] if self.arn.count(":") >= 5 else ""


def find_endpoint(region: str) -> str:
    """STS's endpoint in a region; the domain is that of the region's partition."""
    partitions = _load("partitions")["partitions"]
    for partition in partitions:
        if re.fullmatch(partition["regionRegex"].strip("^$"), region):
            return f"https://sts.{region}.{partition['outputs']['dnsSuffix']}"
    return f"https://sts.{region}.amazonaws.com"


def assume(
    operation: str,
    parameters: Mapping[str, object],
    *,
    endpoint: str,
    region: str,
    transport: Transport,
    signer: AwsSession | None = None,
    now: float,
) -> AwsSession:
    """Call `AssumeRoleWithWebIdentity` (unsigned) or `AssumeRole` (signed with the session `signer`).

    Raises:
        StsError: STS answered with an error; of throttling only after retries.
        UnreachableError: It did not answer.
    """
    model = _load_model().operation_model(operation)
    from botocore.serialize import create_serializer  # type: ignore[import-untyped]

    request = create_serializer("query").serialize_to_request(dict(parameters), model)
    body = urlencode(request["body"]).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8", "User-Agent": "pipeproof"}
    if signer:
        headers = _sign(endpoint + "/", body, headers, signer, region)
    response = transport.send("POST", endpoint + "/", headers=headers, body=body, retry_if=_is_transient)
    parsed = _parse(response, model.output_shape)
    if response.status != 200 or "Credentials" not in parsed:
        raise _read_error(response, parsed)
    keys, user = parsed["Credentials"], parsed.get("AssumedRoleUser", {})
    lifetime = keys["Expiration"].timestamp() - (response.date or now)
    return AwsSession(
        keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], now + lifetime, user.get("Arn", "")
    )


def _sign(url: str, body: bytes, headers: dict[str, str], signer: AwsSession, region: str) -> dict[str, str]:
    from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
    from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]

    request = AWSRequest("POST", url, headers=headers, data=body)
    SigV4Auth(make_botocore_credentials(signer), "sts", region).add_auth(request)
    return dict(request.headers.items())


def make_botocore_credentials(session: AwsSession) -> Any:
    """Return the session as botocore's signers take it."""
    from botocore.credentials import Credentials  # type: ignore[import-untyped]

    return Credentials(session.access_key_id, session.secret_access_key, session.session_token)


def _is_transient(response: Response) -> bool:
    return response.status == 400 and any(f"<Code>{code}</Code>".encode() in response.body for code in _TRANSIENT)


def _parse(response: Response, shape: Any) -> dict[str, Any]:
    from botocore.parsers import ResponseParserError, create_parser  # type: ignore[import-untyped]

    answer = {"status_code": response.status, "headers": dict(response.headers), "body": response.body}
    try:
        parsed: dict[str, Any] = create_parser("query").parse(answer, shape)
    except (ResponseParserError, KeyError):
        return {}
    return parsed


def _read_error(response: Response, parsed: Mapping[str, Any]) -> StsError:
    error = parsed.get("Error", {})
    code = error.get("Code") or f"HTTP {response.status}"
    return StsError(str(code), str(error.get("Message") or "no message"), response.date)


@cache
def _load(name: str) -> Any:
    return _make_loader().load_data(name)


@cache
def _load_model() -> Any:
    loader = _make_loader()
    from botocore.model import ServiceModel  # type: ignore[import-untyped]

    return ServiceModel(loader.load_service_model("sts", "service-2"), "sts")


@cache
def _make_loader() -> Any:
    try:
        from botocore.loaders import Loader  # type: ignore[import-untyped]
    except ImportError as error:
        raise CredentialsError(
            "AWS credentials need botocore, which is not installed.", hint="pip install 'pipeproof[aws]'"
        ) from error
    return Loader()
