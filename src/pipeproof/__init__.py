"""Test data pipelines: Prefect flows, AWS calls, Step Functions and dbt models under one pytest run.

The names below load what they need when they are first used, so that importing pipeproof costs next to nothing.
"""

from importlib import import_module
from typing import Any

from pipeproof.errors import PipeproofError

__all__ = ["PipeproofError"]

_HOMES: dict[str, str] = {}
"""Where each public name that is not loaded at once comes from."""


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
