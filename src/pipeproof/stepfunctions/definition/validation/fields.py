"""The kinds of values that fields take: numbers, paths, templates, expressions."""

from collections.abc import Callable
from typing import Any

from pipeproof.stepfunctions.definition.source import Position
from pipeproof.stepfunctions.definition.validation.findings import Findings
from pipeproof.stepfunctions.expressions.intrinsic_calls import IntrinsicSyntaxError, is_call, parse_call
from pipeproof.stepfunctions.expressions.jsonata import JsonataSyntaxError, compile_expression, inner, is_expression
from pipeproof.stepfunctions.expressions.jsonpath import PathSyntaxError
from pipeproof.stepfunctions.expressions.jsonpath_parser import parse_path
from pipeproof.stepfunctions.timestamps import parse_timestamp
from pipeproof.stepfunctions.values import is_integer, is_number, type_name

Check = Callable[[Any, Position, bool, Findings], None]
"""Checks a value at a place; the third argument says whether JSONata holds there."""


def is_substitution(value: Any) -> bool:
    """Return whether a value, or a part of it, is put in at deployment (`${Name}`)."""
    if isinstance(value, dict) and len(value) == 1:
        return bool(next(iter(value)).startswith(("Fn::", "Ref")))
    return isinstance(value, str) and "${" in value


def wrong_type(expected: str, value: Any, position: Position, findings: Findings) -> None:
    """Notes a value of another type."""
    findings.error("SFN102", f"{position[-1]} must be {expected}, not {type_name(value)}", position)


def check_path(value: Any, position: Position, _jsonata: bool, findings: Findings) -> None:
    """A path, or null."""
    if value is None or is_substitution(value):
        return
    if not isinstance(value, str):
        wrong_type("a path", value, position, findings)
        return
    try:
        parse_path(value)
    except PathSyntaxError as error:
        findings.error("SFN301", f"{position[-1]}: {error}", position)


def check_reference_path(value: Any, position: Position, jsonata: bool, findings: Findings) -> None:
    """A path that names one place."""
    if value is None:
        wrong_type("a path", value, position, findings)
        return
    before = len(findings.items)
    check_path(value, position, jsonata, findings)
    if len(findings.items) == before and isinstance(value, str) and not is_substitution(value):
        _check_reference(value, position, findings)


def _check_reference(value: str, position: Position, findings: Findings) -> None:
    if not parse_path(value).is_reference:
        findings.error("SFN301", f"{position[-1]} must be a reference path, which names one place: {value!r}", position)


def check_result_path(value: Any, position: Position, jsonata: bool, findings: Findings) -> None:
    """A path that names one place in the state's input, or null."""
    if value is None or is_substitution(value):
        return
    before = len(findings.items)
    check_path(value, position, jsonata, findings)
    if len(findings.items) > before:
        return
    _check_reference(value, position, findings)
    if parse_path(value).root != "$":
        findings.error("SFN301", f"{position[-1]} must lead into the state's input: {value!r}", position)


def check_path_or_call(value: Any, position: Position, jsonata: bool, findings: Findings) -> None:
    """A path or an intrinsic function's call."""
    if is_substitution(value):
        return
    if not isinstance(value, str):
        wrong_type("a path or an intrinsic function's call", value, position, findings)
    elif is_call(value):
        check_call(value, position, findings)
    else:
        check_path(value, position, jsonata, findings)


def check_call(value: str, position: Position, findings: Findings) -> None:
    """An intrinsic function's call."""
    try:
        parse_call(value)
    except IntrinsicSyntaxError as error:
        findings.error("SFN302", f"{position[-1]}: {error}", position)


def check_expression(value: str, position: Position, findings: Findings) -> None:
    """A string that may be a JSONata expression."""
    if value.startswith("{%") and not value.rstrip().endswith("%}"):
        findings.error("SFN303", f"{position[-1]}: '{{%' is not closed by '%}}'", position)
    elif is_expression(value) and findings.expressions and not is_substitution(value):
        try:
            compile_expression(inner(value))
        except JsonataSyntaxError as error:
            read = inner(value)[: error.position]
            found = f"the JSONata expression does not parse: {error}, after {read[-40:]!r}"
            findings.error("SFN303", f"{position[-1]}: {found}", position)


