"""Properties of the engine, for definitions and inputs that nobody thought of."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeproof import PipeproofError, StateMachine, returns, throws
from pipeproof.stepfunctions.definition.source import parse_text
from pipeproof.stepfunctions.definition.validation import validate

SETTINGS = settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-100, 100) | st.floats(-1e3, 1e3) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=6,
)
PATHS = st.sampled_from(
    ["$", "$.a", "$.a.b", "$['a'][0]", "$.a[*].b", "$..c", "$$", "$$.State.Name", "$v", "$.a[?(@.b > 1)]"]
)
CALLS = st.sampled_from(
    [
        "States.Format('{}', $.a)",
        "States.Array($.a, 1)",
        "States.MathAdd($.a, 1)",
        "States.UUID()",
        "States.ArrayLength($)",
    ]
)
EXPRESSIONS = st.sampled_from(
    [
        "{% $states.input %}",
        "{% $states.input.a + 1 %}",
        "{% $v %}",
        "{% [1..3] %}",
        "{% $count($states.input) %}",
        "{% null %}",
        "{% $random() %}",
        "{% $partition([1,2,3], 2) %}",
        "{% $states.context.State %}",
        "{% function($x){$x} %}",
    ]
)
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
ANSWERS = st.one_of(
    JSON.map(returns), st.builds(throws, st.sampled_from(["A", "States.Timeout", "B"])),
    st.integers(0, 30).map(lambda after: returns(1, after=after)), st.just(lambda event: 1 / 0),
)  # fmt: skip


@st.composite
def states(draw: Any, depth: int = 0) -> dict[str, Any]:
    """A graph of one to four states that lead forward."""
    names = [f"S{depth}-{index}-{draw(st.integers(0, 10**9))}" for index in range(draw(st.integers(1, 4)))]
    built = {}
    for index, name in enumerate(names):
        following = names[index + 1] if index + 1 < len(names) else None
        built[name] = draw(state(following, depth))
    return {"StartAt": names[0], "States": built}


@st.composite
def state(draw: Any, following: str | None, depth: int) -> dict[str, Any]:
    jsonata = draw(st.booleans())
    kinds = ["Pass", "Task", "Wait", "Fail", "Succeed"] + ([] if depth else ["Parallel", "Map"])
    kind = (
        draw(st.sampled_from(kinds))
        if following is None
        else draw(st.sampled_from([k for k in kinds if k[0] not in "FS"]))
    )
    found: dict[str, Any] = {"Type": kind}
    if kind not in ("Fail", "Succeed"):
        found |= {"Next": following} if following else {"End": True}
    if jsonata:
        found["QueryLanguage"] = "JSONata"
        if kind not in ("Fail", "Wait"):
            found["Output"] = draw(EXPRESSIONS | JSON)
    else:
        if draw(st.booleans()) and kind != "Fail":
            found["InputPath"] = draw(PATHS)
        if kind in ("Pass", "Task", "Parallel") and draw(st.booleans()):
            found["Parameters"] = {"x.$": draw(PATHS | CALLS), "y": 1}
        if kind in ("Pass", "Task", "Map", "Parallel") and draw(st.booleans()):
            found["ResultPath"] = draw(st.sampled_from(["$", "$.a", "$.b.c", None]))
    if kind == "Task":
        found |= {"Resource": FUNCTION, "TimeoutSeconds": 20}
    if kind in ("Task", "Map", "Parallel") and draw(st.booleans()):
        jitter = draw(st.sampled_from(["FULL", "NONE"]))
        found["Retry"] = [{"ErrorEquals": ["A", "States.Timeout"], "MaxAttempts": 2, "JitterStrategy": jitter}]
    if kind == "Wait":
        found["Seconds"] = draw(st.integers(0, 100))
    if kind == "Parallel":
        found["Branches"] = [draw(states(depth + 1)) for _ in range(draw(st.integers(1, 3)))]
    if kind == "Map":
        mode = draw(st.sampled_from([{"Mode": "INLINE"}, {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}]))
        found["ItemProcessor"] = {**draw(states(depth + 1)), "ProcessorConfig": mode}
        found |= {"Items": draw(st.sampled_from([[1, 2], "{% [1..3] %}"]))} if jsonata else {}
        found["MaxConcurrency"] = draw(st.integers(0, 2))
    return found


def run(definition: Any, value: Any, answer: Any, seed: int) -> Any:
    return StateMachine(definition).run(value, {FUNCTION: answer}, check=False, seed=seed)


@SETTINGS
@given(states(), JSON, ANSWERS)
def test_run__gives_a_result_or_an_error_of_ours(definition: Any, value: Any, answer: Any) -> None:
    try:
        execution = run(definition, value, answer, 0)
    except PipeproofError:
        return
    assert execution.status in ("SUCCEEDED", "FAILED", "TIMED_OUT")
    json.dumps(execution.output)


@SETTINGS
@given(states(), JSON, ANSWERS, st.integers(0, 5))
def test_run__the_same_seed_gives_the_same_history(definition: Any, value: Any, answer: Any, seed: int) -> None:
    try:
        first, second = (run(definition, value, answer, seed) for _ in range(2))
    except PipeproofError:
        return
    assert [_plain(event, first) for event in first.events] == [_plain(event, second) for event in second.events]


def _plain(event: Any, execution: Any) -> str:
    return json.dumps(event.to_dict(execution.start), default=str).replace(execution.name, "")


@SETTINGS
@given(states(), JSON, ANSWERS)
def test_run__time_never_runs_backwards(definition: Any, value: Any, answer: Any) -> None:
    try:
        execution = run(definition, value, answer, 0)
    except PipeproofError:
        return
    times = [event.elapsed for event in execution.events]
    assert times == sorted(times)
    assert [event.id for event in execution.events] == list(range(1, len(times) + 1))
    assert execution.elapsed >= (times[-1] if times else 0)


@SETTINGS
@given(
    st.recursive(
        JSON,
        lambda inner: st.dictionaries(
            st.sampled_from(
                [
                    "StartAt",
                    "States",
                    "Type",
                    "Next",
                    "End",
                    "Choices",
                    "Branches",
                    "ItemProcessor",
                    "Retry",
                    "Catch",
                    "P",
                ]
            ),
            inner | st.sampled_from(["P", "Pass", "Map", "Choice", "Task", "Parallel", True]),
            max_size=5,
        ),
        max_leaves=12,
    )
)
def test_load__any_json_is_a_machine_or_an_error_of_ours(definition: Any) -> None:  # fmt: skip
    if not isinstance(definition, dict):
        definition = {"States": definition, "StartAt": "P"}
    try:
        machine = StateMachine(definition)
    except PipeproofError:
        return
    assert machine.definition.graph.states


@SETTINGS
@given(st.text(max_size=40))
def test_parse__any_text_is_a_document_or_an_error_of_ours(text: str) -> None:
    try:
        document = parse_text(text)
    except PipeproofError:
        return
    validate(document)


@SETTINGS
@given(st.text(alphabet="$.[]*?@'\"()a0:,<=& ", max_size=20), JSON)
def test_paths__any_text_finds_something_or_says_why(path: str, value: Any) -> None:
    definition = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Parameters": {"x.$": "$" + path}, "End": True}}}
    try:
        execution = StateMachine(definition).run(value, check=False)
    except PipeproofError:
        return
    assert execution.status in ("SUCCEEDED", "FAILED")


@SETTINGS
@given(st.text(alphabet="$states.inputa+-*/()[]{}|~>:='\"123 ", max_size=25), JSON)
def test_jsonata__any_text_gives_something_or_says_why(text: str, value: Any) -> None:
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "Output": f"{{% {text} %}}", "End": True}},
    }
    try:
        execution = StateMachine(definition).run(value, check=False)
    except PipeproofError:
        return
    assert execution.status in ("SUCCEEDED", "FAILED")
    json.dumps(execution.output)
