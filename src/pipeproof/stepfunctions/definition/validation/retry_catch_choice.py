"""Retry, Catch and Choices."""

from collections.abc import Mapping
from typing import Any

from pipeproof.stepfunctions.definition.source import Position
from pipeproof.stepfunctions.definition.validation import fields as kinds
from pipeproof.stepfunctions.definition.validation.findings import Findings
from pipeproof.stepfunctions.expressions.comparisons import OPERATORS

_NAMES = """
    ALL BranchFailed DataLimitExceeded ExceedToleratedFailureThreshold HeartbeatTimeout Http.Socket IntrinsicFailure
    ItemReaderFailed MapStateFailed NoChoiceMatched ParallelStateFailed ParameterPathFailure Permissions
    QueryEvaluationError ResultPathMatchFailure ResultWriterFailed Runtime TaskFailed Timeout
"""
RESERVED = frozenset(f"States.{name}" for name in _NAMES.split())
_RETRIER: dict[str, kinds.Check] = {
    "ErrorEquals": kinds.check_any,
    "IntervalSeconds": kinds.number_check(least=1, most=99_999_999),
    "MaxAttempts": kinds.number_check(least=0, most=99_999_999),
    "BackoffRate": kinds.number_check(least=1, integer=False),
    "MaxDelaySeconds": kinds.number_check(least=1, most=31_622_400),
    "JitterStrategy": kinds.check_any,
    "Comment": kinds.check_comment,
}
_CATCHER: dict[str, kinds.Check] = {
    "ErrorEquals": kinds.check_any,
    "Next": kinds.check_any,
    "Comment": kinds.check_comment,
    "Assign": kinds.check_assign,
}
_RULE_FIELDS = {"Next", "Comment", "Assign", "Output", "Variable", "Condition", "And", "Or", "Not"}


def check_handlers(raw: Mapping[str, Any], position: Position, jsonata: bool, findings: Findings) -> None:
    """Checks a state's Retry and Catch."""
    for field in ("Retry", "Catch"):
        entries = raw.get(field)
        if entries is None:
            continue
        if not isinstance(entries, list):
            kinds.wrong_type("an array", entries, (*position, field), findings)
            continue
        for index, entry in enumerate(entries):
            place = (*position, field, index)
            if not isinstance(entry, Mapping):
                kinds.wrong_type("an object", entry, place, findings)
            else:
                _check_entry(field, entry, place, jsonata, findings)
        _check_order(field, entries, (*position, field), findings)


def _check_entry(field: str, entry: Mapping[str, Any], position: Position, jsonata: bool, findings: Findings) -> None:
    own = {"Output": kinds.check_template} if jsonata else {"ResultPath": kinds.check_result_path}
    allowed = _RETRIER if field == "Retry" else {**_CATCHER, **own}
    for name, value in entry.items():
        if name in allowed:
            allowed[name](value, (*position, name), False if field == "Retry" else jsonata, findings)
        else:
            findings.error("SFN103", f"an entry of {field} has no field {name}", (*position, name))
    strategy = entry.get("JitterStrategy", "NONE")
    if strategy not in ("FULL", "NONE") and not kinds.is_substitution(strategy):
        findings.error("SFN105", "JitterStrategy must be FULL or NONE", (*position, "JitterStrategy"))
    _check_errors(entry, position, findings)
    if field == "Catch" and "Next" not in entry:
        findings.error("SFN101", "an entry of Catch needs Next", position)


def _check_errors(entry: Mapping[str, Any], position: Position, findings: Findings) -> None:
    errors = entry.get("ErrorEquals")
    if errors is None:
        findings.error("SFN101", "ErrorEquals is missing", position)
        return
    place = (*position, "ErrorEquals")
    if not isinstance(errors, list) or not errors or not all(isinstance(error, str) for error in errors):
        findings.error("SFN102", "ErrorEquals must be a non-empty array of error names", place)
        return
    for error in errors:
        if error.startswith("States.") and error not in RESERVED:
            findings.warn("SFN402", f"{error!r} is not an error of the service", place)
    if "States.ALL" in errors and len(errors) > 1:
        findings.error("SFN401", "States.ALL must stand alone in ErrorEquals", place)