def check_template(value: Any, position: Position, jsonata: bool, findings: Findings) -> None:
    """A payload template, or a JSONata value: any JSON, with paths or expressions in it."""
    if isinstance(value, str):
        if jsonata:
            check_expression(value, position, findings)
    elif isinstance(value, dict):
        for key, item in value.items():
            place = (*position, key)
            if jsonata or not key.endswith(".$"):
                check_template(item, place, jsonata, findings)
                continue
            if key[:-2] in value:
                findings.error("SFN305", f"both {key[:-2]!r} and {key!r} set the same field", place)
            check_path_or_call(item, place, jsonata, findings)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_template(item, (*position, index), jsonata, findings)


def check_object_template(value: Any, position: Position, jsonata: bool, findings: Findings) -> None:
    """A payload template that has to be an object (or, in JSONata, an expression that gives one)."""
    if is_substitution(value):
        return
    if not isinstance(value, dict) and not (jsonata and isinstance(value, str)):
        wrong_type("an object", value, position, findings)
        return
    check_template(value, position, jsonata, findings)


def check_string(value: Any, position: Position, jsonata: bool, findings: Findings) -> None:
    """Text; in JSONata it may be an expression."""
    if not isinstance(value, str):
        wrong_type("text", value, position, findings)
    elif jsonata:
        check_expression(value, position, findings)


def check_comment(value: Any, position: Position, _jsonata: bool, findings: Findings) -> None:
    """Text that nobody evaluates."""
    if not isinstance(value, str):
        wrong_type("text", value, position, findings)


def check_any(value: Any, position: Position, jsonata: bool, findings: Findings) -> None:
    """Anything."""


def check_boolean(value: Any, position: Position, _jsonata: bool, findings: Findings) -> None:
    """True or false."""
    if not isinstance(value, bool) and not is_substitution(value):
        wrong_type("true or false", value, position, findings)


def number_check(*, least: float, integer: bool = True, most: float | None = None) -> Check:
    """Return a number within bounds; in JSONata it may be an expression."""

    def check(value: Any, position: Position, jsonata: bool, findings: Findings) -> None:
        if is_substitution(value):
            return
        if jsonata and isinstance(value, str) and value.startswith("{%"):
            check_expression(value, position, findings)
        elif not is_number(value) or (integer and not is_integer(value)):
            wrong_type("a whole number" if integer else "a number", value, position, findings)
        elif value < least or (most is not None and value > most):
            bounds = f"at least {least:g}" if most is None else f"{least:g} to {most:g}"
            findings.error("SFN105", f"{position[-1]} must be {bounds}, not {value:g}", position)

    return check


def check_timestamp(value: Any, position: Position, jsonata: bool, findings: Findings) -> None:
    """A timestamp; in JSONata it may be an expression."""
    if is_substitution(value):
        return
    if jsonata and isinstance(value, str) and value.startswith("{%"):
        check_expression(value, position, findings)
    elif not isinstance(value, str):
        wrong_type("a timestamp", value, position, findings)
    elif parse_timestamp(value) is None:
        findings.error("SFN105", f"{value!r} is not an RFC 3339 timestamp such as 2026-01-31T12:00:00Z", position)


def check_assign(value: Any, position: Position, jsonata: bool, findings: Findings) -> None:
    """An object of variables and their values."""
    if not isinstance(value, dict):
        wrong_type("an object", value, position, findings)
        return
    check_template(value, position, jsonata, findings)
    for key in value:
        name = key.removesuffix(".$") if not jsonata else key
        if name == "states" or not name.replace("_", "a").isalnum() or name[:1].isdigit() or len(name) > 80:
            findings.warn("SFN306", f"{name!r} cannot be read as a variable", (*position, key))
