"""What the process that runs the tests needs of Prefect's settings and services."""

import contextlib
import contextvars
import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pipeproof.environments.prefect.internals.touched import (
    DRAINING,
    FORGETTING,
    IMPORTS,
    PROFILES,
    SETTINGS,
    SETTINGS_KEPT,
    TEMPORARY_SERVERS,
)
from pipeproof.patching import Hook, kinds, overlaid

_SERVICE_DRAIN_SECONDS = 60.0
"""How long is waited, at most, for what is queued to be sent; it is some seconds of work on a busy machine."""


@contextlib.contextmanager
def settings_in_force(updates: Mapping[str, Any]) -> Iterator[None]:
    """Change Prefect's settings, by dotted name, for this process; names that this version has not are left out.

    They hold in contexts that were copied earlier too, such as those that an asynchronous test runner made at the
    start of the session, unless such a context has settings of its own.
    """
    with contextlib.ExitStack() as stack:
        if not SETTINGS.enter(stack, lambda: _settings_everywhere(updates)):
            stack.enter_context(_settings_here(updates))
        yield


@contextlib.contextmanager
def _settings_everywhere(updates: Mapping[str, Any]) -> Iterator[None]:
    everywhere, contexts = _everywhere(SETTINGS)
    variable = SETTINGS.find("prefect.context:SettingsContext.__var__")
    make = SETTINGS.find("prefect.context:SettingsContext")

    def changed(context: Any) -> Any:
        known = {name: value for name, value in updates.items() if _has_setting(context.settings, name)}
        return make(profile=context.profile, settings=_updated(context.settings, known))

    with SETTINGS.known():
        here = variable.get(None)
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
_begun: list[tuple[Any, Any]] = []
"""For each of [settings_context_kept][] that is entered, what it goes back to: everywhere, and in this context."""


@contextlib.contextmanager
def profiles_in_force(ours: Mapping[str, str | None]) -> Iterator[None]:
    """Let `use_profile` put its profile's settings in force over those of the test server's variables.

    Variables of the environment go before profiles; those that the test server has set are not the user's.

    Args:
        ours: The variables, as the test server has set them.
    """
    with contextlib.ExitStack() as stack:
        PROFILES.enter(stack, {"prefect.context:os": lambda system: _without_ours(system, ours)})
        yield


def _without_ours(system: Any, ours: Mapping[str, str | None]) -> Any:
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

    return overlaid(system, environ=Users())


@contextlib.contextmanager
def _settings_here(updates: Mapping[str, Any]) -> Iterator[None]:
    """Yield the same by what Prefect offers everybody, which is bound to this context."""
    from prefect import settings

    named = {f"PREFECT_{name.replace('.', '_').upper()}": value for name, value in updates.items()}
    known = {getattr(settings, name): value for name, value in named.items() if hasattr(settings, name)}
    with settings.temporary_settings(known):
        yield


def settings_of_process() -> Any:
    """Return the settings that hold where no context has others; None where Prefect is not imported."""
    if "prefect.context" not in sys.modules or not IMPORTS.usable():
        return None
    return _everywhere(IMPORTS)[0]


def set_settings_of_process(context: Any) -> None:
    """Put [settings_of_process][] back, or, where they are None, have them read from the environment as it is now.

    Where Prefect is not imported, or the settings of a test server hold, they are left alone.
    """
    current = settings_of_process()
    if current is None or any(current is ours for ours in _in_force):
        return
    with IMPORTS.tolerated():
        anew = context or IMPORTS.find("prefect.context:root_settings_context")()
        _everywhere(IMPORTS)[1].GLOBAL_SETTINGS_CONTEXT = anew


def end_temporary_servers() -> None:
    """End the servers that Prefect has started by itself, as no address of one was set."""
    if "prefect.server.api.server" in sys.modules and TEMPORARY_SERVERS.usable():
        for server in set(TEMPORARY_SERVERS.find("prefect.server.api.server:SubprocessASGIServer._instances").values()):
            server.stop()


@contextlib.contextmanager
def settings_context_kept() -> Iterator[None]:
    """Put back the settings that are in force now, whatever was entered meanwhile and not left.

    Those of a server that has come in force meanwhile, and still is, stay. See `server/keeping` for one in another.
    """
    with contextlib.ExitStack() as stack:
        SETTINGS_KEPT.enter(stack, _settings_context_kept)
        yield


@contextlib.contextmanager
def _settings_context_kept() -> Iterator[None]:
    now, contexts = _everywhere(SETTINGS_KEPT)
    variable = SETTINGS_KEPT.find("prefect.context:SettingsContext.__var__")
    begun = _begun[0] if _begun else (now, variable.get(None))
    _begun.append(begun)
    everywhere, here = begun
    try:
        yield
    finally:
        _begun.remove(begun)
        if not any(contexts.GLOBAL_SETTINGS_CONTEXT is context for context in _in_force):
            contexts.GLOBAL_SETTINGS_CONTEXT = everywhere
        if variable.get(None) is not here:
            variable.set(here)


def _everywhere(hook: Hook) -> tuple[Any, Any]:
    """Return the settings that hold where a context has none of its own, and the module whose variable they are."""
    found = hook.locate("prefect.context:GLOBAL_SETTINGS_CONTEXT")
    return found.value, found.owner


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
    if "prefect" not in sys.modules or not DRAINING.usable():
        return
    drain_all = DRAINING.locate("prefect._internal.concurrency.services:_QueueServiceBase.drain_all")
    services = drain_all.owner
    ending = list(services._instances.values()) if FORGETTING.usable() else []  # noqa: SLF001
    # A thread of its own: where an event loop runs in this one, draining would hand back an awaitable.
    drained = threading.Thread(
        target=contextvars.copy_context().run, args=(drain_all.value, _SERVICE_DRAIN_SECONDS), daemon=True
    )
    with _without_progress(services):
        drained.start()
        drained.join(_SERVICE_DRAIN_SECONDS + 1)
    with FORGETTING.tolerated():
        _forget([service for service in ending if service._done_event.is_set()])  # noqa: SLF001


def _forget(services: list[Any]) -> None:
    """Let go of services that have ended: Prefect keeps each, with its connection, to end it with the interpreter."""

    def is_kept(call: Any) -> bool:
        return not any(getattr(call, "__self__", None) is service for service in services)

    loop = FORGETTING.find("prefect._internal.concurrency.threads:get_global_loop")()
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
