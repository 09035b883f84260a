"""One comment on a pull request, against an imitation of GitHub's API."""

import json
from collections.abc import Iterator

import pytest
from github_api import SECONDARY, Fault, GitHub

from pipeproof.github.api import ApiError
from pipeproof.github.comments import find_pull_request, put_comment

MARKER = "<!-- pipeproof comment 1 -->"
BODY = f"{MARKER}\nall well"


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as imitation:
        yield imitation


def put(github: GitHub, body: str = BODY, *, create: bool = True) -> str:
    return put_comment(github.open_api(github.token), 7, MARKER, body, create=create)


def bodies(github: GitHub) -> list[str]:
    return [comment["body"] for comment in github.comments.get(7, [])]


def test_comment__is_written_once_and_then_edited_in_place(github: GitHub) -> None:
    github.comments[7] = [{"id": 1, "body": "a person's", "user": {"login": "mona", "type": "User"}}]
    assert [put(github), put(github), put(github, BODY + "!")] == ["created", "nothing", "edited"]
    assert bodies(github) == ["a person's", BODY + "!"]


def test_comment__is_found_on_a_later_page(github: GitHub) -> None:
    others = [{"id": n, "body": "x", "user": github.user} for n in range(220)]
    github.comments[7] = [*others, {"id": 999, "body": f"{MARKER}\nold", "user": github.user}]
    assert put(github) == "edited"
    assert bodies(github)[-1] == BODY


@pytest.mark.parametrize(
    ("body", "user"),
    [
        (f"{MARKER}\nnot ours", {"login": "mallory", "type": "User"}),
        (f"look: {MARKER}", {"login": "github-actions[bot]", "type": "Bot"}),
        ("<!-- pipeproof comment 2 -->", {"login": "github-actions[bot]", "type": "Bot"}),
        (None, None),
    ],
)
def test_comment__of_another_is_left_alone(github: GitHub, body: str, user: object) -> None:
    """Its author could change it afterwards; and another job has its own marker."""
    github.comments[7] = [{"id": 1, "body": body, "user": user}]
    assert put(github) == "created"
    assert bodies(github) == [body, BODY]


def test_comment__of_a_persons_token_is_that_persons(github: GitHub) -> None:
    github.token, github.user = "github_pat_1", {"login": "release-bot", "type": "User"}
    github.comments[7] = [{"id": 1, "body": MARKER, "user": {"login": "mona", "type": "User"}}]
    assert [put(github), put(github, BODY + "!")] == ["created", "edited"]
    assert bodies(github) == [MARKER, BODY + "!"]


def test_comment__is_not_written_where_only_an_edit_is_wanted(github: GitHub) -> None:
    assert put(github, create=False) == "nothing"
    assert put(github) == "created"
    assert put(github, BODY + "!", create=False) == "edited"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([(502, {}, b"")], []),
        ([None], []),
        ([(200, {}, b"[]"), (403, {"Retry-After": "30"}, SECONDARY)], []),
        ([(200, {}, b"[]"), (500, {}, b"")], []),
        ([], [(200, {}, b"[]"), (502, {}, b"")]),
        ([], [(200, {}, b"[]"), None]),
    ],
)
def test_comment__is_written_once_whatever_goes_wrong(github: GitHub, before: list[Fault], after: list[Fault]) -> None:
    """Also where it was written and the answer was lost."""
    github.faults, github.after = before, after
    put(github)
    assert bodies(github) == [BODY]


def test_comment__that_was_deleted_meanwhile_is_written_anew(github: GitHub) -> None:
    gone = [{"id": 4242, "body": f"{MARKER} old", "user": github.user}]
    github.faults = [(200, {}, json.dumps(gone).encode())]
    assert put(github) == "created"
    assert bodies(github) == [BODY]


@pytest.mark.parametrize("rights", [{}, {"issues": "read"}])
def test_comment__a_token_that_may_not_is_told_at_once(github: GitHub, rights: dict[str, str]) -> None:
    github.rights = rights
    with pytest.raises(ApiError, match="HTTP 403: Resource not accessible by integration"):
        put(github)
    assert github.waited == []


@pytest.mark.parametrize(
    ("name", "event", "number"),
    [
        ("pull_request", {"pull_request": {"number": 7}}, 7),
        ("pull_request_target", {"pull_request": {"number": 7}}, 7),
        ("push", {}, None),
        ("workflow_run", {}, None),
        ("workflow_run", {"workflow_run": {"head_branch": "fix", "head_sha": "abc"}}, None),
    ],
)
def test_pull_request__is_the_events(github: GitHub, name: str, event: dict[str, object], number: int | None) -> None:
    assert find_pull_request(name, event, github.open_api()) == number


@pytest.mark.parametrize(("commit", "number"), [("abc", 9), ("other", None)])
def test_pull_request__of_a_fork_is_the_open_one_with_that_head(
    github: GitHub, commit: str, number: int | None
) -> None:
    """Its number is never taken from what the fork's run left behind."""
    github.pulls = [
        {"number": 8, "head": {"label": "mallory:other", "sha": commit}},
        {"number": 9, "head": {"label": "mallory:fix", "sha": "abc"}},
    ]
    run = {"head_branch": "fix", "head_sha": commit, "head_repository": {"owner": {"login": "mallory"}}}
    assert find_pull_request("workflow_run", {"workflow_run": run}, github.open_api()) == number
