"""The smallest policy, and what of a policy is missing and unused."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeproof.iam import Policy
from pipeproof.iam.least_privilege import MOST_OBJECTS, LeastPrivilege
from pipeproof.iam.usage import Usage, merge_summaries, summarize_usage

HERE = "us-east-1:123456789012"


def test_document__actions_on_the_same_resources_share_a_statement() -> None:
    made = LeastPrivilege(
        (
            ("s3:PutObject", "arn:aws:s3:::raw/a"),
            ("s3:GetObject", "arn:aws:s3:::raw/a"),
            ("s3:ListBucket", "arn:aws:s3:::raw"),
            ("s3:GetObject", "arn:aws:s3:::raw/a"),
        )
    )
    assert made.document == {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::raw/a"]},
            {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::raw"]},
        ],
    }


def test_document__many_objects__become_their_folder() -> None:
    needs = tuple(("s3:GetObject", f"arn:aws:s3:::raw/in/2026/{day:02}.csv") for day in range(1, 20))
    (statement,) = LeastPrivilege((*needs, ("s3:GetObject", "arn:aws:s3:::other/x"))).document["Statement"]
    assert statement["Resource"] == ["arn:aws:s3:::other/x", "arn:aws:s3:::raw/in/2026/*"]


def test_document__many_objects_without_a_folder__become_the_bucket() -> None:
    needs = tuple(("s3:GetObject", f"arn:aws:s3:::raw/{name}") for name in "abcdefgh")
    assert LeastPrivilege(needs).document["Statement"][0]["Resource"] == ["arn:aws:s3:::raw/*"]


def test_document__what_differs_from_run_to_run__is_a_wildcard() -> None:
    made = LeastPrivilege(
        (
            ("states:DescribeExecution", f"arn:aws:states:{HERE}:execution:flow:3f2"),
            ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:db-AbC123"),
        )
    )
    assert [statement["Resource"][0] for statement in made.document["Statement"]] == [
        f"arn:aws:secretsmanager:{HERE}:secret:db-??????",
        f"arn:aws:states:{HERE}:execution:flow:*",
    ]


def test_to_template__region_and_account_are_the_stacks() -> None:
    text = LeastPrivilege((("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/t"),)).to_template()
    assert "Fn::Sub: arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/t" in text
    assert "Version: '2012-10-17'" in text


def test_least_privilege__allows_what_it_was_made_of() -> None:
    needs = (
        ("s3:GetObject", "arn:aws:s3:::raw/a"),
        ("s3:ListAllMyBuckets", "*"),
        ("states:DescribeExecution", f"arn:aws:states:{HERE}:execution:flow:3f2"),
        ("kms:Decrypt", f"arn:aws:kms:{HERE}:key/*"),
    )
    made = LeastPrivilege(needs)
    assert not made.difference(made.policy)


def test_difference__missing_and_unused() -> None:
    made = LeastPrivilege((("s3:GetObject", "arn:aws:s3:::raw/a"), ("s3:ListBucket", "arn:aws:s3:::raw")))
    difference = made.difference(
        {
            "Statement": [
                {"Sid": "Objects", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"},
                {"Sid": "Queue", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"},
            ]
        }
    )
    assert difference.missing == (("s3:ListBucket", "arn:aws:s3:::raw"),)
    assert str(difference).splitlines() == [
        "missing: s3:ListBucket on arn:aws:s3:::raw",
        "unused: s3:PutObject (policy/Objects)",
        "unused: sqs:* (policy/Queue)",
    ]


def test_merge_summaries__missing_in_any_test__unused_in_all() -> None:
    policy = Policy.parse(
        {"Statement": {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"}}
    )
    first, second = Usage(policy), Usage(policy)
    first.decide([("s3:GetObject", "arn:aws:s3:::raw/a")], {})
    second.decide([("sqs:SendMessage", "arn:aws:sqs:us-east-1:1:q")], {})
    (merged,) = merge_summaries([summarize_usage(first), summarize_usage(second)])
    assert merged == {
        "policy": "policy",
        "place": None,
        "asked": 2,
        "missing": [{"action": "sqs:SendMessage", "resource": "arn:aws:sqs:us-east-1:1:q", "reason": "implicit"}],
        "used": [{"action": "s3:GetObject", "place": "policy"}],
        "unused": [{"action": "s3:PutObject", "place": "policy"}],
    }


def test_document__many_objects_in_two_folders__become_what_these_share() -> None:
    needs = tuple(("s3:GetObject", f"arn:aws:s3:::raw/in/{folder}/{name}") for folder in "ab" for name in "xyz")
    assert LeastPrivilege(needs).document["Statement"][0]["Resource"] == ["arn:aws:s3:::raw/in/*"]


def test_document__so_many_objects_are_named_one_by_one() -> None:
    needs = [("s3:GetObject", f"arn:aws:s3:::raw/in/{number}") for number in range(MOST_OBJECTS)]
    assert len(LeastPrivilege(tuple(needs)).document["Statement"][0]["Resource"]) == MOST_OBJECTS
    more = (*needs, ("s3:GetObject", "arn:aws:s3:::raw/in/x"))
    assert LeastPrivilege(more).document["Statement"][0]["Resource"] == ["arn:aws:s3:::raw/in/*"]


def test_document__many_items_that_are_no_objects_of_s3_stay() -> None:
    needs = tuple(("dynamodb:GetItem", f"arn:aws:dynamodb:{HERE}:table/t{number}") for number in range(9))
    assert len(LeastPrivilege(needs).document["Statement"][0]["Resource"]) == 9


def test_document__everything_makes_the_rest_needless() -> None:
    needs = (("kms:Decrypt", "*"), ("kms:Decrypt", f"arn:aws:kms:{HERE}:key/1"))
    assert LeastPrivilege(needs).document["Statement"][0]["Resource"] == ["*"]


@pytest.mark.parametrize(
    ("arn", "general"),
    [
        (f"arn:aws:states:{HERE}:express:flow:a:b", f"arn:aws:states:{HERE}:express:flow:*"),
        (f"arn:aws:states:{HERE}:mapRun:flow:a", f"arn:aws:states:{HERE}:mapRun:flow:*"),
        (f"arn:aws:states:{HERE}:stateMachine:flow", f"arn:aws:states:{HERE}:stateMachine:flow"),
        (f"arn:aws:secretsmanager:{HERE}:secret:db-short", f"arn:aws:secretsmanager:{HERE}:secret:db-short"),
        (f"arn:aws:logs:{HERE}:log-group:g:log-stream:2026/x", f"arn:aws:logs:{HERE}:log-group:g:log-stream:*"),
    ],
)
def test_document__wildcards_stand_for_what_aws_makes_up_alone(arn: str, general: str) -> None:
    assert LeastPrivilege((("x:Y", arn),)).document["Statement"][0]["Resource"] == [general]


def test_document__services_do_not_share_a_statement() -> None:
    statements = LeastPrivilege((("a:One", "*"), ("b:Two", "*"))).document["Statement"]
    assert [statement["Action"] for statement in statements] == [["a:One"], ["b:Two"]]


def test_to_json__is_the_document() -> None:
    made = LeastPrivilege((("s3:ListAllMyBuckets", "*"),))
    assert json.loads(made.to_json()) == made.document
    assert made.to_json().startswith('{\n  "Version": "2012-10-17",\n')


def test_to_template__what_has_no_region_or_account_stays_without() -> None:
    made = LeastPrivilege((("s3:GetObject", "arn:aws:s3:::raw/a"), ("s3:ListAllMyBuckets", "*")))
    assert "Fn::Sub: arn:${AWS::Partition}:s3:::raw/a" in made.to_template()
    assert made.to_template().startswith("Version: '2012-10-17'\nStatement:\n- Effect: Allow\n")


def test_policy__is_called_what_it_is() -> None:
    assert LeastPrivilege((("s3:ListAllMyBuckets", "*"),)).policy.name == "least privilege"


def test_difference__of_a_policy_that_fits_is_none() -> None:
    made = LeastPrivilege((("s3:GetObject", "arn:aws:s3:::raw/a"),))
    fitting = made.difference({"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}})
    assert (str(fitting), bool(fitting)) == ("no difference", False)
    wide = {"Statement": {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"}}
    assert bool(made.difference(wide))
    assert bool(made.difference({"Statement": []}))


TEMPLATE = """\
Resources:
  A: {Type: 'AWS::IAM::Role', Properties: {Policies: []}}
  B:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: wide
          PolicyDocument:
            Statement: [{Effect: Allow, Action: 'sqs:*', Resource: !Ref Where}]
