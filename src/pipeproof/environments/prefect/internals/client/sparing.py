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

from pipeproof.environments.prefect.internals.patching import CHANGED, is_wanted, module, overlaid, replaced

_NEW_OBJECTS = 20_000
"""How many objects a flow makes before the garbage collector looks at them; Python has 700, and 2,000 since 3.13."""


@contextlib.contextmanager
def spared(storage: Path) -> Iterator[None]:
    """Remember what does not change, and look nothing up that is at hand.

    Args:
        storage: The folder where results are kept, which is the test server's own.
    """
    if not is_wanted(speed=True):
        yield
        return
    with contextlib.ExitStack() as stack:
        for hook in (
            _known_storage(storage),
            _results_at_hand(),
            _remembered_level(),
            _remembered_signatures(),
            _imported_names(),
        ):
            with contextlib.suppress(*CHANGED):  # it is only slower without
                stack.enter_context(hook)
        yield


@contextlib.contextmanager
def seldom_collected() -> Iterator[None]:
    """Let garbage be collected seldom, unless the user has chosen when it is."""
    before = gc.get_threshold()
    if not is_wanted(speed=True) or not gc.isenabled() or not 0 < before[0] < _NEW_OBJECTS:
        yield
        return
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    ours = gc.get_threshold()
    try:
        yield
    finally:
        if gc.get_threshold() == ours:
            gc.set_threshold(*before)


@contextlib.contextmanager
def _known_storage(storage: Path) -> Iterator[None]:
    """Look up once where the folder of results is, and take a plain name in it for a file in it."""
    local = module("prefect.filesystems").LocalFileSystem
    look_up = local._resolve_path  # noqa: SLF001
    base, resolved = str(storage), storage.resolve()
    in_storage = re.compile(rf"(?:{re.escape(str(resolved))}/)?(\w[\w.-]*)")

    def resolve(self: Any, path: Any) -> Any:
        if self.basepath == base and isinstance(path, str) and (name := in_storage.fullmatch(path)):
            return resolved / name[1]
        return look_up(self, path)

    with replaced(local, "_resolve_path", resolve):
        yield


@contextlib.contextmanager
def _results_at_hand() -> Iterator[None]:
    """Give the result that a completed state holds, which Prefect hands to another thread's event loop and back."""
    objects = module("prefect.client.schemas.objects")
    kept = module("prefect.results").ResultRecord
    run_elsewhere = objects.run_coro_as_sync

    def run(coroutine: Coroutine[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:
        if coroutine.__name__ == "get_state_result":
            state = inspect.getcoroutinelocals(coroutine)["state"]
            if state.is_completed() and isinstance(state.data, kept):
                coroutine.close()
                return state.data.result
        return run_elsewhere(coroutine, *args, **kwargs)

    with replaced(objects, "run_coro_as_sync", run):
        yield


@contextlib.contextmanager
def _remembered_level() -> Iterator[None]:
    """Look up from which level Prefect logs its own doings once for all of the settings that are in force."""
    logger = module("prefect._internal._logging").SafeLogger
    setting = module("prefect.settings").PREFECT_LOGGING_INTERNAL_LEVEL
    in_force = module("prefect.settings.context").get_current_settings
    known: tuple[Any, int] = (None, 0)

    def is_enabled(self: Any, level: int) -> bool:  # noqa: ARG001
        nonlocal known
        settings = in_force()
        of, least = known
        if of is not settings:
            least = logging.getLevelNamesMapping()[setting.value_from(settings)]
            known = (settings, least)
        return level >= least

    with replaced(logger, "isEnabledFor", is_enabled):
        yield


@contextlib.contextmanager
def _remembered_signatures() -> Iterator[None]:
    """Look at the parameters of a task's function once, unless it has defaults that can be changed where they are."""
    callables = module("prefect.utilities.callables")
    known: WeakKeyDictionary[Any, tuple[tuple[Any, ...], inspect.Signature]] = WeakKeyDictionary()

    def signature(function: Callable[..., Any], **options: Any) -> inspect.Signature:
        if options or type(function) is not FunctionType or function.__dict__ or function.__kwdefaults__:
            return inspect.signature(function, **options)
        parts = (function.__code__, function.__defaults__, function.__annotations__)
        seen = known.get(function)
        if seen is None or any(part is not other for part, other in zip(seen[0], parts, strict=True)):
            seen = known[function] = (parts, inspect.signature(function))
        return seen[1]

    with replaced(callables, "inspect", overlaid(inspect, signature=signature)):
        yield


@contextlib.contextmanager
def _imported_names() -> Iterator[None]:
    """Find what serializers name among the modules that are there, before trying to import a module of that name."""
    serializers = module("prefect.serializers")
    find = serializers.from_qualified_name

    def find_imported(name: str) -> Any:
        if name in sys.modules:
            return find(name)
        holder = sys.modules.get(name.rpartition(".")[0])
        if holder is None or hasattr(holder, "__path__"):  # a package may have a module of that name
            return find(name)
        found = getattr(holder, name.rpartition(".")[2], None)
        return find(name) if found is None else found

    with replaced(serializers, "from_qualified_name", find_imported):
        yield
