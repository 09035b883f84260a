"""Runs a flow through Prefect's engine, and watches what becomes of it and of its tasks."""

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
    bound = bind_parameters(require_flow(flow), arguments, parameters)
    with watching(real_time=real_time) as watch, _interrupts() as interrupted:
        started = time.perf_counter()
        value: Any = None
        ended: BaseException | None = None
        noted: list[UUID] = []
        driven = flow if watch.sees_engines else noting_runs(flow, noted)
        try:
            with clock.starting_at(0):
                value = _drive(driven, arguments, parameters)
        except Exception as error:  # noqa: BLE001 - whatever ended the run is told with its outcome
            ended = error
        except BaseException as error:
            if interrupted():
                raise
            ended = error
        duration = time.perf_counter() - started
    if ended is not None:
        require_running()
    if noted:
        return unseen_result(flow, noted[0], watch, parameters=bound, value=value, ended=ended, duration=duration)
    if watch.root is None:
        if refused := too_large(flow, bound, ended):
            raise refused from None
        raise ended or RuntimeError(f"flow {flow.name!r} was not run by Prefect's engine")
    return watch.result(watch.root, parameters=bound, value=value, ended=ended, duration=duration)


def outcome(result: FlowResult) -> FlowResult:
    """The result of a run that completed.

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
        value: Any = flow(*arguments, **parameters)
        return list(value) if flow.isgenerator else value

    return outside_loop(call)


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
