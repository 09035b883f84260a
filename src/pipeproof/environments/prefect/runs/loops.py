"""Runs coroutines to their end from wherever the caller is: a plain test, or one that an event loop runs."""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def outside_loop(call: Callable[[], T]) -> T:
    """Call where no event loop runs: here, or, where one does, in a thread that this one waits for."""
    return _in_thread(call) if loop_runs_here() else call()


def loop_runs_here() -> bool:
    """Return whether an event loop of asyncio's runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def run_coroutine(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in an event loop of its own; the thread's current loop stays as it was."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(make())


def _in_thread(call: Callable[[], T]) -> T:
    values: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            values.append(call())
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return values[0]