def _check_order(field: str, entries: list[Any], position: Position, findings: Findings) -> None:
    for index, entry in enumerate(entries[:-1]):
        errors = entry.get("ErrorEquals") if isinstance(entry, Mapping) else None
        if isinstance(errors, list) and "States.ALL" in errors:
            findings.error(
                "SFN401", f"entry {index + 1} of {field} catches States.ALL; those after it can never match",
                (*position, index + 1),
            )  # fmt: skip
            return


def check_choices(raw: Mapping[str, Any], position: Position, jsonata: bool, findings: Findings) -> None:
    """Checks the rules of a Choice state."""
    rules = raw.get("Choices")
    place = (*position, "Choices")
    if rules is None:
        return
    if not isinstance(rules, list) or not rules:
        findings.error("SFN102", "Choices must be a non-empty array", place)
        return
    for index, rule in enumerate(rules):
        here = (*place, index)
        if not isinstance(rule, Mapping):
            kinds.wrong_type("an object", rule, here, findings)
            continue
        if "Next" not in rule:
            findings.error("SFN101", "a choice rule needs Next", here)
        if "Assign" in rule:
            kinds.check_assign(rule["Assign"], (*here, "Assign"), jsonata, findings)
        if jsonata:
            _check_condition(rule, here, findings)
        else:
            _check_rule(rule, here, findings, top=True)


def _check_condition(rule: Mapping[str, Any], position: Position, findings: Findings) -> None:
    if "Output" in rule:
        kinds.check_template(rule["Output"], (*position, "Output"), True, findings)
    for field in rule.keys() - {"Next", "Comment", "Assign", "Output", "Condition"}:
        findings.error("SFN304", f"{field} cannot be used in the rule of a JSONata state", (*position, field))
    condition = rule.get("Condition")
    if "Condition" not in rule:
        findings.error("SFN101", "a choice rule of a JSONata state needs Condition", position)
    elif isinstance(condition, str):
        kinds.check_expression(condition, (*position, "Condition"), findings)
    elif not isinstance(condition, bool):
        kinds.wrong_type("an expression", condition, (*position, "Condition"), findings)


def _check_rule(rule: Any, position: Position, findings: Findings, *, top: bool = False) -> None:
    if not isinstance(rule, Mapping):
        kinds.wrong_type("an object", rule, position, findings)
        return
    if not top and "Next" in rule:
        findings.error("SFN501", "only a rule of Choices itself can have Next", (*position, "Next"))
    combined = [field for field in ("And", "Or", "Not") if field in rule]
    operators = [field for field in rule if field in OPERATORS]
    for field in rule.keys() - _RULE_FIELDS - OPERATORS.keys():
        findings.error("SFN501", f"{field!r} is not a comparison", (*position, field))
    for field in ("Condition", "Output"):
        if field in rule:
            findings.error("SFN304", f"{field} cannot be used in the rule of a JSONPath state", (*position, field))
    if len(combined) + len(operators) != 1:
        findings.error("SFN501", "a rule needs exactly one comparison, And, Or or Not", position)
    for field in combined:
        _check_combination(field, rule[field], (*position, field), findings)
    if operators and "Variable" not in rule:
        findings.error("SFN101", "a comparison needs Variable", position)
    elif operators:
        kinds.check_reference_path(rule["Variable"], (*position, "Variable"), False, findings)
    for operator in operators:
        _check_operand(operator, rule[operator], (*position, operator), findings)


def _check_combination(field: str, value: Any, position: Position, findings: Findings) -> None:
    if field == "Not":
        _check_rule(value, position, findings)
    elif not isinstance(value, list) or not value:
        findings.error("SFN501", f"{field} needs a non-empty array of rules", position)
    else:
        for index, part in enumerate(value):
            _check_rule(part, (*position, index), findings)


def _check_operand(operator: str, value: Any, position: Position, findings: Findings) -> None:
    if kinds.is_substitution(value):
        return
    if operator.endswith("Path"):
        kinds.check_reference_path(value, position, False, findings)
    elif operator.startswith(("Is", "Boolean")):
        kinds.check_boolean(value, position, False, findings)
    elif operator.startswith("Numeric"):
        kinds.number_check(least=float("-inf"), integer=False)(value, position, False, findings)
    elif operator.startswith("Timestamp"):
        kinds.check_timestamp(value, position, False, findings)
    elif not isinstance(value, str):
        kinds.wrong_type("text", value, position, findings)
