"""What the language refuses, field by field: the specification, and what the service says at a machine's creation."""

import copy
from typing import Any

import pytest

from pipeproof.stepfunctions.definition.source import Document
from pipeproof.stepfunctions.definition.validation import validate
from pipeproof.stepfunctions.definition.validation.findings import errors_of

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
READ = "arn:aws:states:::s3:getObject"
INNER = {"StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": True}}}
RETRY, CATCH = [{"ErrorEquals": ["E"]}], [{"ErrorEquals": ["E"], "Next": "Z"}]
TYPES: dict[str, dict[str, Any]] = {
    "Pass": {}, "Task": {"Resource": FUNCTION}, "Wait": {"Seconds": 1}, "Succeed": {}, "Fail": {},
    "Choice": {"Choices": [{"Variable": "$.a", "IsNull": True, "Next": "Z"}]}, "Parallel": {"Branches": [INNER]},
    "Map": {"ItemProcessor": INNER},
}  # fmt: skip
FIELDS: dict[str, tuple[Any, str]] = {
    "Comment": ("c", "Pass Task Wait Succeed Fail Choice Parallel Map"),
    "InputPath": ("$.a", "Pass Task Wait Succeed Choice Parallel Map"),
    "OutputPath": ("$.a", "Pass Task Wait Succeed Choice Parallel Map"),
    "ResultPath": ("$.a", "Pass Task Parallel Map"),
    "Parameters": ({"x.$": "$.a"}, "Pass Task Parallel Map"),
    "ResultSelector": ({"x.$": "$.a"}, "Task Parallel Map"),
    "Assign": ({"v.$": "$.a"}, "Pass Task Wait Choice Parallel Map"),
    "Result": (1, "Pass"),
    "Retry": (RETRY, "Task Parallel Map"),
    "Catch": (CATCH, "Task Parallel Map"),
    "TimeoutSeconds": (9, "Task"),
    "TimeoutSecondsPath": ("$.a", "Task"),
    "HeartbeatSeconds": (5, "Task"),
    "HeartbeatSecondsPath": ("$.a", "Task"),
    "Credentials": ({"RoleArn": "arn:aws:iam::1:role/r"}, "Task"),
    "Resource": (FUNCTION, "Task"),
    "Default": ("Z", "Choice"),
    "Error": ("E", "Fail"),
    "ErrorPath": ("$.a", "Fail"),
    "Cause": ("c", "Fail"),
    "CausePath": ("States.Format('{}', $.a)", "Fail"),
    "ItemsPath": ("$.a", "Map"),
    "ItemSelector": ({"x.$": "$.a"}, "Map"),
    "MaxConcurrency": (1, "Map"),
    "MaxConcurrencyPath": ("$.a", "Map"),
    "ToleratedFailureCount": (1, "Map"),
    "ToleratedFailurePercentage": (1, "Map"),
    "Label": ("l", "Map"),
    "Nonsense": (1, ""),
    "Output": (1, ""),
    "Arguments": ({}, ""),
    "Items": ([], ""),
}
"""A value of each field and the types of JSONPath states that have it."""
JSONATA = {
    "Output": (1, "Pass Task Wait Succeed Choice Parallel Map"),
    "Arguments": ({}, "Task Parallel"),
    "Items": ([1], "Map"),
    "Assign": ({"v": 1}, "Pass Task Wait Choice Parallel Map"),
    "InputPath": ("$", ""), "OutputPath": ("$", ""), "ResultPath": ("$", ""), "Parameters": ({}, ""), "Result": (1, ""),
    "ResultSelector": ({}, ""), "ItemsPath": ("$.a", ""), "TimeoutSecondsPath": ("$.a", ""), "ErrorPath": ("$.a", ""),
    "MaxConcurrencyPath": ("$.a", ""),
}  # fmt: skip


