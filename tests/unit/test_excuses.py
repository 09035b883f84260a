"""The quarantine is read where the code under test cannot have changed it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from github_api import GitHub

from pipeproof.errors import InputError
from pipeproof.excuses import read_quarantine
from pipeproof.github.base import find_base

TEXT = "- {test: t.py::a, reason: r, owner: o, expires: 2026-12-31}\n"
MINE = TEXT.replace("t.py::a", "t.py::mine")
REPOSITORY = {"repository": {"default_branch": "main"}}


@pytest.mark.parametrize(
    ("name", "ref", "event", "base"),
    [
        ("pull_request", "refs/pull/1/merge", {"pull_request": {"base": {"ref": "release"}}}, "release"),
        ("pull_request_target", "refs/heads/main", {"pull_request": {"base": {"ref": "main"}}}, "main"),
        ("pull_request_review", "refs/pull/1/merge", {"pull_request": {"base": {"ref": "main"}}}, "main"),
        (
            "merge_group",
            "refs/heads/gh-readonly-queue/main/x",
            {"merge_group": {"base_ref": "refs/heads/main"}},
            "main",
        ),
        ("push", "refs/heads/main", REPOSITORY, None),
        ("push", "refs/heads/feature", REPOSITORY, "main"),
        ("push", "refs/tags/v1", REPOSITORY, "main"),
        ("workflow_dispatch", "refs/heads/feature", REPOSITORY, "main"),
        ("workflow_run", "refs/heads/main", REPOSITORY, "main"),
        ("schedule", "refs/heads/main", {}, None),
        ("push", "refs/heads/main", {"repository": "junk"}, None),
    ],
)
def test_base__is_the_branch_that_others_have_reviewed(name: str, ref: str, event: object, base: str | None) -> None:
    assert find_base(name, ref, event) == base  # type: ignore[arg-type]


@pytest.fixture
def github() -> Iterator[GitHub]:
    with GitHub() as imitation:
        yield imitation


def read(workspace: Path, base: str | None, github: GitHub | None) -> tuple[list[str], list[str]]:
    warned: list[str] = []
    (workspace / "ci").mkdir(exist_ok=True)
    (workspace / "ci" / "q.yml").write_text(MINE)
    api = github.open_api() if github else None
    entries = read_quarantine("./ci/q.yml", workspace, base, api, warned.append)
    return [entry.test for entry in entries], warned


def test_excuses__of_a_pull_request_are_the_base_branchs(tmp_path: Path, github: GitHub) -> None:
    github.files["main", "ci/q.yml"] = TEXT
    assert read(tmp_path, "main", github) == (["t.py::a"], [])


def test_excuses__of_the_branch_itself_are_the_workspaces(tmp_path: Path) -> None:
    assert read(tmp_path, None, None) == (["t.py::mine"], [])


def test_excuses__none_where_the_base_cannot_be_read(tmp_path: Path, github: GitHub) -> None:
    for hint, api in (("github-token", None), ("has no ci/q.yml", github)):
        excused, (warning,) = read(tmp_path, "main", api)
        assert excused == []
        assert hint in warning
    github.faults = [(401, {}, b"")]
    excused, (warning,) = read(tmp_path, "main", github)
    assert excused == []
    assert "could not be read (HTTP 401)" in warning


def test_excuses__a_file_that_is_wrong_is_an_error(tmp_path: Path, github: GitHub) -> None:
    github.files["main", "ci/q.yml"] = "- x"
    with pytest.raises(InputError, match=r"ci/q\.yml of the branch main:1"):
        read(tmp_path, "main", github)
    with pytest.raises(InputError, match=r"none\.yml cannot be read"):
        read_quarantine("none.yml", tmp_path, None, None, print)
