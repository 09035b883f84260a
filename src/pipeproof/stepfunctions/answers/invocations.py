"""One call of what answers a Task: on the virtual clock, within its limits, confined to this machine.

It ends as a call of a Lambda function does: with the text of a response, with an error's payload, or out of time.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from inspect import unwrap
from typing import Any

from pipeproof.environments.aws.waiting import waits_handed_to
from pipeproof.errors import PipeproofError
from pipeproof.real_time import at_most
from pipeproof.sandbox.confinement import unconfined
from pipeproof.stepfunctions.answers.context import TaskContext
from pipeproof.stepfunctions.answers.mocks import Returns, Throws
from pipeproof.stepfunctions.answers.python_runtime import (
    Payload,
    error_payload,
    exit_payload,
    timeout_payload,
    write_response,
)
from pipeproof.stepfunctions.errors import MockError, StateFailure
from pipeproof.virtual_time import TimeIsUp, VirtualClock, in_real_time, names_of_time, names_replaced, sleeping_on

SLOWEST_START = 10.0
"""Real seconds that a function has at least: the first calls to stubs are slower here than calls in AWS are."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a call may take, in seconds.

    Attributes:
        state: Until the state times out.
        function: The function's own timeout.
        real: Of real time, whatever else holds.
    """

    state: float | None = None
    function: float | None = None
    real: float | None = None

    @property
    def virtual_seconds(self) -> float | None:
        """After how many virtual seconds a sleep has no use any more."""
        return min((limit for limit in (self.state, self.function) if limit is not None), default=None)

    @property
    def real_seconds(self) -> float | None:
        """After how many real seconds the call is ended."""
        function = None if self.function is None else max(self.function, SLOWEST_START)
        return min((limit for limit in (self.state, function, self.real) if limit is not None), default=None)


@dataclass(slots=True)
class Invocation:
    """How a call has ended.

    Attributes:
        text: The response.
        result: What the handler gave, where that is not made JSON.
        mock: `returns(...)` or `throws(...)`, which a callable may give.
        error: The error's payload.
        by_service: The service has made the payload, not the runtime.
        exception: What was raised, for the failed test's traceback.
        outlived: The state was over before the call was.
        seconds: Virtual seconds that it took.
    """

    text: str = "null"
    result: Any = None
    mock: Returns | Throws | None = None
    error: Payload | None = None
    by_service: bool = False
    exception: BaseException | None = None
    outlived: bool = False
    seconds: float = 0.0


@contextmanager
def live_handlers() -> Iterator[None]:
    """Lets handlers that are called in the block have the real credentials, the network, and real time."""
    with unconfined(), in_real_time():
        yield


def invoke(
    handler: Callable[..., Any], call: Callable[[], Any], context: TaskContext, limits: Limits, *, as_is: bool = False
) -> Invocation:
    """Calls a handler.

    Args:
        handler: The handler, of whose module the names are replaced that keep real time.
        call: Calls it.
        context: The context; it gets a clock.
        limits: How long it may take.
        as_is: Its result is not made JSON.

    Raises:
        MockError: It took more real time than `limits.real`.
        PipeproofError: It has asked for another machine, or for something that is not to be had here.
        StateFailure: It has raised one.
    """
    clock = context.clock = VirtualClock(limits.virtual_seconds)
    try:
        with sleeping_on(clock):
            around = list(_around(handler, clock, limits))
            result = _call_within(around, call) if around else call()
        if not clock.is_up and isinstance(result, (Returns, Throws)):
            return Invocation(mock=result, seconds=clock.elapsed)
        ended = Invocation(result=result) if as_is else Invocation(text=write_response(result))
    except TimeIsUp:
        return _out_of_time(clock, context, limits)
    except (PipeproofError, StateFailure):
        raise
    except SystemExit as error:
        ended = Invocation(error=exit_payload(error, context.aws_request_id), by_service=True, exception=error)
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is the task's failure
        ended = Invocation(error=error_payload(error, context.aws_request_id), exception=error)
    if clock.is_up:
        return _out_of_time(clock, context, limits)
    ended.seconds = clock.elapsed
    return ended


def _around(handler: Callable[..., Any], clock: VirtualClock, limits: Limits) -> Iterator[AbstractContextManager[None]]:
    """Yield what a call needs around it; most need nothing."""
    namespace = getattr(unwrap(handler), "__globals__", {})
    names = names_of_time(namespace)
    if names:
        yield names_replaced(namespace, names)
    if "botocore" in sys.modules:
        yield waits_handed_to(clock.sleep)
    if limits.real_seconds is not None:
        yield at_most(limits.real_seconds, TimeIsUp)


def _call_within(around: list[AbstractContextManager[None]], call: Callable[[], Any]) -> Any:
    with ExitStack() as stack:
        for context in around:
            stack.enter_context(context)
        return call()


def _out_of_time(clock: VirtualClock, context: TaskContext, limits: Limits) -> Invocation:
    """Return how a call ends that has used up its time, virtual or real."""
    reached = [limit for limit in (limits.state, limits.function) if limit is not None]
    if clock.is_up:
        first = min(reached)
    else:
        reached = [limit for limit in (limits.state, limits.function) if limit is not None and clock.real >= limit]
        if not reached or (limits.real is not None and limits.real < min(reached)):
            raise MockError(
                f"the handler of {context.state!r} took longer than {limits.real or 0:g} seconds of real time",
                hint="handler_limit of the state machine is that limit.",
            )
        first = min(reached)
    if first == limits.function and first != limits.state:
        payload = timeout_payload(first, context.aws_request_id)
        return Invocation(error=payload, by_service=True, seconds=first)
    return Invocation(outlived=True, seconds=max(clock.elapsed, first + 1))
