"""What each type of state may and must have: a table of fields, and the rules that a table cannot say."""

from collections.abc import Mapping
from typing import Any

from pipeproof.stepfunctions.definition.source import Position
from pipeproof.stepfunctions.definition.validation import fields as kinds
from pipeproof.stepfunctions.definition.validation.findings import Findings

_SECONDS = kinds.number_check(least=0, most=99_999_999)
_POSITIVE = kinds.number_check(least=1, most=99_999_999)
_COUNT = kinds.number_check(least=0)
_PERCENTAGE = kinds.number_check(least=0, most=100, integer=False)

COMMON: dict[str, kinds.Check] = {
    "Type": kinds.check_any,
    "Comment": kinds.check_comment,
    "QueryLanguage": kinds.check_any,
}
TRANSITION: dict[str, kinds.Check] = {"Next": kinds.check_any, "End": kinds.check_boolean}
ASSIGN: dict[str, kinds.Check] = {"Assign": kinds.check_assign}
PATHS: dict[str, kinds.Check] = {"InputPath": kinds.check_path, "OutputPath": kinds.check_path}
OUTPUT: dict[str, kinds.Check] = {"Output": kinds.check_template}
PARAMETERS: dict[str, kinds.Check] = {"Parameters": kinds.check_template}
RESULT: dict[str, kinds.Check] = {
    "ResultPath": kinds.check_result_path,
    "ResultSelector": kinds.check_object_template,
}
HANDLERS: dict[str, kinds.Check] = {"Retry": kinds.check_any, "Catch": kinds.check_any}
TASK_TIMES: dict[str, kinds.Check] = {"TimeoutSeconds": _POSITIVE, "HeartbeatSeconds": _POSITIVE}
MAP_NUMBERS: dict[str, kinds.Check] = {
    "MaxConcurrency": _COUNT,
    "ToleratedFailureCount": _COUNT,
    "ToleratedFailurePercentage": _PERCENTAGE,
}


def _paths_of(numbers: Mapping[str, kinds.Check]) -> dict[str, kinds.Check]:
    return {f"{name}Path": kinds.check_reference_path for name in numbers}


BOTH: dict[str, dict[str, kinds.Check]] = {
    "Pass": {**TRANSITION, **ASSIGN},
    "Task": {
        **TRANSITION, **ASSIGN, **HANDLERS, **TASK_TIMES, "Resource": kinds.check_any,
        "Credentials": kinds.check_object_template,
    },
    "Choice": {"Choices": kinds.check_any, "Default": kinds.check_any, **ASSIGN},
    "Wait": {**TRANSITION, **ASSIGN, "Seconds": _SECONDS, "Timestamp": kinds.check_timestamp},
    "Succeed": {},
    "Fail": {"Error": kinds.check_string, "Cause": kinds.check_string},
    "Parallel": {**TRANSITION, **ASSIGN, **HANDLERS, "Branches": kinds.check_any},
    "Map": {
        **TRANSITION, **ASSIGN, **HANDLERS, **MAP_NUMBERS, "ItemProcessor": kinds.check_any,
        "Iterator": kinds.check_any, "ItemSelector": kinds.check_template, "ItemReader": kinds.check_any,
        "ItemBatcher": kinds.check_any, "ResultWriter": kinds.check_any, "Label": kinds.check_string,
    },
}  # fmt: skip
"""Fields that both query languages have, by type."""

JSONPATH_ONLY: dict[str, dict[str, kinds.Check]] = {
    "Pass": {**PATHS, **PARAMETERS, "ResultPath": kinds.check_result_path, "Result": kinds.check_any},
    "Task": {**PATHS, **PARAMETERS, **RESULT, **_paths_of(TASK_TIMES)},
    "Choice": {**PATHS},
    "Wait": {**PATHS, "SecondsPath": kinds.check_reference_path, "TimestampPath": kinds.check_reference_path},
    "Succeed": {**PATHS},
    "Fail": {"ErrorPath": kinds.check_path_or_call, "CausePath": kinds.check_path_or_call},
    "Parallel": {**PATHS, **PARAMETERS, **RESULT},
    "Map": {**PATHS, **PARAMETERS, **RESULT, "ItemsPath": kinds.check_reference_path, **_paths_of(MAP_NUMBERS)},
}
JSONATA_ONLY: dict[str, dict[str, kinds.Check]] = {
    "Pass": OUTPUT,
    "Task": {**OUTPUT, "Arguments": kinds.check_template},
    "Choice": OUTPUT,
    "Wait": OUTPUT,
    "Succeed": OUTPUT,
    "Fail": {},
    "Parallel": {**OUTPUT, "Arguments": kinds.check_template},
    "Map": {**OUTPUT, "Items": kinds.check_template},
}
REQUIRED = {"Task": ("Resource",), "Choice": ("Choices",), "Parallel": ("Branches",)}
EXCLUSIVE = (
    ("TimeoutSeconds", "TimeoutSecondsPath"), ("HeartbeatSeconds", "HeartbeatSecondsPath"), ("Error", "ErrorPath"),
    ("Cause", "CausePath"), ("MaxConcurrency", "MaxConcurrencyPath"), ("ItemProcessor", "Iterator"),
    ("ItemSelector", "Parameters"), ("ToleratedFailureCount", "ToleratedFailureCountPath"),
    ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
)  # fmt: skip
_WAITS = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")


def check_fields(raw: Mapping[str, Any], position: Position, jsonata: bool, findings: Findings) -> None:
    """Checks the fields of a state whose type is known."""
    kind = raw["Type"]
    mine, other = (JSONATA_ONLY, JSONPATH_ONLY) if jsonata else (JSONPATH_ONLY, JSONATA_ONLY)
    allowed = {**COMMON, **BOTH[kind], **mine[kind]}
    for field, value in raw.items():
        place = (*position, field)
        if field in allowed:
            allowed[field](value, place, jsonata, findings)
        elif field in other[kind]:
            language = "JSONata" if jsonata else "JSONPath"
            findings.error("SFN304", f"{field} cannot be used in a {language} state", place)
        elif _known_elsewhere(field):
            findings.error("SFN103", f"a {kind} state has no field {field}", place)
        else:
            findings.error("SFN103", f"{field!r} is not a field of the Amazon States Language", place)
    for field in REQUIRED.get(kind, ()):
        if field not in raw:
            findings.error("SFN101", f"a {kind} state needs {field}", position)
    for first, second in EXCLUSIVE:
        if first in raw and second in raw:
            findings.error("SFN104", f"{first} and {second} exclude each other", (*position, second))
    _check_special(raw, position, jsonata, findings)


def _known_elsewhere(field: str) -> bool:
    return any(field in table[kind] for table in (BOTH, JSONPATH_ONLY, JSONATA_ONLY) for kind in table)


def _check_special(raw: Mapping[str, Any], position: Position, jsonata: bool, findings: Findings) -> None:
    kind = raw["Type"]
    if kind == "Wait":
        given = [field for field in _WAITS if field in raw]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            findings.error("SFN104", f"a Wait state needs exactly one of {', '.join(_WAITS)}; it has {said}", position)
    if kind == "Task" and not jsonata:
        heartbeat, timeout = raw.get("HeartbeatSeconds"), raw.get("TimeoutSeconds")
        if isinstance(heartbeat, int) and isinstance(timeout, int) and heartbeat >= timeout:
            findings.error(
                "SFN105", f"HeartbeatSeconds ({heartbeat}) must be less than TimeoutSeconds ({timeout})",
                (*position, "HeartbeatSeconds"),
            )  # fmt: skip
