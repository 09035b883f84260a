"""Lets Prefect's waits pass on the virtual clock."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from pipeproof.environments.prefect import clock
from pipeproof.environments.prefect.internals.touched import CLOCK, FUTURES, PAUSES
from pipeproof.patching import Make, kinds, overlaid, replaced

_BREATH_SECONDS = 0.01
"""What is really slept where the virtual clock advances, so that waiting for something else is no busy loop."""


def enter_virtual_clock(stack: ExitStack) -> None:
    """Let retry delays pass on the virtual clock instead of being slept, here and on the server."""
    if CLOCK.enter(stack, _virtual_clock()):
        FUTURES.enter(stack, _waiting_moves_on)


@contextmanager
def _waiting_moves_on() -> Iterator[None]:
    with ExitStack() as stack:
        for place in ("wait", "result"):
            waiting = FUTURES.locate(f"prefect.futures:PrefectFuture.{place}")
            for future in kinds(waiting.owner):
                if waiting.name in vars(future):
                    own = waiting.of(future)
                    stack.enter_context(replaced(own, FUTURES.guard(own.value, _moving_on(own.value))))
        yield


def _virtual_clock() -> Mapping[str, Make]:
    return {
        "prefect.client.schemas.objects:now": clock.shifted,
        "prefect.states:now": clock.shifted,
        "prefect.types._datetime:now": clock.shifted,
        "prefect.utilities.engine:time": _sleepless,
        "prefect.utilities.engine:anyio": _sleepless_async,
        "prefect.task_engine:SyncTaskRunEngine.wait_until_ready": _ready_at_once,
        "prefect.task_engine:AsyncTaskRunEngine.wait_until_ready": _ready_at_once,
        "prefect.client.base:PrefectHttpxSyncClient.send": _telling_time,
        "prefect.client.base:PrefectHttpxAsyncClient.send": _telling_time,
    }


def pauses_end_runs(*, real_time: bool) -> Mapping[str, Make]:
    """What lets a test's run suspend itself, without a deployment too, and ends one that pauses, if not in real time.

    A paused flow would wait for an hour to be resumed, which nobody is there to do. What Prefect does of itself stays:
    it refuses to suspend a subflow's run, lets a task that suspends its run finish, and goes on where another run was
    suspended.
    """

    def ending(proposing: Callable[..., Any]) -> Callable[..., Any]:
        async def propose(client: Any, state: Any, flow_run_id: Any) -> Any:
            try:
                return _ended(await proposing(client, state, flow_run_id=flow_run_id), real_time=real_time)
            except PAUSES.find("prefect.exceptions:Abort"):
                if not (state.state_details.pause_reschedule and _is_own(flow_run_id)):
                    raise
                return (await client.set_flow_run_state(flow_run_id, state, force=True)).state

        return propose

    return {"prefect.flow_runs:propose_state": ending}


def sync_pauses_end_runs(*, real_time: bool) -> Mapping[str, Make]:
    """Return the same for what synchronous flows propose."""

    def ending(proposing: Callable[..., Any]) -> Callable[..., Any]:
        def propose(client: Any, state: Any, flow_run_id: Any) -> Any:
            try:
                return _ended(proposing(client, state, flow_run_id=flow_run_id), real_time=real_time)
            except PAUSES.find("prefect.exceptions:Abort"):
                if not (state.state_details.pause_reschedule and _is_own(flow_run_id)):
                    raise
                return client.set_flow_run_state(flow_run_id, state, force=True).state

        return propose

    return {"prefect.flow_runs:propose_state_sync": ending}


def _ended(state: Any, *, real_time: bool) -> Any:
    if state.is_paused() and not state.state_details.pause_reschedule and not real_time:
        raise PAUSES.find("prefect.exceptions:Pause")("the flow run is paused", state=state)
    return state


def _is_own(flow_run_id: Any) -> bool:
    """Return whether it is the run that asks, no subflow's, and Prefect would let it suspend if it had a deployment."""
    context = PAUSES.find("prefect.context:FlowRunContext").get()
    run = context and context.flow_run
    return bool(run and run.id == flow_run_id and run.parent_task_run_id is None and run.deployment_id is None)


def _ready_at_once(wait_until_ready: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def wait(engine: Any) -> Any:
        with CLOCK.known():
            scheduled = engine.state.state_details.scheduled_time
        if scheduled:
            clock.advance_to(scheduled)
        return wait_until_ready(engine)

    return wait


def _moving_on(wait: Callable[..., Any]) -> Callable[..., Any]:
    """Return a future's method that leaves whoever waits at the time at which the run that he waits for has ended."""

    def waited(future: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return wait(future, *args, **kwargs)
        finally:
            with FUTURES.tolerated():
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
