"""Runs a flow through Prefect's engine, and watches what becomes of it and of its tasks."""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeproof.environments.prefect import clock
from pipeproof.environments.prefect.runs.loops import outside_loop, run_coroutine
from pipeproof.environments.prefect.runs.outcomes import outcome_error
from pipeproof.environments.prefect.runs.results import FlowResult
from pipeproof.environments.prefect.runs.targets import bind_parameters, require_flow, too_large
from pipeproof.environments.prefect.runs.unseen import noting_runs, unseen_result
from pipeproof.environments.prefect.runs.watching import watching
from pipeproof.environments.prefect.server.prefect_server import require_running

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.flows import Flow


def run_flow(
    flow: "Flow[..., Any]", arguments: tuple[Any, ...], parameters: Mapping[str, Any], *, real_time: bool = False
) -> FlowResult:
    """Run a flow, synchronous or not, to its end.

    Args:
        flow: The flow.
        arguments: Its positional arguments.
        parameters: Its arguments by name.
        real_time: Sleep retry delays instead of letting them pass on the virtual clock.

    Returns:
        What became of it, whatever state it ended in; [outcome][] turns that into an exception.

    Raises:
        KeyboardInterrupt: The user pressed Ctrl-C.
        TargetError: It is no flow.
        FlowParametersError: The flow does not take these arguments.
        ServerEndedError: The server ended meanwhile.
    """
    run = _Run(flow, arguments, parameters)
    with run.watched(real_time=real_time), _interrupts() as interrupted:
        try:
            run.value = _drive(run.driven, arguments, parameters)
        except BaseException as error:  # whatever ended the run is told with its outcome
            if not isinstance(error, Exception) and interrupted():
                raise
            run.ended = error
    return run.result()


async def run_flow_here(
    flow: "Flow[..., Any]", arguments: tuple[Any, ...], parameters: Mapping[str, Any], *, real_time: bool = False
) -> FlowResult:
    """Return the same in the event loop that runs: an asynchronous flow in it, a synchronous one in a thread beside it.

    Raises:
        asyncio.CancelledError: The task that awaits it was cancelled.
    """
    run = _Run(flow, arguments, parameters)
    with run.watched(real_time=real_time):
        try:
            if run.driven.isasync:
                run.value = await _awaited(run.driven, arguments, parameters)
            else:
                run.value = await asyncio.to_thread(_called, run.driven, arguments, parameters)
        except BaseException as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
                raise
            run.ended = error
    return run.result()


class _Run:
    """A flow run that is being made: what goes in, and what has come out so far."""

    def __init__(self, flow: "Flow[..., Any]", arguments: tuple[Any, ...], parameters: Mapping[str, Any]) -> None:
        self.flow = require_flow(flow)
        self.bound = bind_parameters(self.flow, arguments, parameters)
        self.value: Any = None
        self.ended: BaseException | None = None
        self._noted: list[UUID] = []

    @contextlib.contextmanager
    def watched(self, *, real_time: bool) -> Iterator[None]:
        """Watch what is run meanwhile, at the beginning of virtual time."""
        with watching(real_time=real_time) as self._watch:
            self.driven = self.flow if self._watch.sees_engines else noting_runs(self.flow, self._noted)
            started = time.perf_counter()
            with clock.starting_at(0):
                yield
            self._duration = time.perf_counter() - started

    def result(self) -> FlowResult:
        """Return what became of it."""
        watch = self._watch
        told: dict[str, Any] = {
            "parameters": self.bound,
            "value": self.value,
            "ended": self.ended,
            "duration": self._duration,
        }
        if self.ended is not None:
            require_running()
        if self._noted:
            return unseen_result(self.flow, self._noted[0], watch, **told)
        if watch.root is None:
            if refused := too_large(self.flow, self.bound, self.ended):
                raise refused from None
            raise self.ended or RuntimeError(f"flow {self.flow.name!r} was not run by Prefect's engine")
        return watch.result(watch.root, **told)


def outcome(result: FlowResult) -> FlowResult:
    """Return the result of a run that completed.

    Raises:
        FlowNotCompleted: It ended in another state; the user's own exception is the cause.
    """
    __tracebackhide__ = True  # pytest shows the test's line instead of this one
    error = outcome_error(result)
    if error is None:
        return result
    raise error from result.error


def _drive(flow: "Flow[..., Any]", arguments: tuple[Any, ...], parameters: Mapping[str, Any]) -> Any:
    """Call the flow, in an event loop where it needs one, and give what it returns."""

    def call() -> Any:
        if flow.isasync:
            return run_coroutine(lambda: _awaited(flow, arguments, parameters))
        return _called(flow, arguments, parameters)

    return outside_loop(call)


def _called(flow: "Flow[..., Any]", arguments: tuple[Any, ...], parameters: Mapping[str, Any]) -> Any:
    value: Any = flow(*arguments, **parameters)
    return list(value) if flow.isgenerator else value


async def _awaited(flow: "Flow[..., Any]", arguments: tuple[Any, ...], parameters: Mapping[str, Any]) -> Any:
    called: Any = flow(*arguments, **parameters)
    return [item async for item in called] if flow.isgenerator else await called


@contextlib.contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Tell a Ctrl-C from a KeyboardInterrupt that the flow raises itself, which is a crash like any other."""
    seen: list[int] = []
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield lambda: False
        return
    handle = previous

    def note(number: int, frame: Any) -> None:
        seen.append(number)
        handle(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(seen)
    finally:
        signal.signal(signal.SIGINT, previous)
