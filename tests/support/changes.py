"""Libraries that have changed where pipeproof reaches into them, as their lists of what is touched say."""

import functools
import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from pipeproof.patching import Found, Hook, Library, LibraryChangedWarning, Name
from pipeproof.patching import names as places_in_libraries


def called(hook: Hook) -> list[Name]:
    """The names of a hook that are called."""
    return [name for name in hook.names if name.parameters]


def each_hook(*libraries: Library) -> list[Any]:
    """Each hook, as a parameter of a test: all that is listed in it is touched or nothing is."""
    hooks = [hook for library in libraries for hook in library.hooks]
    return [pytest.param(hook, id=hook.names[0].place) for hook in hooks]


@contextmanager
def forgotten(*libraries: Library) -> Iterator[None]:
    """What was found changed is found out anew, in here and afterwards.

    A server that the session keeps for other tests may have replaced something before.
    """
    hooks = [hook for library in libraries for hook in library.hooks]
    before = [hook.users for hook in hooks]
    for hook in hooks:
        hook.changed = None
    try:
        yield
    finally:
        assert [hook.users for hook in hooks] == before, "something is still replaced"
        for hook in hooks:
            hook.changed = None


def hide(monkeypatch: pytest.MonkeyPatch, *names: Name) -> None:
    """Let names be gone, for pipeproof alone."""

    def without(found: Found) -> Found:
        raise AttributeError(f"{found.name} is hidden")

    _change(monkeypatch, names, without)


def give_other_parameters(monkeypatch: pytest.MonkeyPatch, *names: Name) -> None:
    """Let what names are take one more parameter before all others, for pipeproof alone."""

    def with_one_more(found: Found) -> Found:
        @functools.wraps(found.value)
        def other(*args: Any, **kwargs: Any) -> Any:
            return found.value(*args, **kwargs)

        added = inspect.Parameter("pipeproof_tests", inspect.Parameter.POSITIONAL_ONLY)
        other.__signature__ = inspect.Signature([added])  # type: ignore[attr-defined]
        return Found(found.owner, found.name, other)

    _change(monkeypatch, names, with_one_more)


def _change(monkeypatch: pytest.MonkeyPatch, names: Sequence[Name], change: Any) -> None:
    look_up = places_in_libraries.look_up
    places = {name.place for name in names}

    def changed(place: str) -> Found:
        found = look_up(place)
        return change(found) if place in places else found

    monkeypatch.setattr(places_in_libraries, "look_up", changed)


def assert_said(caught: list[Any], hook: Hook, name: Name) -> None:
    """One warning says what is lost, and by what."""
    (text,) = said(caught)
    assert name.place in text
    assert hook.without in text
    assert hook.library.title in text


def said(caught: list[Any]) -> list[str]:
    """What was warned of changed libraries."""
    return [str(warning.message) for warning in caught if issubclass(warning.category, LibraryChangedWarning)]
