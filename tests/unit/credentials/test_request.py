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
    assert r.make_session_name("123", "1", "test") == "gh-123-1-test"
    assert r.parse_session_name(r.make_session_name("123", "1", "test (3.12, ü) " * 9))


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
