"""Policy evaluation, case by case.

The cases are written from AWS's IAM user guide: "Policy evaluation logic", and the elements "Action", "NotAction",
"Resource", "NotResource", "Condition" (operators, set operators, policy variables) of the policy reference.
"""
# ruff: noqa: E501, ISC004 - a table is read by its rows

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.iam import Policy, evaluate, render_denial

OBJECT = "arn:aws:s3:::raw/in/a.csv"
GET = "s3:GetObject"


def allow(action: Any = GET, resource: Any = "*", condition: Any = None, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    if condition:
        statement["Condition"] = condition
    return {key: value for key, value in statement.items() if value is not None}


def deny(action: Any = GET, resource: Any = "*", condition: Any = None, **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, condition, **more), "Effect": "Deny"}


def when(operator: str, key: str, value: Any) -> dict[str, Any]:
    return allow(condition={operator: {key: value}})


TAGS = {"aws:TagKeys": ["team", "cost"]}

# (what it shows, statements, action, resource, context, the reason)
CASES: list[tuple[str, list[dict[str, Any]], str, str, dict[str, Any], str]] = [
    ("nothing says a word: denied", [], GET, OBJECT, {}, "implicit"),
    ("an allow", [allow()], GET, OBJECT, {}, "allowed"),
    ("an allow of another action", [allow("s3:PutObject")], GET, OBJECT, {}, "implicit"),
    ("an allow of another resource", [allow(resource="arn:aws:s3:::other/*")], GET, OBJECT, {}, "implicit"),
    ("a deny beats an allow", [allow(), deny()], GET, OBJECT, {}, "explicit"),
    ("whatever their order", [deny(), allow()], GET, OBJECT, {}, "explicit"),
    ("a deny of another action does not", [allow(), deny("s3:PutObject")], GET, OBJECT, {}, "allowed"),
    ("a deny of another resource does not", [allow(), deny(resource="arn:aws:s3:::x/*")], GET, OBJECT, {}, "allowed"),
    ("a deny whose condition fails does not", [allow(), deny(condition={"Bool": {"a:b": "true"}})], GET, OBJECT, {"a:b": "false"}, "allowed"),
    ("a list of actions", [allow(["s3:PutObject", GET])], GET, OBJECT, {}, "allowed"),
    ("every action", [allow("*")], GET, OBJECT, {}, "allowed"),
    ("every action of a service", [allow("s3:*")], GET, OBJECT, {}, "allowed"),
    ("a service's star is for that service", [allow("s3:*")], "sqs:SendMessage", "*", {}, "implicit"),
    ("a star in the middle", [allow("s3:Get*ject")], GET, OBJECT, {}, "allowed"),
    ("a question mark is one character", [allow("s3:GetObjec?")], GET, OBJECT, {}, "allowed"),
    ("and not none", [allow("s3:GetObject?")], GET, OBJECT, {}, "implicit"),
    ("actions know no case", [allow("S3:getobject")], GET, OBJECT, {}, "allowed"),
    ("GetObject* is GetObjectVersion too", [allow("s3:GetObject*")], "s3:GetObjectVersion", OBJECT, {}, "allowed"),
    ("GetObject is not GetObjectVersion", [allow()], "s3:GetObjectVersion", OBJECT, {}, "implicit"),
    ("the bucket is not its objects", [allow(resource="arn:aws:s3:::raw")], GET, OBJECT, {}, "implicit"),
    ("its objects are not the bucket", [allow("s3:ListBucket", "arn:aws:s3:::raw/*")], "s3:ListBucket", "arn:aws:s3:::raw", {}, "implicit"),
    ("a star goes across folders", [allow(resource="arn:aws:s3:::raw/*")], GET, OBJECT, {}, "allowed"),
    ("a prefix of the key", [allow(resource="arn:aws:s3:::raw/in/*")], GET, "arn:aws:s3:::raw/out/a", {}, "implicit"),
    ("resources know case", [allow(resource="arn:aws:s3:::RAW/*")], GET, OBJECT, {}, "implicit"),
    ("a list of resources", [allow(resource=["arn:aws:s3:::x/*", "arn:aws:s3:::raw/*"])], GET, OBJECT, {}, "allowed"),
    ("an action without resources needs a star", [allow("s3:ListAllMyBuckets", "arn:aws:s3:::raw")], "s3:ListAllMyBuckets", "*", {}, "implicit"),
    ("and has it here", [allow("s3:ListAllMyBuckets")], "s3:ListAllMyBuckets", "*", {}, "allowed"),
    ("NotAction allows the others", [allow(None, NotAction="iam:*")], GET, OBJECT, {}, "allowed"),
    ("and not those", [allow(None, NotAction="s3:*")], GET, OBJECT, {}, "implicit"),
    ("NotAction in a deny", [allow("*"), deny(None, NotAction="s3:*")], "sqs:SendMessage", "*", {}, "explicit"),
    ("NotResource allows the others", [allow(resource=None, NotResource="arn:aws:s3:::secret/*")], GET, OBJECT, {}, "allowed"),
    ("and not those (NotResource)", [allow(resource=None, NotResource="arn:aws:s3:::raw/*")], GET, OBJECT, {}, "implicit"),
    ("NotResource in a deny", [allow(), deny(resource=None, NotResource="arn:aws:s3:::x/*")], GET, OBJECT, {}, "explicit"),
    ("StringEquals", [when("StringEquals", "a:k", "v")], GET, OBJECT, {"a:k": "v"}, "allowed"),
    ("StringEquals knows case", [when("StringEquals", "a:k", "v")], GET, OBJECT, {"a:k": "V"}, "implicit"),
    ("keys of conditions do not", [when("StringEquals", "A:K", "v")], GET, OBJECT, {"a:k": "v"}, "allowed"),
    ("StringEquals has no wildcards", [when("StringEquals", "a:k", "v*")], GET, OBJECT, {"a:k": "v1"}, "implicit"),
    ("StringLike has", [when("StringLike", "a:k", "v*")], GET, OBJECT, {"a:k": "v1"}, "allowed"),
    ("several values are alternatives", [when("StringEquals", "a:k", ["v", "w"])], GET, OBJECT, {"a:k": "w"}, "allowed"),
    ("a missing key fails", [when("StringEquals", "a:k", "v")], GET, OBJECT, {}, "implicit"),
    ("but for IfExists", [when("StringEqualsIfExists", "a:k", "v")], GET, OBJECT, {}, "allowed"),
    ("which checks what exists", [when("StringEqualsIfExists", "a:k", "v")], GET, OBJECT, {"a:k": "w"}, "implicit"),
    ("a negated operator takes a missing key", [when("StringNotEquals", "a:k", "v")], GET, OBJECT, {}, "allowed"),
    ("StringNotEquals is none of them", [when("StringNotEquals", "a:k", ["v", "w"])], GET, OBJECT, {"a:k": "w"}, "implicit"),
    ("StringEqualsIgnoreCase", [when("StringEqualsIgnoreCase", "a:k", "V")], GET, OBJECT, {"a:k": "v"}, "allowed"),
    ("StringNotLike", [when("StringNotLike", "a:k", "v*")], GET, OBJECT, {"a:k": "v1"}, "implicit"),
    ("two keys must both hold", [allow(condition={"StringEquals": {"a:k": "v", "a:l": "w"}})], GET, OBJECT, {"a:k": "v"}, "implicit"),
    ("two operators must both hold", [allow(condition={"StringEquals": {"a:k": "v"}, "Bool": {"a:b": "true"}})], GET, OBJECT, {"a:k": "v", "a:b": "true"}, "allowed"),
    ("Bool", [when("Bool", "aws:SecureTransport", "true")], GET, OBJECT, {"aws:SecureTransport": True}, "allowed"),
    ("Bool written as a boolean", [when("Bool", "aws:SecureTransport", False)], GET, OBJECT, {"aws:SecureTransport": "false"}, "allowed"),
    ("NumericLessThanEquals", [when("NumericLessThanEquals", "s3:max-keys", "10")], GET, OBJECT, {"s3:max-keys": "10"}, "allowed"),
    ("NumericLessThan", [when("NumericLessThan", "s3:max-keys", 10)], GET, OBJECT, {"s3:max-keys": "10"}, "implicit"),
    ("a number that is none fails", [when("NumericEquals", "s3:max-keys", "x")], GET, OBJECT, {"s3:max-keys": "1"}, "implicit"),
    ("DateLessThan", [when("DateLessThan", "aws:CurrentTime", "2026-01-01T00:00:00Z")], GET, OBJECT, {"aws:CurrentTime": "2025-12-31T23:59:59Z"}, "allowed"),
    ("DateGreaterThan against an epoch", [when("DateGreaterThan", "aws:CurrentTime", "1767225600")], GET, OBJECT, {"aws:CurrentTime": "2025-12-31T23:59:59Z"}, "implicit"),
    ("IpAddress", [when("IpAddress", "aws:SourceIp", "10.0.0.0/8")], GET, OBJECT, {"aws:SourceIp": "10.9.8.7"}, "allowed"),
    ("IpAddress outside", [when("IpAddress", "aws:SourceIp", "10.0.0.0/8")], GET, OBJECT, {"aws:SourceIp": "11.9.8.7"}, "implicit"),
    ("NotIpAddress", [when("NotIpAddress", "aws:SourceIp", ["10.0.0.0/8"])], GET, OBJECT, {"aws:SourceIp": "11.9.8.7"}, "allowed"),
    ("ArnLike, part by part", [when("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:raw*")], GET, OBJECT, {"aws:SourceArn": "arn:aws:s3:::raw-1"}, "allowed"),
    ("a part's star stays in its part", [when("ArnLike", "aws:SourceArn", "arn:*:raw")], GET, OBJECT, {"aws:SourceArn": "arn:aws:s3:::raw"}, "implicit"),
    ("ArnNotEquals", [when("ArnNotEquals", "aws:SourceArn", "arn:aws:s3:::raw")], GET, OBJECT, {"aws:SourceArn": "arn:aws:s3:::raw"}, "implicit"),
    ("BinaryEquals", [when("BinaryEquals", "a:k", "aGk=")], GET, OBJECT, {"a:k": "aGk="}, "allowed"),
    ("Null true: the key is not there", [when("Null", "a:k", "true")], GET, OBJECT, {}, "allowed"),
    ("Null false: it is", [when("Null", "a:k", "false")], GET, OBJECT, {}, "implicit"),
    ("ForAllValues: each is allowed", [when("ForAllValues:StringEquals", "aws:TagKeys", ["team", "cost", "x"])], GET, OBJECT, TAGS, "allowed"),
    ("ForAllValues: one is not", [when("ForAllValues:StringEquals", "aws:TagKeys", ["team"])], GET, OBJECT, TAGS, "implicit"),
    ("ForAllValues of nothing holds", [when("ForAllValues:StringEquals", "aws:TagKeys", ["team"])], GET, OBJECT, {}, "allowed"),
    ("ForAnyValue: one is enough", [when("ForAnyValue:StringEquals", "aws:TagKeys", ["team"])], GET, OBJECT, TAGS, "allowed"),
    ("ForAnyValue of nothing fails", [when("ForAnyValue:StringEquals", "aws:TagKeys", ["team"])], GET, OBJECT, {}, "implicit"),
    ("a variable in a resource", [allow(resource="arn:aws:s3:::raw/${aws:username}/*")], GET, "arn:aws:s3:::raw/ann/x", {"aws:username": "ann"}, "allowed"),
    ("of somebody else", [allow(resource="arn:aws:s3:::raw/${aws:username}/*")], GET, "arn:aws:s3:::raw/bob/x", {"aws:username": "ann"}, "implicit"),
    ("that has no value matches nothing", [allow(resource="arn:aws:s3:::raw/${aws:username}*")], GET, "arn:aws:s3:::raw/x", {}, "implicit"),
    ("but for a default", [allow(resource="arn:aws:s3:::raw/${aws:PrincipalTag/team, 'none'}/*")], GET, "arn:aws:s3:::raw/none/x", {}, "allowed"),
    ("its star is a star", [allow(resource="arn:aws:s3:::raw/${aws:username}/x")], GET, "arn:aws:s3:::raw/bob/x", {"aws:username": "*"}, "implicit"),
    ("a literal star", [allow(resource="arn:aws:s3:::raw/${*}")], GET, "arn:aws:s3:::raw/in", {}, "implicit"),
    ("a variable in a condition", [when("StringLike", "s3:prefix", "${aws:username}/*")], GET, OBJECT, {"aws:username": "ann", "s3:prefix": "ann/x"}, "allowed"),
    ("what is not known may be allowed", [allow("kms:Decrypt", "arn:aws:kms:us-east-1:1:key/k")], "kms:Decrypt", "arn:aws:kms:us-east-1:1:key/*", {}, "allowed"),
    ("and is not denied", [allow("kms:*"), deny("kms:*", "arn:aws:kms:us-east-1:1:key/k")], "kms:Decrypt", "arn:aws:kms:us-east-1:1:key/*", {}, "allowed"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statements", "action", "resource", "context", "reason"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_evaluate__identity_policy(
    statements: list[dict[str, Any]], action: str, resource: str, context: dict[str, Any], reason: str
) -> None:
    policy = Policy.parse({"Version": "2012-10-17", "Statement": statements})
    assert evaluate(policy, action, resource, context).reason == reason


def of(kind: Any, *statements: dict[str, Any]) -> Policy:
    return Policy.parse({"Version": "2012-10-17", "Statement": list(statements)}, kind=kind)


@pytest.mark.parametrize(
    ("policies", "reason", "kind"),
    [
        ([of("identity", allow()), of("boundary", allow("s3:*"))], "allowed", "identity"),
        ([of("identity", allow()), of("boundary", allow("sqs:*"))], "implicit", "boundary"),
        ([of("identity"), of("boundary", allow())], "implicit", "identity"),
        ([of("identity", allow()), of("boundary", allow(), deny())], "explicit", "boundary"),
        ([of("identity", allow()), of("session", allow("s3:*"))], "allowed", "identity"),
        ([of("identity", allow()), of("session", allow("sqs:*"))], "implicit", "session"),
        ([of("identity", allow()), of("boundary", allow()), of("session")], "implicit", "session"),
        ([of("identity", allow()), of("scp", allow("*"))], "allowed", "identity"),
        ([of("identity", allow()), of("scp", allow("*"), deny("s3:*"))], "explicit", "scp"),
        ([of("identity", allow()), of("scp", allow("sqs:*"))], "implicit", "scp"),
        ([of("identity", allow("s3:Put*")), of("identity", allow("s3:Get*"))], "allowed", "identity"),
        ([of("identity", allow()), of("identity", deny())], "explicit", "identity"),
        ([of("identity", allow()).with_boundary(of("boundary", allow("sqs:*")))], "implicit", "boundary"),
    ],
)
def test_evaluate__kinds_of_policies(policies: list[Policy], reason: str, kind: str) -> None:
    decision = evaluate(policies, GET, OBJECT)
    assert (decision.reason, decision.kind) == (reason, kind)


def test_evaluate__old_version__variables_are_plain_text() -> None:
    statement = allow(resource="arn:aws:s3:::raw/${aws:username}/*")
    policy = Policy.parse({"Version": "2008-10-17", "Statement": statement})
    assert not evaluate(policy, GET, "arn:aws:s3:::raw/ann/x", {"aws:username": "ann"}).allowed


@pytest.mark.parametrize(
    ("policies", "action", "resource", "message"),
    [
        (
            [of("identity")],
            GET,
            OBJECT,
            'User: U is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::raw/in/a.csv" because no '
            "identity-based policy allows the s3:GetObject action",
        ),
        (
            [of("identity", deny("dynamodb:*"))],
            "dynamodb:GetItem",
            "arn:aws:dynamodb:us-east-1:1:table/t",
            "User: U is not authorized to perform: dynamodb:GetItem on resource: arn:aws:dynamodb:us-east-1:1:table/t "
            "with an explicit deny in an identity-based policy",
        ),
        (
            [of("identity", allow("sns:*")), of("boundary")],
            "sns:Publish",
            "arn:aws:sns:us-east-1:1:t",
            "User: U is not authorized to perform: SNS:Publish on resource: arn:aws:sns:us-east-1:1:t because no "
            "permissions boundary allows the SNS:Publish action",
        ),
        (
            [of("identity", allow("*")), of("scp", allow("*"), deny("states:*"))],
            "states:StartExecution",
            "arn:aws:states:us-east-1:1:stateMachine:m",
            "User: U is not authorized to perform: states:StartExecution on resource: "
            "arn:aws:states:us-east-1:1:stateMachine:m with an explicit deny in a service control policy",
        ),
    ],
)
def test_render_denial__words_of_aws(policies: list[Policy], action: str, resource: str, message: str) -> None:
    assert render_denial(evaluate(policies, action, resource), "U") == message


@pytest.mark.parametrize(
    ("pattern", "value", "expected"),
    [
        ("arn:aws:s3:::raw/*", "arn:aws:s3:::*/2026/*", True),
        ("function:shop-*", "function:*-work", True),
        ("function:*", "function:shop-*", True),
        ("function:shop-a*", "function:shop-b*", False),
        ("secret:db-??????", "secret:d*", True),
        ("a?c", "ab?", True),
        ("a?c", "ab?d", False),
        ("*", "*", True),
        ("arn:aws:s3:::b", "*", False),
    ],
)
def test_overlaps__two_patterns__where_some_text_fits_both(pattern: str, value: str, expected: bool) -> None:
    from pipeproof.iam.patterns import overlaps

    assert overlaps(pattern, value) is expected


@given(st.text("ab*?", max_size=6), st.text("ab*?", max_size=6))
def test_overlaps__is_symmetric_and_agrees_with_trying_all_texts(left: str, right: str) -> None:
    from pipeproof.iam.patterns import _meet, _tokens, matches

    texts = ("".join(letters) for size in range(5) for letters in itertools.product("ab", repeat=size))
    found = any(matches(left, text) and matches(right, text) for text in texts)
    assert _meet(_tokens(left), _tokens(right)) is _meet(_tokens(right), _tokens(left))
    if found:
        assert _meet(_tokens(left), _tokens(right))
    elif "*" not in left + right:
        assert not _meet(_tokens(left), _tokens(right)) or len(left) > 4
