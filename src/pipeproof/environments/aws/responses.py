"""Answers that AWS might give, made up: errors in each of the protocols that its services speak."""

import json
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

REQUEST_ID = "00000000-0000-4000-8000-000000000000"


class _Body(BytesIO):
    """What botocore reads a response from."""

    def stream(self, **_: Any) -> Any:
        yield self.read()


def error_response(service_model: Any, url: str, code: str, message: str, status: int, *, head: bool = False) -> Any:
    """Return an `AWSResponse` that botocore turns into a `ClientError` of this code.

    Args:
        service_model: botocore's model of the service; its protocol decides the form.
        url: The request's URL.
        code: The error's code.
        message: Its message.
        status: The HTTP status.
        head: The request was a HEAD, whose answer has no body.
    """
    from botocore.awsrequest import AWSResponse  # type: ignore[import-untyped]

    protocol = getattr(service_model, "resolved_protocol", None) or service_model.metadata["protocol"]
    headers, body = _render(str(protocol), service_model, code, message)
    raw = _Body(b"" if head else body)
    return AWSResponse(url, status, {"x-amzn-RequestId": REQUEST_ID, **headers}, raw)


def _render(protocol: str, service_model: Any, code: str, message: str) -> tuple[dict[str, str], bytes]:
    if protocol == "smithy-rpc-v2-cbor":
        headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return headers, _cbor({"__type": code, "message": message})
    if protocol == "json":
        headers = {"Content-Type": "application/x-amz-json-1.0"}
        if "awsQueryCompatible" in service_model.metadata:
            headers["x-amzn-query-error"] = f"{code};Sender"
        return headers, json.dumps({"__type": code, "message": message}).encode()
    if protocol == "rest-json":
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": code}
        return headers, json.dumps({"message": message, "Message": message}).encode()
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if protocol == "ec2":
        text = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
    elif service_model.service_name == "s3":
        text = f"<Error>{error}<RequestId>{REQUEST_ID}</RequestId></Error>"
    else:
        error = f"<Error><Type>Sender</Type>{error}</Error>"
        text = f"<ErrorResponse>{error}<RequestId>{REQUEST_ID}</RequestId></ErrorResponse>"
    return {"Content-Type": "application/xml"}, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def _cbor(fields: dict[str, str]) -> bytes:
    """Return a CBOR map (RFC 8949) of a few short texts."""

    def text(value: str) -> bytes:
        data = value.encode()
        return b"\x79" + len(data).to_bytes(2, "big") + data

    return bytes([0xA0 + len(fields)]) + b"".join(text(key) + text(value) for key, value in fields.items())
