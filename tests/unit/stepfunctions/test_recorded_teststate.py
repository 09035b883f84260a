"""One state as a unit against answers of the service's TestState API."""

import json
from typing import Any

import pytest

from pipeproof.stepfunctions.answers.mocks import Returns, Throws
from pipeproof.stepfunctions.engine.single_state import UnitOptions
from pipeproof.stepfunctions.machine import StateMachine

DIFFERENT: dict[str, str] = {}
"""Why a recorded answer does not come out as it was recorded."""

LEVELS = {"INFO": False, "DEBUG": True, "TRACE": True}


def ask(request: dict[str, Any]) -> dict[str, Any]:
    """Answers a request as the API would."""
    definition = json.loads(request["definition"])
    name = request.get("stateName")
    if "States" not in definition:
        state = dict(definition)
        name = (json.loads(request["context"])["State"]["Name"]) if "context" in request else "StateName"
        targets = _targets(state)
        definition = {"StartAt": name, "States": {name: state, **{t: {"Type": "Succeed"} for t in targets}}}
        if "QueryLanguage" in state:
            definition["QueryLanguage"] = state["QueryLanguage"]
    machine = StateMachine(definition, name="m", account="111111111111", validation="NONE")
    mock = request.get("mock", {})
    mocks: dict[str, Any] = {}
    if "result" in mock:
        mocks[name] = Returns(json.loads(mock["result"]), raw=True)
    if "errorOutput" in mock:
        mocks[name] = Throws(mock["errorOutput"]["error"], mock["errorOutput"]["cause"])
    if not mocks:
        mocks[name] = {"4cabe344cc": Returns("HelloWorld!")}.get(request["id"], lambda event: event)
    configuration = request.get("stateConfiguration", {})
    reader = configuration.get("mapItemReaderData")
    result = machine.run_state(
        name,
        json.loads(request.get("input", "{}")),
        mocks,
        json.loads(request["context"]) if "context" in request else None,
        json.loads(request["variables"]) if "variables" in request else None,
        options=UnitOptions(
            configuration.get("retrierRetryCount", 0),
            configuration.get("mapIterationFailureCount"),
            json.loads(reader) if reader else None,
        ),
    )
    answer = {"status": result.status, "output": result.output, "nextState": result.next_state}
    answer |= {"error": result.error, "cause": result.cause}
    if result.output is None:
        del answer["output"]
    answer = {key: value for key, value in answer.items() if value is not None}
    if LEVELS[request["inspectionLevel"].split(".")[-1]]:
        answer["inspectionData"] = dict(result.inspection)
    return answer


def _targets(state: dict[str, Any]) -> set[str]:
    targets = {state.get("Next"), state.get("Default")}
    targets |= {entry["Next"] for field in ("Choices", "Catch") for entry in state.get(field, [])}
    return targets - {None}


def _expected(value: Any) -> Any:
    """JSON texts in the recording as values."""
    if isinstance(value, str) and value[:1] in '[{"':
        return json.loads(value)
    if isinstance(value, dict):
        return {key: _expected(item) for key, item in value.items()}
    return value


def test_recorded_teststate__agrees(recorded: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """At least 90 % of the TestState API's answers."""
    different: dict[str, Any] = {}
    cases = recorded.cases("teststate")
    for case in cases:
        expected = {key: _expected(value) for key, value in case["expected"].items() if key != "ResponseMetadata"}
        found = ask(case["request"] | {"id": case["id"]})
        if not recorded.agrees(expected, found):
            different[case["id"]] = (found, expected)
    rate = 100 * (len(cases) - len(different)) / len(cases)
    with capsys.disabled():
        print(f"\nTestState: {len(cases) - len(different)} of {len(cases)} agree ({rate:.1f} %)")
        for name, pair in different.items():
            print(f"  {name}: {DIFFERENT.get(name, pair)}")
    assert different.keys() <= DIFFERENT.keys(), different
    assert rate >= 90
