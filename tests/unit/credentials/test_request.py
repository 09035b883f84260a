import json

import pytest

from pipeproof.credentials import request as r

ROLE = r.parse_role("arn:aws:iam::123456789012:role/ci")


def aws(**changes: object) -> r.AwsRequest:
    return r.AwsRequest(**({"role": ROLE, "region": "eu-central-1", "session_name": "gh-1"} | changes))


@pytest.mark.parametrize(
    ("arn", "partition"),
    [
        ("arn:aws:iam::123456789012:role/ci", "aws"),
        ("arn:aws-us-gov:iam::123456789012:role/team/path/ci", "aws-us-gov"),
        ("arn:aws-cn:iam::123456789012:role/ci", "aws-cn"),
    ],
)
def test_parse_role__good(arn, partition) -> None:
    assert r.parse_role(arn) == r.Role(arn, partition, "123456789012")


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (r.parse_role, "ci"),
        (r.parse_role, "arn:aws:iam::12345:role/ci"),
        (r.parse_role, "arn:aws:iam::123456789012:user/ci"),
        (r.parse_role, "arn:aws:iam::123456789012:role/"),
        (r.parse_region, "Frankfurt"),
        (r.parse_region, "eu-central-1.evil.example/"),
        (r.parse_session_name, "a b"),
        (r.parse_session_name, "a" * 65),
        (r.parse_session_name, "ä-name"),
        (r.parse_duration, "899"),
        (r.parse_duration, "43201"),
        (r.parse_duration, "1h"),
        (r.parse_account_ids, "123"),
        (r.parse_endpoint, "http://sts.example.com"),
        (r.parse_endpoint, "sts.example.com"),
        (r.parse_endpoint, "https://user@sts.example.com"),
        (r.parse_mode, "brokers"),
        (r.parse_database_logins, "PGPASSWORD=user@host"),
        (r.parse_database_logins, "PGPASSWORD=user@host:99999"),
        (r.parse_oidc_variables, "SNOWFLAKE_TOKEN"),
        (r.parse_oidc_variables, "LD_PRELOAD=x"),
        (r.parse_oidc_variables, "PYTHONPATH=x"),
        (r.parse_oidc_variables, "AWS_ACCESS_KEY_ID=x"),
        (r.parse_oidc_variables, "ACTIONS_STEP_DEBUG=x"),
        (r.parse_exchanges, "T=https://a.example/token"),
        (r.parse_exchanges, "T=http://a.example/token audience=x"),
        (r.parse_exchanges, "T=https://a.example/token audience=x secret=y"),
        (r.parse_google_provider, "my-pool"),
        (r.parse_service_account, "someone@example.com"),
        (r.parse_azure_id, "../tenant"),
    ],
)
def test_parsers__bad(parse, text) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text)


def test_parsers__good() -> None:
    assert r.parse_account_ids("123456789012,\n 210987654321") == {"123456789012", "210987654321"}
    assert r.parse_endpoint("https://vpce-1.sts.eu-central-1.vpce.amazonaws.com/").endswith(".com")
    assert r.parse_endpoint("http://127.0.0.1:4566") == "http://127.0.0.1:4566"
    assert r.parse_database_logins("PGPASSWORD=ci@db.example.com:5432\n") == (
        r.DatabaseLogin("PGPASSWORD", "ci", "db.example.com", 5432),
    )
    assert r.parse_oidc_variables("\nA=one\n  B = https://two=2 \n") == (
        r.OidcVariable("A", "one"),
        r.OidcVariable("B", "https://two=2"),
    )
    assert r.parse_exchanges("T=https://a.example/oidc/v1/token audience=x client_id=y scope=sql,all-apis") == (
        r.TokenExchange("T", "https://a.example/oidc/v1/token", "x", "y", "sql all-apis"),
    )
    provider = "projects/1/locations/global/workloadIdentityPools/ci/providers/github"
    assert r.parse_google_provider(f"//iam.googleapis.com/{provider}") == provider


