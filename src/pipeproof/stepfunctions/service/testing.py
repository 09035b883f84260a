"""TestState and ValidateStateMachineDefinition through the API."""

import json
from collections.abc import Mapping
from typing import Any

from pipeproof.errors import PipeproofError
from pipeproof.stepfunctions.answers.mocks import Returns, Throws
from pipeproof.stepfunctions.definition.loading import load_document
from pipeproof.stepfunctions.definition.model import State
from pipeproof.stepfunctions.definition.resources import parse_resource
from pipeproof.stepfunctions.definition.validation import validate
from pipeproof.stepfunctions.engine.single_state import StateResult, UnitOptions
from pipeproof.stepfunctions.errors import DefinitionError
from pipeproof.stepfunctions.machine import StateMachine
from pipeproof.stepfunctions.service.errors import ServiceError, validation
from pipeproof.stepfunctions.service.state import Service
from pipeproof.stepfunctions.values import dump

Parameters = dict[str, Any]
Answer = dict[str, Any]

_LONE_NAME = "StateName"
"""What the service calls a state that is tested without a machine."""
_MOCKABLE = ("Task", "Map", "Parallel")
_PLAIN = {
    "errorDetails",
    "maxConcurrency",
    "toleratedFailureCount",
    "toleratedFailurePercentage",
    "request",
    "response",
}
"""What of the inspection data is no JSON text."""
_MOST_DIAGNOSTICS = 100
_CODES = {
    "SFN001": "INVALID_JSON_DESCRIPTION",
    "SFN201": "MISSING_TRANSITION_TARGET",
    "SFN202": "MISSING_TRANSITION_TARGET",
    "SFN204": "MISSING_END_STATE",
    "SFN701": "INVALID_RESOURCE",
}
"""AWS's codes of findings; all others are SCHEMA_VALIDATION_FAILED."""


def test_state(service: Service, parameters: Parameters) -> Answer:
    """TestState: one state, with a mock or on the stubs.

    Raises:
        ServiceError: InvalidDefinition, InvalidExecutionInput or ValidationException.
    """
    name, definition = _machine(parameters)
    mock = parameters.get("mock")
    machine = _build(service, definition, parameters)
    state = machine.definition.find(name)
    if state is None:
        raise validation(f"State not found: '{name}'")
    _check_mock(state, parameters)
    configuration = parameters.get("stateConfiguration", {})
    reader = configuration.get("mapItemReaderData")
    options = UnitOptions(
        configuration.get("retrierRetryCount", 0),
        configuration.get("mapIterationFailureCount"),
        reader,
    )
    try:
        result = machine.run_state(
            name,
            _json(parameters.get("input", "{}"), "input"),
            _mocks(name, mock),
            _json(parameters["context"], "context") if "context" in parameters else None,
            _json(parameters["variables"], "variables") if "variables" in parameters else None,
            options=options,
        )
    except PipeproofError as error:
        if mock is None:
            raise
        raise validation(str(error.message)) from error
    return _answer(result, parameters.get("inspectionLevel", "INFO"))


def _machine(parameters: Parameters) -> tuple[str, Mapping[str, Any]]:
    """Return the state's name, and the definition that it stands in; one that is alone is given a machine."""
    try:
        definition = json.loads(parameters["definition"])
    except ValueError as error:
        raise _invalid(f"INVALID_JSON_DESCRIPTION: {error}") from error
    if not isinstance(definition, dict):
        raise _invalid("SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object")
    name = parameters.get("stateName")
    if "States" in definition:
        return name or str(definition.get("StartAt")), definition
    if name is not None:
        raise validation("stateName needs the definition of a whole state machine")
    context = _json(parameters["context"], "context") if "context" in parameters else {}
    given = context.get("State") if isinstance(context, dict) else None
    name = str(given["Name"]) if isinstance(given, dict) and "Name" in given else _LONE_NAME
    targets = {target: {"Type": "Succeed"} for target in _targets(definition) if target != name}
    machine = {"StartAt": name, "States": {name: definition, **targets}}
    language = definition.get("QueryLanguage")
    return name, machine if language is None else {**machine, "QueryLanguage": language}


def _targets(state: Mapping[str, Any]) -> list[str]:
    rules = [*_entries(state, "Choices"), *_entries(state, "Catch")]
    named = [state.get("Next"), state.get("Default"), *(rule.get("Next") for rule in rules)]
    return [target for target in dict.fromkeys(named) if isinstance(target, str)]


