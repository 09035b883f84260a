"""Release pipeproof, one small step a command: `.github/workflows/release.yml` has them in order.

    prepare 0.2.0        write the version everywhere, and close CHANGELOG.md's section of what is unreleased
    plan                 refuse a commit that cannot be released; else give version, tag and major to the next jobs
    build FLAVOUR        build the image for this machine's architecture and push it by its digest, without a tag
    join FLAVOUR DIGEST… make one image of those of the architectures, under the release's tags
    point DIGEST         have action.yml take the image by its digest
    tag                  commit that, and push it under the release's tag alone
    pin COMMIT           have documentation, templates and `pipeproof init` name the release's commit
    notes                print the release's section of CHANGELOG.md
    move                 move the major tag to the release

With `--dry-run` a command prints what it would run or write, and does nothing. What one step found out goes to the next
by `$GITHUB_OUTPUT`, or is printed where there is none.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import release_texts as texts

from pipeproof.home import IMAGE

ROOT = Path(__file__).parents[1]
FLAVOURS = {"full": "requirements.lock", "slim": "requirements-slim.lock"}
"""The images that are published, each with what the Dockerfile's LOCK is; the first is what the action runs."""


class Steps:
    """Carries out what the commands decide, or prints it.

    Args:
        root: The repository.
        dry: Print, and do nothing.
    """

    def __init__(self, root: Path = ROOT, *, dry: bool = False) -> None:
        self.root, self.dry = root, dry

    def read(self, name: str) -> str:
        """Return the text of a file of the repository."""
        return (self.root / name).read_text(encoding="utf-8")

    def write(self, name: str, text: str) -> None:
        """Write a file where its text is another; a dry run names it."""
        if text == self.read(name):
            return
        print(f"{'would write' if self.dry else 'wrote'} {name}")
        if not self.dry:
            (self.root / name).write_text(text, encoding="utf-8")

    def run(self, *command: str) -> None:
        """Run a command that changes something."""
        print("+ " + shlex.join(command), flush=True)
        if not self.dry:
            subprocess.run(command, cwd=self.root, check=True)

    def ask(self, *command: str) -> str:
        """Return what a command that changes nothing prints."""
        done = subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def tell(self, **found: str) -> None:
        """Hand values to the steps after this one."""
        lines = "".join(f"{name}={value}\n" for name, value in found.items())
        if target := os.environ.get("GITHUB_OUTPUT"):
            with Path(target).open("a", encoding="utf-8") as file:
                file.write(lines)
        print(lines, end="")


def prepare(steps: Steps, version: str) -> None:
    """Write the next version into each file that names it."""
    texts.check_version(version)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    steps.write("CHANGELOG.md", texts.close_section(steps.read("CHANGELOG.md"), version, today))
    for name in ("pyproject.toml", "Dockerfile"):
        steps.write(name, texts.set_version(steps.read(name), version))
    name_release(steps, f"v{version}", "")


def name_release(steps: Steps, release: str, commit: str) -> None:
    """Have each file that names a release name this one, by its commit where it has one."""
    steps.write(texts.HOME, texts.set_home(steps.read(texts.HOME), release, commit))
    for name in texts.named_in(steps.root):
        steps.write(name, texts.refer(steps.read(name), release, commit))


def plan(steps: Steps) -> None:
    """Refuse what cannot be released, and tell the names of what can."""
    version = texts.read_version(steps.read("pyproject.toml"))
    texts.read_section(steps.read("CHANGELOG.md"), version)
    if steps.ask("git", "ls-remote", "--tags", "origin", f"refs/tags/v{version}"):
        raise texts.ReleaseError(f"the tag v{version} exists already: `tools/release.py prepare` writes a new version")
    steps.tell(version=version, tag=f"v{version}", major=texts.name_major(version))