Parameters: {Where: {Type: String}}
"""


def test_difference__of_a_templates_role() -> None:
    made = LeastPrivilege((("s3:GetObject", "arn:aws:s3:::raw/a"),))
    found = made.difference(TEMPLATE, role="B", parameters={"Where": "*"})
    assert [grant.action for grant in found.unused] == ["sqs:*"]


def usage(*statements: dict[str, Any]) -> Usage:
    return Usage(Policy.parse({"Version": "2012-10-17", "Statement": list(statements)}))


def test_usage__an_answer_that_was_no_stays_no() -> None:
    """A need is missing once a call was denied it, whatever other calls' conditions say."""
    asked = usage({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:X": "1"}}})
    for value in ("1", "2", "1"):
        asked.decide([("s3:GetObject", "*")], {"aws:X": value})
    assert asked.missing == [("s3:GetObject", "*")]


def test_usage__by_statement_and_action() -> None:
    asked = usage(
        {"Sid": "Read", "Effect": "Allow", "Action": ["S3:get*", "s3:List*"], "Resource": "arn:aws:s3:::raw/*"},
        {"Sid": "Same", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
        {"Sid": "Other", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::lake/*"},
        {"Sid": "Rest", "Effect": "Allow", "NotAction": "s3:*", "NotResource": "arn:aws:sqs:::q"},
        {"Sid": "Mine", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::${aws:username}/*"},
        {"Sid": "No", "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*"},
    )
    asked.decide([("s3:GetObject", "arn:aws:s3:::raw/a"), ("s3:DeleteObject", "arn:aws:s3:::raw/a")], {})
    assert [(grant.place, grant.action) for grant in asked.used] == [
        ("policy/Read", "S3:get*"), ("policy/Same", "s3:GetObject"),
    ]  # fmt: skip
    assert [(grant.place, grant.action) for grant in asked.unused] == [
        ("policy/Read", "s3:List*"), ("policy/Other", "s3:GetObject"), ("policy/Rest", "NotAction"),
        ("policy/Mine", "s3:GetObject"),
    ]  # fmt: skip
    asked.decide([("sqs:SendMessage", "arn:aws:sqs:::p")], {})
    assert asked.used[-1].place == "policy/Rest"


def test_usage__a_variables_statement_counts_where_it_decided() -> None:
    asked = usage({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::${aws:username}/*"})
    asked.decide([("s3:GetObject", "arn:aws:s3:::ann/x")], {"aws:username": "ann"})
    assert [grant.place for grant in asked.used] == ["policy"]


def test_usage__places_are_lines_of_files(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("Statement:\n- {Effect: Allow, Action: 's3:*', Resource: '*'}\n")
    asked = Usage(Policy.load(file))
    assert [grant.place for grant in asked.unused] == [f"{file}:2:3"]
    inline = Usage(Policy.load("Statement:\n- {Sid: All, Effect: Allow, Action: 's3:*', Resource: '*'}\n"))
    assert [grant.place for grant in inline.unused] == ["policy/All"]
    asked.decide([("s3:GetObject", "*"), ("sqs:SendMessage", "*")], {})
    assert summarize_usage(asked) == {
        "policy": "p.yaml",
        "place": f"{file}:1:1",
        "asked": 2,
        "missing": [{"action": "sqs:SendMessage", "resource": "*", "reason": "implicit"}],
        "used": [{"action": "s3:*", "place": f"{file}:2:3"}],
        "unused": [],
    }


def test_merge_summaries__each_policy_by_its_name_and_place() -> None:
    first = {"policy": "a", "place": None, "asked": 1, "missing": [], "used": [], "unused": []}
    second = {**first, "place": "f:1", "asked": 2}
    assert merge_summaries([first, second, first]) == [{**first, "asked": 2}, second]
