"""Tells of what Prefect's engine and its task runners do."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from pipeproof.environments.prefect.internals.client.timing import virtual_clock
from pipeproof.environments.prefect.internals.patching import CHANGED, kinds, module, replaced


@contextlib.contextmanager
def engine_hooks(*, on_flow: Callable[[Any, Any], None], on_task: Callable[[Any, Any], None]) -> Iterator[None]:
    """Call back with the engine of a flow or task run, and the state before, each time that it has entered a state."""
    flows, tasks = module("prefect.flow_engine"), module("prefect.task_engine")

    with contextlib.ExitStack() as stack:
        for engine, tell in (
            (flows.FlowRunEngine, on_flow),
            (flows.AsyncFlowRunEngine, on_flow),
            (tasks.SyncTaskRunEngine, on_task),
            (tasks.AsyncTaskRunEngine, on_task),
        ):
            asynchronous = asyncio.iscoroutinefunction(engine.set_state)
            wrap = _telling_async if asynchronous else _telling
            stack.enter_context(replaced(engine, "set_state", wrap(engine.set_state, tell)))
        yield


def _telling(set_state: Callable[..., Any], tell: Callable[[Any, Any], None]) -> Callable[..., Any]:
    def told(engine: Any, *args: Any, **kwargs: Any) -> Any:
        before = engine.state
        state = set_state(engine, *args, **kwargs)
        tell(engine, before)
        return state

    return told


def _telling_async(set_state: Callable[..., Any], tell: Callable[[Any, Any], None]) -> Callable[..., Any]:
    async def told(engine: Any, *args: Any, **kwargs: Any) -> Any:
        before = engine.state
        state = await set_state(engine, *args, **kwargs)
        tell(engine, before)
        return state

    return told


@contextlib.contextmanager
def submission_hooks(*, on_submit: Callable[[Any, Any], None]) -> Iterator[None]:
    """Call back with what is submitted (task, future) to a task runner of any kind that has been imported."""

    def telling(submit: Callable[..., Any]) -> Callable[..., Any]:
        def submitted(self: Any, task: Any, *args: Any, **kwargs: Any) -> Any:
            future = submit(self, task, *args, **kwargs)
            on_submit(task, future)
            return future

        return submitted

    with contextlib.ExitStack() as stack:
        for runner in kinds(module("prefect.task_runners").TaskRunner):
            if "submit" in vars(runner):
                stack.enter_context(replaced(runner, "submit", telling(runner.submit)))
        yield


@contextlib.contextmanager
def process_hooks(
    *, on_event: Callable[[Any], None], on_log: Callable[[dict[str, Any]], None], real_time: bool
) -> Iterator[None]:
    """Call back with what the processes of a ProcessPoolTaskRunner send back; their clock is virtual too."""
    runners = module("prefect.task_runners")
    runner = getattr(runners, "ProcessPoolTaskRunner", None)  # later than 3.4.0
    if runner is None:
        yield
        return
    events = module("prefect.events.worker").EventsWorker
    logs = module("prefect.logging.handlers").APILogWorker
    thread = threading.local()
    forward = runner._forward_subprocess_messages  # noqa: SLF001

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
        stack.enter_context(replaced(runner, "_forward_subprocess_messages", forwarding))
        stack.enter_context(replaced(events, "send", telling(events.send, on_event)))
        stack.enter_context(replaced(logs, "send", telling(logs.send, on_log)))
        if not real_time:
            stack.enter_context(replaced(runners, "_initialize_process_pool_worker", start_virtual_worker))
        yield


def start_virtual_worker(*args: Any) -> None:
    """Begin a process of a ProcessPoolTaskRunner, its clock virtual from now on."""
    module("prefect.task_runners")._initialize_process_pool_worker(*args)  # noqa: SLF001
    with contextlib.suppress(*CHANGED):  # the process that runs the tests has said so
        _for_ever.enter_context(virtual_clock())


_for_ever = contextlib.ExitStack()
