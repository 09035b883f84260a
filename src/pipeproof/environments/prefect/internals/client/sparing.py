"""Spares Prefect's engine what it finds out anew for each task run, and what its tasks' threads wait for meanwhile.

Each look at the file system lets another of the tasks' threads go on, and the one that looked waits for its turn:
with 100 mapped tasks that takes longer than all else. What is found out stays what Prefect would find out.
"""

import contextlib
import gc
import inspect
import logging
import re
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from pipeproof.environments.prefect.internals.touched import LEVEL, NAMES, RESULTS, SIGNATURES, STORAGE
from pipeproof.patching import Make, overlaid
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
        LEVEL.enter(stack, {"prefect._internal._logging:SafeLogger.isEnabledFor": _remembered_level})
        SIGNATURES.enter(stack, {"prefect.utilities.callables:inspect": _remembered_signatures})
        NAMES.enter(stack, {"prefect.serializers:from_qualified_name": _imported_names})
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


def _remembered_level(_is_enabled: Any) -> Callable[[Any, int], bool]:
    """Look up from which level Prefect logs its own doings once for all of the settings that are in force."""
    setting = LEVEL.find("prefect.settings:PREFECT_LOGGING_INTERNAL_LEVEL")
    in_force = LEVEL.find("prefect.settings.context:get_current_settings")
    known: tuple[Any, int] = (None, 0)

    def is_enabled(self: Any, level: int) -> bool:  # noqa: ARG001
        nonlocal known
        settings = in_force()
        of, least = known
        if of is not settings:
            with LEVEL.known():
                least = logging.getLevelNamesMapping()[setting.value_from(settings)]
            known = (settings, least)
        return level >= least

    return is_enabled


def _remembered_signatures(_inspect: Any) -> Any:
    """Look at the parameters of a task's function once, unless it has defaults that can be changed where they are."""
    known: WeakKeyDictionary[Any, tuple[tuple[Any, ...], inspect.Signature]] = WeakKeyDictionary()

    def signature(function: Callable[..., Any], **options: Any) -> inspect.Signature:
        if options or type(function) is not FunctionType or function.__dict__ or function.__kwdefaults__:
            return inspect.signature(function, **options)
        parts = (function.__code__, function.__defaults__, function.__annotations__)
        seen = known.get(function)
        if seen is None or any(part is not other for part, other in zip(seen[0], parts, strict=True)):
            seen = known[function] = (parts, inspect.signature(function))
        return seen[1]

    return overlaid(inspect, signature=signature)


def _imported_names(find: Callable[[str], Any]) -> Callable[[str], Any]:
    """Find what serializers name among the modules that are there, before trying to import a module of that name."""

    def find_imported(name: str) -> Any:
        if name in sys.modules:
            return find(name)
        holder = sys.modules.get(name.rpartition(".")[0])
        if holder is None or hasattr(holder, "__path__"):  # a package may have a module of that name
            return find(name)
        found = getattr(holder, name.rpartition(".")[2], None)
        return find(name) if found is None else found

    return find_imported