def _entries(state: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    entries = state.get(field)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _build(service: Service, definition: Mapping[str, Any], parameters: Parameters) -> StateMachine:
    """Return the machine of a test; functions that deployed machines call are known to it."""
    mode = parameters.get("mock", {}).get("fieldValidationMode", "STRICT")
    lambdas = {name: code for deployed in service.deployed.values() for name, code in deployed.machine.lambdas.items()}
    try:
        return StateMachine(
            definition, name="TestState", lambdas=lambdas, role_arn=parameters.get("roleArn"), validation=mode
        )
    except DefinitionError as error:
        raise _invalid(error.message) from error


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidDefinition", f"Invalid State Machine Definition: '{message}'")


def _check_mock(state: State, parameters: Parameters) -> None:
    """Refuse requests whose parts do not go together."""
    mock = parameters.get("mock")
    if mock is None:
        if "context" in parameters:
            raise validation("A context can only be specified together with a mock")
        if _needs_mock(state):
            raise validation(f"The state '{state.name}' can only be tested with a mock")
        if "roleArn" not in parameters:
            raise validation("RoleArn must be specified when testing without a mock")
        return
    if state.type not in _MOCKABLE:
        raise validation(f"State type '{state.type}' is not supported when a mock is specified")
    if ("result" in mock) == ("errorOutput" in mock):
        raise validation("A test mock should have exactly one of the following fields: [result, errorOutput].")


def _needs_mock(state: State) -> bool:
    if state.type in ("Map", "Parallel"):
        return True
    if state.type != "Task":
        return False
    resource = parse_resource(str(state.raw.get("Resource")))
    return resource.kind == "activity" or bool(resource.pattern)


def _mocks(name: str, mock: Mapping[str, Any] | None) -> dict[str, Any]:
    if mock is None:
        return {}
    if "result" in mock:
        return {name: Returns(_json(mock["result"], "mock.result"), raw=True)}
    error = mock["errorOutput"]
    return {name: Throws(error.get("error", ""), error.get("cause", ""))}


def _json(text: str, field: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        if field == "input":
            message = f"Invalid State Machine Execution Input: '{error}'"
            raise ServiceError("InvalidExecutionInput", message) from error
        raise validation(f"{field} must be valid JSON: {error}") from error


def _answer(result: StateResult, level: str) -> Answer:
    answer: Answer = {"status": result.status}
    if result.output is not None:
        answer["output"] = dump(result.output)
    texts = {"nextState": result.next_state, "error": result.error, "cause": result.cause}
    answer.update({key: text for key, text in texts.items() if text is not None})
    if level != "INFO":
        seen = {key: value if key in _PLAIN else dump(value) for key, value in result.inspection.items()}
        answer["inspectionData"] = seen
    return answer


def validate_definition(_: Service, parameters: Parameters) -> Answer:
    """ValidateStateMachineDefinition.

    Raises:
        ServiceError: ValidationException, for a maxResults out of range.
    """
    most = parameters.get("maxResults") or _MOST_DIAGNOSTICS
    if not 0 < most <= _MOST_DIAGNOSTICS:
        raise validation(
            f"1 validation error detected: Value '{most}' at 'maxResults' failed to satisfy constraint: Member must "
            f"have value less than or equal to {_MOST_DIAGNOSTICS}"
        )
    found = diagnose(parameters["definition"], parameters.get("type", "STANDARD"))
    is_ok = not any(item["severity"] == "ERROR" for item in found)
    if parameters.get("severity", "ERROR") == "ERROR":
        found = [item for item in found if item["severity"] == "ERROR"]
    return {"result": "OK" if is_ok else "FAIL", "diagnostics": found[:most], "truncated": len(found) > most}


def diagnose(definition: str, kind: str) -> list[dict[str, str]]:
    """Return what the service says to a definition: its diagnostics, errors and warnings."""
    if not definition.strip():
        message = "Definition must be a valid JSON object"
        return [{"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": message}]
    try:
        value = json.loads(definition)
    except ValueError as error:
        return [{"severity": "ERROR", "code": "INVALID_JSON_DESCRIPTION", "message": str(error)}]
    if not isinstance(value, dict):
        message = "Definition must be a valid JSON object"
        return [{"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": message}]
    try:
        document, _ = load_document(value)
        findings = validate(document, kind)
    except DefinitionError as error:
        return [{"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "message": error.message}]
    return [
        {
            "severity": finding.severity.upper(),
            "code": _CODES.get(finding.code, "SCHEMA_VALIDATION_FAILED"),
            "message": finding.message,
            "location": finding.pointer,
        }
        for finding in findings
        if finding.code != "SFN107"
    ]
