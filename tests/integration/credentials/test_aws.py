import json
from dataclasses import replace

import pytest

from pipeproof.credentials import diagnosis
from pipeproof.credentials.aws import plan as plan_aws
from pipeproof.credentials.lease import Keeper
from pipeproof.credentials.registry import obtain
from pipeproof.credentials.request import AwsRequest, CredentialRequest, DatabaseLogin, SessionPolicy, parse_role
from pipeproof.credentials.sts import find_endpoint

ROLE = parse_role("arn:aws:iam::123456789012:role/team/ci")
SECOND = parse_role("arn:aws:iam::210987654321:role/deploy")


@pytest.fixture
def aws(cloud) -> AwsRequest:
    cloud.trust(ROLE.arn)
    return AwsRequest(ROLE, "eu-central-1", "gh-7-1-test", endpoint=cloud.sts)


def have(tools, aws: AwsRequest, **more: object):
    with obtain(CredentialRequest(aws=aws, **more), tools) as issued:
        return issued


def test_obtain__a_session_in_the_environment(cloud, tools, aws, notes) -> None:
    issued = have(tools, aws)
    session = next(iter(cloud.sessions.values()))
    assert issued.environment == {
        "AWS_ACCESS_KEY_ID": session.key_id,
        "AWS_SECRET_ACCESS_KEY": session.secret,
        "AWS_SESSION_TOKEN": session.token,
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
    }
    assert issued.account_id == "123456789012"
    assert {session.key_id, session.secret, session.token} < set(notes.masked)
    assert session.secret not in repr(issued)
    form = cloud.requests("/sts")[0].form
    assert (form["RoleSessionName"], form["DurationSeconds"]) == ("gh-7-1-test", "3600")
    assert "Policy" not in form


def test_obtain__the_credentials_work(cloud, tools, aws, real_time) -> None:
    """boto3 signs with them, and the imitation checks the signature."""
    import boto3

    issued = have(real_time(tools), aws).environment
    session = boto3.Session(issued["AWS_ACCESS_KEY_ID"], issued["AWS_SECRET_ACCESS_KEY"], issued["AWS_SESSION_TOKEN"])
    client = session.client("sts", region_name=issued["AWS_REGION"], endpoint_url=cloud.sts)
    assert client.get_caller_identity()["Arn"] == "arn:aws:sts::123456789012:assumed-role/ci/gh-7-1-test"


def test_obtain__session_policy_and_duration_are_sent(cloud, tools, aws, notes) -> None:
    policy = SessionPolicy('{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}')
    have(tools, replace(aws, duration=900, session_policy=policy))
    form = cloud.requests("/sts")[0].form
    assert (form["Policy"], form["DurationSeconds"]) == (policy.text, "900")
    assert notes.records[0]["session_policy_sha256"] == policy.digest


def test_obtain__a_chained_role_is_assumed_from_the_first_and_bounded_by_the_policy(
    cloud, tools, aws, real_time
) -> None:
    policy = SessionPolicy('{"Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}')
    cloud.trust(SECOND.arn, principal=ROLE.arn)
    issued = have(real_time(tools), replace(aws, chained_role=SECOND, session_policy=policy))
    first, second = (seen.form for seen in cloud.requests("/sts"))
    assert (first["Action"], second["Action"]) == ("AssumeRoleWithWebIdentity", "AssumeRole")
    assert "Policy" not in first
    assert second["Policy"] == policy.text
    assert issued.account_id == "210987654321"


def test_obtain__throttled_with_a_status_of_400_is_tried_again(cloud, tools, aws, clock) -> None:
    body = b"<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"
    cloud.faults["/sts"] = [(400, body), (500, b"")]
    assert have(tools, aws).account_id == "123456789012"
    assert len(clock.slept) == 2


