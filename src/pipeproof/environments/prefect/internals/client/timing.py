"""Lets Prefect's waits pass on the virtual clock."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from pipeproof.environments.prefect import clock
from pipeproof.environments.prefect.internals.patching import kinds, module, overlaid, replaced

_BREATH_SECONDS = 0.01
"""What is really slept where the virtual clock advances, so that waiting for something else is no busy loop."""


@contextlib.contextmanager
def virtual_clock() -> Iterator[None]:
    """Let retry delays pass on the virtual clock instead of sleeping, here and on the server."""
    objects = module("prefect.client.schemas.objects")
    states = module("prefect.states")
    times = module("prefect.types._datetime")
    proposing = module("prefect.utilities.engine")
    clients = module("prefect.client.base")
    engines = module("prefect.task_engine")

    now = clock.shifted(times.now)
    with contextlib.ExitStack() as stack:
        for teller in (objects, states, times):
            stack.enter_context(replaced(teller, "now", now))
        stack.enter_context(replaced(proposing, "time", _sleepless(proposing.time)))
        stack.enter_context(replaced(proposing, "anyio", _sleepless_async(proposing.anyio)))
        for engine in (engines.SyncTaskRunEngine, engines.AsyncTaskRunEngine):
            stack.enter_context(replaced(engine, "wait_until_ready", _ready_at_once(engine.wait_until_ready)))
        for future in kinds(module("prefect.futures").PrefectFuture):
            for name in {"wait", "result"} & set(vars(future)):
                stack.enter_context(replaced(future, name, _moving_on(getattr(future, name))))
        for client in (clients.PrefectHttpxSyncClient, clients.PrefectHttpxAsyncClient):
            stack.enter_context(replaced(client, "send", _telling_time(client.send)))
        yield


@contextlib.contextmanager
def pauses_end_runs(*, real_time: bool) -> Iterator[None]:
    """Let the flow run of a test suspend itself, with no deployment too, and, unless in real time, end one that pauses.

    A paused flow would wait for an hour to be resumed, which nobody is there to do. What Prefect does of itself stays:
    it refuses to suspend a subflow's run, lets a task that suspends its run finish, and goes on where another run was
    suspended.
    """
    flow_runs = module("prefect.flow_runs")
    exceptions = module("prefect.exceptions")

    def ended(state: Any) -> Any:
        if state.is_paused() and not state.state_details.pause_reschedule and not real_time:
            raise exceptions.Pause("the flow run is paused", state=state)
        return state

    async def propose(client: Any, state: Any, flow_run_id: Any) -> Any:
        try:
            return ended(await asynchronous(client, state, flow_run_id=flow_run_id))
        except exceptions.Abort:
            if not (state.state_details.pause_reschedule and _is_own(flow_run_id)):
                raise
            return (await client.set_flow_run_state(flow_run_id, state, force=True)).state

    def propose_sync(client: Any, state: Any, flow_run_id: Any) -> Any:
        try:
            return ended(synchronous(client, state, flow_run_id=flow_run_id))
        except exceptions.Abort:
            if not (state.state_details.pause_reschedule and _is_own(flow_run_id)):
                raise
            return client.set_flow_run_state(flow_run_id, state, force=True).state

    asynchronous = flow_runs.propose_state
    synchronous: Any = getattr(flow_runs, "propose_state_sync", None)  # 3.4 has the asynchronous one alone
    with contextlib.ExitStack() as stack:
        stack.enter_context(replaced(flow_runs, "propose_state", propose))
        if synchronous is not None:
            stack.enter_context(replaced(flow_runs, "propose_state_sync", propose_sync))
        yield


def _is_own(flow_run_id: Any) -> bool:
    """Whether it is the run that asks, no subflow's, and Prefect would let it suspend if it had a deployment."""
    context = module("prefect.context").FlowRunContext.get()
    run = context and context.flow_run
    return bool(run and run.id == flow_run_id and run.parent_task_run_id is None and run.deployment_id is None)


def _ready_at_once(wait_until_ready: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def wait(engine: Any) -> Any:
        if scheduled := engine.state.state_details.scheduled_time:
            clock.advance_to(scheduled)
        return wait_until_ready(engine)

    return wait


def _moving_on(wait: Callable[..., Any]) -> Callable[..., Any]:
    """A future's method that leaves whoever waits at the time at which the run that he waits for has ended."""

    def waited(future: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return wait(future, *args, **kwargs)
        finally:
            ended = getattr(future, "_final_state", None)
            if ended is not None and ended.timestamp:
                clock.advance_to(ended.timestamp)

    return waited


def _telling_time(send: Callable[..., Any]) -> Callable[..., Any]:
    def told(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        if offset := clock.offset_seconds():
            request.headers[clock.HEADER] = str(offset)
        return send(client, request, *args, **kwargs)

    return told


def _sleepless(time: Any) -> Any:
    def sleep(seconds: float) -> None:
        clock.advance(seconds)
        time.sleep(min(seconds, _BREATH_SECONDS))

    return overlaid(time, sleep=sleep)


def _sleepless_async(anyio: Any) -> Any:
    async def sleep(seconds: float) -> None:
        clock.advance(seconds)
        await anyio.sleep(min(seconds, _BREATH_SECONDS))

    return overlaid(anyio, sleep=sleep)
