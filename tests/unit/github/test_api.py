"""GitHub's API, against an imitation of it: what is waited for, for how long, and what is not done twice."""

import json
from collections.abc import Iterator

import pytest
from github_api import SECONDARY, Fault, GitHub

from pipeproof.github.api import ApiError
from pipeproof.transport import Patience


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as imitation:
        imitation.files["main", "q.yml"] = "text"
        yield imitation


@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        ((503, {}, b"busy"), [0.5]),
        (None, [0.5]),
        ((429, {"Retry-After": "7"}, b"{}"), [7.0]),
        ((403, {"Retry-After": "30"}, SECONDARY), [30.0]),
        ((403, {}, SECONDARY), [60.0]),
        ((429, {}, b""), [60.0]),
        ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1040", "Date": "junk"}, b"{}"), [41.0]),
        ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1", "Date": "junk"}, b"{}"), [1.0]),
    ],
)
def test_api__waits_as_long_as_it_is_asked_to(github: GitHub, fault: Fault, waited: list[float]) -> None:
    github.faults = [fault]
    api = github.open_api()
    assert api.get_file("q.yml", "main") == "text"
    assert github.waited == waited


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ((403, {"X-RateLimit-Remaining": "10"}, json.dumps({"message": "Not yours"}).encode()), "HTTP 403: Not yours"),
        ((401, {}, b"<html>"), "HTTP 401"),
        ((422, {}, b"[]"), "HTTP 422"),
        ((429, {"Retry-After": "3600"}, b""), "HTTP 429"),
    ],
)
def test_api__does_not_wait_for_a_no_nor_past_its_deadline(github: GitHub, fault: Fault, message: str) -> None:
    github.faults = [fault]
    with pytest.raises(ApiError, match=message):
        github.open_api().get_file("q.yml", "main")
    assert github.waited == []


def test_api__gives_up_at_its_deadline(github: GitHub) -> None:
    github.faults = [(500, {}, b"")] * 1000
    with pytest.raises(ApiError, match="HTTP 500"):
        github.open_api(patience=Patience(deadline=20.0)).get_file("q.yml", "main")
    assert 10 < sum(github.waited) < 20


@pytest.mark.parametrize("fault", [(502, {}, b""), None])
def test_api__does_not_post_twice_what_may_have_been_done(github: GitHub, fault: Fault) -> None:
    github.after = [fault]
    with pytest.raises(ApiError):
        github.open_api().send("POST", "issues/1/comments", {"body": "x"})
    assert len(github.comments[1]) == len(github.seen) == 1


def test_api__posts_again_after_a_limit(github: GitHub) -> None:
    github.faults = [(403, {"Retry-After": "5"}, SECONDARY)]
    github.open_api().send("POST", "issues/1/comments", {"body": "x"})
    assert len(github.comments[1]) == 1


def test_api__gets_all_pages(github: GitHub) -> None:
    github.comments[3] = [{"id": n, "body": "x"} for n in range(250)]
    assert [one["id"] for one in github.open_api().get_all("issues/3/comments")] == list(range(250))
    assert [request.query["page"] for request in github.seen] == ["1", "2", "3"]


def test_api__does_not_show_its_token(github: GitHub) -> None:
    assert "ghs_" not in repr(github.open_api())