def test_make_session_name__fits_what_aws_takes() -> None:
    job = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "123", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "test"}
    assert r.make_session_name(job) == "gh-123-1-test"
    assert r.parse_session_name(r.make_session_name({**job, "GITHUB_JOB": "test (3.12, ü) " * 9}))


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"GITLAB_CI": "true", "CI_PIPELINE_ID": "7", "CI_JOB_ID": "9", "CI_JOB_NAME_SLUG": "test"}, "gl-7-9-test"),
        ({"BUILDKITE": "true", "BUILDKITE_BUILD_NUMBER": "7", "BUILDKITE_JOB_ID": "0189-ab"}, "bk-7-0189-ab"),
        ({}, "pipeproof"),
    ],
    ids=["GitLab", "Buildkite", "none"],
)
def test_make_session_name__leads_back_to_the_job_in_each_ci(environment, name) -> None:
    assert r.make_session_name(environment) == name


MANAGED = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"


def test_parse_managed_policies__each_once_however_they_are_separated() -> None:
    own = "arn:aws:iam::123456789012:policy/team/ci"
    assert r.parse_managed_policies(f"{MANAGED},\n{own} {MANAGED}") == (MANAGED, own)


@pytest.mark.parametrize(
    "text",
    ["ReadOnlyAccess", "arn:aws:iam::123:policy/x", "arn:aws:iam::aws:role/x", "arn:aws:iam::aws:policy/"],
)
def test_parse_managed_policies__what_is_no_policy(text) -> None:
    with pytest.raises(ValueError, match="is not a managed policy's ARN"):
        r.parse_managed_policies(text)


def test_parse_managed_policies__more_than_aws_takes() -> None:
    with pytest.raises(ValueError, match="names 11 policies; AWS takes 10"):
        r.parse_managed_policies(" ".join(f"{MANAGED}{number}" for number in range(11)))


@pytest.mark.parametrize(
    ("role", "arn"),
    [
        ("arn:aws:iam::123456789012:role/ci", "arn:aws:iam::210987654321:policy/ci"),
        ("arn:aws-us-gov:iam::123456789012:role/ci", MANAGED),
    ],
    ids=["another account", "another partition"],
)
def test_find_policy_faults__a_policy_that_aws_would_not_find(role, arn) -> None:
    (fault,) = r.find_policy_faults(r.parse_role(role), None, (arn,))
    assert fault.startswith(arn)


def test_find_policy_faults__the_texts_count_together() -> None:
    role = r.parse_role("arn:aws:iam::123456789012:role/ci")
    policy = r.SessionPolicy("x" * (2048 - len(MANAGED)))
    assert not list(r.find_policy_faults(role, policy, (MANAGED,)))
    longer = r.SessionPolicy(policy.text + "x")
    assert list(r.find_policy_faults(role, longer, (MANAGED,))) == [
        "has 2049 characters together with aws-session-policy; AWS takes 2048"
    ]


@pytest.mark.parametrize("text", ["x", "with blank", "ü" * 3, "x" * 1225])
def test_parse_external_id__what_aws_does_not_take(text) -> None:
    with pytest.raises(ValueError, match="1224"):
        r.parse_external_id(text)
    assert r.parse_external_id("acme:ci/7@x") == "acme:ci/7@x"


def test_parse_variable_names__with_and_without_their_sign() -> None:
    assert r.parse_variable_names("$A_TOKEN, B A_TOKEN") == ("A_TOKEN", "B")
    with pytest.raises(ValueError, match="'a-b' is not the name of a variable"):
        r.parse_variable_names("a-b")


def test_parse_session_policy__inline_or_a_file_without_its_white_space(tmp_path) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    (tmp_path / "policy.json").write_text(json.dumps(policy, indent=4))
    inline = r.parse_session_policy(json.dumps(policy), tmp_path)
    assert r.parse_session_policy("policy.json", tmp_path) == inline
    assert " " not in inline.text
    assert len(inline.digest) == 64


@pytest.mark.parametrize(
    "text",
    ["{", "{}", '{"Statement": []}', "missing.json", "../outside.json", json.dumps({"Statement": ["x" * 2100]})],
    ids=["broken", "empty", "no statement", "missing", "outside", "too long"],
)
def test_parse_session_policy__bad(text, tmp_path) -> None:
    (tmp_path / "outside.json").write_text('{"Statement": [1]}')
    (tmp_path / "project").mkdir()
    with pytest.raises(ValueError, match=r"."):
        r.parse_session_policy(text, tmp_path / "project")


def test_request__nothing_asked_for_is_false() -> None:
    assert not r.CredentialRequest()
    assert r.CredentialRequest(aws=aws())
