"""The base: the branch whose files a run may trust more than its own, since others have reviewed them."""

from collections.abc import Mapping
from typing import Any

_BRANCH = "refs/heads/"


def find_base(event_name: str, ref: str, event: Mapping[str, Any]) -> str | None:
    """Return the branch that says what a run is excused from; None where that is the commit under test itself.

    Of a pull request it is the branch that it wants into, of a merge group the one that it is for, of any other branch
    the default branch; a run on the default branch, and one of which no default branch is known, has its own files.

    Args:
        event_name: `pull_request`, `push`, …
        ref: `GITHUB_REF`.
        event: The webhook's payload.
    """
    if event_name.startswith("pull_request"):
        return _text(event, "pull_request", "base", "ref")
    if event_name == "merge_group":
        base = _text(event, "merge_group", "base_ref")
        return base.removeprefix(_BRANCH) if base else None
    default = _text(event, "repository", "default_branch")
    if event_name == "workflow_run":  # its ref is the default branch, whatever its workspace holds
        return default
    return None if ref == f"{_BRANCH}{default}" else default


def _text(source: object, *keys: str) -> str | None:
    for key in keys:
        source = source.get(key) if isinstance(source, Mapping) else None
    return source if isinstance(source, str) and source else None
