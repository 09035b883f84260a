"""Libraries that have changed where pipeproof reaches into them, as their lists of what is touched say."""

import functools
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pipeproof import patching
from pipeproof.patching import Found, Hook, Library, Name


def listed(*libraries: Library) -> list[Any]:
    """Each name that is listed, as a parameter of a test: the hook and the name."""
    return [
        pytest.param(hook, name, id=name.place)
        for library in libraries
        for hook in library.hooks
        for name in hook.names
    ]


def called(*libraries: Library) -> list[Any]:
    """The names of these that are called."""
    return [case for case in listed(*libraries) if case.values[1].parameters]


@contextmanager
def forgotten(*libraries: Library) -> Iterator[None]:
    """What was found changed is found out anew, in here and afterwards."""
    hooks = [hook for library in libraries for hook in library.hooks]
    for hook in hooks:
        hook.changed = None
    try:
        yield
    finally:
        assert not any(hook.users for hook in hooks), "something is still replaced"
        for hook in hooks:
            hook.changed = None


def hide(monkeypatch: pytest.MonkeyPatch, name: Name) -> None:
    """Let a name be gone, for pipeproof alone."""

    def without(found: Found) -> Found:
        raise AttributeError(f"{found.name} is hidden")

    _change(monkeypatch, name, without)


def give_other_parameters(monkeypatch: pytest.MonkeyPatch, name: Name) -> None:
    """Let what a name is take one more parameter before all others, for pipeproof alone."""

    def with_one_more(found: Found) -> Found:
        @functools.wraps(found.value)
        def other(*args: Any, **kwargs: Any) -> Any:
            return found.value(*args, **kwargs)

        added = inspect.Parameter("pipeproof_tests", inspect.Parameter.POSITIONAL_ONLY)
        other.__signature__ = inspect.Signature([added])  # type: ignore[attr-defined]
        return Found(found.owner, found.name, other)

    _change(monkeypatch, name, with_one_more)


def _change(monkeypatch: pytest.MonkeyPatch, name: Name, change: Any) -> None:
    look_up = patching.look_up

    def changed(place: str) -> Found:
        found = look_up(place)
        return change(found) if place == name.place else found

    monkeypatch.setattr(patching, "look_up", changed)


def assert_said(caught: list[Any], hook: Hook, name: Name) -> None:
    """One warning says what is lost, and by what."""
    said = [str(warning.message) for warning in caught if issubclass(warning.category, patching.LibraryChangedWarning)]
    assert len(said) == 1, said
    assert name.place in said[0]
    assert hook.without in said[0]
    assert hook.library.title in said[0]
