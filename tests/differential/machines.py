# ruff: noqa: E501 - long lists of what is chosen from read best as lists
"""State machines and inputs for the differential lane: definitions that run at once, made by hypothesis.

They have every field of the data flow of JSONPath. There are no Tasks (moto runs containers for them), no Waits and
Retries (which it sleeps), and no JSONata (which it cannot evaluate without Java): that has a lane of its own.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-20, 20) | st.sampled_from([0.5, -2.5, 1.25, "", "a", "ab*", "2020-01-01T00:00:00Z", "3"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
INPUTS = st.fixed_dictionaries(
    {
        "n": st.integers(-5, 5),
        "s": st.sampled_from(["", "a", "abc", "a,b", "3"]),
        "xs": st.lists(st.integers(0, 9), max_size=4),
        "o": st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2),
        "rows": st.lists(st.fixed_dictionaries({"k": st.sampled_from("xyz"), "v": st.integers(0, 5)}), max_size=3),
    }
)
PATHS = st.sampled_from(
    ["$", "$.n", "$.s", "$.xs", "$.xs[0]", "$.xs[-1]", "$.xs[0:2]", "$.xs[*]", "$.o", "$.o.a", "$.o['b']", "$.rows[*].v",
     "$.rows[?(@.v > 2)]", "$.rows[?(@.k == 'x')].v", "$..v", "$.nothing", "$$.State.Name", "$$.Execution.Input.n", "$v"]
)  # fmt: skip
REFERENCES = st.sampled_from(["$", "$.r", "$.o.r", "$.deep.er", "$.xs[0]", None])
INTRINSICS = st.sampled_from(
    ["States.Array($.n, $.s)", "States.ArrayLength($.xs)", "States.ArrayContains($.xs, 3)", "States.ArrayUnique($.xs)",
     "States.ArrayPartition($.xs, 2)", "States.ArrayRange(1, 7, 3)", "States.ArrayGetItem($.xs, 0)",
     "States.Format('{} of {}', $.n, $.s)", "States.MathAdd($.n, 2)", "States.StringSplit($.s, ',')",
     "States.JsonToString($.o)", "States.StringToJson($.s)", "States.JsonMerge($.o, $.o, false)", "States.Base64Encode($.s)",
     "States.Base64Decode('YWJj')", "States.Hash($.s, 'SHA-256')", "States.Format('{}', $.o)", "States.ArrayLength($.n)"]
)  # fmt: skip
TESTS = st.one_of(
    st.builds(lambda value: {"Variable": "$.n", "NumericGreaterThan": value}, st.integers(-3, 3)),
    st.builds(lambda value: {"Variable": "$.n", "NumericEquals": value}, st.integers(-3, 3)),
    st.builds(lambda value: {"Variable": "$.n", "NumericLessThanEqualsPath": value}, st.sampled_from(["$.xs[0]", "$.n", "$.s"])),
    st.builds(lambda value: {"Variable": "$.s", "StringMatches": value}, st.sampled_from(["a*", "*b*", "", "3"])),
    st.builds(lambda value: {"Variable": "$.s", "StringLessThan": value}, st.sampled_from(["b", "", "z"])),
    st.builds(lambda path, test, value: {"Variable": path, test: value}, PATHS, st.sampled_from(
        ["IsPresent", "IsNull", "IsNumeric", "IsString", "IsBoolean", "IsTimestamp"]), st.booleans()),
    st.builds(lambda path: {"Variable": path, "BooleanEquals": True}, st.sampled_from(["$.o.a", "$.n", "$.nothing"])),
    st.builds(lambda path: {"Variable": path, "StringEqualsPath": "$.s"}, st.sampled_from(["$.s", "$.o.a", "$.n"])),
)  # fmt: skip
RULES = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=2).map(lambda rules: {"And": rules}),
        st.lists(inner, min_size=1, max_size=2).map(lambda rules: {"Or": rules}),
        inner.map(lambda rule: {"Not": rule}),
    ),
    max_leaves=3,
)


@dataclass(frozen=True)
class Case:
    """A definition and an input for it."""

    definition: dict[str, Any]
    input: Any


@st.composite
def templates(draw: Any) -> dict[str, Any]:
    """A payload template."""
    fields: dict[str, Any] = {}
    for name in draw(st.sets(st.sampled_from(["p", "q", "r"]), max_size=2)):
        kind = draw(st.sampled_from(["path", "intrinsic", "value", "nested"]))
        if kind == "value":
            fields[name] = draw(VALUES)
        elif kind == "nested":
            fields[name] = {"t.$": draw(PATHS)}
        else:
            fields[f"{name}.$"] = draw(PATHS if kind == "path" else INTRINSICS)
    return fields


@st.composite
def graphs(draw: Any, depth: int, prefix: str) -> dict[str, Any]:
    """A graph of one to three states that lead forward, named with the prefix."""
    names = [f"{prefix}{index}" for index in range(draw(st.integers(1, 3)))]
    states: dict[str, Any] = {}
    for index, name in enumerate(names):
        following = names[index + 1] if index + 1 < len(names) else None
        kinds = ["Pass", "Pass", "Pass", "Choice", "Succeed", "Fail"] + (["Map", "Parallel", "Map"] if depth else [])
        states[name] = draw(_states(draw(st.sampled_from(kinds)), following, depth, f"{name}."))
    reached = [names[0]]
    for name in reached:
        state = states[name]
        rules = [state, *state.get("Choices", ()), *state.get("Catch", ())]
        reached += {rule["Next"] for rule in rules if "Next" in rule} | (
            {state["Default"]} if "Default" in state else set()
        )
    kept = {name: states[name] for name in names if name in reached}
    return {"StartAt": names[0], "States": kept}


@st.composite
def _states(draw: Any, kind: str, following: str | None, depth: int, prefix: str) -> dict[str, Any]:
    state: dict[str, Any] = {"Type": kind}
    if kind == "Choice" and following is None:
        kind = state["Type"] = "Succeed"
    if kind == "Fail":
        state["Error"] = draw(st.sampled_from(["Own", "Other"]))
        state["Cause"] = "because"
        return state
    if kind == "Choice":
        rule = draw(RULES)
        state["Choices"] = [{**rule, "Next": following}]
        if draw(st.booleans()):
            state["Default"] = following
        return state
    if kind != "Succeed":
        state |= {"Next": following} if following else {"End": True}
    _data(draw, state, kind)
    if kind in ("Map", "Parallel"):
        _inside(draw, state, kind, following, depth, prefix)
    return state


def _data(draw: Any, state: dict[str, Any], kind: str) -> None:
    for field in ("InputPath", "OutputPath"):
        if draw(st.integers(0, 4)) == 0:
            state[field] = draw(PATHS | st.none())
    if kind == "Succeed":
        return
    if draw(st.booleans()):
        state["ResultPath"] = draw(REFERENCES)
    if draw(st.integers(0, 3)) == 0:
        state["Assign"] = draw(st.sampled_from([{"v.$": "$.n"}, {"v": 1}, {"v.$": "States.Format('{}', $.s)"}]))
    if kind == "Pass":
        form = draw(st.sampled_from(["Result", "Parameters", "Parameters", ""]))
        if form:
            state[form] = draw(VALUES if form == "Result" else templates())
    elif draw(st.integers(0, 2)) == 0:
        state["ResultSelector"] = {"all.$": draw(st.sampled_from(["$", "$[0]", "$[*].n", "$.nothing"]))}


def _inside(draw: Any, state: dict[str, Any], kind: str, following: str | None, depth: int, prefix: str) -> None:
    if kind == "Map":
        processor = draw(graphs(depth - 1, f"{prefix}m"))
        state["ItemProcessor"] = {"ProcessorConfig": {"Mode": "INLINE"}, **processor}
        state["ItemsPath"] = draw(st.sampled_from(["$.xs", "$.rows", "$.rows[*].v", "$.n", "$.nothing"]))
        if draw(st.booleans()):
            selector = {"i.$": "$$.Map.Item.Index", "n.$": "$.n", "v.$": "$$.Map.Item.Value"}
            state["ItemSelector"] = selector
        if draw(st.booleans()):
            state["MaxConcurrency"] = draw(st.integers(0, 2))
    else:
        count = draw(st.integers(1, 2))
        state["Branches"] = [draw(graphs(depth - 1, f"{prefix}b{index}.")) for index in range(count)]
    if following and draw(st.booleans()):
        name = draw(st.sampled_from(["States.ALL", "Own", "States.TaskFailed", "States.Runtime"]))
        state["Catch"] = [{"ErrorEquals": [name], "Next": following}]
        if draw(st.booleans()):
            state["Catch"][0]["ResultPath"] = "$.error"


@st.composite
def cases(draw: Any) -> Case:
    """A machine and its input."""
    return Case(draw(graphs(2, "S")), draw(INPUTS))
