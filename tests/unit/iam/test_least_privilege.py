"""The smallest policy, and what of a policy is missing and unused."""

from pipeproof.iam import Policy
from pipeproof.iam.least_privilege import LeastPrivilege
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
