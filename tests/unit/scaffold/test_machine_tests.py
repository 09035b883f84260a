"""What `pipeproof init` writes of a state machine: tests of all of its paths, which fail when a path is broken."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeproof.scaffold.machines.finding import find_machines_of, write_machine_test
from pipeproof.scaffold.machines.paths import parse, put, take_away
from pipeproof.scaffold.machines.search import EVENTS, explore
from pipeproof.stepfunctions.machine import StateMachine

PROJECTS = Path(__file__).parents[2] / "integration" / "init" / "projects"
ORDERS = Path(__file__).parents[3] / "examples" / "orders"
STAND_INS = {"StartJobFunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:start", "LookFunction": "look"}


@pytest.mark.parametrize(
    ("file", "options"),
    [
        (PROJECTS / "machines" / "polling.asl.json", {"substitutions": {**STAND_INS, "TopicArn": "topic"}}),
        (PROJECTS / "machines" / "approval.asl.json", {}),
        (PROJECTS / "sam" / "template.yaml", {}),
        (ORDERS / "template.yaml", {}),
    ],
    ids=["polling", "jsonata", "sam", "orders"],
)
def test_explore__takes_every_path(file: Path, options: dict[str, Any]) -> None:
    machine = StateMachine(file, event_limit=EVENTS, **options)
    scenarios, missed = explore(machine)
    assert missed == []
    assert all(scenario.execution.status in ("SUCCEEDED", "FAILED") for scenario in scenarios)


def test_explore__says_what_cannot_be_taken() -> None:
    definition = {
        "StartAt": "Fixed",
        "States": {
            "Fixed": {"Type": "Pass", "Result": {"size": 1}, "Next": "Large?"},
            "Large?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.size", "NumericGreaterThan": 5, "Next": "Large"}],
                "Default": "Small",
            },
            "Large": {"Type": "Succeed"},
            "Small": {"Type": "Succeed"},
        },
    }
    scenarios, missed = explore(StateMachine(definition, event_limit=EVENTS))
    assert [scenario.execution.path[-1] for scenario in scenarios] == ["Small"]
    assert missed == ["transition:Large?:choice 0:Large", "state:Large"]


def test_input__has_just_the_fields_that_are_read() -> None:
    definition = {
        "StartAt": "Call",
        "States": {
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "f", "Payload": {"id.$": "$.order.id", "first.$": "$.lines[0].sku"}},
                "ResultSelector": {"total.$": "$.Payload.sum"},
                "Next": "Free?",
            },
            "Free?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.total", "NumericEquals": 0, "Next": "Free"}],
                "Default": "Paid",
            },
            "Free": {"Type": "Succeed"},
            "Paid": {"Type": "Succeed"},
        },
    }
    scenarios, missed = explore(StateMachine(definition, event_limit=EVENTS))
    assert missed == []
    assert scenarios[0].input == {"order": {"id": "id-1"}, "lines": [{"sku": "sku-1"}]}
    assert [scenario.answers["Call"][0].value for scenario in scenarios] == [{"sum": 0}, {"sum": 1}]


def _without(state: str, field: str) -> Callable[[dict[str, Any]], None]:
    return lambda definition: definition["States"][state].pop(field)


def _turned(definition: dict[str, Any]) -> None:
    choice = definition["States"]["Buy or Sell?"]
    choice["Default"], choice["Choices"][0]["Next"] = choice["Choices"][0]["Next"], choice["Default"]


@pytest.mark.parametrize(
    "break_it",
    [None, _turned, *(_without(name, "Retry") for name in ("Check Stock Value", "Buy Stock", "Record Transaction"))],
    ids=["whole", "choice", "check", "buy", "record"],
)
def test_written_tests__fail_when_a_path_is_broken(
    break_it: Callable[[dict[str, Any]], None] | None, tmp_path: Path
) -> None:
    (found,) = find_machines_of(PROJECTS / "sam", [PROJECTS / "sam" / "template.yaml"])
    _, source = write_machine_test(PROJECTS / "sam", found)
    definition = json.loads((PROJECTS / "sam" / "statemachine" / "stock_trader.asl.json").read_text())
    if break_it:
        break_it(definition)
    (tmp_path / "statemachine").mkdir()
    (tmp_path / "statemachine" / "stock_trader.asl.json").write_text(json.dumps(definition))
    template = tmp_path / "template.yaml"
    template.write_text((PROJECTS / "sam" / "template.yaml").read_text())

    failed = _run(source, lambda: StateMachine(template, role_policy=template))

    assert bool(failed) is bool(break_it)


def test_written_tests__fail_when_the_role_lacks_an_action(tmp_path: Path) -> None:
    template = (PROJECTS / "sam" / "template.yaml").read_text()
    (found,) = find_machines_of(PROJECTS / "sam", [PROJECTS / "sam" / "template.yaml"])
    assert found.source.enforced
    _, source = write_machine_test(PROJECTS / "sam", found)
    policy = "        - DynamoDBWritePolicy:\n            TableName: !Ref TransactionTable\n"
    assert policy in template
    (tmp_path / "template.yaml").write_text(template.replace(policy, ""))
    (tmp_path / "statemachine").symlink_to(PROJECTS / "sam" / "statemachine")
    file = tmp_path / "template.yaml"
    assert len(_run(source, lambda: StateMachine(file, role_policy=file))) == source.count("\ndef test_")


def _run(source: str, make: Callable[[], StateMachine]) -> list[str]:
    """Call the tests of a file that was written, each with a new machine; return those that failed."""
    names: dict[str, Any] = {"__file__": "/project/tests/test_it.py"}
    exec(compile(source, "test_it.py", "exec"), names)
    failed = []
    for name in [name for name in names if name.startswith("test_")]:
        try:
            names[name](make())
        except Exception:  # noqa: BLE001 - a Task that has no mock is reached, for one
            failed.append(name)
    return failed


def test_put__builds_what_a_path_goes_through() -> None:
    assert put({"a": 1}, parse(".lines[0]['unit price']"), 3) == {"a": 1, "lines": [{"unit price": 3}]}
    assert put({"lines": [{"a": 1}]}, parse(".lines"), "text") == {"lines": [{"a": 1}]}
    assert take_away({"a": {"b": 1, "c": 2}}, ("a", "b")) == {"a": {"c": 2}}
