"""`${Name}` that nothing was put in for."""

from typing import Any

import pytest

from pipeproof import StateMachine, returns
from pipeproof.stepfunctions.definition.source import Document, parse_text
from pipeproof.stepfunctions.definition.validation import validate
from pipeproof.stepfunctions.errors import DefinitionError

TEXT = """{"StartAt": "A", "TimeoutSeconds": ${Limit}, "States": {"A": {
  "Type": "Task", "Resource": "arn:${Partition}:states:::lambda:invoke",
  "Parameters": {"FunctionName": "${Fn}", "Payload.$": "$"}, "TimeoutSeconds": ${TaskLimit},
  "OutputPath": "$.Payload", "End": true}}}"""


def test_run__names_what_is_missing() -> None:
    machine = StateMachine(TEXT)
    with pytest.raises(DefinitionError) as raised:
        machine.run(mocks={"A": returns({"b": 2})})
    assert raised.value.message == (
        "nothing is put in for ${Limit}, ${TaskLimit}, without which the machine cannot run"
    )
    assert 'substitutions={"Limit": …, "TaskLimit": …}' in raised.value.hint
    with pytest.raises(DefinitionError, match="nothing is put in"):
        machine.run_state("A", mocks={"A": returns({"b": 2})})


@pytest.mark.parametrize("limits", [{"Limit": 900, "TaskLimit": 60}, {"Limit": "900", "TaskLimit": "60"}])
def test_run__goes_once_it_is_given(limits: Any) -> None:
    """What stands in a text may stay: a mock answers the call."""
    assert StateMachine(TEXT, substitutions=limits).run(mocks={"A": returns({"b": 2})}).output == {"b": 2}


def machine(**fields: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, **fields}}}


MAP = {"Type": "Map", "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Succeed"}}}}
TASK = {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f"}
CHOICE = {"Type": "Choice", "End": None}
READER = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON", "MaxItems": "${N}"}}


@pytest.mark.parametrize(
    "definition",
    [
        {**machine(), "TimeoutSeconds": "${N}"},
        machine(**TASK, TimeoutSeconds="${N}"),
        machine(**TASK, HeartbeatSeconds="${N}"),
        machine(**TASK, Retry=[{"ErrorEquals": ["E"], "MaxAttempts": "${N}"}]),
        machine(**TASK, Retry=[{"ErrorEquals": ["E"], "IntervalSeconds": "${N}"}]),
        machine(**TASK, Retry=[{"ErrorEquals": ["E"], "BackoffRate": "${N}"}]),
        machine(**TASK, Retry=[{"ErrorEquals": ["E"], "MaxDelaySeconds": "${N}"}]),
        machine(Type="Wait", Seconds="${N}"),
        machine(Type="Wait", Timestamp="${N}"),
        machine(Type="Wait", Timestamp="2026-01-${N}T00:00:00Z"),
        machine(**MAP, MaxConcurrency="${N}"),
        machine(**MAP, ToleratedFailureCount="${N}"),
        machine(**MAP, ToleratedFailurePercentage="${N}"),
        machine(**MAP, ItemBatcher={"MaxItemsPerBatch": "${N}"}),
        machine(**MAP, ItemBatcher={"MaxInputBytesPerBatch": "1${N}"}),
        machine(**MAP, ItemReader=READER),
    ],
)
def test_find__in_each_field_that_is_a_number_or_a_time(definition: Any) -> None:
    (finding,) = [found for found in validate(Document(definition)) if found.code == "SFN108"]
    assert finding.severity == "warning"
    with pytest.raises(DefinitionError, match="N"):
        StateMachine(definition).run()


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ({"Variable": "$.a", "NumericGreaterThan": "${N}"}, ("N",)),
        ({"Variable": "$.a", "BooleanEquals": "${N}"}, ("N",)),
        ({"Variable": "$.a", "IsPresent": "${N}"}, ("N",)),
        ({"And": [{"Variable": "$.a", "NumericEquals": "${N}"}]}, ("N",)),
        ({"Variable": "$.a", "TimestampGreaterThan": "${N}"}, ("N",)),
        ({"Not": {"Variable": "$.a", "TimestampLessThanEquals": "${N}T00:00:00Z"}}, ("N",)),
        ({"Variable": "$.a", "TimestampEqualsPath": "${N}"}, ()),
        ({"Variable": "$.a", "StringEquals": "${N}"}, ()),
        ({"Variable": "$.a", "NumericEqualsPath": "${N}"}, ()),
    ],
)
def test_find__in_the_rules_of_a_choice(rule: Any, names: Any) -> None:
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "B"}]}
    definition = {"StartAt": "A", "States": {"A": choice, "B": {"Type": "Succeed"}}}
    assert StateMachine(definition).definition.unfilled == names


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("${N}", ("N",)),
        ('{"deep": [${N}]}', ("N",)),
        ('{"Seconds": ${N}}', ("N",)),
        ('"${N}"', ()),
        ('{"Seconds": "${N}"}', ()),
        ('"a ${N} b"', ()),
    ],
)
def test_find__in_data_where_it_has_no_quotes(value: str, names: Any) -> None:
    text = f'{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "Result": {value}, "End": true}}}}}}'
    assert StateMachine(text).definition.unfilled == names
    assert [found.code for found in validate(parse_text(text))] == ["SFN108"] * len(names)


@pytest.mark.parametrize(("value", "found"), [(5, 5), ("5", "5"), (True, True), ([1], [1]), ("x", "x")])
def test_substitutions__of_a_definition_that_is_a_dict(value: Any, found: Any) -> None:
    definition = machine(Result={"whole": "${N}", "part": "a${N}b", "list": ["${N}"], "other": "${M}"})
    output = StateMachine(definition, substitutions={"N": value}).run().output
    assert (output["whole"], output["list"], output["other"]) == (found, [found], "${M}")
    if isinstance(value, str):
        assert output["part"] == f"a{value}b"
