"""Jinja's templates: compiled once, and told of all macros at once."""

from collections.abc import Callable
from itertools import chain
from typing import Any

from pipeproof.environments.dbt.in_process.touched import MACROS

KEPT = 1000
"""How many compiled templates are kept."""

_compiled: dict[Any, Any] = {}


def compile_once(compile_: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a template, such as a model's or that of the comment in each query, the first time that it is met."""

    def compile_template(environment: Any, source: Any, *arguments: Any, **options: Any) -> Any:
        if arguments or options or not isinstance(source, str):
            return compile_(environment, source, *arguments, **options)
        key = (type(environment), source)
        if key not in _compiled:
            if len(_compiled) >= KEPT:
                _compiled.clear()
            _compiled[key] = compile_(environment, source)
        return _compiled[key]

    return compile_template


def gather_macros(to_dict: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let the macros that a template can call, hundreds, be gathered at once and not looked for one by one."""

    def gather(context: Any) -> Any:
        held = context.namespace
        if not hasattr(held, "_search_order"):
            return to_dict(context)
        with MACROS.known():
            parts = [part.items() for part in reversed([*held._search_order()])]  # noqa: SLF001
        context.namespace = dict(chain.from_iterable(parts))
        try:
            return to_dict(context)
        finally:
            context.namespace = held

    return gather
