"""Calls the function underneath a flow or task, without the engine and without a server."""

import inspect
from typing import TYPE_CHECKING, Any

from pipeproof.environments.prefect.internals.client import logs
from pipeproof.environments.prefect.runs.loops import outside_loop, run_coroutine
from pipeproof.environments.prefect.runs.targets import require_function

if TYPE_CHECKING:
    from collections.abc import Callable

    from prefect import Flow, Task


def call_fn(target: "Flow[..., Any] | Task[..., Any] | Callable[..., Any]", *args: Any, **kwargs: Any) -> Any:
    """Call the plain function of a flow or task: no states, no retries, no validation of parameters.

    `get_run_logger()` works in it, and what it logs reaches `logging` (and so `caplog`) but no server. Tasks and flows
    that the function itself calls are run by the engine, as ever.

    Returns:
        What the function returns; for an `async def`, what it returns when awaited; for a generator, the list of what
        it yields.

    Raises:
        TargetError: It is nothing that can be called.
    """
    function = require_function(target)
    logs.configure_logging()
    with logs.run_logger(target):
        value = function(*args, **kwargs)
        if inspect.isasyncgen(value):
            return outside_loop(lambda: run_coroutine(lambda: _listed(value)))
        if inspect.iscoroutine(value):
            return outside_loop(lambda: run_coroutine(lambda: value))
        return list(value) if inspect.isgenerator(value) else value


async def _listed(items: Any) -> list[Any]:
    return [item async for item in items]
