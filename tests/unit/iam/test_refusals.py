"""What IAM would not take as a policy: the message, and the line that it speaks of.

The facts are those of the IAM user guide's "Grammar of the IAM JSON policy language".
"""

# ruff: noqa: E501 - a table is read by its rows

from pathlib import Path
from typing import Any

import pytest

from pipeproof.iam import Policy, PolicyError, evaluate
from pipeproof.iam.conditions import Guess, holds, is_operator
from pipeproof.iam.errors import ConditionKeyError

ONE = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}

REFUSED: list[tuple[str, Any, str]] = [
    ("no document", [ONE], "policy is not a policy document: it has no Statement"),
    ("no statement", {"Version": "2012-10-17"}, "policy is not a policy document: it has no Statement"),
    ("a key that a policy has not", {"Statement": [], "Zone": 1, "Area": 2}, "a policy has no 'Area'"),
    ("another version", {"Version": 2012, "Statement": []}, "Version is 2012-10-17, not 2012"),
    ("statements that are no list", {"Statement": "s3:*"}, "Statement is a list of statements"),
    ("a statement that is no mapping", {"Statement": ["s3:*"]}, "a statement is a mapping, not 's3:*'"),
    ("a principal", {"Statement": {**ONE, "Principal": "*"}}, "Principal belongs to policies of resources, and this is one of a role or user"),
    ("no principal", {"Statement": {**ONE, "NotPrincipal": "*"}}, "NotPrincipal belongs to policies of resources, and this is one of a role or user"),
    ("a key that a statement has not", {"Statement": {**ONE, "When": 1}}, "a statement has no 'When'"),
    ("no effect", {"Statement": {"Action": "s3:*", "Resource": "*"}}, "Effect is Allow or Deny, not None"),
    ("an effect in lower case", {"Statement": {**ONE, "Effect": "allow"}}, "Effect is Allow or Deny, not 'allow'"),
    ("no action", {"Statement": {"Effect": "Allow", "Resource": "*"}}, "a statement has no Action or NotAction"),
    ("two lists of actions", {"Statement": {**ONE, "NotAction": "s3:*"}}, "a statement has both Action or NotAction"),
    ("no resource", {"Statement": {"Effect": "Allow", "Action": "s3:*"}}, "a statement has no Resource or NotResource"),
    ("two lists of resources", {"Statement": {**ONE, "NotResource": "*"}}, "a statement has both Resource or NotResource"),
    ("an empty list", {"Statement": {**ONE, "Resource": []}}, "Resource is a string or a list of strings"),
    ("a list of other things", {"Statement": {**ONE, "Action": ["s3:*", 1]}}, "Action is a string or a list of strings"),
    ("an action without a service", {"Statement": {**ONE, "Action": ["s3:*", "Get"]}}, "an action is service:Name, not 'Get'"),
    ("a condition that is no mapping", {"Statement": {**ONE, "Condition": "x"}}, "Condition maps operators to keys"),
    ("an unknown operator", {"Statement": {**ONE, "Condition": {"Same": {}}}}, "there is no condition operator 'Same'"),
    ("an operator without keys", {"Statement": {**ONE, "Condition": {"Bool": "x"}}}, "Bool maps condition keys to values"),
]  # fmt: skip


