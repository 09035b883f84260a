"""Each step of a release, in a repository of its own, with a `docker` that notes what it is asked for."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import release
import release_texts as texts

ROOT = Path(__file__).parents[3]
FILES = ("pyproject.toml", "Dockerfile", "CHANGELOG.md", "README.md", "action.yml", texts.HOME)
DIGEST = "sha256:" + "a1" * 32
DOCKER = f"""#!/bin/sh
echo "$@" >> "$(dirname "$0")/asked"
case "$*" in
*imagetools\\ inspect*) echo '{{"digest": "{DIGEST}"}}' ;;
*buildx\\ build*)
  while [ "$1" != --metadata-file ]; do shift; done
  echo '{{"containerimage.digest": "{DIGEST}"}}' > "$2" ;;
esac
"""


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=me", "-c", "user.email=me@example.com")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of a repository with the files that a release changes, and something unreleased."""
    for name in ("HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    work = tmp_path / "work"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "origin")
    git(tmp_path, "clone", "--quiet", "origin", "work")
    git(work, "checkout", "--quiet", "-b", "main")
    for name in FILES:
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, work / name)
    (work / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- New.\n")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "--message", "first")
    git(work, "push", "--quiet", "origin", "main")
    return work


@pytest.fixture
def run(repository: Path) -> Callable[..., int]:
    return lambda *arguments: release.main(arguments, repository)


@pytest.fixture
def output(tmp_path: Path) -> Callable[[], dict[str, str]]:
    return lambda: dict(line.split("=", 1) for line in (tmp_path / "output").read_text().splitlines())


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").write_text(DOCKER)
    (tmp_path / "bin" / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    asked = tmp_path / "bin" / "asked"
    return lambda: asked.read_text().splitlines() if asked.exists() else []


def test_release__from_the_next_version_to_the_major_tag(
    run: Callable[..., int], repository: Path, output: Callable[[], dict[str, str]], docker: Callable[[], list[str]]
) -> None:
    origin = repository.parent / "origin"
    assert run("prepare", "0.2.0") == 0
    git(repository, "commit", "--quiet", "--all", "--message", "0.2.0")
    main = git(repository, "rev-parse", "HEAD")

    assert run("plan") == 0
    assert output() == {"version": "0.2.0", "tag": "v0.2.0", "major": "v0"}
    assert run("build", "slim") == 0
    assert output()["digest"] == DIGEST
    assert run("join", "full", DIGEST, "sha256:" + "0" * 64) == 0
    assert run("point", DIGEST) == 0
    assert run("tag") == 0
    assert run("move") == 0

    built, created, _ = docker()
    assert "--provenance=mode=max --sbom=true" in built
    assert "--build-arg LOCK=requirements-slim.lock" in built
    assert "push-by-digest=true" in built
    assert "--tag ghcr.io/pipeproof/pipeproof:0.2.0 --tag ghcr.io/pipeproof/pipeproof:0 " in created
    commit = git(origin, "rev-parse", "v0.2.0^{commit}")
    assert commit == git(origin, "rev-parse", "v0^{commit}") == output()["commit"]
    assert git(origin, "rev-parse", "v0.2.0^") == main
    assert git(origin, "show", "--name-only", "--format=", commit) == "action.yml"
    assert f"image: docker://ghcr.io/pipeproof/pipeproof@{DIGEST}" in git(origin, "show", "v0.2.0:action.yml")

    assert run("pin", commit) == 0
    assert f"pipeline-tests.yml@{commit} # v0.2.0" in (repository / "README.md").read_text()
    assert f'COMMIT: Final = "{commit}"' in (repository / texts.HOME).read_text()


def test_release__dry_run_changes_nothing(
    run: Callable[..., int],
    repository: Path,
    docker: Callable[[], list[str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (repository / "CHANGELOG.md").write_text("## 0.1.0\n\nThe first.\n")
    git(repository, "commit", "--quiet", "--all", "--message", "0.1.0")
    before = git(repository, "rev-parse", "HEAD")
    steps = [("build", "full"), ("join", "full", DIGEST), ("point", DIGEST), ("tag",), ("move",), ("pin", "c" * 40)]
    for step in [("plan",), *steps]:
        assert run("--dry-run", *step) == 0, step

    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "rev-parse", "HEAD") == before
    assert git(repository, "ls-remote", "--tags", "origin") == ""
    assert docker() == []
    said = capsys.readouterr().out
    assert "+ docker buildx build --provenance=mode=max" in said
    assert "would write action.yml" in said
    assert "+ git push origin refs/tags/v0.1.0\n" in said


def test_plan__refuses_a_version_that_is_released(
    run: Callable[..., int], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("prepare", "0.2.0") == 0
    git(repository, "push", "--quiet", "origin", "main:refs/tags/v0.2.0")
    assert run("plan") == 1
    assert "the tag v0.2.0 exists already" in capsys.readouterr().err


def test_plan__refuses_a_version_without_a_section(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("plan") == 1
    assert "CHANGELOG.md says nothing of 0.1.0" in capsys.readouterr().err


def test_tag__refuses_an_action_that_builds_its_image(
    run: Callable[..., int], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("tag") == 1
    assert "point DIGEST` comes first" in capsys.readouterr().err
    assert git(repository, "tag") == ""


def test_move__leaves_the_major_tag_where_a_prerelease_is(
    run: Callable[..., int], repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("prepare", "1.0.0rc1") == 0
    assert run("move") == 0
    assert "v1 stays where it is" in capsys.readouterr().out
    assert git(repository, "ls-remote", "--tags", "origin") == ""


def test_command__that_fails_says_which(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("move") == 1
    assert "`git fetch --depth=1 origin tag v0.1.0` failed" in capsys.readouterr().err


def test_notes__are_the_section_of_the_version(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    assert run("prepare", "0.2.0") == 0
    capsys.readouterr()
    assert run("notes") == 0
    assert capsys.readouterr().out == "- New.\n"
