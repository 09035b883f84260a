"""Spares Prefect's engine what it finds out anew for each task run, and what its tasks' threads wait for meanwhile.

Each look at the file system lets another of the tasks' threads go on, and the one that looked waits for its turn:
with 100 mapped tasks that takes longer than all else. What is found out stays what Prefect would find out.
"""

import contextlib
import gc
import inspect
import re
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from pipeproof.environments.prefect.internals.touched import RESULTS, STORAGE
from pipeproof.patching import Make
from pipeproof.variables import PATCHES

_NEW_OBJECTS = 20_000
"""How many objects a flow makes before the garbage collector looks at them; Python has 700, and 2,000 since 3.13."""


@contextlib.contextmanager
def spared(storage: Path) -> Iterator[None]:
    """Remember what does not change, and look nothing up that is at hand.

    Args:
        storage: The folder where results are kept, which is the test server's own.
    """
    with contextlib.ExitStack() as stack:
        STORAGE.enter(stack, {"prefect.filesystems:LocalFileSystem._resolve_path": _known_storage(storage)})
        RESULTS.enter(stack, {"prefect.client.schemas.objects:run_coro_as_sync": _results_at_hand})
        yield


@contextlib.contextmanager
def seldom_collected() -> Iterator[None]:
    """Let garbage be collected seldom, unless the user has chosen when it is."""
    before = gc.get_threshold()
    if PATCHES.read() != "all" or not gc.isenabled() or not 0 < before[0] < _NEW_OBJECTS:
        yield
        return
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    ours = gc.get_threshold()
    try:
        yield
    finally:
        if gc.get_threshold() == ours:
            gc.set_threshold(*before)


def _known_storage(storage: Path) -> Make:
    """Look up once where the folder of results is, and take a plain name in it for a file in it."""
    base, resolved = str(storage), storage.resolve()
    in_storage = re.compile(rf"(?:{re.escape(str(resolved))}/)?(\w[\w.-]*)")

    def known(look_up: Callable[..., Any]) -> Callable[..., Any]:
        def resolve(self: Any, path: Any, *args: Any, **kwargs: Any) -> Any:
            is_plain = not args and not kwargs and self.basepath == base and isinstance(path, str)
            if is_plain and (name := in_storage.fullmatch(path)):
                return resolved / name[1]
            return look_up(self, path, *args, **kwargs)

        return resolve

    return known


def _results_at_hand(run_elsewhere: Callable[..., Any]) -> Callable[..., Any]:
    """Give the result that a completed state holds, which Prefect hands to another thread's event loop and back."""
    kept = RESULTS.find("prefect.results:ResultRecord")

    def run(coroutine: Coroutine[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:
        if coroutine.__name__ == "get_state_result":
            with RESULTS.known():
                state = inspect.getcoroutinelocals(coroutine)["state"]
                is_at_hand = state.is_completed() and isinstance(state.data, kept)
            if is_at_hand:
                coroutine.close()
                return state.data.result
        return run_elsewhere(coroutine, *args, **kwargs)

    return run
