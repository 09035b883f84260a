"""JSONPath payload templates: fields whose names end in `.$` are looked up, all else stands as it is.

A template is compiled once, at its first use, to functions that fill it: it is filled for each entry into a state and
for each item of a Map.
"""

from collections.abc import Callable
from typing import Any

from pipeproof.stepfunctions.expressions.environment import Environment, not_found
from pipeproof.stepfunctions.expressions.intrinsic_calls import IntrinsicSyntaxError, is_call, parse_call
from pipeproof.stepfunctions.expressions.jsonpath import NoMatch, Path, PathSyntaxError
from pipeproof.stepfunctions.expressions.jsonpath_parser import parse_path
from pipeproof.stepfunctions.values import copy

Fill = Callable[[Any, Environment], Any]
"""Gives a value for a document, which is what `$` is, in the place of a state."""

_KEPT = 4096
_compiled: dict[int, tuple[Any, Fill | None]] = {}


def fill_template(template: Any, document: Any, environment: Environment) -> Any:
    """Return the value of a template, no part of which is the template's own.

    Args:
        template: Of a definition, so that it does not change.
        document: What `$` is.
        environment: The place.

    Raises:
        StateFailure: A path finds nothing, or an intrinsic function fails.
    """
    if not isinstance(template, (dict, list)):
        return template
    known = _compiled.get(id(template))
    if known is None or known[0] is not template:
        if len(_compiled) >= _KEPT:
            _compiled.clear()
        known = _compiled[id(template)] = (template, _compile(template))
    fill = known[1]
    return copy(template) if fill is None else fill(document, environment)


def _compile(template: Any) -> Fill | None:
    """Return what fills a template, or None where it stands as it is."""
    if isinstance(template, dict):
        return _compile_object(template)
    if isinstance(template, list):
        items = [(item, _compile(item)) for item in template]
        if all(fill is None for _, fill in items):
            return None
        return lambda document, environment: [
            copy(item) if fill is None else fill(document, environment) for item, fill in items
        ]
    return None


def _compile_object(template: dict[str, Any]) -> Fill | None:
    fields = [
        (key[:-2], value, _compile_field(value, key))
        if key.endswith(".$") and isinstance(value, str)
        else (key, value, _compile(value))
        for key, value in template.items()
    ]
    if all(fill is None for _, _, fill in fields):
        return None

    def fill_object(document: Any, environment: Environment) -> dict[str, Any]:
        filled: dict[str, Any] = {}
        for name, value, fill in fields:
            filled[name] = copy(value) if fill is None else fill(document, environment)
        return filled

    return fill_object


def _compile_field(text: str, key: str) -> Fill:
    """Return what finds the value of a `name.$` field; what cannot be parsed fails when it is looked up."""
    try:
        if is_call(text):
            call = parse_call(text)
            return lambda document, environment: environment.call(call, key, document)
        path = parse_path(text)
    except (IntrinsicSyntaxError, PathSyntaxError):
        return lambda document, environment: environment.template(text, key, document)
    plain = path.root == "$" and path.names is not None
    return _find_in_document(path, text, key) if plain else _find_anywhere(path, text, key)


def _find_in_document(path: Path, text: str, key: str) -> Fill:
    find, names = path.find, path.names or ()

    def fill(document: Any, _: Environment) -> Any:
        value = document
        try:
            for name in names:
                value = value[name]
        except (KeyError, TypeError):
            pass
        else:
            return value
        try:
            return find(document)
        except NoMatch as error:
            raise not_found(text, key, document) from error

    return fill


def _find_anywhere(path: Path, text: str, key: str) -> Fill:
    find, in_context = path.find, path.root == "$$"

    def fill(document: Any, environment: Environment) -> Any:
        try:
            return find(environment.context()) if in_context else environment.find(path, document)
        except NoMatch as error:
            raise not_found(text, key, document) from error

    return fill
