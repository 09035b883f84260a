"""The baseline that is found by itself, against an imitation of GitHub's API."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from github_api import REPOSITORY, SECONDARY, TOKEN, Fault, GitHub

from pipeproof.history import find_baseline
from pipeproof.results.model import Status

OWN = {"id": 42, "workflow": 5, "workflow_id": 5, "head_branch": "fix", "event": "pull_request"}


def run(number: int, branch: str = "main", **changes: Any) -> dict[str, Any]:
    return {"id": number, "workflow": 5, "head_branch": branch, "head_sha": f"{number:040x}", "event": "push",
            "conclusion": "success", "head_repository": {"full_name": REPOSITORY}} | changes  # fmt: skip


def report(*tests: str, title: str = "Orders", conclusion: str = "success", status: str = "failed") -> str:
    told = [{"rawStatus": status, "duration": 1500, "extra": {"id": test}} for test in tests]
    return json.dumps({"extra": {"title": title, "conclusion": conclusion}, "results": {"tests": told}})


def artifact(text: str, name: str = "pipeproof-report", **changes: Any) -> dict[str, Any]:
    return {"name": name, "files": {"deep/report.json": text, "junit.xml": "<x/>"}} | changes


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as imitation:
        imitation.runs = [OWN, run(41), run(40)]
        yield imitation


def find(
    github: GitHub, branch: str | None = "main", pattern: str = "pipeproof-report*"
) -> tuple[list[str] | None, str]:
    said: list[str] = []
    found = find_baseline(github.open_api(), "42", branch, pattern, "Orders", said.append)
    return found if found is None else sorted(found), "\n".join(said)


def test_baseline__is_the_last_report_of_the_branch(github: GitHub) -> None:
    github.artifacts = {41: [artifact(report("a"))], 40: [artifact(report("old"))]}
    assert find(github) == (["a"], "The baseline is run 41 on main, commit 000000000000.")
    found = find_baseline(github.open_api(), "42", "main", "*", "Orders", print)
    assert found is not None
    assert (found["a"].status, found["a"].duration) == (Status.FAILED, 1.5)


def test_baseline__has_all_shards_of_the_run(github: GitHub) -> None:
    shards = [artifact(report("a"), "pipeproof-report-1"), artifact(report("b"), "pipeproof-report-2")]
    github.artifacts = {41: [*shards, artifact(report("c"), "coverage")]}
    assert find(github)[0] == ["a", "b"]
    assert find(github, pattern="cov*")[0] == ["c"]


@pytest.mark.parametrize(
    "useless",
    [
        artifact(report("x"), expired=True),
        artifact(report("x", title="Orders on 3.13")),
        artifact(report("x", conclusion="cancelled")),
        artifact(report("x"), "another"),
        artifact(report("x"), size=1 << 40),
        artifact("{"),
        artifact("[1]"),
        {"name": "pipeproof-report", "bytes": b"no zip"},
        {"name": "pipeproof-report", "files": {"summary.md": "x"}},
    ],
)
def test_baseline__passes_over_what_is_no_report_of_this_title(github: GitHub, useless: dict[str, Any]) -> None:
    github.artifacts = {41: [useless], 40: [artifact(report("old"))]}
    assert find(github)[0] == ["old"]


@pytest.mark.parametrize(
    "other",
    [
        run(41, event="pull_request"),
        run(41, event="pull_request_target"),
        run(41, head_repository={"full_name": "mallory/orders"}),
        run(41, head_repository=None),
        run(41, conclusion="cancelled"),
        run(41, "feature"),
        run(41, workflow=6),
    ],
)
def test_baseline__is_of_no_other_run(github: GitHub, other: dict[str, Any]) -> None:
    """A fork may call its branch `main`, and its report could say that everything had always failed."""
    github.runs = [OWN, other, run(40)]
    github.artifacts = {41: [artifact(report("x"))], 40: [artifact(report("old"))]}
    assert find(github)[0] == ["old"]


def test_baseline__of_a_run_on_the_base_itself_is_the_one_before(github: GitHub) -> None:
    github.runs = [OWN | {"head_branch": "main", "event": "push"}, run(41)]
    github.artifacts = {42: [artifact(report("x"))], 41: [artifact(report("a"))]}
    assert find(github, None)[0] == ["a"]


def test_baseline__the_token_goes_to_the_api_alone(github: GitHub) -> None:
    github.artifacts = {41: [artifact(report("a"))]}
    find(github)
    assert {request.token for request in github.seen if request.path.startswith("/blob/")} == {""}
    assert {request.token for request in github.seen if not request.path.startswith("/blob/")} == {TOKEN}


def test_baseline__limits_are_waited_for(github: GitHub) -> None:
    github.artifacts = {41: [artifact(report("a"))]}
    github.faults = [(403, {"Retry-After": "20"}, SECONDARY), (502, {}, b"")]
    assert find(github)[0] == ["a"]
    assert github.waited[0] == 20.0


@pytest.mark.parametrize(
    ("rights", "fault", "told"),
    [
        ({"actions": "read"}, [], "There is no baseline yet: no run of this workflow on the branch main has"),
        ({}, [], "actions: read"),
        ({"actions": "read"}, [(200, {}, b"[]")], "no known form"),
        ({"actions": "read"}, [(200, {}, b'"text"')], "no known form"),
        ({"actions": "read"}, [(200, {}, b"<html>")], "not JSON"),
    ],
)
def test_baseline__none_is_said_and_harms_nothing(
    github: GitHub, rights: dict[str, str], fault: list[Fault], told: str
) -> None:
    github.rights, github.faults = rights, fault
    found, said = find(github)
    assert found is None
    assert told in said


def test_baseline__needs_a_token() -> None:
    said: list[str] = []
    assert find_baseline(None, "42", "main", "*", "Orders", said.append) is None
    assert "github-token" in said[0]