def test_obtain__ignores_what_the_process_says_of_aws(cloud, tools, aws, monkeypatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ambient")
    assert have(tools, aws).account_id == "123456789012"


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("eu-central-1", "https://sts.eu-central-1.amazonaws.com"),
        ("us-gov-west-1", "https://sts.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn"),
        ("us-iso-east-1", "https://sts.us-iso-east-1.c2s.ic.gov"),
        ("zz-nowhere-9", "https://sts.zz-nowhere-9.amazonaws.com"),
    ],
)
def test_find_endpoint__the_regions_own_in_its_partition(region, endpoint) -> None:
    assert find_endpoint(region) == endpoint


def test_database_token__is_what_botocore_makes(cloud, tools, aws, notes) -> None:
    from urllib.parse import parse_qs, urlsplit

    login = DatabaseLogin("PGPASSWORD", "ci user", "db.example.com", 5432)
    with obtain(CredentialRequest(aws=aws, databases=(login,)), tools) as issued:
        token = issued.environment["PGPASSWORD"]
    assert token.startswith("db.example.com:5432/?Action=connect&DBUser=ci")
    query = parse_qs(urlsplit(f"https://{token}").query)
    assert query["X-Amz-Expires"] == ["900"]
    assert query["DBUser"] == ["ci user"]
    assert "/eu-central-1/rds-db/aws4_request" in query["X-Amz-Credential"][0]
    assert query["X-Amz-Signature"][0] in notes.masked
    assert issued.stubs == {"PGPASSWORD": "pipeproof-stub"}


def test_obtain__without_botocore_says_what_to_install(tools, aws, monkeypatch) -> None:
    import sys

    from pipeproof.credentials import sts
    from pipeproof.errors import CredentialsError

    monkeypatch.setattr(sts, "_load_model", sts._load_model.__wrapped__)
    monkeypatch.setattr(sts, "_make_loader", sts._make_loader.__wrapped__)
    monkeypatch.setitem(sys.modules, "botocore.loaders", None)
    with pytest.raises(CredentialsError, match="botocore") as caught:
        have(tools, aws)
    assert "pipeproof[aws]" in caught.value.hint


# Diagnosis: each is provoked at the wire.


def fail(tools, aws: AwsRequest) -> diagnosis.ExchangeError:
    with pytest.raises(diagnosis.ExchangeError) as caught, obtain(CredentialRequest(aws=aws), tools):
        pass
    assert caught.value.exit_code == 3
    assert caught.value.hint
    assert len(str(caught.value).splitlines()) <= 3
    return caught.value


def test_diagnosis__trust_policy_mismatch(cloud, tools, aws) -> None:
    cloud.claims["sub"] = "repo:acme/pipeline:pull_request"
    error = fail(tools, aws)
    assert isinstance(error, diagnosis.TrustMismatchError)
    assert "sub=repo:acme/pipeline:pull_request" in error.message
    policy, _ = json.JSONDecoder().raw_decode(error.hint[error.hint.index("{") :])
    name = "token.actions.githubusercontent.com"
    assert policy["Principal"] == {"Federated": f"arn:aws:iam::123456789012:oidc-provider/{name}"}
    assert policy["Condition"]["StringEquals"] == {
        f"{name}:aud": "sts.amazonaws.com",
        f"{name}:sub": "repo:acme/pipeline:pull_request",
    }
    assert "before you add it" in error.hint
    assert len(cloud.requests("/sts")) == 1, "AccessDenied is never tried again"


def test_diagnosis__a_subject_of_the_newer_form(cloud, tools, aws) -> None:
    cloud.claims["sub"] = "repo:acme@7/pipeline@42:ref:refs/heads/main"
    assert "newer form with ids" in fail(tools, aws).message


def test_diagnosis__the_message_that_it_was_made_from_holds_no_token(cloud, tools, aws, notes) -> None:
    cloud.claims["sub"] = "repo:other/one:x"
    text = str(fail(tools, aws))
    assert not [secret for secret in notes.masked if secret in text or secret.split(".")[1] in text]


