"""One comment on a pull request, edited in place: found by its marker among those that this token's user wrote."""

from collections.abc import Mapping
from typing import Any

from pipeproof.github.api import Api, ApiError

_TRIES = 3


def find_pull_request(event_name: str, event: Mapping[str, Any], api: Api) -> int | None:
    """Return the number of the pull request that a run is of; None where it is of none.

    A run that another one has triggered (`workflow_run`) is told of none that comes from a fork; it is the open one of
    that branch whose head is the commit that was run.

    Raises:
        ApiError: It cannot be looked up.
    """
    if event_name.startswith("pull_request"):
        return _number(event.get("pull_request"))
    run = event.get("workflow_run")
    if event_name != "workflow_run" or not isinstance(run, Mapping):
        return None
    owner = _path(run, "head_repository", "owner", "login")
    branch, commit = run.get("head_branch"), run.get("head_sha")
    if not (owner and branch and commit):
        return None
    found = api.get_all("pulls", query={"head": f"{owner}:{branch}", "state": "open"})
    return next((_number(pull) for pull in found if _path(pull, "head", "sha") == commit), None)


def put_comment(api: Api, number: int, marker: str, body: str, *, create: bool = True) -> str:
    """Write a comment, or edit the one that is there; give what was done: `created`, `edited` or `nothing`.

    Args:
        api: GitHub's.
        number: The pull request.
        marker: What the comment begins with.
        body: All of it, the marker too.
        create: Whether to write one where there is none.

    Raises:
        ApiError: It could not be done; 403 and 404 are a token that may not.
    """
    for attempt in range(1, _TRIES + 1):
        existing = _find(api, number, marker)
        if existing is None and not create:
            return "nothing"
        if existing is not None and existing.get("body") == body:
            return "nothing"
        try:
            if existing is None:
                api.send("POST", f"issues/{number}/comments", {"body": body})
                return "created"
            api.send("PATCH", f"issues/comments/{existing['id']}", {"body": body})
            return "edited"
        except ApiError as error:
            # Open whether it was written, or deleted meanwhile: look again.
            vanished = existing is not None and error.status == 404
            unsure = error.status == 0 or error.status >= 500
            if attempt == _TRIES or not (vanished or unsure):
                raise
    return "nothing"


def _find(api: Api, number: int, marker: str) -> Mapping[str, Any] | None:
    """The first comment that begins with the marker; of another author it would be theirs to change afterwards."""
    for comment in api.get_all(f"issues/{number}/comments"):
        if str(comment.get("body") or "").startswith(marker) and api.wrote(comment.get("user") or {}):
            found: Mapping[str, Any] = comment
            return found
    return None


def _number(pull: object) -> int | None:
    number = pull.get("number") if isinstance(pull, Mapping) else None
    return number if isinstance(number, int) else None


def _path(source: object, *keys: str) -> str | None:
    for key in keys:
        source = source.get(key) if isinstance(source, Mapping) else None
    return source if isinstance(source, str) and source else None
