"""Puts back the environment's variables and Prefect's settings."""

import contextlib
from collections.abc import Iterator, Mapping

from pipeproof import environ
from pipeproof.environments.prefect.internals.client import settings as client

_PREFIX = "PREFECT_"
_in_force: list[Mapping[str, str | None]] = []
_begun: list[tuple[dict[str, str], int]] = []
"""For each of [settings_kept][] that is entered, what it goes back to: the variables, and the number of servers."""


@contextlib.contextmanager
def settings_kept() -> Iterator[None]:
    """Undo, on leaving, what was changed of Prefect's settings meanwhile, in the environment or in this context.

    The changes of a server that has come in force meanwhile, and still is, stay: the session's, say. One that is
    entered in another goes back to where that one began, as pytest 8.0 may leave the outer one first.
    """
    begun = _begun[0] if _begun else (_variables(), len(_in_force))
    _begun.append(begun)
    before, known = begun
    try:
        with client.settings_context_kept():
            yield
    finally:
        _begun.remove(begun)
        environ.change({**dict.fromkeys(_variables()), **before})
        for changes in _in_force[known:]:
            environ.change(changes)


@contextlib.contextmanager
def environment_of(changes: Mapping[str, str | None]) -> Iterator[None]:
    """Change variables of the environment, or take out those whose value is None, until it is left."""
    with environ.changed(changes):
        _in_force.append(changes)
        try:
            yield
        finally:
            _in_force.remove(changes)


def _variables() -> dict[str, str]:
    return {name: value for name, value in environ.everything().items() if name.startswith(_PREFIX)}
