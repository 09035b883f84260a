"""Replaces a name of a module, class or object for a while."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipeproof.patching.names import Found


@contextmanager
def replaced(found: Found, value: Any) -> Iterator[None]:
    """Give a module, class or object another value for a name, or a name that it lacks; on leaving, it is as it was."""
    owner, name = found.owner, found.name
    own = name in vars(owner)
    before = vars(owner)[name] if own else inspect.getattr_static(owner, name, None)
    setattr(owner, name, staticmethod(value) if isinstance(before, staticmethod | classmethod) else value)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, before)
        else:
            delattr(owner, name)


def overlaid(original: Any, **names: Any) -> Any:
    """Return a module with other values for some of its names; all else is the module's own."""
    return _Overlaid(original, names)


class _Overlaid:
    def __init__(self, original: Any, names: dict[str, Any]) -> None:
        self._original = original
        vars(self).update(names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def kinds(base: Any) -> Iterator[Any]:
    """Yield the classes that derive from one, at any depth."""
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)
