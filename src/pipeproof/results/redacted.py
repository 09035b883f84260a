"""A run with the secrets taken out of it, before anything is rendered: an escaped secret would be found by nobody."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from pipeproof.results.model import Run


def redact_run(run: Run, redact: Callable[[str], str]) -> Run:
    """Give the run with every text in it redacted."""
    redacted: Run = _redact(run, redact)
    return redacted


def _redact(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, tuple | list):
        return type(value)(_redact(item, redact) for item in value)
    if isinstance(value, Mapping):
        return {_redact(key, redact): _redact(item, redact) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _redact(getattr(value, field.name), redact) for field in fields(value)})
    return value
