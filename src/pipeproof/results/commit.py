"""The commit under test, as each CI tells it in the environment."""

from collections.abc import Mapping

_COMMIT = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILDKITE_COMMIT")
_BRANCH = ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BUILDKITE_BRANCH")


def find_commit(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `commit` and `branch` of GitHub, GitLab or Buildkite; what is not told is left out."""
    found = {"commit": _first(environ, _COMMIT), "branch": _first(environ, _BRANCH)}
    return {word: value for word, value in found.items() if value}


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")