def machine(kind: str, language: str = "JSONPath", **fields: Any) -> dict[str, Any]:
    state = {"Type": kind, **copy.deepcopy(TYPES[kind]), **fields}
    if kind not in ("Choice", "Succeed", "Fail") and "Next" not in state and "End" not in state:
        state["Next"] = "Z"
    states: dict[str, Any] = {"A": state}
    if "'Z'" in repr(state):
        states["Z"] = {"Type": "Succeed"}
    if language == "JSONata" and kind == "Choice":
        state["Choices"] = [{"Condition": True, "Next": "Z"}]
    return {"QueryLanguage": language, "StartAt": "A", "States": states}


def codes(definition: Any, kind: str = "STANDARD") -> list[str]:
    return [finding.code for finding in errors_of(validate(Document(definition), kind))]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_type__is_accepted_with_what_it_needs(kind: str, language: str) -> None:
    assert codes(machine(kind, language)) == []


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("field", FIELDS)
def test_field__of_each_type(field: str, kind: str) -> None:
    value, types = FIELDS[field]
    other = field in JSONATA and kind in JSONATA[field][1]
    expected = [] if kind in types.split() else ["SFN304" if other else "SFN103"]
    assert codes(machine(kind, **{field: value}))[:1] == expected


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("field", JSONATA)
def test_field__of_each_jsonata_type(field: str, kind: str) -> None:
    value, types = JSONATA[field]
    assert bool(codes(machine(kind, "JSONata", **{field: value}))) == (kind not in types.split())


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("Pass", {"Comment": 1}, "SFN102"),
    ("Pass", {"End": "yes"}, "SFN102"),
    ("Pass", {"Next": 5}, "SFN102"),
    ("Pass", {"Next": "Nowhere"}, "SFN201"),
    ("Pass", {"Next": "Z", "End": True}, "SFN203"),
    ("Pass", {"End": False}, "SFN203"),
    ("Pass", {"InputPath": 5}, "SFN102"),
    ("Pass", {"InputPath": "a"}, "SFN301"),
    ("Pass", {"OutputPath": "$."}, "SFN301"),
    ("Pass", {"InputPath": "States.UUID()"}, "SFN301"),
    ("Pass", {"ResultPath": "$.a[*]"}, "SFN301"),
    ("Pass", {"ResultPath": "$.a[-1]"}, "SFN301"),
    ("Pass", {"ResultPath": "$$.a"}, "SFN301"),
    ("Pass", {"ResultPath": "$v.a"}, "SFN301"),
    ("Pass", {"Parameters": {"x.$": 5}}, "SFN102"),
    ("Pass", {"Parameters": {"x.$": "a"}}, "SFN301"),
    ("Pass", {"Parameters": {"x.$": "States.No()"}}, "SFN302"),
    ("Pass", {"Parameters": {"x.$": "States.MathAdd(1)"}}, "SFN302"),
    ("Pass", {"Parameters": {"x.$": "$.a", "x": 1}}, "SFN305"),
    ("Pass", {"Parameters": [{"x.$": "a"}]}, "SFN301"),
    ("Pass", {"Assign": 5}, "SFN102"),
    ("Pass", {"QueryLanguage": "XPath"}, "SFN105"),
    ("Pass", {"Type": "Nope"}, "SFN105"),
    ("Task", {"Resource": 5}, "SFN102"),
    ("Task", {"Resource": "work"}, "SFN702"),
    ("Task", {"Resource": "arn:aws:lambda"}, "SFN702"),
    ("Task", {"Resource": "arn:aws:states:::sqs:sendMessage.sync:3"}, "SFN701"),
    ("Task", {"Resource": FUNCTION + ":a b"}, "SFN701"),
    ("Task", {"TimeoutSeconds": 0}, "SFN105"),
    ("Task", {"TimeoutSeconds": -1}, "SFN105"),
    ("Task", {"TimeoutSeconds": 1.5}, "SFN102"),
    ("Task", {"TimeoutSeconds": "5"}, "SFN102"),
    ("Task", {"TimeoutSeconds": 100_000_000}, "SFN105"),
    ("Task", {"TimeoutSeconds": 5, "HeartbeatSeconds": 5}, "SFN105"),
    ("Task", {"TimeoutSeconds": 5, "TimeoutSecondsPath": "$.a"}, "SFN104"),
    ("Task", {"HeartbeatSeconds": 5, "HeartbeatSecondsPath": "$.a"}, "SFN104"),
    ("Task", {"TimeoutSecondsPath": None}, "SFN102"),
    ("Task", {"TimeoutSecondsPath": "$.a[*]"}, "SFN301"),
    ("Task", {"Credentials": "x"}, "SFN102"),
    ("Task", {"ResultSelector": "x"}, "SFN102"),
    ("Task", {"Retry": {}}, "SFN102"),
    ("Task", {"Retry": [{}]}, "SFN101"),
    ("Task", {"Retry": [{"ErrorEquals": []}]}, "SFN102"),
    ("Task", {"Retry": [{"ErrorEquals": "E"}]}, "SFN102"),
    ("Task", {"Retry": [{"ErrorEquals": [1]}]}, "SFN102"),
    ("Task", {"Retry": [{"ErrorEquals": ["E"], "Next": "Z"}]}, "SFN103"),
    ("Task", {"Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 0}]}, "SFN105"),
    ("Task", {"Retry": [{"ErrorEquals": ["E"], "MaxAttempts": -1}]}, "SFN105"),
    ("Task", {"Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 100_000_000}]}, "SFN105"),
    ("Task", {"Retry": [{"ErrorEquals": ["E"], "BackoffRate": 0.5}]}, "SFN105"),
    ("Task", {"Retry": [{"ErrorEquals": ["E"], "MaxDelaySeconds": 0}]}, "SFN105"),
    ("Task", {"Retry": [{"ErrorEquals": ["E"], "JitterStrategy": "HALF"}]}, "SFN105"),
    ("Task", {"Retry": [{"ErrorEquals": ["States.ALL", "E"]}]}, "SFN401"),
    ("Task", {"Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}]}, "SFN401"),
    ("Task", {"Catch": [{"ErrorEquals": ["E"]}]}, "SFN101"),
    ("Task", {"Catch": [{"Next": "Z"}]}, "SFN101"),
    ("Task", {"Catch": [{"ErrorEquals": ["E"], "Next": "Nowhere"}]}, "SFN201"),
    ("Task", {"Catch": [{"ErrorEquals": ["E"], "Next": "Z", "ResultPath": "$.a[*]"}]}, "SFN301"),
    ("Task", {"Catch": [{"ErrorEquals": ["E"], "Next": "Z", "Output": 1}]}, "SFN103"),
    ("Wait", {"Seconds": -1}, "SFN105"),
    ("Wait", {"Seconds": 1.5}, "SFN102"),
    ("Wait", {"Timestamp": "2026-01-01T00:00:00Z"}, "SFN104"),
    ("Wait", {"SecondsPath": "$.a"}, "SFN104"),
    ("Wait", {"Seconds": 100_000_000}, "SFN105"),
    ("Fail", {"Error": 5}, "SFN102"),
    ("Fail", {"Cause": None}, "SFN102"),
    ("Fail", {"Error": "E", "ErrorPath": "$.a"}, "SFN104"),
    ("Fail", {"Cause": "c", "CausePath": "$.a"}, "SFN104"),
    ("Fail", {"CausePath": "States.No()"}, "SFN302"),
    ("Fail", {"End": True}, "SFN103"),
    ("Succeed", {"Next": "Z"}, "SFN103"),
    ("Choice", {"End": True}, "SFN103"),
    ("Choice", {"Choices": []}, "SFN102"),
    ("Choice", {"Choices": {}}, "SFN102"),
    ("Choice", {"Default": "Nowhere"}, "SFN201"),
    ("Choice", {"Choices": [{"Variable": "$.a", "IsNull": True}]}, "SFN101"),
    ("Choice", {"Choices": [{"IsNull": True, "Next": "Z"}]}, "SFN101"),
    ("Choice", {"Choices": [{"Variable": "$.a", "Next": "Z"}]}, "SFN501"),
    ("Choice", {"Choices": [{"Variable": "$.a", "IsNull": True, "IsString": True, "Next": "Z"}]}, "SFN501"),
    ("Choice", {"Choices": [{"Variable": "$.a", "IsNulls": True, "Next": "Z"}]}, "SFN501"),
    ("Choice", {"Choices": [{"Variable": "$.a[*]", "IsNull": True, "Next": "Z"}]}, "SFN301"),
    ("Choice", {"Choices": [{"Variable": None, "IsNull": True, "Next": "Z"}]}, "SFN102"),
    ("Choice", {"Choices": [{"Variable": "$.a", "NumericEquals": "1", "Next": "Z"}]}, "SFN102"),
    ("Choice", {"Choices": [{"Variable": "$.a", "StringEquals": 1, "Next": "Z"}]}, "SFN102"),
    ("Choice", {"Choices": [{"Variable": "$.a", "BooleanEquals": "true", "Next": "Z"}]}, "SFN102"),
    ("Choice", {"Choices": [{"Variable": "$.a", "TimestampEquals": "today", "Next": "Z"}]}, "SFN105"),
    ("Choice", {"Choices": [{"Variable": "$.a", "StringEqualsPath": "a", "Next": "Z"}]}, "SFN301"),
    ("Choice", {"Choices": [{"And": [], "Next": "Z"}]}, "SFN501"),
    ("Choice", {"Choices": [{"Not": {"Variable": "$.a", "IsNull": True, "Next": "Z"}, "Next": "Z"}]}, "SFN501"),
    ("Choice", {"Choices": [{"Condition": "{% true %}", "Next": "Z"}]}, "SFN304"),
    ("Parallel", {"Branches": []}, "SFN102"),
    ("Parallel", {"Branches": INNER}, "SFN102"),
    ("Parallel", {"Branches": [5]}, "SFN102"),
    ("Parallel", {"Branches": [{**INNER, "QueryLanguage": "JSONata"}]}, "SFN103"),
    ("Parallel", {"Branches": [{**INNER, "StartAt": "A"}]}, "SFN201"),
    ("Parallel", {"Branches": [INNER, INNER]}, "SFN106"),
    ("Parallel", {"Branches": [{"StartAt": "B", "States": {"B": {"Type": "Pass", "Next": "Z"}}}]}, "SFN201"),
    ("Map", {"Iterator": INNER}, "SFN104"),
    ("Map", {"ItemSelector": {}, "Parameters": {}}, "SFN104"),
    ("Map", {"ItemsPath": None}, "SFN102"),
    ("Map", {"ItemsPath": "$.a[*]"}, "SFN301"),
    ("Map", {"MaxConcurrency": -1}, "SFN105"),
    ("Map", {"MaxConcurrency": 1.5}, "SFN102"),
    ("Map", {"ToleratedFailureCount": -1}, "SFN105"),
    ("Map", {"ToleratedFailurePercentage": 101}, "SFN105"),
    ("Map", {"MaxConcurrency": 1, "MaxConcurrencyPath": "$.a"}, "SFN104"),
    ("Map", {"Label": "a b"}, "SFN106"),
    ("Map", {"Label": "x" * 41}, "SFN106"),
    ("Map", {"ItemProcessor": {**INNER, "QueryLanguage": "JSONata"}}, "SFN103"),
    ("Map", {"ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED"}}}, "SFN101"),
    ("Map", {"ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "REMOTE"}}}, "SFN105"),
    ("Map", {"ItemReader": {}}, "SFN101"),
    ("Map", {"ItemBatcher": {"MaxItemsPerBatch": 1, "MaxItemsPerBatchPath": "$.a"}}, "SFN104"),
    ("Map", {"ResultWriter": {}}, "SFN101"),
    ("Map", {"ItemReader": {"Resource": "arn:aws:states:::s3:headObject"}}, "SFN701"),
    ("Map", {"ItemReader": {"Resource": READ, "ReaderConfig": {"InputType": "XML"}}}, "SFN105"),
    ("Map", {"ItemReader": {"Resource": READ, "ReaderConfig": {"Transformation": "FLATTEN"}}}, "SFN105"),
    ("Map", {"ItemReader": {"Resource": READ, "ReaderConfig": {"ManifestType": "GLUE"}}}, "SFN105"),
    ("Map", {"ItemReader": {"Resource": READ, "ReaderConfig": {"CSVDelimiter": ","}}}, "SFN105"),
    ("Map", {"ItemReader": {"Resource": READ, "ReaderConfig": {"CSVHeaderLocation": "LAST_ROW"}}}, "SFN105"),
    ("Map", {"ItemReader": {"Resource": READ, "ReaderConfig": {"CSVHeaderLocation": "GIVEN"}}}, "SFN101"),
    ("Map", {"ResultWriter": {"Resource": READ}}, "SFN701"),
    ("Map", {"ResultWriter": {"WriterConfig": {"Transformation": "SQUASH"}}}, "SFN105"),
    ("Map", {"ResultWriter": {"WriterConfig": {"OutputType": "CSV"}}}, "SFN105"),
]


@pytest.mark.parametrize(("kind", "fields", "code"), BAD, ids=[f"{kind} {fields}"[:70] for kind, fields, _ in BAD])
def test_value__is_refused(kind: str, fields: dict[str, Any], code: str) -> None:
    assert code in codes(machine(kind, **fields))


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Pass", {"Next": "Z", "End": False}),
        ("Pass", {"InputPath": None, "OutputPath": None, "ResultPath": None}),
        ("Pass", {"InputPath": "$$.Execution.Input", "OutputPath": "$v.a[*]"}),
        ("Pass", {"Parameters": {"x.$": "$$", "y.$": "States.UUID()", "z": ["$.a", {"q.$": "$v"}]}}),
        ("Pass", {"Result": {"x.$": 5}}),
        ("Task", {"TimeoutSeconds": 99_999_999, "HeartbeatSeconds": 1}),
        ("Task", {"Resource": "${Function}"}),
        ("Task", {"Resource": {"Ref": "Function"}}),
        (
            "Task",
            {
                "Retry": [
                    {
                        "ErrorEquals": ["E"],
                        "BackoffRate": 1,
                        "JitterStrategy": "FULL",
                        "MaxDelaySeconds": 1,
                        "Comment": "c",
                    }
                ]
            },
        ),
        (
            "Task",
            {"Retry": [{"ErrorEquals": ["E", "States.Timeout"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}]},
        ),
        (
            "Task",
            {
                "Catch": [
                    {"ErrorEquals": ["States.ALL"], "Next": "Z", "ResultPath": None, "Assign": {"v": 1}, "Comment": "c"}
                ]
            },
        ),
        (
            "Choice",
            {"Choices": [{"Variable": "$$.Execution.Name", "StringMatches": "a*", "Next": "Z", "Comment": "c"}]},
        ),
        (
            "Choice",
            {
                "Choices": [
                    {"Not": {"Variable": "$v", "IsPresent": True, "Comment": "c"}, "Next": "Z", "Assign": {"v": 1}}
                ]
            },
        ),
        ("Map", {"ItemsPath": "$$.Execution.Input.items"}),
        ("Map", {"ItemProcessor": {**INNER, "Comment": "c", "ProcessorConfig": {"Mode": "INLINE"}}}),
    ],
)
def test_value__is_accepted(kind: str, fields: dict[str, Any]) -> None:
    assert codes(machine(kind, **fields)) == []


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        ([], "SFN102"),
        ({}, "SFN101"),
        ({"StartAt": "A"}, "SFN101"),
        ({"States": {}}, "SFN101"),
        ({"StartAt": "A", "States": {}}, "SFN101"),
        ({"StartAt": "A", "States": []}, "SFN102"),
        ({**machine("Pass"), "StartAt": "B"}, "SFN201"),
        ({**machine("Pass"), "StartAt": 5}, "SFN102"),
        ({**machine("Pass"), "Comment": 5}, "SFN102"),
        ({**machine("Pass"), "Version": 1}, "SFN102"),
        ({**machine("Pass"), "TimeoutSeconds": 0}, "SFN105"),
        ({**machine("Pass"), "Coment": "c"}, "SFN103"),
        ({**machine("Pass"), "QueryLanguage": "XPath"}, "SFN105"),
        ({"StartAt": "A", "States": {"A": 5}}, "SFN102"),
        ({"StartAt": "A", "States": {"A": {}}}, "SFN101"),
        ({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}, "SFN203"),
        ({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}}, "SFN204"),
        ({"StartAt": "x" * 81, "States": {"x" * 81: {"Type": "Succeed"}}}, "SFN106"),
        ({"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}}, "SFN202"),
        (
            {
                "QueryLanguage": "JSONata",
                "StartAt": "A",
                "States": {"A": {"Type": "Succeed", "QueryLanguage": "JSONPath"}},
            },
            "SFN304",
        ),
    ],
)
def test_machine__is_refused(definition: Any, code: str) -> None:
    assert code in codes(definition)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("{% $f(1, 2 %}", "Expected \")\" before end of expression, after '$f(1, 2'"),
        ("{%  $a[1, 2] %}", 'Expected "]", got ",", after \'$a[1,\''),
        ("{% $a +" + " " * 50 + "*, %}", 'Syntax error: ",", after \'' + " " * 38 + "*,'"),
    ],
)
def test_expression__what_does_not_parse_is_shown_up_to_there(expression: str, told: str) -> None:
    findings = validate(Document(machine("Pass", "JSONata", Output=expression)), "STANDARD")
    assert findings[0].message == f"Output: the JSONata expression does not parse: {told}"


def test_machine__states_of_a_jsonata_map_speak_the_machines_language() -> None:
    """A state's language is its own: what is inside of it has the machine's."""
    inner = {"StartAt": "I", "States": {"I": {"Type": "Pass", "InputPath": "$.a", "End": True}}}
    assert codes(machine("Map", QueryLanguage="JSONata", ItemProcessor=inner)) == []
    inner["States"]["I"] = {"Type": "Pass", "Output": 1, "End": True}  # type: ignore[index]
    assert codes(machine("Map", QueryLanguage="JSONata", ItemProcessor=inner)) == ["SFN304"]


def test_machine__islands_are_doubtful() -> None:
    states = {"A": {"Type": "Succeed"}, "B": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Pass", "Next": "B"}}
    findings = validate(Document({"StartAt": "A", "States": states}))
    assert [(finding.code, finding.severity) for finding in findings] == [("SFN202", "warning")] * 2


@pytest.mark.parametrize(
    ("resource", "code"),
    [
        ("arn:aws:states:us-east-1:123456789012:activity:a", "SFN601"),
        ("arn:aws:states:::sqs:sendMessage.waitForTaskToken", "SFN601"),
        ("arn:aws:states:::glue:startJobRun.sync", "SFN601"),
        ("arn:aws:states:::states:startExecution.sync:2", "SFN601"),
        ("arn:aws:states:::sqs:sendMessage", None),
        (FUNCTION, None),
    ],
)
def test_express__cannot_wait(resource: str, code: str | None) -> None:
    definition = machine("Task", Resource=resource)
    assert codes(definition, "EXPRESS") == ([code] if code else [])
    assert codes(definition) == []
