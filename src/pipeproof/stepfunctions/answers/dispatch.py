"""Finds what answers a Task: a mock, a function, a nested machine, or a stubbed AWS; else it says how to handle it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from pipeproof.stepfunctions.answers import lambdas
from pipeproof.stepfunctions.answers.context import DEFAULT_TIMEOUT, identify, read_client_context
from pipeproof.stepfunctions.answers.invocations import Invocation, Limits, invoke
from pipeproof.stepfunctions.answers.lambda_functions import FunctionInstance, LambdaFunction
from pipeproof.stepfunctions.answers.mocks import (
    AnsweringMachine,
    Callback,
    MockBook,
    Returns,
    Throws,
    call_function,
    failure_of,
)
from pipeproof.stepfunctions.answers.python_runtime import read_response
from pipeproof.stepfunctions.answers.requests import Reply, Request
from pipeproof.stepfunctions.answers.tokens import answer_by_task
from pipeproof.stepfunctions.definition.resources import Resource, function_name
from pipeproof.stepfunctions.errors import StateFailure, TaskNotHandled, runtime_failure
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
        functions: Lambda functions by name: a LambdaFunction, `"package.module:handler"` or a callable.
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
    started: dict[str, FunctionInstance] = field(default_factory=dict)

    def answer(self, request: Request) -> Reply:
        """Return the reply to one attempt.

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
        called = lambdas.called_function(request.resource, request.payload)
        function = self._find(called) if called is not None else None
        if function is not None and function.problem() is None:
            return self._from_function(function, called or function.name, request)
        for backend in self.backends:
            reply = backend.call(request)
            if reply is not None:
                return reply
        sent = answer_by_task(request)
        if sent is not None:
            return sent
        raise TaskNotHandled(
            f"nothing handles the Task {request.state!r} ({request.resource.arn})",
            hint=_advice(request, called, function),
            location=request.location,
        )

    def _keys(self, request: Request) -> list[str]:
        keys = [request.state]
        function = lambdas.called_function(request.resource, request.payload)
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

    def _find(self, reference: str) -> LambdaFunction | None:
        for name in (reference, function_name(reference)):
            if name in self.functions:
                given = self.functions[name]
                return given if isinstance(given, LambdaFunction) else LambdaFunction(name, given)
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

    def _from_function(self, function: LambdaFunction, called: str, request: Request) -> Reply:
        """Return the reply of a Lambda function's own code."""
        instance = self.started.get(function.name)
        if instance is None:
            instance = self.started[function.name] = FunctionInstance(function, self.account, self.region)
        timeout = instance.timeout
        try:
            self._set_context(request, called, instance.memory, DEFAULT_TIMEOUT if timeout is None else timeout)
            event = lambdas.read_event(request.resource, request.payload)
            if _invocation_type(request) == "DryRun":
                return Reply(lambdas.accepted(request.payload, request.random))
            ended = instance.invoke(event, request.context, Limits(request.timeout, timeout, self.limit))
        except StateFailure as raised:
            return Reply(failure=raised, after=request.context.seconds)
        has_answered = ended.error is None and ended.mock is None and not ended.outlived
        if request.resource.pattern == "waitForTaskToken" and has_answered:
            return Reply(submitted=dict(lambdas.wrap_result(read_response(ended.text), request.random)), waits=True)
        return self._from_ended(ended, request, is_function=True)

    def _from_callable(self, function: Callable[..., Any], request: Request, *, raw: bool = False) -> Reply:
        """Return the reply of a function that a test gives as a mock; `raw` gives the task's result as it is."""
        context, event = request.context, request.payload
        called = lambdas.called_function(request.resource, request.payload)
        is_function = called is not None and not raw
        try:
            self._set_context(request, called, 128, DEFAULT_TIMEOUT)
            if is_function:
                event = lambdas.read_event(request.resource, event)
            limits = Limits(request.timeout, None, self.limit)
            call = partial(call_function, function, event, context)
            ended = invoke(function, call, context, limits, as_is=not request.is_task)  # a Map's reader takes bytes too
        except StateFailure as raised:
            return Reply(failure=raised, after=context.seconds)
        return self._from_ended(ended, request, is_function=is_function)

    def _set_context(self, request: Request, called: str | None, memory: int, timeout: float) -> None:
        """Lets the context be that of one invocation."""
        context = request.context
        context.aws_request_id = lambdas.request_id(request.random)
        if called is None:
            return
        parameters = request.payload if request.resource.kind != "lambda" else {}
        context.function = identify(
            called, str(parameters.get("Qualifier") or ""), self.account, self.region, memory=memory, timeout=timeout
        )
        context.client_context = read_client_context(parameters.get("ClientContext"))

    def _from_ended(self, ended: Invocation, request: Request, *, is_function: bool) -> Reply:
        """Return the reply that a call's end is."""
        resource = request.resource
        if ended.mock is not None:
            return self._from_mock(ended.mock, request)
        if ended.outlived:
            return Reply(after=ended.seconds)
        if is_function and _invocation_type(request) == "Event":
            return Reply(lambdas.accepted(request.payload, request.random))
        if is_function and resource.service == "aws-sdk:lambda":
            text = ended.text if ended.error is None else dump(ended.error)
            return Reply(lambdas.sdk_response(text, failed=ended.error is not None), after=ended.seconds)
        if ended.error is not None:
            compact = resource.kind != "lambda" or ended.by_service
            failure = lambdas.function_failure(ended.error, compact=compact)
            return Reply(failure=failure, after=ended.seconds, exception=ended.exception)
        value = read_response(ended.text) if request.is_task else ended.result
        if value is MISSING:
            failure = runtime_failure(f"The task's result is not JSON, as there is NaN or Infinity in it: {ended.text}")
            return Reply(failure=failure, after=ended.seconds)
        return self._result(value, request, ended.seconds, raw=not is_function)

    def _result(self, value: Any, request: Request, after: float, *, raw: bool) -> Reply:
        is_response = request.resource.is_lambda_invoke and not request.resource.pattern
        if is_response and not raw and not lambdas.is_invoke_response(value):
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


def _invocation_type(request: Request) -> str:
    """Event, where a function is only asked to run and its end is nobody's matter; DryRun, where it does not run."""
    given = request.payload.get("InvocationType") if request.resource.kind != "lambda" else None
    return given if isinstance(given, str) else "RequestResponse"


def _advice(request: Request, called: str | None, function: LambdaFunction | None) -> str:
    name = request.state
    if called is not None:
        why = f"The template has the function, but {function.problem()}. " if function is not None else ""
        return (
            f"{why}Pass mocks={{{name!r}: returns(...)}} or a callable to run(), or name the handler: "
            f'lambdas={{{function_name(called)!r}: "package.module:handler"}}. On the command line: --mocks FILE.'
        )
    if request.resource.kind == "unknown":
        return f"{request.resource.arn!r} is not a Resource that is known; mocks={{{name!r}: returns(...)}} answers it."
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
    """Return the failure that an answer of `http:invoke` with an error's status is."""
    status = value.get("StatusCode") if resource.service == "http" and isinstance(value, dict) else None
    if not isinstance(status, int) or status < 400:
        return None
    return StateFailure(f"States.Http.StatusCode.{status}", dump(value.get("ResponseBody", "")))