def build(steps: Steps, flavour: str) -> None:
    """Build the image here and push it without a tag, with its provenance and the list of what it holds."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "metadata.json"
        steps.run(
            *(
                "docker",
                "buildx",
                "build",
                "--provenance=mode=max",
                "--sbom=true",
                "--pull",
                "--build-arg",
                f"LOCK={FLAVOURS[flavour]}",
            ),
            *("--output", f"type=image,name={IMAGE},push-by-digest=true,name-canonical=true,push=true"),
            *("--metadata-file", str(found), "."),
        )
        digest = "sha256:" + "0" * 64 if steps.dry else json.loads(found.read_text())["containerimage.digest"]
    steps.tell(digest=texts.check_digest(digest))


def join(steps: Steps, flavour: str, digests: Sequence[str]) -> None:
    """Make one image of those of the architectures, and tell its digest."""
    tags = texts.name_images(texts.read_version(steps.read("pyproject.toml")), flavour)
    sources = [f"{IMAGE}@{texts.check_digest(digest)}" for digest in digests]
    named = [word for tag in tags for word in ("--tag", f"{IMAGE}:{tag}")]
    steps.run("docker", "buildx", "imagetools", "create", *named, *sources)
    inspect = ("docker", "buildx", "imagetools", "inspect", f"{IMAGE}:{tags[0]}", "--format", "{{json .Manifest}}")
    digest = "sha256:" + "0" * 64 if steps.dry else json.loads(steps.ask(*inspect))["digest"]
    steps.tell(digest=texts.check_digest(digest))


def tag(steps: Steps) -> None:
    """Commit the action that names its image, and push that commit as the tag: no branch gets it."""
    release = f"v{texts.read_version(steps.read('pyproject.toml'))}"
    if not steps.dry and texts.read_image(steps.read("action.yml")) == "Dockerfile":
        raise texts.ReleaseError("action.yml builds the Dockerfile: `tools/release.py point DIGEST` comes first")
    author = ("-c", "user.name=github-actions[bot]", "-c", "user.email=github-actions[bot]@users.noreply.github.com")
    steps.run("git", *author, "commit", "--message", f"{release} takes its image by digest", "--", "action.yml")
    steps.run("git", *author, "tag", "--annotate", "--message", release, release)
    steps.run("git", "push", "origin", f"refs/tags/{release}")
    steps.tell(commit=steps.ask("git", "rev-parse", "HEAD"))


def move(steps: Steps) -> None:
    """Move the major tag, unless this is a prerelease: whoever names it has the release from now on."""
    version = texts.read_version(steps.read("pyproject.toml"))
    if not texts.is_final(version):
        print(f"v{version} is a prerelease: {texts.name_major(version)} stays where it is")
        return
    release, major = f"v{version}", texts.name_major(version)
    steps.run("git", "fetch", "--depth=1", "origin", "tag", release)
    steps.run("git", "push", "--force", "origin", f"refs/tags/{release}^{{commit}}:refs/tags/{major}")


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry-run", action="store_true", help="print what would be done")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("plan", "tag", "notes", "move"):
        commands.add_parser(name)
    commands.add_parser("prepare").add_argument("version")
    commands.add_parser("point").add_argument("digest")
    commands.add_parser("pin").add_argument("commit")
    commands.add_parser("build").add_argument("flavour", choices=FLAVOURS)
    joined = commands.add_parser("join")
    joined.add_argument("flavour", choices=FLAVOURS)
    joined.add_argument("digests", nargs="+")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Run one command; return the exit status."""
    given = read_arguments(arguments)
    steps = Steps(root, dry=given.dry_run)
    try:
        match given.command:
            case "prepare":
                prepare(steps, given.version)
            case "plan":
                plan(steps)
            case "build":
                build(steps, given.flavour)
            case "join":
                join(steps, given.flavour, given.digests)
            case "point":
                steps.write("action.yml", texts.point_action(steps.read("action.yml"), given.digest))
            case "tag":
                tag(steps)
            case "pin":
                name_release(steps, f"v{texts.read_version(steps.read('pyproject.toml'))}", given.commit)
            case "notes":
                version = texts.read_version(steps.read("pyproject.toml"))
                print(texts.read_section(steps.read("CHANGELOG.md"), version), end="")
            case "move":
                move(steps)
    except texts.ReleaseError as error:
        print(f"tools/release.py: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"tools/release.py: `{shlex.join(error.cmd)}` failed\n{error.stderr or ''}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
