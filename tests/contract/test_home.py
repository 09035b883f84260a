"""What names the project's home names the one of `pipeproof.home`, and nothing is left to be filled in."""

import re
import subprocess
import tomllib
from pathlib import Path

from pipeproof.home import COMMIT, IMAGE, PACKAGE, RELEASE, REPOSITORY, format_reference
from pipeproof.scaffold.workflow import render_workflow

ROOT = Path(__file__).parents[2]
FILES = [
    ROOT / name
    for name in subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    if Path(name).suffix in {".md", ".yml", ".yaml", ".toml", ".py", ""} and not name.startswith("tests/")
]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in FILES if path.is_file()}
CHOICE = re.compile(r"\b(?:OWNER|ORG|CLONE|YOUR_\w+)\b|@COMMIT\b|\bref: COMMIT\b")


def test_home__files_are_found() -> None:
    assert {"README.md", "action.yml", "Dockerfile", ".github/workflows/release.yml", "Makefile"} <= set(TEXTS)


def test_home__nothing_is_left_to_be_filled_in() -> None:
    assert {name: found for name, text in TEXTS.items() if (found := CHOICE.findall(text))} == {}


def test_home__is_the_same_in_each_file() -> None:
    """Whatever ends in `/pipeproof` and stands where a repository or an image does."""
    text = "\n".join(TEXTS.values())
    named = re.findall(r"(?:uses: |signer-workflow |repository: |repo: \S+/|github\.com/)([\w.-]+/pipeproof)\b", text)
    assert set(named) <= {REPOSITORY}
    images = re.findall(r"ghcr\.io/[\w./-]+", text.replace("{REPOSITORY}", REPOSITORY))
    assert set(images) <= {IMAGE}


def test_home__each_use_is_of_the_release() -> None:
    used = re.findall(rf"{REPOSITORY}(?:/[\w./-]+)?@([\w.]+(?: # v[\d.]+)?)", "\n".join(TEXTS.values()))
    assert set(used) == {format_reference()}


def test_home__checkouts_and_hooks_are_of_the_release() -> None:
    text = "\n".join(TEXTS.values())
    assert set(re.findall(rf"repository: {REPOSITORY}\b.*\n\s*ref: (.*)", text)) == {format_reference()}
    assert set(re.findall(rf"repo: https://github\.com/{REPOSITORY}\n\s*rev: (.*)", text)) == {RELEASE}


def test_home__metadata() -> None:
    project = tomllib.loads(TEXTS["pyproject.toml"])["project"]
    assert project["name"] == PACKAGE
    assert all(url.startswith(f"https://github.com/{REPOSITORY}") for url in project["urls"].values())
    assert f'image.source="https://github.com/{REPOSITORY}"' in TEXTS["Dockerfile"]
    assert f"uses: {REPOSITORY}/.github/workflows/pipeline-tests.yml@{format_reference()}\n" in render_workflow()


def test_home__is_a_release_of_a_commit_or_the_coming_one() -> None:
    """A tag without a commit is that of the version which is being prepared."""
    version = tomllib.loads(TEXTS["pyproject.toml"])["project"]["version"]
    assert COMMIT or f"v{version}" == RELEASE
    assert REPOSITORY.lower() == REPOSITORY


def test_home__builds_the_image_where_nothing_is_released() -> None:
    """Only the commit of a release, which no branch has, names an image (tools/release.py point)."""
    assert "\n  image: Dockerfile\n" in TEXTS["action.yml"]
