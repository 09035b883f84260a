"""Calls that come to moto's server over the wire: seen, refused and broken as those of boto3 in this process are.

What a request calls is read with moto's own routing and parsers (`get_service_router`, `PROTOCOL_PARSERS`), by
botocore's models: [WIRE][pipeproof.environments.aws.touched.WIRE] lists the names.
"""

import io
import re
from collections.abc import Callable, Iterable
from typing import Any

from pipeproof.environments.aws.botocore_hooks import SEEN_HEADER, Attempted, Observer
from pipeproof.environments.aws.responses import error_response
from pipeproof.environments.aws.sending import unanswered
from pipeproof.environments.aws.touched import WIRE
from pipeproof.errors import PipeproofError

Start = Callable[..., Any]
App = Callable[[dict[str, Any], Start], Iterable[bytes]]

_SCOPE = re.compile(r"Credential=[^/,\s]+/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_SERVICES = {
    "states": "stepfunctions", "monitoring": "cloudwatch", "elasticmapreduce": "emr", "email": "ses",
    "elasticloadbalancing": "elbv2", "tagging": "resourcegroupstaggingapi",
}  # fmt: skip
"""boto3's names of services that sign with another one."""
_UNKNOWN = "AccessDenied: a policy is enforced, and it cannot be told which operation of AWS this request calls"
_UNSEEN = "HTTP_" + SEEN_HEADER.upper().replace("-", "_")


def observed(app: App, observer_of: Callable[[], Observer | None]) -> App:
    """A WSGI application whose calls are shown to the observer that is there when they come.

    Args:
        app: moto's.
        observer_of: Gives the observer of the test that runs.
    """

    is_known = WIRE.usable()

    def call(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        observer = observer_of()
        if observer is None or environ.get(_UNSEEN) or environ.get("PATH_INFO", "").startswith("/moto-api"):
            return app(environ, start)
        body = _read(environ)
        attempted = _identify(environ, body, observer) if is_known else None
        if attempted is None:
            return _send(start, 403, {}, _UNKNOWN.encode()) if observer.is_enforcing else app(environ, start)
        return _answer(app, environ, start, attempted, observer)

    return call


def _read(environ: dict[str, Any]) -> bytes:
    """Return the request's body, left in place for moto to read again."""
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH")
    body: bytes = stream.read(int(length)) if length else stream.read() if environ.get("wsgi.input_terminated") else b""
    environ["wsgi.input"] = io.BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input_terminated"] = True  # of a chunked request werkzeug reads nothing else
    return body


def _identify(environ: dict[str, Any], body: bytes, observer: Any) -> Attempted | None:
    """What a request calls, or None where that cannot be told: it is none of AWS's APIs, or moto alone knows it."""
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.request import Request, determine_request_protocol
    from moto.core.routing import get_service_router

    query = environ.get("QUERY_STRING", "").replace("%2F", "/").replace("X-Amz-", "")
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", "")) or _SCOPE.search(query)
    signed = scope["service"].lower() if scope else "s3"
    try:
        client = observer.client_of(_SERVICES.get(signed, signed), scope["region"] if scope else None)
        model = client.meta.service_model
        request = Request({**environ, "wsgi.input": io.BytesIO(body)})
        target, form = environ.get("HTTP_X_AMZ_TARGET"), request.values
        found: dict[str, Any] = {}
        if target:
            operation = target.rsplit(".", 1)[-1]
        elif form.get("Action"):
            operation = str(form["Action"])
        else:
            matched, found = get_service_router(model.service_name).match(request)
            operation = matched.name
        operation_model = model.operation_model(operation)
        parser = PROTOCOL_PARSERS[determine_request_protocol(model, request.content_type)](operation_model)
        parameters = parser.parse(
            {
                "method": request.method,
                "values": form,
                "headers": request.headers,
                "body": body,
                "url_path": request.path,
                "url_params": found,
            }
        )
    except Exception:  # noqa: BLE001 - moto's routing raises what it likes; then moto answers the request as it does
        return None
    return Attempted(client, operation, _plain(dict(parameters)))


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in parameters.items() if value is not None and key != "Body"}


def _answer(
    app: App, environ: dict[str, Any], start: Start, attempted: Attempted, observer: Observer
) -> Iterable[bytes]:
    """Lets the observer have its say, before moto and after it."""
    from types import SimpleNamespace

    host = environ.get("HTTP_HOST", "")
    request = SimpleNamespace(url=f"http://{host}{environ.get('PATH_INFO', '/')}", method=environ["REQUEST_METHOD"])
    observer.begin(attempted)
    try:
        attempted.attempts = 1
        made_up = observer.answer(attempted, request)
        if isinstance(made_up, Exception):
            attempted.error = type(made_up).__name__
            return _send(start, 500, {}, str(made_up).encode())
        status, headers, body = (
            _written(made_up) if made_up is not None else _asked(app, environ, attempted, request.url)
        )
        if made_up is None:
            instead = observer.review(attempted, request, SimpleNamespace(status_code=status, content=body))
            if instead is not None:
                status, headers, body = _written(instead)
        attempted.status = status
        attempted.error = _code(attempted, status, headers, body) if status >= 300 else None
        return _send(start, status, headers, body)
    finally:
        observer.end(attempted)


def _written(answer: Any) -> tuple[int, dict[str, str], bytes]:
    """Return an answer that botocore would have read."""
    return answer.status_code, dict(answer.headers), answer.raw.read()


def _asked(app: App, environ: dict[str, Any], attempted: Attempted, url: str) -> tuple[int, dict[str, str], bytes]:
    """moto's answer; what it lacks and what this process refuses is an error that says so, and that nobody retries."""
    model = attempted.client.meta.service_model
    try:
        return _ask(app, environ)
    except (NotImplementedError, ImportError) as error:
        refused: PipeproofError = unanswered(model.service_name, attempted.operation, error)
    except PipeproofError as error:
        refused = error
    attempted.notes.append(str(refused))
    return _written(error_response(model, url, type(refused).__name__, str(refused), 400))


def _ask(app: App, environ: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """moto's answer."""
    kept: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        kept[:] = [int(status.split(maxsplit=1)[0]), dict(headers)]
        return lambda _: None

    answer = app(environ, start)
    try:
        body = b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return kept[0], kept[1], body


def _send(start: Start, status: int, headers: dict[str, str], body: bytes) -> Iterable[bytes]:
    from http import HTTPStatus

    own = {name: value for name, value in headers.items() if name.lower() not in ("transfer-encoding", "connection")}
    if not any(name.lower() == "content-length" for name in own):
        own["Content-Length"] = str(len(body))
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    start(f"{status} {phrase}", list(own.items()))
    return [body]


def _code(attempted: Attempted, status: int, headers: dict[str, str], body: bytes) -> str:
    """Return the code of an error, as botocore would read it."""
    from botocore.parsers import create_parser  # type: ignore[import-untyped]

    model = attempted.client.meta.service_model
    protocol = getattr(model, "resolved_protocol", None) or model.metadata["protocol"]
    lowered = {name.lower(): value for name, value in headers.items()}
    answer = {"status_code": status, "headers": lowered, "body": body}
    shape = model.operation_model(attempted.operation).output_shape
    try:
        parsed = create_parser(str(protocol)).parse(answer, shape)
    except Exception:  # noqa: BLE001 - an answer that is none of the protocol's
        return str(status)
    return str(parsed.get("Error", {}).get("Code") or status)
