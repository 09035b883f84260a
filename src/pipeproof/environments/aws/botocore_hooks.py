"""Where calls are met inside botocore: seen, refused, broken or sent to moto.

The names that are replaced stand in [pipeproof.environments.aws.touched][].
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipeproof.environments.aws import touched
from pipeproof.environments.aws.async_clients import enter_async, wrap_creation
from pipeproof.environments.aws.sending import ask_moto
from pipeproof.environments.aws.waiting import replacements


@dataclass
class Attempted:
    """A call under way: its client and parameters, who makes it, and what its attempts gave.

    `principal` is the ARN of a role that is not the test's own; `held_to` decides what that role may do, where its
    policy is known.
    """

    client: Any
    operation: str
    params: dict[str, Any]
    principal: str | None = None
    held_to: "Judge | None" = None
    attempts: int = 0
    status: int = 0
    error: str | None = None
    notes: list[str] = field(default_factory=list)


class Judge(Protocol):
    """Who says what a role may do, and who it is: see [pipeproof.environments.aws.enforcement][]."""

    session_arn: str

    def refuse(self, api: Any, call: Attempted) -> Any:
        """Return the refusal of a call, or `None`."""

    def hide(self, api: Any, call: Attempted) -> Any:
        """Return the refusal in place of "not found", or `None`."""


class Observer(Protocol):
    """Who decides what becomes of a call; `real_time` says that waits take their time."""

    real_time: bool

    @property
    def is_enforcing(self) -> bool:
        """Whether the test holds its calls to a policy."""

    def begin(self, call: Attempted) -> None:
        """The call is made; nothing is sent yet."""

    def answer(self, call: Attempted, request: Any) -> Any:
        """Return a made-up answer or an exception for this attempt, or `None` to let it through."""

    def review(self, call: Attempted, request: Any, response: Any) -> Any:
        """Another answer in place of the one that came, or `None`."""

    def end(self, call: Attempted) -> None:
        """The call is over."""

    def sleep(self, seconds: float) -> None:
        """botocore wants to wait: before it tries again, or before a waiter looks again."""


SEEN_HEADER = "x-pipeproof-seen"
"""Tells moto's server in this process that a call has been seen here already."""
_CURRENT: ContextVar[Attempted | None] = ContextVar("pipeproof_aws_call", default=None)
_OPERATION: ContextVar[tuple[str, str]] = ContextVar("pipeproof_aws_operation", default=("a service", "an operation"))
_observers: list[Observer] = []
_muted: ContextVar[bool] = ContextVar("pipeproof_aws_muted", default=False)


@contextmanager
def unobserved() -> Iterator[None]:
    """Calls made in here go to moto without being seen (the product's own seeding, and questions amid a call)."""
    token, current, operation = _muted.set(True), _CURRENT.set(None), _OPERATION.set(_OPERATION.get())
    try:
        yield
    finally:
        _OPERATION.reset(operation)
        _CURRENT.reset(current)
        _muted.reset(token)


_principal: ContextVar[tuple[str | None, Judge | None]] = ContextVar("pipeproof_aws_principal", default=(None, None))


@contextmanager
def acting_as(principal: str, held_to: Judge | None = None) -> Iterator[None]:
    """Calls made in here are another principal's than the test's own (a state machine's role, by its ARN).

    They are seen, and faults hit them, but the policies that the test enforces are not theirs: `held_to` is.
    """
    token = _principal.set((principal, held_to))
    try:
        yield
    finally:
        _principal.reset(token)


@contextmanager
def observed_by(observer: Observer) -> Iterator[None]:
    """Show each call of botocore in this process to `observer`; the innermost of nested ones sees it."""
    with ExitStack() as stack:
        _observers.append(observer)
        stack.callback(_observers.remove, observer)
        if len(_observers) == 1:
            _enter_all(stack)
        yield


def is_observed() -> bool:
    """Return whether somebody observes calls now."""
    return bool(_observers)


def _enter_all(stack: ExitStack) -> None:
    touched.CALLS.enter(stack, {"botocore.client:BaseClient._make_api_call": _wrap_call})
    touched.CREATION.enter(stack, {"botocore.client:BaseClient.__init__": wrap_creation})
    touched.ATTEMPTS.enter(stack, {"botocore.endpoint:Endpoint._do_get_response": _wrap_attempt})
    if touched.ANSWERING.usable():
        touched.SENDING.enter(stack, {"botocore.endpoint:Endpoint._send": _wrap_send})
    touched.SIGNING.enter(stack, {"botocore.signers:RequestSigner.get_auth_instance": _wrap_signing})
    touched.WAITS.enter(stack, replacements(_sleep, _is_real))
    enter_async(stack)


