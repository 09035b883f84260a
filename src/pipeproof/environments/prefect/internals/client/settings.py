"""What the process that runs the tests needs of Prefect's settings, services and logging."""

import contextlib
import contextvars
import logging
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, NamedTuple

from pipeproof.environments.prefect.internals.patching import (
    CHANGED,
    Shared,
    entered,
    is_wanted,
    kinds,
    lose,
    module,
    overlaid,
    replaced,
)

_SERVICE_DRAIN_SECONDS = 60.0
"""How long is waited, at most, for what is queued to be sent; it is some seconds of work on a busy machine."""


@contextlib.contextmanager
def settings_in_force(updates: Mapping[str, Any]) -> Iterator[None]:
    """Change Prefect's settings, by dotted name, for this process; names that this version has not are left out.

    They hold in contexts that were copied earlier too, such as those that an asynchronous test runner made at the
    start of the session, unless such a context has settings of its own.
    """
    without = "asynchronous tests may not see the test server, as its settings hold in new contexts alone"
    with contextlib.ExitStack() as stack:
        if not entered(stack, _settings_everywhere(updates), without=without):
            stack.enter_context(_settings_here(updates))
        yield


@contextlib.contextmanager
def _settings_everywhere(updates: Mapping[str, Any]) -> Iterator[None]:
    contexts = module("prefect.context")

    def changed(context: Any) -> Any:
        known = {name: value for name, value in updates.items() if _has_setting(context.settings, name)}
        return contexts.SettingsContext(profile=context.profile, settings=_updated(context.settings, known))

    variable = contexts.SettingsContext.__var__
    everywhere, here = contexts.GLOBAL_SETTINGS_CONTEXT, variable.get(None)
    ours = changed(everywhere or here)
    ours_here = here and changed(here)  # this context may have settings of its own
    contexts.GLOBAL_SETTINGS_CONTEXT = ours
    _in_force.append(ours)
    if here:
        variable.set(ours_here)
    try:
        yield
    finally:
        _in_force.remove(ours)
        contexts.GLOBAL_SETTINGS_CONTEXT = everywhere
        if here and variable.get(None) is ours_here:
            variable.set(here)


_in_force: list[Any] = []
"""The settings of the servers that are in force."""


@contextlib.contextmanager
def profiles_in_force(ours: Mapping[str, str | None]) -> Iterator[None]:
    """Let `use_profile` put its profile's settings in force over those of the test server's variables.

    Variables of the environment go before profiles; those that the test server has set are not the user's.

    Args:
        ours: The variables, as the test server has set them.
    """
    with contextlib.ExitStack() as stack:
        hook = _profiles_in_force(ours)
        entered(stack, hook, without="`use_profile` does not change what the test server sets")
        yield


@contextlib.contextmanager
def _profiles_in_force(ours: Mapping[str, str | None]) -> Iterator[None]:
    contexts = module("prefect.context")
    system = contexts.os

    class Users(Mapping[str, str]):
        """The environment without what the test server has set in it."""

        def __getitem__(self, name: str) -> str:
            value = system.environ[name]
            if ours.get(name) == value:
                raise KeyError(name)
            return str(value)

        def __iter__(self) -> Iterator[str]:
            return (name for name, value in list(system.environ.items()) if ours.get(name) != value)

        def __len__(self) -> int:
            return sum(1 for _ in self)

    with replaced(contexts, "os", overlaid(system, environ=Users())):
        yield


@contextlib.contextmanager
def _settings_here(updates: Mapping[str, Any]) -> Iterator[None]:
    """The same by what Prefect offers everybody, which is bound to this context."""
    from prefect import settings

    named = {f"PREFECT_{name.replace('.', '_').upper()}": value for name, value in updates.items()}
    known = {getattr(settings, name): value for name, value in named.items() if hasattr(settings, name)}
    with settings.temporary_settings(known):
        yield


def settings_of_process() -> Any:
    """The settings that hold where no context has others; None where Prefect is not imported."""
    contexts = sys.modules.get("prefect.context")
    return getattr(contexts, "GLOBAL_SETTINGS_CONTEXT", None)


def set_settings_of_process(context: Any) -> None:
    """Put [settings_of_process][] back, or, where they are None, have them read from the environment as it is now.

    Where Prefect is not imported, or the settings of a test server hold, they are left alone.
    """
    contexts: Any = sys.modules.get("prefect.context")
    current = settings_of_process()
    if current is None or any(current is ours for ours in _in_force):
        return
    with contextlib.suppress(*CHANGED):  # what a module has imported by then is what Prefect has
        contexts.GLOBAL_SETTINGS_CONTEXT = context or contexts.root_settings_context()


def end_temporary_servers() -> None:
    """End the servers that Prefect has started by itself, as no address of one was set."""
    serving: Any = sys.modules.get("prefect.server.api.server")
    servers = getattr(serving, "SubprocessASGIServer", None)
    for server in set(getattr(servers, "_instances", {}).values()):
        server.stop()


@contextlib.contextmanager
def settings_context_kept() -> Iterator[None]:
    """Put back the settings that are in force now, whatever was entered meanwhile and not left.

    Those of a server that has come in force meanwhile, and still is, stay.
    """
    with contextlib.ExitStack() as stack:
        entered(stack, _settings_context_kept(), without="settings that a test enters and does not leave stay in force")
        yield


@contextlib.contextmanager
def _settings_context_kept() -> Iterator[None]:
    contexts = module("prefect.context")

    everywhere = contexts.GLOBAL_SETTINGS_CONTEXT
    variable = contexts.SettingsContext.__var__
    here = variable.get(None)
    try:
        yield
    finally:
        if not any(contexts.GLOBAL_SETTINGS_CONTEXT is context for context in _in_force):
            contexts.GLOBAL_SETTINGS_CONTEXT = everywhere
        if variable.get(None) is not here:
            variable.set(here)


