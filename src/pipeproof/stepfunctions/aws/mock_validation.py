"""Mocked results of service integrations, checked against botocore's models as the TestState API checks them.

STRICT: a field that the operation's response has must have its type, and fields that the operation always gives must be
there. PRESENT: the fields that are there must have their types. NONE: nothing is checked. In either mode a field that
the response does not have is let pass, as AWS lets it pass.
"""

from typing import Any

from pipeproof.stepfunctions.aws import names as aws_names
from pipeproof.stepfunctions.definition.resources import Resource
from pipeproof.stepfunctions.errors import MockError
from pipeproof.stepfunctions.timestamps import parse_timestamp
from pipeproof.stepfunctions.values import is_number, type_name

_EXPECTED = {
    "structure": "object", "map": "object", "list": "array", "string": "string", "character": "string",
    "boolean": "boolean", "integer": "number", "long": "number", "float": "number", "double": "number",
    "blob": "string", "timestamp": "timestamp",
}  # fmt: skip


def check_result(resource: Resource, value: Any, mode: str) -> None:
    """Checks a mocked result.

    Raises:
        MockError: It is not what the operation gives.
    """
    shape = output_shape(resource)
    if shape is None:
        return
    if resource.is_lambda_invoke and isinstance(value, dict):
        value = {key: item for key, item in value.items() if key != "Payload"}  # the service reads its JSON
    problem = find_problem(value, shape, "", strict=mode == "STRICT")
    if problem:
        raise MockError(
            f"the mocked result of {resource.arn} is not what the service gives: {problem}",
            hint='Correct the mock, or make the machine with validation="PRESENT" (what is there must fit) or "NONE".',
        )


def output_shape(resource: Resource) -> Any:
    """Return the shape of what a Resource's operation gives, or None where botocore does not know it."""
    if resource.kind != "integration" or resource.service in ("http", "apigateway"):
        return None
    try:
        name = aws_names.boto_name(resource.sdk_service)
    except ImportError:
        return None
    if name is None:
        return None
    model = aws_names.service_model(name)
    operation = aws_names.operation_name(model, resource.action)
    return model.operation_model(operation).output_shape if operation is not None else None


def find_problem(value: Any, shape: Any, place: str, *, strict: bool) -> str | None:
    """Return what is wrong with a value of a shape, or None."""
    expected = _EXPECTED.get(shape.type_name, "string")
    if not _fits(value, expected):
        return f"{place or 'it'} must be of the type {expected}, not {type_name(value)}"
    if shape.type_name == "structure":
        return _structure_problem(value, shape, place, strict=strict)
    if shape.type_name == "list":
        items = enumerate(value)
        found = (find_problem(item, shape.member, f"{place}[{index}]", strict=strict) for index, item in items)
        return next((problem for problem in found if problem), None)
    if shape.type_name == "map":
        found = (find_problem(item, shape.value, f"{place}.{key}", strict=strict) for key, item in value.items())
        return next((problem for problem in found if problem), None)
    return None


def _fits(value: Any, expected: str) -> bool:
    if expected == "timestamp":
        return (is_number(value)) or (isinstance(value, str) and _is_date(value))
    return type_name(value) == expected


def _is_date(text: str) -> bool:
    return parse_timestamp(text) is not None or parse_timestamp(f"{text}Z") is not None


def _structure_problem(value: Any, shape: Any, place: str, *, strict: bool) -> str | None:
    members = {name[:1].upper() + name[1:]: member for name, member in shape.members.items()}
    if strict:
        for name in shape.required_members:
            capital = name[:1].upper() + name[1:]
            if capital not in value:
                return f"{place or 'it'} lacks {capital}, which the service always gives"
    for key, item in value.items():
        if key in members:
            problem = find_problem(item, members[key], f"{place}.{key}".lstrip("."), strict=strict)
            if problem:
                return problem
    return None
