"""Finds what answers a Task: a mock, a function, a nested machine, or a stubbed AWS; else it says how to handle it."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from pipeproof.errors import PipeproofError
from pipeproof.stepfunctions.answers import lambdas
from pipeproof.stepfunctions.answers.mocks import (
    AnsweringMachine,
    Callback,
    MockBook,
    Returns,
    Throws,
    call_function,
    failure_of,
)
from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.answers.tokens import answer_by_task
from pipeproof.stepfunctions.definition.resources import Resource, function_name
from pipeproof.stepfunctions.errors import MockError, StateFailure, TaskNotHandled
from pipeproof.stepfunctions.values import MISSING, dump


class Backend(Protocol):
    """What service integrations reach when no mock answers: AWS stubbed by moto, or nothing."""

    def call(self, request: Request) -> Reply | None:
        """Answers, or None where it does not know the resource."""


@dataclass(slots=True)
class Handlers:
    """All that may answer the tasks of one run.

    Args:
        mocks: The run's mocks.
        functions: Lambda handlers by function name.
        backends: Asked in turn where no mock answers.
        account: The account's number.
        region: The region.
        validate: Checks a mocked result of a service's integration.
        limit: Wall-clock seconds that a callable may take, or None.
        refuse: Gives the failure of a call that the role's policy does not allow.
    """

    mocks: MockBook
    functions: Mapping[str, Any]
    backends: tuple[Backend, ...] = ()
    account: str = "123456789012"
    region: str = "us-east-1"
    validate: Callable[[Resource, Any], None] | None = None
    limit: float | None = None
    refuse: Callable[[Request], StateFailure | None] | None = None
    loaded: dict[str, Callable[..., Any]] = field(default_factory=dict)

    def answer(self, request: Request) -> Reply:
        """The reply to one attempt.

        Raises:
            TaskNotHandled: Nothing answers it.
            MockError: Its mock is used up or of a wrong form.
        """
        refusal = self.refuse(request) if self.refuse is not None else None
        if refusal is not None:
            return Reply(failure=refusal)
        found = self.mocks.next_answer(self._keys(request), request.iterations)
        if found is not None:
            return self._from_mock(found[1], request)
        function = self._function_of(request)
        if function is not None:
            handler = self._function(function)
            if handler is not None:
                return self._from_callable(handler, request)
        for backend in self.backends:
            reply = backend.call(request)
            if reply is not None:
                return reply
        sent = self._sent_token(request)
        if sent is not None:
            return sent
        raise TaskNotHandled(
            f"nothing handles the Task {request.state!r} ({request.resource.arn})",
            hint=self._advice(request, function),
            location=request.location,
        )

    def _sent_token(self, request: Request) -> Reply | None:
        return answer_by_task(request)

    def _keys(self, request: Request) -> list[str]:
        keys = [request.state]
        function = self._function_of(request)
        if function is not None:
            name = function_name(function)
            keys += [function, f"arn:aws:lambda:{self.region}:{self.account}:function:{name}", name]
        keys.append(request.resource.arn)
        payload = request.payload
        if request.resource.action == "startExecution" and isinstance(payload, dict):
            machine = payload.get("StateMachineArn")
            if isinstance(machine, str):
                keys += [machine, machine.rsplit(":", 1)[-1]]
        if request.resource.kind == "activity":
            keys.append(request.resource.name)
        return keys

    def _function_of(self, request: Request) -> str | None:
        """The function that the task calls, if it calls one."""
        if request.resource.kind == "lambda":
            return request.resource.arn
        if request.resource.is_lambda_invoke and isinstance(request.payload, dict):
            name = request.payload.get("FunctionName")
            return name if isinstance(name, str) else None
        return None

    def _function(self, reference: str) -> Callable[..., Any] | None:
        for name in (reference, function_name(reference)):
            if name in self.functions:
                if name not in self.loaded:
                    self.loaded[name] = lambdas.load_handler(name, self.functions[name])
                return self.loaded[name]
        return None

    def _from_mock(self, answer: Any, request: Request) -> Reply:
        if isinstance(answer, Throws):
            return Reply(failure=failure_of(answer), after=answer.after)
        if isinstance(answer, Returns):
            return self._result(answer.value, request, answer.after, raw=answer.raw)
        if isinstance(answer, Callback):
            return self._from_callback(answer, request)
        if isinstance(answer, AnsweringMachine):
            return answer.answer(request, self.mocks.all)
        return self._from_callable(answer, request)

    def _from_callback(self, answer: Callback, request: Request) -> Reply:
        if answer.call is not None:
            call = self._from_mock(answer.call, request)
        else:
            replies = (backend.call(request) for backend in self.backends)
            call = next((reply for reply in replies if reply is not None), Reply(submitted={}, waits=True))
        if call.failure is not None:
            return call
        submitted = call.submitted if call.submitted is not MISSING else call.value
        return Reply(
            submitted={} if submitted is MISSING else submitted,
            after=answer.after,
            later=lambda: self._from_callable(answer.function, request, raw=True),
        )

    def _from_callable(self, function: Callable[..., Any], request: Request, *, raw: bool = False) -> Reply:
        context = request.context
        is_function = self._function_of(request) is not None and not raw
        payload = request.payload
        if is_function and request.resource.is_lambda_invoke:
            payload = payload.get("Payload")
            payload = {} if payload is None else payload
        context.seconds = 0.0
        try:
            with _limit(self.limit, request.state):
                value = call_function(function, payload, context)
            if isinstance(value, (Returns, Throws)):
                return self._from_mock(value, request)
            if request.is_task:  # a Map's reader takes bytes as they are
                value = lambdas.read_result(value)
        except PipeproofError:
            raise
        except StateFailure as raised:
            return Reply(failure=raised, after=context.seconds)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is the task's failure
            compact = request.resource.kind != "lambda"
            failure = lambdas.error_failure(error, request.random, compact=compact)
            return Reply(failure=failure, after=context.seconds, exception=error)
        return self._result(value, request, context.seconds, raw=not is_function)

    def _result(self, value: Any, request: Request, after: float, *, raw: bool) -> Reply:
        if request.resource.is_lambda_invoke and not raw and not lambdas.is_invoke_response(value):
            return Reply(dict(lambdas.wrap_result(value, request.random)), after=after)
        failure = _http_failure(request.resource, value)
        if failure is not None:
            return Reply(failure=failure, after=after)
        if (
            self.validate is not None
            and request.is_task
            and request.resource.kind == "integration"
            and not request.resource.pattern
        ):
            self.validate(request.resource, value)
        return Reply(value, after=after)

    def _advice(self, request: Request, function: str | None) -> str:
        name = request.state
        if function is not None:
            return (
                f"Pass mocks={{{name!r}: returns(...)}} or a callable to run(), or name the handler: "
                f'lambdas={{{function_name(function)!r}: "package.module:handler"}}. On the command line: --mocks FILE.'
            )
        if request.resource.kind == "unknown":
            return (
                f"{request.resource.arn!r} is no Resource that is known; mocks={{{name!r}: returns(...)}} answers it."
            )
        if request.resource.kind == "activity":
            return (
                f"Pass mocks={{{name!r}: returns(...)}} or a callable to run(), or create the activity on the stubs of "
                "the `aws` fixture (create_activity); a worker then takes its tasks by get_activity_task."
            )
        return (
            f"Pass mocks={{{name!r}: returns(...)}} or a callable to run(), or use the `aws` fixture: with it service "
            "integrations reach moto. On the command line: --mocks FILE."
        )


def _http_failure(resource: Resource, value: Any) -> StateFailure | None:
    """The failure that an answer of `http:invoke` with an error's status is."""
    status = value.get("StatusCode") if resource.service == "http" and isinstance(value, dict) else None
    if not isinstance(status, int) or status < 400:
        return None
    return StateFailure(f"States.Http.StatusCode.{status}", dump(value.get("ResponseBody", "")))


@contextmanager
def _limit(seconds: float | None, state: str) -> Iterator[None]:
    """Ends a callable that takes too long, where the platform can (in the main thread, where there is SIGALRM)."""
    if seconds is None or not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: Any) -> None:
        raise MockError(f"the handler of {state!r} took longer than {seconds:g} seconds of real time")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
