"""The Python of how-to/start.md and how-to/credentials.md runs as it stands; that of reference/types.md is typed."""

import json

import pytest
from code_blocks import ROOT, of_language

MACHINE = {
    "StartAt": "PriceOrder",
    "States": {
        "PriceOrder": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:price",
            "Next": "IsLarge",
        },
        "IsLarge": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.total_cents", "NumericGreaterThanEquals": 100_000, "Next": "CheckCredit"}],
            "Default": "Done",
        },
        "CheckCredit": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:credit",
            "Next": "Done",
        },
        "Done": {"Type": "Pass", "Result": {"approved": True}, "End": True},
    },
}
HEADER = """
import pytest
from pipeproof import StateMachine

def returns(value):
    return lambda given: value

@pytest.fixture
def machine():
    return StateMachine("orders.asl.json")

"""
LIVE = """
import boto3, pytest
from moto.server import ThreadedMotoServer

@pytest.fixture(scope="session", autouse=True)
def landing():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://%s:%d" % server.get_host_and_port())
        patch.setenv("AWS_ACCESS_KEY_ID", "of-a-role")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "of-a-role")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        bucket = boto3.resource("s3").create_bucket(Bucket="acme-landing")
        bucket.put_object(Key="orders.csv", Body=b"1")
        yield
    server.stop()
"""


def _python(page: str) -> str:
    (block,) = [block for block in of_language("python") if block.page == page]
    return block.text


def test_start__the_first_test_passes(pytester: pytest.Pytester) -> None:
    (pytester.path / "orders.asl.json").write_text(json.dumps(MACHINE))
    pytester.makepyfile(HEADER + _python("docs/how-to/start.md"))
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_credentials__the_live_test_passes_with_some_and_is_skipped_without(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(LIVE)
    pytester.makepyfile(_python("docs/how-to/credentials.md"))
    pytester.runpytest_subprocess("-p", "no:cacheprovider", "--live").assert_outcomes(passed=1)
    pytester.makeconftest("")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(skipped=1)


def test_types__are_those_of_the_fixtures() -> None:
    """`make lint` checks the file with mypy, which takes too long here."""
    checked = (ROOT / "tests" / "typing" / "documented.py").read_text(encoding="utf-8")
    imports, function = _python("docs/reference/types.md").split("\n\n\n")
    assert imports in checked
    assert checked.endswith(function)
