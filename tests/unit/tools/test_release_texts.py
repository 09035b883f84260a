"""What a release changes in the repository's files."""

import re
from pathlib import Path

import pytest
import release_texts as texts
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeproof.home import IMAGE, REPOSITORY

ROOT = Path(__file__).parents[3]
DIGEST = "sha256:" + "a1" * 32
COMMIT = "b2" * 20
CHANGELOG = "# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.1.0 - 2026-11-30\n\nThe first.\n"
commits = st.text("0123456789abcdef", min_size=40, max_size=40)


@pytest.mark.parametrize("version", ["1", "1.2", "v1.2.3", "1.2.3-rc1", "1.2.3.4", "1.2.3 ", ""])
def test_version__that_is_none_is_refused(version: str) -> None:
    with pytest.raises(texts.ReleaseError, match="is not a version"):
        texts.check_version(version)


def test_set_version__in_both_files_and_nowhere_else() -> None:
    for name in ("pyproject.toml", "Dockerfile"):
        before = (ROOT / name).read_text()
        after = texts.set_version(before, "7.8.9")
        changed = [pair for pair in zip(before.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1]]
        assert len(changed) == 1
        assert '"7.8.9"' in changed[0][1]
    assert texts.read_version(texts.set_version((ROOT / "pyproject.toml").read_text(), "7.8.9rc1")) == "7.8.9rc1"


def test_changelog__what_is_unreleased_becomes_the_version() -> None:
    closed = texts.close_section(CHANGELOG, "0.2.0", "2027-01-02")
    assert "## Unreleased\n\n## 0.2.0 - 2027-01-02\n\n### Added\n" in closed
    assert texts.read_section(closed, "0.2.0") == "### Added\n\n- A thing.\n"
    assert texts.read_section(closed, "0.1.0") == "The first.\n"
    with pytest.raises(texts.ReleaseError, match="nothing to release"):
        texts.close_section(closed, "0.3.0", "2027-01-02")
    with pytest.raises(texts.ReleaseError, match=r"says nothing of 0\.3\.0"):
        texts.read_section(closed, "0.3.0")


def test_action__takes_the_image_by_digest_and_is_else_the_same() -> None:
    action = (ROOT / "action.yml").read_text()
    pointed = texts.point_action(action, DIGEST)
    was, now = yaml.safe_load(action), yaml.safe_load(pointed)
    assert was.pop("runs") == {"using": "docker", "image": "Dockerfile"}
    assert now.pop("runs") == {"using": "docker", "image": f"docker://{IMAGE}@{DIGEST}"}
    assert was == now
    assert texts.point_action(pointed, DIGEST) == pointed


@pytest.mark.parametrize("digest", ["", "latest", "sha256:" + "a" * 63, "sha256:" + "A1" * 32, DIGEST + "\n"])
def test_action__digest_that_is_none_is_refused(digest: str) -> None:
    with pytest.raises(texts.ReleaseError, match="is not the digest of an image"):
        texts.point_action("  image: Dockerfile\n", digest)


def test_action__with_two_images_is_refused() -> None:
    with pytest.raises(texts.ReleaseError, match="has 2 lines"):
        texts.read_image("  image: Dockerfile\n  image: Dockerfile\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("uses: @v0.1.0 # why", "uses: @COMMIT # v0.2.0 # why"),
        (f"uses: @{'c' * 40} # v0.1.0", "uses: @COMMIT # v0.2.0"),
        ("uses: /.github/workflows/x.yml@v1", "uses: /.github/workflows/x.yml@COMMIT # v0.2.0"),
        ("repository:  # ours\n  ref: v0.1.0\n", "repository:  # ours\n  ref: COMMIT # v0.2.0\n"),
        ("repo: https://github.com/\n  rev: v0.1.0\n", "repo: https://github.com/\n  rev: v0.2.0\n"),
    ],
    ids=["tag", "commit", "workflow", "checkout", "hook"],
)
def test_refer__names_the_release_by_its_commit(before: str, after: str) -> None:
    home = r"(?<=uses: )|(?<=repository: )|(?<=github\.com/)"
    given, wanted = re.sub(home, REPOSITORY, before), re.sub(home, REPOSITORY, after).replace("COMMIT", COMMIT)
    assert texts.refer(given, "v0.2.0", COMMIT) == wanted


@pytest.mark.parametrize("name", ["other/pipeproof", f"my-{REPOSITORY}-more", "actions/checkout"])
def test_refer__leaves_other_repositories_alone(name: str) -> None:
    assert texts.refer(f"uses: {name}@v0.1.0", "v0.2.0", COMMIT) == f"uses: {name}@v0.1.0"


@given(commits, commits)
def test_refer__the_last_word_counts_and_nothing_else_is_touched(first: str, second: str) -> None:
    page = (ROOT / "docs" / "how-to" / "report.md").read_text()
    once = texts.refer(page, "v3.0.0", second)
    assert texts.refer(texts.refer(page, "v2.0.0", first), "v3.0.0", second) == once
    assert texts.refer(once, "v0.1.0", "") == texts.refer(page, "v0.1.0", "")


def test_refer__what_is_no_commit_is_refused() -> None:
    with pytest.raises(texts.ReleaseError, match="is not a commit"):
        texts.refer("", "v1.0.0", "main")


def test_home__has_the_release_and_its_commit() -> None:
    home = (ROOT / texts.HOME).read_text()
    names: dict[str, object] = {}
    exec(texts.set_home(home, "v9.0.0", COMMIT), names)
    assert names["format_reference"]() == f"{COMMIT} # v9.0.0"  # type: ignore[operator]
    exec(texts.set_home(texts.set_home(home, "v9.0.0", COMMIT), "v9.1.0", ""), names)
    assert names["format_reference"]() == "v9.1.0"  # type: ignore[operator]


@pytest.mark.parametrize(
    ("version", "flavour", "names"),
    [
        ("1.2.3", "full", ("1.2.3", "1")),
        ("1.2.3", "slim", ("1.2.3-slim", "1-slim")),
        ("2.0.0rc1", "full", ("2.0.0rc1",)),
    ],
)
def test_images__have_the_version_and_final_ones_the_major(version: str, flavour: str, names: tuple[str, ...]) -> None:
    assert texts.name_images(version, flavour) == names
