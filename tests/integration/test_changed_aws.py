"""Versions of botocore and moto that have changed inside: calls stay in the process, and what is lost is said."""

import sys
import warnings
from contextlib import suppress
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ParamValidationError
from changes import assert_said, called, each_hook, forgotten, give_other_parameters, hide

from pipeproof.environments.aws import UnstubbedEndpointError, UnstubbedOperationError, open_aws
from pipeproof.environments.aws.touched import AIOBOTOCORE, ATTEMPTS, BOTOCORE, CALLS, MOTO
from pipeproof.errors import SetupError
from pipeproof.plugin.stepfunctions import serve_state_machines
from pipeproof.stepfunctions.machine import StateMachine

LIBRARIES = (BOTOCORE, MOTO)
DEFINITION = {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
MACHINE = {
    "StartAt": "Store",
    "States": {
        "Store": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
            "Parameters": {"Bucket": "raw", "Key": "b", "Body": "2"},
            "End": True,
        }
    },
}


@pytest.fixture(autouse=True)
def _forgotten():
    with forgotten(*LIBRARIES, AIOBOTOCORE):
        yield


def users_test() -> bytes:
    """What a user's test may do with the fixture `aws`."""
    with open_aws() as aws:
        config: Any = SimpleNamespace(stash={})
        aws.on_first_use("stepfunctions", lambda opened: serve_state_machines(opened, config, lambda kind, data: None))
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="raw")
        StateMachine(MACHINE).run({}, mocks=None)
        machines = boto3.client("stepfunctions", region_name="us-east-1")
        arn = "arn:aws:iam::123456789012:role/any"
        made = machines.create_state_machine(
            name="m", definition='{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}', roleArn=arn
        )
        machines.start_execution(stateMachineArn=made["stateMachineArn"])
        with pytest.raises((UnstubbedEndpointError, UnstubbedOperationError, ClientError)):
            aws.client("lambda").get_account_settings()
        aws.client("athena").list_work_groups()
        for service, call in (("redshift-data", "describe_statement"), ("rds-data", "rollback_transaction")):
            with suppress(ClientError, ParamValidationError, UnstubbedOperationError):
                getattr(aws.client(service), call)()
        return s3.get_object(Bucket="raw", Key="b")["Body"].read()


def run_users_test() -> list[Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert users_test() == b"2"
        assert users_test() == b"2"
    return caught


@pytest.mark.parametrize("hook", each_hook(*LIBRARIES))
def test_names_are_gone(monkeypatch, hook):
    """All of a hook's, as it does without them as soon as one is: `tests/unit/test_touched.py` has each by itself."""
    hide(monkeypatch, *hook.names)
    assert_said(run_users_test(), hook, hook.names[0])


@pytest.mark.parametrize("hook", [case for case in each_hook(*LIBRARIES) if called(case.values[0])])
def test_parameters_have_changed(monkeypatch, hook):
    give_other_parameters(monkeypatch, *called(hook))
    assert_said(run_users_test(), hook, called(hook)[0])


def test_nothing_has_changed():
    with warnings.catch_warnings():
        warnings.simplefilter("error", category=UserWarning)
        assert users_test() == b"2"


@pytest.mark.parametrize("hook", [CALLS, ATTEMPTS])
@pytest.mark.parametrize(
    "ask",
    [
        lambda aws: aws.enforce({"Version": "2012-10-17", "Statement": []}).__enter__(),
        lambda aws: aws.fail("s3", "GetObject", "SlowDown"),
        lambda aws: aws.throttle("s3"),
        lambda aws: aws.delay("s3", None, 3),
    ],
)
@pytest.mark.filterwarnings("ignore::pipeproof.patching.LibraryChangedWarning")
def test_what_a_test_asks_for_in_vain_is_refused(monkeypatch, hook, ask):
    """Else a call that production refuses would pass."""
    hide(monkeypatch, hook.names[0])
    with open_aws() as aws, pytest.raises(SetupError, match=f"{hook.names[0].place} is gone"):
        ask(aws)


@pytest.mark.filterwarnings("ignore::pipeproof.patching.LibraryChangedWarning")
def test_calls_that_were_not_seen_are_not_none(monkeypatch):
    hide(monkeypatch, CALLS.names[0])
    with open_aws() as aws:
        aws.client("s3").list_buckets()
        with pytest.raises(SetupError, match="calls cannot be seen"):
            _ = aws.calls


@pytest.mark.filterwarnings("ignore::pipeproof.patching.LibraryChangedWarning")
def test_policy__of_which_calls_went_past_is_refused_at_the_end(monkeypatch):
    """botocore's next version may call its own function in another way."""
    import botocore.client

    call = botocore.client.BaseClient._make_api_call

    def call_api(self: Any, operation_name: str, api_params: Any, context: Any = None) -> Any:
        return call(self, operation_name, api_params)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call_api)
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}

    def use(aws):
        with aws.enforce(policy):
            botocore.client.BaseClient._make_api_call(aws.client("s3"), "ListBuckets", {}, context=1)

    with open_aws() as aws, pytest.raises(SetupError, match="a policy was not enforced on all calls"):
        use(aws)


def test_sending__in_another_way_never_leaves_the_machine(monkeypatch):
    """Where botocore calls what sends with more than is known, the call is refused."""
    import botocore.endpoint

    send = botocore.endpoint.Endpoint._send
    monkeypatch.setattr(botocore.endpoint.Endpoint, "_send", lambda self, request, proxy=None: send(self, request))
    with open_aws() as aws:
        s3 = aws.client("s3")
        sender = s3._endpoint
        with pytest.warns(UserWarning, match="proxy"), pytest.raises(SetupError, match="a call cannot be answered"):
            sender._send(None, proxy=1)


@pytest.mark.parametrize("change", [hide, give_other_parameters])
def test_async_clients(monkeypatch, change):
    """aiobotocore need not be installed to be listed."""

    class AioBaseClient:
        async def _make_api_call(self, operation_name, api_params):
            """Asks a service."""

    module = ModuleType("aiobotocore.client")
    module.AioBaseClient = AioBaseClient
    monkeypatch.setitem(sys.modules, "aiobotocore", ModuleType("aiobotocore"))
    monkeypatch.setitem(sys.modules, "aiobotocore.client", module)
    (hook,) = AIOBOTOCORE.hooks
    change(monkeypatch, *hook.names)
    assert_said(run_users_test(), hook, hook.names[0])
