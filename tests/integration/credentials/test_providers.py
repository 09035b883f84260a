"""Tokens, exchanges, Google and Azure over HTTP; each diagnosis is provoked at the wire."""

import json
import stat
from pathlib import Path

import pytest
from clouds import ISSUER, SUBJECT

from pipeproof.credentials import diagnosis
from pipeproof.credentials.registry import obtain, withhold
from pipeproof.credentials.request import (
    AzureRequest,
    CredentialRequest,
    GoogleRequest,
    OidcVariable,
    TokenExchange,
)


@pytest.fixture
def exchange(cloud) -> CredentialRequest:
    part = TokenExchange(
        "DATABRICKS_TOKEN", f"{cloud.url}/oidc/v1/token", "databricks-account", "client-1", "all-apis sql"
    )
    return CredentialRequest(exchanges=(part,))


@pytest.fixture
def google(cloud) -> CredentialRequest:
    account = "ci@acme.iam.gserviceaccount.com"
    part = GoogleRequest(cloud.google_provider, account, f"{cloud.url}/google/v1/token", f"{cloud.url}/iam/v1")
    return CredentialRequest(google=part)


@pytest.fixture
def azure(cloud) -> CredentialRequest:
    return CredentialRequest(azure=AzureRequest(cloud.azure_tenant, cloud.azure_client, f"{cloud.url}/azure"))


def test_oidc_tokens__an_id_token_in_a_variable(tools, notes) -> None:
    request = CredentialRequest(oidc_variables=(OidcVariable("SNOWFLAKE_TOKEN", "snowflakecomputing.com"),))
    with obtain(request, tools) as issued:
        token = issued.environment["SNOWFLAKE_TOKEN"]
    assert token.count(".") == 2
    assert notes.masked[0] == token
    record = notes.records[0]
    assert (record["event"], record["variable"], record["aud"]) == (
        "issued",
        "SNOWFLAKE_TOKEN",
        "snowflakecomputing.com",
    )
    assert token not in json.dumps(notes.records)


def test_token_exchange__an_access_token_in_a_variable(cloud, tools, notes, exchange) -> None:
    with obtain(exchange, tools) as issued:
        token = issued.environment["DATABRICKS_TOKEN"]
    form = cloud.requests("/oidc")[0].form
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
    assert form["subject_token_type"] == "urn:ietf:params:oauth:token-type:jwt"
    assert (form["client_id"], form["scope"]) == ("client-1", "all-apis sql")
    assert token.startswith("dapi-")
    assert token in notes.masked


def fail(tools, request: CredentialRequest) -> diagnosis.ExchangeError:
    with pytest.raises(diagnosis.ExchangeError) as caught, obtain(request, tools):
        pass
    assert caught.value.exit_code == 3
    assert caught.value.hint
    assert len(str(caught.value).splitlines()) <= 3
    assert not list(tools.directory.iterdir()), "no file is left"
    return caught.value


def test_token_exchange__wrong_audience(cloud, tools, exchange) -> None:
    cloud.exchange_audience = "another-account"
    error = fail(tools, exchange)
    assert isinstance(error, diagnosis.WrongAudienceError)
    assert "'databricks-account'" in error.message


def test_token_exchange__policy_mismatch(cloud, tools, exchange) -> None:
    cloud.claims["sub"] = "repo:acme/pipeline:pull_request"
    error = fail(tools, exchange)
    assert isinstance(error, diagnosis.TrustMismatchError)
    assert "sub=repo:acme/pipeline:pull_request" in error.message
    assert ISSUER in error.message


def test_token_exchange__expired_token(cloud, tools, exchange) -> None:
    cloud.token_life = -1
    assert isinstance(fail(tools, exchange), diagnosis.TokenExpiredError)


def test_token_exchange__skewed_clock(cloud, tools, exchange) -> None:
    cloud.github_ahead = -900
    assert isinstance(fail(tools, exchange), diagnosis.ClockSkewError)


def test_token_exchange__throttled(cloud, tools, exchange, clock) -> None:
    cloud.faults["/oidc"] = [(429, b"{}")] * 50
    assert isinstance(fail(tools, exchange), diagnosis.ThrottledError)
    assert clock.slept


def test_token_exchange__fails_and_is_out_of_reach(cloud, tools, exchange) -> None:
    cloud.faults["/oidc"] = [(502, b"bad gateway")] * 50
    assert isinstance(fail(tools, exchange), diagnosis.ServiceUnreachableError)
    nowhere = TokenExchange("T", "http://127.0.0.1:1/token", "a")
    assert "127.0.0.1:1" in fail(tools, CredentialRequest(exchanges=(nowhere,))).message


