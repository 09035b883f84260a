"""Payload templates, and the steps that carry a state's input to its output.

JSONPath: InputPath → Parameters → (the state's work) → ResultSelector → ResultPath → OutputPath.
JSONata: Arguments → (the state's work) → Output. Both: Assign.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipeproof.stepfunctions.errors import StateFailure, runtime_failure
from pipeproof.stepfunctions.expressions.environment import Environment
from pipeproof.stepfunctions.expressions.jsonata import is_expression
from pipeproof.stepfunctions.expressions.jsonpath import PathSyntaxError
from pipeproof.stepfunctions.expressions.jsonpath_parser import parse_path
from pipeproof.stepfunctions.expressions.templates import fill_template
from pipeproof.stepfunctions.values import MISSING

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def fill_expressions(template: Any, field: str, states: Mapping[str, Any], environment: Environment) -> Any:
    """Return a JSONata template's value: strings that are expressions are evaluated, all else stands as it is."""
    if isinstance(template, str):
        return environment.jsonata(template, field, states) if is_expression(template) else template
    if isinstance(template, dict):
        return {key: fill_expressions(value, f"{field}/{key}", states, environment) for key, value in template.items()}
    if isinstance(template, list):
        return [fill_expressions(item, f"{field}[{index}]", states, environment) for index, item in enumerate(template)]
    return template


def select(raw: Mapping[str, Any], field: str, document: Any, environment: Environment) -> Any:
    """InputPath or OutputPath applied: absent is everything, null is an empty object."""
    path = raw.get(field, "$")
    if path is None:
        return {}
    return document if path == "$" else environment.query(path, document)


def place_result(raw: Mapping[str, Any], document: Any, result: Any) -> Any:
    """ResultPath applied: the state's input with the result put in its place.

    Raises:
        StateFailure: States.ResultPathMatchFailure, where the path crosses something that is no object.
    """
    text = raw.get("ResultPath", "$")
    if text is None:
        return document
    if text == "$":
        return result
    try:
        path = parse_path(text)
    except PathSyntaxError as error:
        raise runtime_failure(f"Invalid path '{text}' : {error}") from error
    return _put(document, path.steps, result, text)


def _put(document: Any, steps: tuple[Any, ...], result: Any, text: str) -> Any:
    if not steps:
        return result
    head = steps[0]
    if isinstance(head, str) and isinstance(document, dict):
        return {**document, head: _put(document.get(head, MISSING), steps[1:], result, text)}
    if isinstance(head, str) and document is MISSING:
        return {head: _put(MISSING, steps[1:], result, text)}
    if isinstance(head, int) and isinstance(document, list) and -len(document) <= head < len(document):
        changed = list(document)
        changed[head] = _put(document[head], steps[1:], result, text)
        return changed
    raise StateFailure(
        "States.ResultPathMatchFailure",
        f"Unable to apply ReferencePath {text} to the state's input: it does not lead through objects",
        wrap=True,
    )


def assignments(
    raw: Mapping[str, Any],
    language: str,
    document: Any,
    states: Mapping[str, Any],
    environment: Environment,
    *,
    prefix: str = "",
) -> Mapping[str, Any]:
    """Return the variables that an Assign block sets; all are evaluated before any is set.

    Args:
        raw: The state, rule or catcher in which it may stand.
        language: `JSONPath` or `JSONata`.
        document: What `$` is, in JSONPath.
        states: What `$states` holds, in JSONata.
        environment: The place.
        prefix: Where the block stands, for messages: `Catch[0]/`.
    """
    template = raw.get("Assign")
    if not template:
        return _NOTHING
    if language == "JSONata":
        values: dict[str, Any] = fill_expressions(template, f"{prefix}Assign", states, environment)
    else:
        values = fill_template(template, document, environment)
    return values
