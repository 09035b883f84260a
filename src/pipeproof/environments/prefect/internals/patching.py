"""Puts something else in the place of a name of Prefect's, for a while."""

import contextlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any


def module(name: str) -> Any:
    """A module of Prefect's, untyped: what is used of it is not what it offers."""
    return import_module(name)


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
