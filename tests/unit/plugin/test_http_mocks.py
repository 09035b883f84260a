"""Who refuses a request to a test server of ours is known, and what lets it pass is said."""

import pytest

from pipeproof.plugin.http_mocks import way_past


def refusal(module, name, message):
    return type(name, (Exception,), {"__module__": module})(message)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (("respx.models", "AllMockedAssertionError", "<Request(b'POST', 'http://127.0.0.1:4/api/flows/')> not mocked!"),
         "pass_through()"),
        (("httpx", "TimeoutException", "No response can be found for POST request on http://127.0.0.1:4/api/flows/"),
         "should_mock="),
        (("vcr.errors", "CannotOverwriteExistingRequestException", "… <Request (POST) http://127.0.0.1:4/api/flows/>"),
         "ignore_localhost=True"),
        (("requests.exceptions", "ConnectionError", "Connection refused by Responses - …\n- POST http://127.0.0.1:4/"),
         "add_passthru"),
    ],
)  # fmt: skip
def test_way_past__says_what_lets_it_pass(error, line):
    """Also where it is the cause of another exception."""
    outer = RuntimeError("the flow failed")
    outer.__cause__ = refusal(*error)
    assert line in way_past(outer)
    assert line in way_past(outer.__cause__)


@pytest.mark.parametrize(
    "error",
    [
        ("respx.models", "AllMockedAssertionError", "<Request(b'GET', 'https://api.example.com/')> not mocked!"),
        ("httpx", "ConnectError", "http://127.0.0.1:4/"),
        ("builtins", "ValueError", "No response can be found for POST request on http://127.0.0.1:4/"),
    ],
)
def test_way_past__anything_else(error):
    """A request to elsewhere is the test's own business."""
    assert way_past(refusal(*error)) is None
