"""Token files: for the tests to read and nobody else, outside the workspace, replaced whole at each renewal."""

import os
from pathlib import Path

from pipeproof.credentials.lease import Tools


def write_private(name: str, text: str, tools: Tools) -> Path:
    """Write a file that only the tests' user (and root) can read, in one step: no reader sees half of it."""
    path, fresh = tools.directory / name, tools.directory / f".{name}.new"
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o400)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if tools.owner:
            os.fchown(file.fileno(), *tools.owner)
        file.write(text)
    return fresh.replace(path)