def test_diagnosis__role_not_found(tools, aws) -> None:
    """AWS gives the same answer as for a trust policy that does not match; the message names both."""
    error = fail(tools, replace(aws, role=parse_role("arn:aws:iam::123456789012:role/gone")))
    assert isinstance(error, diagnosis.TrustMismatchError)
    assert "or there is no such role" in error.message


@pytest.mark.parametrize(("code", "message"), [("NoSuchEntity", "gone"), ("ValidationError", "Request ARN is invalid")])
def test_diagnosis__role_not_found__where_the_service_says_so(cloud, tools, aws, code, message) -> None:
    refuse(cloud, code, message)
    assert isinstance(fail(tools, aws), diagnosis.RoleNotFoundError)


def refuse(cloud, code: str, message: str, status: int = 400) -> None:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    cloud.faults["/sts"] = [(status, body.encode())] * 100


def test_diagnosis__wrong_audience(tools, aws) -> None:
    error = fail(tools, replace(aws, audience="https://github.com/acme"))
    assert isinstance(error, diagnosis.WrongAudienceError)
    assert "https://github.com/acme" in error.message
    assert "oidc-provider/token.actions.githubusercontent.com" in error.hint


def test_diagnosis__no_identity_provider_in_the_account(cloud, tools, aws) -> None:
    refuse(cloud, "InvalidIdentityToken", "No OpenIDConnect provider found in your account")
    assert "Create the identity provider" in fail(tools, aws).hint


def test_diagnosis__account_not_allowed__is_found_before_anything_is_sent(cloud, tools, aws) -> None:
    error = fail(tools, replace(aws, allowed_accounts=frozenset({"999999999999"})))
    assert isinstance(error, diagnosis.AccountNotAllowedError)
    assert "123456789012" in error.message
    assert not cloud.seen


def test_diagnosis__account_not_allowed__of_the_chained_role(cloud, tools, aws) -> None:
    request = replace(aws, chained_role=SECOND, allowed_accounts=frozenset({"123456789012"}))
    assert isinstance(fail(tools, request), diagnosis.AccountNotAllowedError)
    assert not cloud.seen


def test_diagnosis__account_not_allowed__where_sts_gives_a_session_of_another(cloud, tools, aws) -> None:
    other = cloud.open_session(
        "arn:aws:iam::666666666666:role/ci", cloud.roles[ROLE.arn], {"DurationSeconds": "900", "RoleSessionName": "x"}
    )
    from clouds import render_session

    cloud.faults["/sts"] = [(200, render_session("AssumeRoleWithWebIdentity", other).encode())]
    error = fail(tools, replace(aws, allowed_accounts=frozenset({"123456789012"})))
    assert isinstance(error, diagnosis.AccountNotAllowedError)
    assert "666666666666" in error.message


def test_diagnosis__skewed_clock__between_github_and_the_service(cloud, tools, aws) -> None:
    cloud.github_ahead = -1000
    error = fail(tools, aws)
    assert isinstance(error, diagnosis.ClockSkewError)
    assert "ahead" in error.message


def test_diagnosis__skewed_clock__of_this_machine(cloud, tools, aws) -> None:
    """What this machine signs is refused: the second role's request, stamped with the real time."""
    cloud.trust(SECOND.arn, principal=ROLE.arn)
    clock = tools.now
    cloud.now = lambda: clock() - 5000
    error = fail(tools, replace(aws, chained_role=SECOND))
    assert isinstance(error, diagnosis.ClockSkewError)
    assert "5000 s ahead of GitHub's" in error.message
    assert "chrony" in error.hint


def test_diagnosis__expired_token(cloud, tools, aws) -> None:
    cloud.token_life = -1
    error = fail(tools, aws)
    assert isinstance(error, diagnosis.TokenExpiredError)
    assert "5 minutes" in error.message