@pytest.mark.parametrize(("document", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused(document: Any, message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.parse(document)
    assert str(caught.value).splitlines()[0] == message


LINES: list[tuple[str, int]] = [
    ("Version: 2012-10-17\nStatement: []\nZone: 1", 3),
    ("Id: mine\nVersion: 1\nStatement: []", 2),
    ("Id: mine\nStatement: text", 2),
    ("Statement:\n- text\n- text", 2),
    ("Statement:\n- Effect: Allow\n  Action: s3:*\n  Principal: x\n  Resource: x", 4),
    ("Statement:\n- Effect: Allow\n  Action: s3:*\n  When: x\n  Resource: x", 4),
    ("Statement:\n- Action: s3:*\n  Resource: x\n  Effect: Perhaps", 4),
    ("Statement:\n- Action: s3:*\n  Resource: x\n  NotAction: x\n  Effect: Allow", 2),
    ("Statement:\n- Effect: Allow\n  NotAction: Get\n  Resource: x", 3),
    ("Statement:\n- Effect: Allow\n  Action: s3:*\n  NotResource: 5", 4),
    ("Statement:\n- Effect: Allow\n  Action: s3:*\n  Resource: x\n  Condition: x", 5),
    ("Statement:\n- Effect: Allow\n  Action: s3:*\n  Resource: x\n  Condition:\n    Bool: {a: b}\n    Same: {a: b}", 7),
    ("Statement:\n- Effect: Allow\n  Action: s3:*\n  Resource: x\n  Condition:\n    Bool: {a: b}\n    Null: x", 7),
]


@pytest.mark.parametrize(("text", "line"), LINES)
def test_refused__on_its_line(text: str, line: int, tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(text)
    with pytest.raises(PolicyError) as caught:
        Policy.load(file)
    assert (caught.value.location.file, caught.value.location.line) == (file, line)


def test_refused__by_the_files_name(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("Version: 2012-10-17")
    with pytest.raises(PolicyError, match=r"^(.*: )?own\.yaml is not a policy document"):
        Policy.load(file)
    file.write_text("Statement: []")
    with pytest.raises(PolicyError, match=r"own\.yaml is a policy document, not a template: it has no role 'R'"):
        Policy.load(file, role="R")


def test_load__a_policy_is_itself_and_others_are_named(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text("\nStatement:\n- {Sid: Mine, Effect: Allow, Action: '*', Resource: '*'}")
    policy = Policy.load(file)
    assert Policy.load(policy) is policy
    assert (policy.name, policy.kind, policy.location.line) == ("own.yaml", "identity", 2)
    assert (policy.statements[0].sid, policy.statements[0].policy, policy.statements[0].location.line) == (
        "Mine", "own.yaml", 3,
    )  # fmt: skip
    assert Policy.load({"Statement": ONE}).name == "policy"
    assert Policy.load(' {"Statement": []}').name == "policy"


def test_boundary__may_be_set_and_taken_off() -> None:
    policy = Policy.parse({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    limited = policy.with_boundary({"Statement": ONE})
    assert [layer.kind for layer in limited.layers] == ["identity", "boundary"]
    assert evaluate(limited, "s3:GetObject", "x").allowed
    assert evaluate(limited, "s3:PutObject", "x").kind == "boundary"
    assert limited.with_boundary(None).layers == (policy,)


def test_statement__the_keys_that_it_asks_for() -> None:
    conditions = {"StringEquals": {"AWS:SourceVpc": "v", "s3:prefix": "${aws:Username}/x"}}
    written = {
        **ONE,
        "Resource": "arn:aws:s3:::${aws:PrincipalTag/Team}/${aws:userid, 'none'}/${*}",
        "Condition": conditions,
    }
    asked = {"aws:sourcevpc", "s3:prefix"}
    variables = {"aws:username", "aws:principaltag/team"}
    new = Policy.parse({"Version": "2012-10-17", "Statement": written})
    assert new.statements[0].keys == asked | variables
    assert Policy.parse({"Statement": written}).statements[0].keys == asked


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("StringEquals", True),
        ("stringequalsifexists", True),
        ("ForAnyValue:StringLike", True),
        ("ForAllValues:ArnLikeIfExists", True),
        ("Null", True),
        ("NullIfExists", True),
        ("IfExists", False),
        ("String", False),
    ],
)
def test_operator__known_in_any_case(name: str, known: bool) -> None:
    assert is_operator(name) is known


def unknown(key: str) -> bool:
    return key != "aws:sourcevpc"


@pytest.mark.parametrize(("guessed", "expected"), [(True, True), (False, False)])
def test_guess__stands_for_a_key_that_nobody_knows(guessed: bool, expected: bool) -> None:
    guess = Guess(unknown, holds=guessed)
    assert holds({"StringEquals": {"AWS:SourceVpc": "v"}}, {}, guess) is expected
    assert not holds({"StringEquals": {"AWS:SourceVpc": "v", "s3:prefix": "x"}}, {"s3:prefix": "y"}, guess)
    assert holds({"StringEquals": {"s3:prefix": "x"}}, {"s3:prefix": "x"}, guess)


HANGS: list[tuple[str, dict[str, Any], str]] = [
    ("an allow", {**ONE, "Sid": "Vpc", "Condition": {"StringEquals": {"aws:SourceVpc": "v"}}},
     "whether own (Vpc) allows s3:GetObject on arn:aws:s3:::b/k hangs on aws:sourcevpc, which only AWS knows"),
    ("an allow without an id", {**ONE, "Condition": {"StringEquals": {"aws:SourceVpc": "v", "aws:UserId": "u"}}},
     "whether own allows s3:GetObject on arn:aws:s3:::b/k hangs on aws:sourcevpc, aws:userid, which only AWS knows"),
    ("a variable", {**ONE, "Resource": "arn:aws:s3:::b/${aws:UserId}"},
     "whether own allows s3:GetObject on arn:aws:s3:::b/k hangs on aws:userid, which only AWS knows"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "message"), [row[1:] for row in HANGS], ids=[row[0] for row in HANGS])
def test_unknown_key__is_named(statement: dict[str, Any], message: str) -> None:
    policy = Policy.parse({"Version": "2012-10-17", "Statement": statement}, name="own")
    with pytest.raises(ConditionKeyError) as caught:
        evaluate(policy, "s3:GetObject", "arn:aws:s3:::b/k", is_known=lambda key: False)
    assert str(caught.value).splitlines()[0] == message
    first = message.partition(" hangs on ")[2].partition(",")[0]
    assert caught.value.hint == f"Give it with context={{'{first}': …}}; None says that the request has no such key."


def test_unknown_key__of_a_deny_is_on_its_line(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(
        "Version: 2012-10-17\nStatement:\n- {Effect: Allow, Action: '*', Resource: '*'}\n"
        "- Effect: Deny\n  Action: '*'\n  Resource: '*'\n  Condition: {'Null': {'aws:SourceVpc': true}}\n"
    )
    with pytest.raises(ConditionKeyError, match=r"whether own\.yaml denies sqs:SendMessage on q hangs on") as caught:
        evaluate(Policy.load(file), "sqs:SendMessage", "q", is_known=lambda key: False)
    assert caught.value.location.line == 4


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([{**ONE, "Resource": "arn:aws:s3:::x/${aws:userid}"}], False),
        ([ONE, {**ONE, "Effect": "Deny", "Resource": "arn:aws:s3:::x/${aws:userid}"}], True),
        ([{**ONE, "Action": "s3:PutObject", "Condition": {"StringEquals": {"aws:userid": "u"}}}], False),
    ],
)
def test_unknown_key__that_decides_nothing_is_no_error(statements: list[Any], allowed: bool) -> None:
    policy = Policy.parse({"Version": "2012-10-17", "Statement": statements})
    assert evaluate(policy, "s3:GetObject", "arn:aws:s3:::b/k", is_known=lambda key: False).allowed is allowed


def test_context__values_may_be_booleans_numbers_and_lists() -> None:
    condition = {
        "Bool": {"a:b": "true"},
        "NumericEquals": {"a:n": "5"},
        "ForAllValues:StringEquals": {"a:l": ["x", "1"]},
    }
    policy = Policy.parse({"Version": "2012-10-17", "Statement": {**ONE, "Condition": condition}})
    for values in (["x", 1], ("x",), {"x"}):
        assert evaluate(policy, "s3:GetObject", "x", {"A:B": True, "a:n": 5, "a:l": values}).allowed
    assert not evaluate(policy, "s3:GetObject", "x", {"A:B": True, "a:n": 5, "a:l": ["y"]}).allowed


def test_decision__names_what_decided() -> None:
    policies = [Policy.parse({"Statement": {**ONE, "Sid": "Yes"}}), Policy.parse({"Statement": {**ONE, "Sid": "Also"}})]
    decision = evaluate(policies, "s3:GetObject", "x")
    assert (decision.action, decision.resource, decision.kind) == ("s3:GetObject", "x", "identity")
    assert decision.statement is not None
    assert (decision.statement.sid, decision.allowed) == ("Yes", True)
    none = evaluate(policies, "s3:PutObject", "x")
    assert (none.statement, none.action, none.resource, none.allowed) == (None, "s3:PutObject", "x", False)
