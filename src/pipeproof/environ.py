"""The process's environment: the one module that reads and changes it.

Beside it only `main` and `cli` do, which hand what they read on as values. So whoever asks what of the environment has
a part in a run finds it by looking for uses of this module; the variables of pipeproof's own are in `variables`.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


def everything() -> Mapping[str, str]:
    """All variables as they are at any moment; to be read."""
    return os.environ


def copy() -> dict[str, str]:
    """Return all variables as they are now, also while other threads set and unset some."""
    while True:
        try:
            return dict(os.environ)
        except (KeyError, RuntimeError):  # one was unset, or set, meanwhile
            continue


def get(name: str) -> str | None:
    """Return a variable's value; `None` where it is not set."""
    return os.environ.get(name)


def take(name: str) -> str | None:
    """Return a variable's value, and unset it: nobody else, and no process that is started, shall find it."""
    return os.environ.pop(name, None)


def change(variables: Mapping[str, str | None]) -> None:
    """Set the variables that have a value and unset the others."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextmanager
def changed(variables: Mapping[str, str | None]) -> Iterator[None]:
    """Set and unset variables, and put them back."""
    before = {name: os.environ.get(name) for name in variables}
    change(variables)
    try:
        yield
    finally:
        change(before)


@contextmanager
def exactly(variables: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Set these variables and unset all others, and put everything back.

    The local time goes by the variable TZ.

    Yields:
        A dictionary that has, once the block is over, the variables as it has left them.
    """
    before, left = dict(os.environ), dict(variables)
    _change_to(variables, before)
    try:
        yield left
    finally:
        left.clear()
        left.update(os.environ)
        _change_to(before, left)


def _change_to(variables: Mapping[str, str], now: Mapping[str, str]) -> None:
    change(dict.fromkeys(now.keys() - variables.keys()))
    change({name: value for name, value in variables.items() if now.get(name) != value})
    if now.get("TZ") != variables.get("TZ") and hasattr(time, "tzset"):
        time.tzset()