def test_diagnosis__duration_over_the_roles_maximum(tools, aws) -> None:
    error = fail(tools, replace(aws, duration=7200))
    assert isinstance(error, diagnosis.DurationTooLongError)
    assert "7200" in error.message
    assert "broker" in error.hint


def test_diagnosis__throttled(cloud, tools, aws, clock) -> None:
    refuse(cloud, "Throttling", "Rate exceeded")
    assert isinstance(fail(tools, aws), diagnosis.ThrottledError)
    assert clock.slept


@pytest.mark.parametrize(
    ("endpoint", "detail"),
    [
        ("http://127.0.0.1:1", "nothing accepts connections"),
        ("https://sts.nowhere.invalid", "cannot be resolved"),
        ("https://127.0.0.1:{port}/sts", "TLS handshake"),
    ],
    ids=["refused", "no such name", "no TLS"],
)
def test_diagnosis__endpoint_unreachable(cloud, tools, aws, endpoint, detail) -> None:
    error = fail(tools, replace(aws, endpoint=endpoint.format(port=cloud.url.rpartition(":")[2])))
    assert isinstance(error, diagnosis.ServiceUnreachableError)
    assert detail in error.message
    assert "aws-sts-endpoint" in error.hint


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("MalformedPolicyDocument", diagnosis.PolicyRejectedError),
        ("PackedPolicyTooLarge", diagnosis.PolicyRejectedError),
        ("RegionDisabledException", diagnosis.ServiceUnreachableError),
        ("SomethingNew", diagnosis.ExchangeError),
    ],
)
def test_diagnosis__other_refusals(cloud, tools, aws, code, kind) -> None:
    refuse(cloud, code, "the service's words")
    assert type(fail(tools, aws)) is kind


def test_diagnosis__an_answer_that_is_not_sts(cloud, tools, aws) -> None:
    cloud.faults["/sts"] = [(200, b"<html>a login page</html>")]
    assert "HTTP 200" in fail(tools, aws).message


def test_diagnosis__a_chained_role_that_does_not_trust_the_first(cloud, tools, aws, real_time) -> None:
    cloud.trust(SECOND.arn, principal="arn:aws:iam::123456789012:role/another")
    error = fail(real_time(tools), replace(aws, chained_role=SECOND))
    assert isinstance(error, diagnosis.TrustMismatchError)
    assert ROLE.arn in error.hint


def test_obtain__managed_session_policies_bound_the_session_of_the_tests(cloud, tools, aws, real_time, notes) -> None:
    arns = ("arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::210987654321:policy/ci")
    cloud.trust(SECOND.arn, principal=ROLE.arn)
    have(real_time(tools), replace(aws, chained_role=SECOND, managed_policies=arns))
    first, second = (seen.form for seen in cloud.requests("/sts"))
    assert not [name for name in first if name.startswith("PolicyArns")]
    assert [second[f"PolicyArns.member.{number}.arn"] for number in (1, 2)] == list(arns)
    assert notes.records[0]["managed_session_policies"] == list(arns)


def test_diagnosis__a_managed_session_policy_that_is_not_there(cloud, tools, aws) -> None:
    refuse(cloud, "ValidationError", "Policy arn:aws:iam::123456789012:policy/gone does not exist or is not attachable")
    error = fail(tools, replace(aws, managed_policies=("arn:aws:iam::123456789012:policy/gone",)))
    assert isinstance(error, diagnosis.PolicyRejectedError)
    assert "policy/gone" in error.message


def test_obtain__the_external_id_is_sent_with_the_chained_role_alone(cloud, tools, aws, real_time) -> None:
    """`AssumeRoleWithWebIdentity` knows no such parameter; the imitation refuses it."""
    cloud.trust(SECOND.arn, principal=ROLE.arn, external_id="acme-7")
    assert have(real_time(tools), replace(aws, chained_role=SECOND, external_id="acme-7")).account_id == "210987654321"