def test_token_exchange__no_token_in_the_answer(cloud, tools, exchange) -> None:
    cloud.faults["/oidc"] = [(200, b"<html>")]
    assert "without an access token" in fail(tools, exchange).message


def test_google__files_that_name_each_other(cloud, tools, notes, google) -> None:
    with obtain(google, tools) as issued:
        path = Path(issued.environment["GOOGLE_APPLICATION_CREDENTIALS"])
        credentials = json.loads(path.read_text())
        token = Path(credentials["credential_source"]["file"])
        assert token.read_text() in notes.masked
        assert credentials["type"] == "external_account"
        assert credentials["audience"] == f"//iam.googleapis.com/{cloud.google_provider}"
        assert credentials["service_account_impersonation_url"].endswith(":generateAccessToken")
        assert "ACTIONS" not in path.read_text()
        assert {stat.S_IMODE(file.stat().st_mode) for file in (path, token)} == {0o400}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o711
    assert not path.exists()
    assert cloud.requests("/iam")[0].headers["authorization"].startswith("Bearer ya29.federated")


def test_google__the_file_works_with_googles_own_library(google, tools) -> None:
    from google.auth.identity_pool import Credentials
    from google.auth.transport.urllib3 import Request
    from urllib3 import PoolManager

    with obtain(google, tools) as issued:
        path = issued.environment["GOOGLE_APPLICATION_CREDENTIALS"]
        credentials = Credentials.from_file(path, scopes=["https://www.googleapis.com/auth/bigquery"])
        credentials.refresh(Request(PoolManager()))
        assert credentials.token.startswith("ya29.account-")


def test_google__an_unknown_provider(cloud, tools, google) -> None:
    cloud.google_provider = "projects/2/locations/global/workloadIdentityPools/x/providers/y"
    assert isinstance(fail(tools, google), diagnosis.WrongAudienceError)


def test_google__the_condition_rejects_the_claims(cloud, tools, google) -> None:
    cloud.claims["sub"] = "repo:other/one:x"
    assert "attribute mapping and condition" in fail(tools, google).hint


def test_google__no_such_service_account(cloud, tools, google) -> None:
    cloud.google_accounts.clear()
    assert isinstance(fail(tools, google), diagnosis.RoleNotFoundError)


def test_google__not_allowed_to_act_as_the_service_account(cloud, tools, google) -> None:
    cloud.claims["repository"] = "acme/other"
    error = fail(tools, google)
    assert isinstance(error, diagnosis.TrustMismatchError)
    assert "workloadIdentityUser" in error.hint


def test_azure__a_token_file(cloud, tools, notes, azure) -> None:
    with obtain(azure, tools) as issued:
        path = Path(issued.environment["AZURE_FEDERATED_TOKEN_FILE"])
        assert path.read_text() in notes.masked
        assert issued.environment["AZURE_TENANT_ID"] == cloud.azure_tenant
        assert issued.environment["AZURE_CLIENT_ID"] == cloud.azure_client
    assert not path.exists()
    form = cloud.requests("/azure")[0].form
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def test_azure__no_federated_credential_matches(cloud, tools, azure) -> None:
    cloud.azure_subject = SUBJECT.upper()
    error = fail(tools, azure)
    assert isinstance(error, diagnosis.TrustMismatchError)
    assert "AADSTS700213" in error.message
    assert SUBJECT in error.message


@pytest.mark.parametrize(("attribute", "word"), [("azure_tenant", "tenant"), ("azure_client", "application")])
def test_azure__no_such_tenant_or_application(cloud, tools, azure, attribute, word) -> None:
    setattr(cloud, attribute, "33333333-3333-3333-3333-333333333333")
    error = fail(tools, azure)
    assert isinstance(error, diagnosis.RoleNotFoundError)
    assert f"no such {word}" in error.message


def test_obtain__one_failure_hands_out_nothing(cloud, tools, azure, exchange) -> None:
    cloud.azure_subject = "another"
    fail(tools, CredentialRequest(exchanges=exchange.exchanges, azure=azure.azure))


def test_obtain__files_belong_to_the_tests_user(cloud, make_tools, azure) -> None:
    import os

    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    with obtain(azure, make_tools(owner=(12345, 12346))) as issued:
        status = Path(issued.environment["AZURE_FEDERATED_TOKEN_FILE"]).stat()
    assert (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode)) == (12345, 12346, 0o400)


def test_withhold__stubs_for_the_variables_that_a_profile_may_read(exchange) -> None:
    issued = withhold(exchange, "because")
    assert issued.build_handover() == {
        "environment": {},
        "reason": "because",
        "stubs": {"DATABRICKS_TOKEN": "pipeproof-stub"},
        "renewal": None,
    }
