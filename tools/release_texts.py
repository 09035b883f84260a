"""What a release changes in this repository's files, as functions of their texts (tools/release.py writes them)."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from pipeproof.home import IMAGE, REPOSITORY

HOME = "src/pipeproof/home.py"
_VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
_REFERENCE = r"(?:v\d[\w.]*|[0-9a-f]{40} # v\d[\w.]*)"
_USES = re.compile(rf"(\b{re.escape(REPOSITORY)}(?:/[\w./-]+)?@){_REFERENCE}")
_CHECKOUT = re.compile(rf"(repository: {re.escape(REPOSITORY)}\b[^\n]*\n\s*ref: ){_REFERENCE}")
_HOOK = re.compile(rf"(repo: https://github\.com/{re.escape(REPOSITORY)}\n\s*rev: ){_REFERENCE}")


class ReleaseError(Exception):
    """What cannot be released, and why."""


def check_version(version: str) -> str:
    """Return a version as releases have it.

    Raises:
        ReleaseError: It is not `1.2.3`, or with a1, b1 or rc1 behind it, which Python and the tags can both have.
    """
    if not _VERSION.fullmatch(version):
        raise ReleaseError(f"'{version}' is not a version: `1.2.3`, or `1.2.3rc1`")
    return version


def check_digest(digest: str) -> str:
    """Return the digest of an image.

    Raises:
        ReleaseError: It is not `sha256:` and 64 hexadecimal digits.
    """
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise ReleaseError(f"'{digest}' is not the digest of an image: `sha256:` and 64 hexadecimal digits")
    return digest


def read_version(pyproject: str) -> str:
    """Return the project's version from pyproject.toml."""
    return check_version(tomllib.loads(pyproject)["project"]["version"])


def set_version(text: str, version: str) -> str:
    """Return pyproject.toml or the Dockerfile with another version."""
    named = re.compile(r'^((?:version = |.*image\.version=)")[^"]+(")', re.MULTILINE)
    return named.sub(rf"\g<1>{version}\2", text, count=1)


def is_final(version: str) -> bool:
    """Tell whether a version is no prerelease."""
    return version.replace(".", "").isdigit()


def name_major(version: str) -> str:
    """Return the tag that moves with each release of one major version: `v1`."""
    return "v" + version.split(".", 1)[0]


def name_images(version: str, flavour: str) -> tuple[str, ...]:
    """Return an image's tags: the version, and for a final release the major version too."""
    names = (version, name_major(version).removeprefix("v")) if is_final(version) else (version,)
    return names if flavour == "full" else tuple(f"{name}-{flavour}" for name in names)


def close_section(changelog: str, version: str, date: str) -> str:
    """Return CHANGELOG.md with what is unreleased under this version.

    Raises:
        ReleaseError: Nothing is unreleased.
    """
    if not _section(changelog, "Unreleased").strip():
        raise ReleaseError("CHANGELOG.md has nothing under `## Unreleased`: there is nothing to release")
    return changelog.replace("## Unreleased\n", f"## Unreleased\n\n## {version} - {date}\n", 1)


def read_section(changelog: str, version: str) -> str:
    """Return what CHANGELOG.md says of a version.

    Raises:
        ReleaseError: It says nothing.
    """
    if not (section := _section(changelog, version).strip()):
        raise ReleaseError(f"CHANGELOG.md says nothing of {version}: `tools/release.py prepare {version}` comes first")
    return section + "\n"


def _section(changelog: str, heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}(?: - [\d-]+)?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def read_image(action: str) -> str:
    """Return what action.yml runs: `Dockerfile`, or an image.

    Raises:
        ReleaseError: There is no such line, or more than one.
    """
    found = re.findall(r"^  image: (\S+)$", action, re.MULTILINE)
    if len(found) != 1:
        raise ReleaseError(f"action.yml has {len(found)} lines `  image: …`, and not one")
    return str(found[0])


def point_action(action: str, digest: str) -> str:
    """Return action.yml with the image of this digest, so that no runner builds it."""
    return action.replace(f"  image: {read_image(action)}\n", f"  image: docker://{IMAGE}@{check_digest(digest)}\n")


def named_in(root: Path) -> Iterator[str]:
    """Give each file of the repository that may name a release, for `uses:`, a checkout or a hook."""
    for pattern in ("README.md", "docs/**/*.md", "examples/workflows/*.yml"):
        yield from sorted(path.relative_to(root).as_posix() for path in root.glob(pattern))


def refer(text: str, release: str, commit: str) -> str:
    """Return a text whose every `uses:`, checkout and hook of this repository names the release, or its commit."""
    reference = f"{_check_commit(commit)} # {release}" if commit else release
    for pattern in (_USES, _CHECKOUT):
        text = pattern.sub(rf"\g<1>{reference}", text)
    return _HOOK.sub(rf"\g<1>{release}", text)


def set_home(home: str, release: str, commit: str) -> str:
    """Return pipeproof/home.py with another release and commit."""
    for name, value in {"RELEASE": release, "COMMIT": _check_commit(commit) if commit else ""}.items():
        home = re.sub(rf'^({name}: Final = )".*"$', rf'\1"{value}"', home, flags=re.MULTILINE)
    return home


def _check_commit(commit: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise ReleaseError(f"'{commit}' is not a commit: 40 hexadecimal digits")
    return commit
