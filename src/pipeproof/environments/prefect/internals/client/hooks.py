"""Tells of what Prefect's engine and its task runners do."""

import asyncio
import contextlib
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pipeproof.environments.prefect.internals.client.timing import enter_virtual_clock
from pipeproof.environments.prefect.internals.touched import ENGINES, PROCESSES, SUBMISSIONS
from pipeproof.patching import Make, kinds, look_up, replaced

_RUNNERS = "prefect.task_runners"


def engine_hooks(*, on_flow: Callable[[Any, Any], None], on_task: Callable[[Any, Any], None]) -> Mapping[str, Make]:
    """What calls back with the engine of a flow or task run, and the state before, each time it has entered a state."""
    flow, task = partial(_telling, tell=on_flow), partial(_telling, tell=on_task)
    return {
        "prefect.flow_engine:FlowRunEngine.set_state": flow,
        "prefect.flow_engine:AsyncFlowRunEngine.set_state": flow,
        "prefect.task_engine:SyncTaskRunEngine.set_state": task,
        "prefect.task_engine:AsyncTaskRunEngine.set_state": task,
    }


def _telling(set_state: Callable[..., Any], tell: Callable[[Any, Any], None]) -> Callable[..., Any]:
    def told(engine: Any, *args: Any, **kwargs: Any) -> Any:
        with ENGINES.known():
            before = engine.state
        state = set_state(engine, *args, **kwargs)
        with ENGINES.tolerated():
            tell(engine, before)
        return state

    async def told_async(engine: Any, *args: Any, **kwargs: Any) -> Any:
        with ENGINES.known():
            before = engine.state
        state = await set_state(engine, *args, **kwargs)
        with ENGINES.tolerated():
            tell(engine, before)
        return state

    return told_async if asyncio.iscoroutinefunction(set_state) else told


@contextlib.contextmanager
def submission_hooks(*, on_submit: Callable[[Any, Any], None]) -> Iterator[None]:
    """Call back with what is submitted (task, future) to a task runner of any kind that has been imported."""

    def telling(submit: Callable[..., Any]) -> Callable[..., Any]:
        def submitted(self: Any, task: Any, *args: Any, **kwargs: Any) -> Any:
            future = submit(self, task, *args, **kwargs)
            with SUBMISSIONS.tolerated():
                on_submit(task, future)
            return future

        return submitted

    submit = SUBMISSIONS.locate(f"{_RUNNERS}:TaskRunner.submit")
    with contextlib.ExitStack() as stack:
        for runner in kinds(submit.owner):
            if "submit" in vars(runner):
                own = submit.of(runner)
                stack.enter_context(replaced(own, SUBMISSIONS.guard(own.value, telling(own.value))))
        yield


def process_hooks(
    *, on_event: Callable[[Any], None], on_log: Callable[[dict[str, Any]], None], real_time: bool
) -> Mapping[str, Make]:
    """What calls back with what the processes of a ProcessPoolTaskRunner send back; their clock is virtual too."""
    thread = threading.local()

    def forwarding(forward: Callable[[Any], None]) -> Callable[[Any], None]:
        def forward_messages(self: Any) -> None:
            thread.forwards = True
            forward(self)

        return forward_messages

    def telling(send: Callable[..., Any], tell: Callable[[Any], None]) -> Callable[..., Any]:
        def told(worker: Any, item: Any) -> Any:
            if getattr(thread, "forwards", False):
                with PROCESSES.tolerated():
                    tell(item)
            return send(worker, item)

        return told

    makes: dict[str, Make] = {
        f"{_RUNNERS}:ProcessPoolTaskRunner._forward_subprocess_messages": forwarding,
        "prefect.events.worker:EventsWorker.send": partial(telling, tell=on_event),
        "prefect.logging.handlers:APILogWorker.send": partial(telling, tell=on_log),
    }
    if not real_time:  # what is sent to a process by name has to be a function of this module
        makes[_START_WORKER] = lambda _start: partial(start_virtual_worker)
    return makes


_START_WORKER = f"{_RUNNERS}:_initialize_process_pool_worker"


def has_process_runner() -> bool:
    """Return whether this version of Prefect has a ProcessPoolTaskRunner: 3.4.0 has none."""
    try:
        look_up(f"{_RUNNERS}:ProcessPoolTaskRunner")
    except (ImportError, AttributeError):
        return False
    return True


def start_virtual_worker(*args: Any) -> None:
    """Begin a process of a ProcessPoolTaskRunner, its clock virtual from now on."""
    look_up(_START_WORKER).value(*args)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the process that runs the tests has said what is lost
        enter_virtual_clock(_for_ever)


_for_ever = contextlib.ExitStack()
