"""Excuses: the quarantine that a run is held against, read where the code under test cannot have changed it."""

from collections.abc import Callable
from pathlib import Path, PurePath

from pipeproof.errors import InputError
from pipeproof.github.api import Api, ApiError
from pipeproof.results.quarantine import Entry, parse_quarantine
from pipeproof.untrusted import read_text


def read_quarantine(
    name: str, workspace: Path, base: str | None, api: Api | None, warn: Callable[[str], None]
) -> tuple[Entry, ...]:
    """Read the quarantine, before any of the tests' code runs.

    Args:
        name: The file's path from the repository's root.
        workspace: Where it lies, unless it is the base branch's that counts.
        base: The branch whose file counts; None for the workspace's own.
        api: GitHub's, where there is a token.
        warn: Told why nothing is excused, where the base's file cannot be had.

    Raises:
        InputError: It is not there, or is wrong.
    """
    path = PurePath(name).as_posix().removeprefix("./")
    if base is None:
        try:
            text = read_text(workspace / path, root=workspace)
        except (OSError, ValueError) as error:
            raise InputError(f"quarantine: {path} cannot be read ({type(error).__name__}: {error})") from None
        return parse_quarantine(text, path)
    if api is None:
        warn(f"No test is excused: reading {path} of the branch {base} needs `github-token: ${{{{ github.token }}}}`.")
        return ()
    try:
        text = api.get_file(path, base)
    except ApiError as error:
        if error.status == 404:
            warn(
                f"No test is excused: the branch {base} has no {path}, or the token may not see it (`contents: read`)."
            )
        else:
            warn(f"No test is excused: {path} of the branch {base} could not be read ({error}).")
        return ()
    return parse_quarantine(text, f"{path} of the branch {base}")
