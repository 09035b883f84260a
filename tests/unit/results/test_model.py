"""What a test is called."""

import pytest

from pipeproof.results.model import Failure, Run, Status, TestResult


@pytest.mark.parametrize(
    ("identity", "name", "path"),
    [
        ("a/t.py::test_x", "test_x", ("a/t.py", "test_x")),
        ("a/t.py::TestX::TestY::test_x[1]", "TestX::TestY::test_x[1]", ("a/t.py", "TestX", "TestY", "test_x[1]")),
        ("t.py::test_x[a::b]", "test_x[a::b]", ("t.py", "test_x[a::b]")),
        ("t.py::T::test_x[[::]]", "T::test_x[[::]]", ("t.py", "T", "test_x[[::]]")),
        ("a/t.py", "a/t.py", ("a/t.py",)),
        ("", "", ("",)),
    ],
)
def test_result__has_a_name_and_a_path(identity: str, name: str, path: tuple[str, ...]) -> None:
    result = TestResult(identity, None, None, Status.PASSED)
    assert (result.name, result.path) == (name, path)


@pytest.mark.parametrize(
    ("kind", "message", "headline"),
    [
        ("ValueError", "boom\nmore", "ValueError: boom"),
        ("AssertionError", "AssertionError: x", "AssertionError: x"),
        ("KeyError", "  \n", "KeyError"),
        ("", "", "failed"),
        ("", "plain", "plain"),
    ],
)
def test_failure__has_a_headline(kind: str, message: str, headline: str) -> None:
    assert Failure("call", kind, message).headline == headline


def test_run__that_was_cancelled_is_neither_a_success_nor_a_failure() -> None:
    assert Run(cancelled=True, failures=(Failure("session", "", "x"),)).conclusion == "cancelled"
