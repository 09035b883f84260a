"""A function of dbt's replaced for a while, where there is one of that name."""

from collections.abc import Callable
from importlib import import_module
from inspect import getattr_static
from typing import Any
from unittest.mock import patch


def replace(place: str, make: Callable[[Any], Any]) -> Any:
    """A patch of a function of dbt's, made of the one that is there; `None` where there is none."""
    module, _, path = place.partition(":")
    try:
        owner: Any = import_module(module)
    except ModuleNotFoundError:
        return None
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part, None)
    found = getattr(owner, name, None)
    if found is None:
        return None
    bound = isinstance(getattr_static(owner, name), staticmethod | classmethod)
    return patch.object(owner, name, staticmethod(make(found)) if bound else make(found))
