"""A flow run that is to be awaited says so where it is not."""

import asyncio

import pytest

from pipeproof import RunNotAwaitedError
from pipeproof.environments.prefect.runs.pending import PendingRun


def pending():
    async def run():
        await asyncio.sleep(0)
        return "result"

    return PendingRun("nightly", run)


def test_pending__not_awaited():
    """Whoever uses it as the result, or not at all, is told what to write."""
    run = pending()
    with pytest.raises(RunNotAwaitedError, match="'nightly' was not awaited, and so has no `value` yet") as caught:
        print(run.value)
    assert "await run_flow(flow)" in str(caught.value)
    with pytest.raises(RunNotAwaitedError, match="not run"):
        run.require_awaited()


@pytest.mark.parametrize("wrap", [lambda run: run, asyncio.create_task, asyncio.gather, asyncio.ensure_future])
def test_pending__awaited(wrap):
    """By itself, or by what asyncio runs coroutines side by side with."""
    run = pending()

    async def play():
        return await wrap(run)

    assert asyncio.run(play()) in ("result", ["result"])
    run.require_awaited()


def test_pending__cancelled():
    """What is thrown into it is thrown into the run."""

    async def hang():
        await asyncio.sleep(600)

    async def play():
        task = asyncio.create_task(PendingRun("nightly", hang))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(play())