def _sleep(seconds: float) -> None:
    if _observers:
        _observers[-1].sleep(seconds)


def _is_real() -> bool:
    return bool(_observers) and _observers[-1].real_time


def _wrap_call(original: Any) -> Any:
    def make_api_call(client: Any, operation_name: str, api_params: dict[str, Any]) -> Any:
        if _muted.get():
            return original(client, operation_name, api_params)
        observer, call = _observers[-1], Attempted(client, operation_name, dict(api_params), *_principal.get())
        observer.begin(call)
        token = _CURRENT.set(call)
        try:
            return original(client, operation_name, api_params)
        except Exception as error:
            call.error = _code_of(error)
            for note in call.notes:
                error.add_note(note)
            raise
        finally:
            _CURRENT.reset(token)
            observer.end(call)

    return make_api_call


def _code_of(error: Exception) -> str:
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return str(code or type(error).__name__)


def _wrap_attempt(original: Any) -> Any:
    def do_get_response(endpoint: Any, request: Any, operation_model: Any, context: Any) -> Any:
        _OPERATION.set((operation_model.service_model.service_name, operation_model.name))
        call = _CURRENT.get()
        if call is None:
            return original(endpoint, request, operation_model, context)
        call.attempts += 1
        observer = _observers[-1]
        made_up = observer.answer(call, request)
        if isinstance(made_up, Exception):
            call.status = 0
            return None, made_up
        result = _answering(endpoint, made_up, original, request, operation_model, context)
        answer = _answer_in(result)
        if made_up is None and answer is not None:
            instead = observer.review(call, request, answer)
            if instead is not None:
                result = _answering(endpoint, instead, original, request, operation_model, context)
                answer = _answer_in(result)
        call.status = answer.status_code if answer is not None else 0
        return result

    return do_get_response


def _answer_in(result: Any) -> Any:
    """botocore's HTTP response in what an attempt gives: `((response, parsed), None)`, or `(None, exception)`."""
    found: list[Any] = []
    with touched.ATTEMPTS.tolerated():
        success, _exception = result
        found += [] if success is None else [_with_status(success[0])]
    return found[0] if found else None


def _with_status(answer: Any) -> Any:
    if not isinstance(answer.status_code, int):
        raise TypeError(f"the status of an answer is {answer.status_code!r}")
    return answer


_ANSWER: ContextVar[Any] = ContextVar("pipeproof_aws_answer", default=None)


def _answering(endpoint: Any, answer: Any, original: Any, request: Any, operation_model: Any, context: Any) -> Any:
    """Have botocore read `answer` as if it had come over the wire, or send the request where it is `None`."""
    token = _ANSWER.set(answer)
    try:
        return original(endpoint, request, operation_model, context)
    finally:
        _ANSWER.reset(token)


def _wrap_send(original: Any) -> Any:
    from botocore.awsrequest import AWSResponse  # type: ignore[import-untyped]
    from moto.core.botocore_stubber import MockRawResponse

    def send(endpoint: Any, request: Any) -> Any:
        answer = _ANSWER.get()
        if answer is not None:
            return answer
        service, operation = _OPERATION.get()
        answered = ask_moto(request, service, operation)
        if answered is None:
            request.headers[SEEN_HEADER] = "1"
            return original(endpoint, request)
        with touched.SENDING.known():
            status, headers, body = answered
            return AWSResponse(request.url, status, headers, MockRawResponse(body))

    return send


@contextmanager
def moto_only_by_send() -> Iterator[None]:
    """Switch off moto's own handler in sessions, where calls come to moto by botocore's `_send`."""
    if not touched.SENDING.at_work:
        yield
        return
    with touched.ANSWERING.replacing({"moto.core.models:botocore_stubber.enabled": lambda _enabled: False}):
        yield


def _wrap_signing(original: Any) -> Any:
    from botocore.credentials import Credentials  # type: ignore[import-untyped]

    stub = Credentials("testing", "testing", "testing")

    def get_auth_instance(
        signer: Any,
        signing_name: str,
        region_name: str,
        signature_version: Any = None,
        request_credentials: Any = None,
        **kwargs: Any,
    ) -> Any:
        own = getattr(signer, "_credentials", None)
        if request_credentials is None and getattr(own, "method", None) != "explicit":
            request_credentials = stub
        return original(signer, signing_name, region_name, signature_version, request_credentials, **kwargs)

    return get_auth_instance