def _updated(settings: Any, updates: Mapping[str, Any]) -> Any:
    try:
        return settings.copy_with_update(updates=updates)
    except AttributeError:  # early versions take no names, but objects that have one
        return settings.copy_with_update(updates={_Named(name): value for name, value in updates.items()})


class _Named(NamedTuple):
    accessor: str


def _has_setting(settings: Any, name: str) -> bool:
    for part in name.split("."):
        if not hasattr(settings, part):
            return False
        settings = getattr(settings, part)
    return True


def drain_services() -> None:
    """Send what is queued for the current server (events, logs), and let go of the connection to it."""
    if "prefect" not in sys.modules or not is_wanted(speed=False):
        return
    try:
        services = module("prefect._internal.concurrency.services")._QueueServiceBase  # noqa: SLF001
        drain_all = services.drain_all
    except CHANGED as error:
        lose("events and logs that are still queued when a server ends do not arrive", error)
        return
    ending = list(services._instances.values())  # noqa: SLF001
    # A thread of its own: where an event loop runs in this one, draining would hand back an awaitable.
    drained = threading.Thread(
        target=contextvars.copy_context().run, args=(drain_all, _SERVICE_DRAIN_SECONDS), daemon=True
    )
    with _without_progress(services):
        drained.start()
        drained.join(_SERVICE_DRAIN_SECONDS + 1)
    with contextlib.suppress(*CHANGED):  # it only takes memory
        _forget([service for service in ending if service._done_event.is_set()])  # noqa: SLF001


def _forget(services: list[Any]) -> None:
    """Let go of services that have ended: Prefect keeps each, with its connection, to end it with the interpreter."""

    def is_kept(call: Any) -> bool:
        return not any(getattr(call, "__self__", None) is service for service in services)

    loop = module("prefect._internal.concurrency.threads").get_global_loop()
    at_end, at_exit = loop._on_shutdown, vars(threading).get("_threading_atexits", [])  # noqa: SLF001
    at_end[:] = [call for call in at_end if is_kept(call.fn)]
    at_exit[:] = [call for call in at_exit if is_kept(getattr(call, "func", call))]


@contextlib.contextmanager
def _without_progress(services: Any) -> Iterator[None]:
    """Keep services from warning that they are not done yet, which is what is waited for."""

    def is_news(record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith("Still processing items")

    loggers = [logging.getLogger(service.__name__) for service in kinds(services)]
    for logger in loggers:
        logger.addFilter(is_news)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(is_news)


def configure_logging() -> None:
    """Import Prefect, which sets up logging, and keep the handlers that were on the root logger.

    pytest's own handlers are there while a test runs, and Prefect would replace them.
    """
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    try:
        module("prefect.main")  # it sets up logging when it is imported
    except CHANGED as error:
        lose("what flows log may not reach `caplog`", error)
    if handlers:
        root.setLevel(level)
        for handler in handlers:
            root.addHandler(handler)


@contextlib.contextmanager
def run_logger(target: Any) -> Iterator[None]:
    """Make `get_run_logger()` give a logger where no run is under way; what it logs is not sent to a server.

    It alone sees a run: the engine, should the code call tasks or flows, sees none.
    """
    with contextlib.ExitStack() as stack:
        entered(stack, _run_logger(target), without="`get_run_logger()` does not work in `call_fn`")
        yield


@contextlib.contextmanager
def _run_logger(target: Any) -> Iterator[None]:
    from uuid import uuid4

    from prefect.client.schemas.objects import FlowRun, TaskRun
    from prefect.flows import Flow

    name = str(getattr(target, "name", None) or getattr(target, "__name__", "function"))
    kind, run, made = "task", SimpleNamespace(), uuid4()
    if isinstance(target, Flow):
        kind, run.flow, run.flow_run = "flow", target, FlowRun(id=made, name=name, flow_id=uuid4())
    else:
        run.task, run.task_run = target, TaskRun(id=made, name=name, task_key=name, dynamic_key="0", flow_run_id=None)

    def keep_here(record: logging.LogRecord) -> bool:
        if getattr(record, f"{kind}_run_id", None) == str(made):
            record.send_to_api = False
        return True

    logger = logging.getLogger(f"prefect.{kind}_runs")
    with _logger_hooks.in_use():
        token = _logging_runs.set((*_logging_runs.get(), (kind, run)))
        logger.addFilter(keep_here)
        try:
            yield
        finally:
            logger.removeFilter(keep_here)
            _logging_runs.reset(token)


_logging_runs: ContextVar[tuple[tuple[str, Any], ...]] = ContextVar("pipeproof_prefect_logging_runs", default=())
"""The runs that `get_run_logger()` sees in this context: the kind of each, and the run."""


@contextlib.contextmanager
def _logger_sees_runs() -> Iterator[None]:
    contexts = module("prefect.context")
    asking = module("prefect.logging.loggers").get_run_logger.__code__

    def get_for_logger(kind: str, get: Callable[[], Any]) -> Callable[[], Any]:
        def got() -> Any:
            asked_by = sys._getframe(1).f_code  # noqa: SLF001 - the one way to tell the logger's question from the engine's
            runs = [run for of, run in _logging_runs.get() if of == kind] if asked_by is asking else []
            return get() or (runs[-1] if runs else None)

        return got

    with contextlib.ExitStack() as stack:
        for kind, context in (("task", contexts.TaskRunContext), ("flow", contexts.FlowRunContext)):
            stack.enter_context(replaced(context, "get", get_for_logger(kind, context.get)))
        yield


_logger_hooks = Shared(_logger_sees_runs)
