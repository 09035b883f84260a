"""The comment on the pull request never fails a run: why there is none is said."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from github_api import Fault, GitHub

from pipeproof.commenting import comment_on_pull_request
from pipeproof.github.context import read_context
from pipeproof.results.model import Run, Status, TestResult

RUN = Run((TestResult("t.py::a", "t.py", 1, Status.PASSED),), duration=1.0)
EVENT = {"pull_request": {"number": 7}}


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as imitation:
        yield imitation


def comment(github: GitHub, *, token: bool = True, name: str = "pull_request", create: bool = True) -> tuple[str, str]:
    told: list[str] = []
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": name, "GITHUB_REPOSITORY": "octo/orders"}
    context = read_context(environ, Path("/w"))
    api = github.open_api() if token else None
    done = comment_on_pull_request(
        RUN, "Orders", api, context, EVENT, workspace=Path("/w"), notice=told.append, create=create
    )
    return done, "".join(told)


def test_comment__is_written_and_nothing_is_said(github: GitHub) -> None:
    assert comment(github) == ("created", "")
    assert "✅ Orders: passed, 1 test in 1.0 s" in github.comments[7][0]["body"]


@pytest.mark.parametrize(
    ("rights", "faults", "told"),
    [
        ({"issues": "read"}, [], "pull-requests: write"),
        ({}, [], "HTTP 403: Resource not accessible by integration"),
        ({"issues": "write"}, [(401, {}, b"")], "pull-requests: write"),
        ({"issues": "write"}, [(429, {"Retry-After": "9999"}, b"")], "The next run tries again."),
        ({"issues": "write"}, [(200, {}, b"[1]")], "in no known form"),
        ({"issues": "write"}, [(200, {}, b"{}")], "is not a list"),
        ({"issues": "write"}, [(200, {}, b"<html>")], "not JSON"),
    ],
)
def test_comment__none_is_said_and_harms_nothing(
    github: GitHub, rights: dict[str, str], faults: list[Fault], told: str
) -> None:
    github.rights, github.faults = rights, faults
    done, said = comment(github)
    assert done == "nothing"
    assert told in said
    assert github.comments == {}


def test_comment__needs_a_token_and_a_pull_request(github: GitHub) -> None:
    assert "github-token" in comment(github, token=False)[1]
    assert comment(github, name="push") == ("nothing", "")
    assert comment(github, create=False) == ("nothing", "")
    done = comment_on_pull_request(RUN, "x", github.open_api(), None, {}, workspace=Path("/w"), notice=pytest.fail)
    assert done == "nothing"
