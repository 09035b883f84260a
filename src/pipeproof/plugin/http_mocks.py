"""Libraries that stand in for HTTP, and what lets requests to a test server of ours pass them.

They meet each request of the process, those of Prefect's client to the test server too, which they refuse.
"""

from collections.abc import Iterator

_LETS_PASS = {
    ("respx", "AllMockedAssertionError"): 'respx_mock.route(host="127.0.0.1").pass_through()',
    ("respx", "AllMockedError"): 'respx_mock.route(host="127.0.0.1").pass_through()',
    ("httpx", "No response can be found for"): (
        '@pytest.mark.httpx_mock(should_mock=lambda request: request.url.host != "127.0.0.1")'
    ),
    ("vcr", "CannotOverwriteExistingRequestException"): "vcr.VCR(ignore_localhost=True)",
    ("requests", "Connection refused by Responses"): 'responses.add_passthru("http://127.0.0.1")',
}
"""What lets them pass, by where the exception that refuses a request is from and what it is called, or says."""


def way_past(error: BaseException) -> str | None:
    """Say what lets a request pass that an exception, or one behind it, has refused; None for any other exception."""
    for each in _chain(error):
        for (package, words), line in _LETS_PASS.items():
            known = type(each).__module__.partition(".")[0] == package
            text = f"{type(each).__name__}: {each}"
            if known and words in text and "127.0.0.1" in text:
                return (
                    "This request is one to a test server on this machine, and the library that stands in for HTTP has "
                    f"refused it. Let such requests pass: {line}"
                )
    return None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
