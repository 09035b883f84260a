"""Puts something else in the place of a name of Prefect's, for a while; where the name is gone, says what is lost."""

import contextlib
import threading
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from typing import Any

from pipeproof.patching import LibraryChangedWarning
from pipeproof.variables import PATCHES


class PrefectInternalsWarning(LibraryChangedWarning):
    """This version of Prefect has changed where pipeproof reaches into it; what is lost by that is said, once."""


CHANGED = (ImportError, AttributeError)
"""What is raised where a name of Prefect's is not there any more."""

_told: set[str] = set()


def lose(loss: str, error: BaseException) -> None:
    """Warn, once a process, that something does not work with this version of Prefect."""
    if loss not in _told:
        _told.add(loss)
        changed = f"Prefect {version('prefect')} is not as pipeproof knows it ({error})"
        switch = f"{PATCHES.name}=none runs the tests with Prefect as it is."
        warnings.warn(f"{changed}: {loss}. {switch}", PrefectInternalsWarning, stacklevel=2)


def is_wanted(*, speed: bool) -> bool:
    """Whether `PIPEPROOF_PATCHES` lets something be replaced.

    Args:
        speed: Whether it is there for speed alone.
    """
    return PATCHES.read() == "all" or (PATCHES.read() == "needed" and not speed)


def entered(stack: contextlib.ExitStack, hook: contextlib.AbstractContextManager[None], *, without: str) -> bool:
    """Enter a context that reaches into Prefect; where that cannot be, warn of what there is without it.

    Returns:
        Whether it was entered.
    """
    if not is_wanted(speed=False):
        return False
    try:
        stack.enter_context(hook)
    except CHANGED as error:
        lose(without, error)
        return False
    return True


def module(name: str) -> Any:
    """A module of Prefect's, untyped: what is used of it is not what it offers."""
    return import_module(name)


def kinds(base: Any) -> Iterator[Any]:
    """The classes that derive from one, at any depth."""
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


@contextlib.contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Give a module or class another value for a name; on leaving, it is as it was."""
    own, original = name in vars(owner), getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, original)
        else:
            delattr(owner, name)


class Shared:
    """A hook that is entered by the first who needs it and left by the last, whichever threads they are."""

    def __init__(self, hook: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
        self._hook = hook
        self._lock = threading.Lock()
        self._users = 0
        self._entered = contextlib.ExitStack()

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """It is entered meanwhile."""
        with self._lock:
            if not self._users:
                self._entered.enter_context(self._hook())
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._entered.close()


def changed(owner: Any, name: str, value: Any) -> Any:
    """Give a module or class another value for a name for good.

    Returns:
        The value that it had.

    Raises:
        AttributeError: It has no such name.
    """
    original = getattr(owner, name)
    setattr(owner, name, value)
    return original


def overlaid(original: Any, **names: Any) -> Any:
    """A module with other values for some of its names; all else is the module's own."""
    return _Overlaid(original, names)


class _Overlaid:
    def __init__(self, original: Any, names: dict[str, Any]) -> None:
        self._original = original
        vars(self).update(names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)