@pytest.mark.parametrize("given", [None, "acme-8"], ids=["none", "another"])
def test_diagnosis__an_external_id_that_the_role_does_not_trust(cloud, tools, aws, real_time, given) -> None:
    cloud.trust(SECOND.arn, principal=ROLE.arn, external_id="acme-7")
    error = fail(real_time(tools), replace(aws, chained_role=SECOND, external_id=given))
    assert isinstance(error, diagnosis.TrustMismatchError)
    assert ('{"sts:ExternalId":"acme-8"}' if given else "set aws-role-external-id") in error.hint


@pytest.fixture
def token_file(cloud, aws, clock, tmp_path):
    """A service account's token as EKS has it, and what writes the next one."""
    cloud.claims = {"sub": "system:serviceaccount:ci:runner", "iss": "https://oidc.eks.eu-central-1.amazonaws.com/id/A"}
    cloud.roles[ROLE.arn].subject = "system:serviceaccount:ci:runner"
    cloud.token_life = 86400
    path = tmp_path / "token"

    def renew() -> None:
        path.write_text(cloud.sign(["sts.amazonaws.com"]))

    renew()
    return replace(aws, token_file=path), renew


def test_obtain__the_token_of_a_file_instead_of_the_workflows(cloud, make_tools, token_file, notes) -> None:
    request, _ = token_file
    assert have(make_tools(source=None), request).account_id == "123456789012"
    assert not cloud.requests("/id-token")
    assert cloud.requests("/sts")[0].form["WebIdentityToken"] == request.token_file.read_text() == notes.masked[0]
    assert notes.records[0]["token_file"] == str(request.token_file)


def test_obtain__the_file_is_read_anew_for_each_session(cloud, make_tools, token_file, clock) -> None:
    request, renew = token_file
    tools = make_tools(source=None)
    keeper = Keeper(next(iter(plan_aws(CredentialRequest(aws=request), tools, {}))), tools)
    clock.seconds += 86400 + 1
    renew()
    keeper.current()
    sent = [seen.form["WebIdentityToken"] for seen in cloud.requests("/sts")]
    assert len(set(sent)) == 2
    assert sent[1] == request.token_file.read_text()


def test_diagnosis__a_token_file_whose_issuer_is_not_trusted(cloud, make_tools, token_file) -> None:
    cloud.roles[ROLE.arn].subject = "system:serviceaccount:ci:another"
    error = fail(make_tools(source=None), token_file[0])
    assert isinstance(error, diagnosis.TrustMismatchError)
    assert "oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/A" in error.hint
    assert '"oidc.eks.eu-central-1.amazonaws.com/id/A:aud":"sts.amazonaws.com"' in error.hint


def test_diagnosis__the_audience_of_a_token_file(cloud, make_tools, token_file) -> None:
    cloud.roles[ROLE.arn].audience = "another"
    error = fail(make_tools(source=None), token_file[0])
    assert isinstance(error, diagnosis.WrongAudienceError)
    assert "have the file issued for one that it has" in error.hint


def test_diagnosis__a_token_that_is_old_is_no_sign_of_a_wrong_clock(cloud, make_tools, token_file, clock) -> None:
    """Kubernetes' token lives for a day; that its issue is hours ago says nothing of a clock."""
    clock.seconds += 80_000
    refuse(cloud, "ExpiredTokenException", "Token expired: must be before the expiration date/time")
    assert isinstance(fail(make_tools(source=None), token_file[0]), diagnosis.TokenExpiredError)


def test_diagnosis__an_old_token_that_the_services_clock_takes_for_ended(cloud, make_tools, token_file, clock) -> None:
    clock.seconds += 80_000
    cloud.now = lambda: clock() + 10_000
    error = fail(make_tools(source=None), token_file[0])
    assert isinstance(error, diagnosis.ClockSkewError)
    assert "10000 s ahead of this machine" in error.message
