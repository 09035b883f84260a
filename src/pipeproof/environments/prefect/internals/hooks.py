"""Tells of what Prefect's engine and its process runner do."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from pipeproof.environments.prefect.internals.patching import module, replaced
from pipeproof.environments.prefect.internals.timing import virtual_clock


@contextlib.contextmanager
def engine_hooks(*, on_flow: Callable[[Any], None], on_task: Callable[[Any], None]) -> Iterator[None]:
    """Call back with the engine of a flow or task run each time that the run has entered a state."""
    from prefect.flow_engine import AsyncFlowRunEngine, FlowRunEngine
    from prefect.task_engine import AsyncTaskRunEngine, SyncTaskRunEngine

    with contextlib.ExitStack() as stack:
        for engine, tell in (
            (FlowRunEngine, on_flow),
            (AsyncFlowRunEngine, on_flow),
            (SyncTaskRunEngine, on_task),
            (AsyncTaskRunEngine, on_task),
        ):
            asynchronous = asyncio.iscoroutinefunction(engine.set_state)
            wrap = _telling_async if asynchronous else _telling
            stack.enter_context(replaced(engine, "set_state", wrap(engine.set_state, tell)))
        yield


def _telling(set_state: Callable[..., Any], tell: Callable[[Any], None]) -> Callable[..., Any]:
    def told(engine: Any, *args: Any, **kwargs: Any) -> Any:
        state = set_state(engine, *args, **kwargs)
        tell(engine)
        return state

    return told


def _telling_async(set_state: Callable[..., Any], tell: Callable[[Any], None]) -> Callable[..., Any]:
    async def told(engine: Any, *args: Any, **kwargs: Any) -> Any:
        state = await set_state(engine, *args, **kwargs)
        tell(engine)
        return state

    return told


@contextlib.contextmanager
def process_runner_hooks(
    *,
    on_submit: Callable[[Any, Any], None],
    on_event: Callable[[Any], None],
    on_log: Callable[[dict[str, Any]], None],
    real_time: bool,
) -> Iterator[None]:
    """Call back with what a ProcessPoolTaskRunner submits (task, future), and with what its processes send back."""
    runners = module("prefect.task_runners")
    runner = getattr(runners, "ProcessPoolTaskRunner", None)  # later than 3.4.0
    if runner is None:
        yield
        return
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    thread = threading.local()
    submit, forward = runner.submit, runner._forward_subprocess_messages  # noqa: SLF001

    def submitted(self: Any, task: Any, *args: Any, **kwargs: Any) -> Any:
        future = submit(self, task, *args, **kwargs)
        on_submit(task, future)
        return future

    def forwarding(self: Any) -> None:
        thread.forwards = True
        forward(self)

    def telling(send: Callable[..., Any], tell: Callable[[Any], None]) -> Callable[..., Any]:
        def told(worker: Any, item: Any) -> Any:
            if getattr(thread, "forwards", False):
                tell(item)
            return send(worker, item)

        return told

    with contextlib.ExitStack() as stack:
        stack.enter_context(replaced(runner, "submit", submitted))
        stack.enter_context(replaced(runner, "_forward_subprocess_messages", forwarding))
        stack.enter_context(replaced(EventsWorker, "send", telling(EventsWorker.send, on_event)))
        stack.enter_context(replaced(APILogWorker, "send", telling(APILogWorker.send, on_log)))
        if not real_time:
            stack.enter_context(replaced(runners, "_initialize_process_pool_worker", start_virtual_worker))
        yield


def start_virtual_worker(*args: Any) -> None:
    """Begin a process of a ProcessPoolTaskRunner, its clock virtual from now on."""
    module("prefect.task_runners")._initialize_process_pool_worker(*args)  # noqa: SLF001
    _for_ever.enter_context(virtual_clock())


_for_ever = contextlib.ExitStack()
