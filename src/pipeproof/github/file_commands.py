"""The file commands: kept as they were while the user's code runs, then written by us alone.

The runner reads these files after the step, whatever its outcome, and in a container they belong to the same host user
as the workspace: a test that guesses their names can write to them. So they are read before the first process of the
user's starts, and put back after the last one is gone.
"""

import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE_COMMANDS = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
"""The variables that name the files by which a step speaks to the runner."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the file commands held: by variable, the file and its bytes."""

    files: Mapping[str, tuple[Path, bytes]]

    @classmethod
    def take(cls, environ: Mapping[str, str]) -> "Snapshot":
        """Read the files that the environment names; one that cannot be read is left out."""
        files = {}
        for name in FILE_COMMANDS:
            path = Path(environ.get(name, ""))
            if path.is_file():
                files[name] = (path, path.read_bytes())
        return cls(files)

    def restore(self) -> tuple[str, ...]:
        """Put back what was changed; give the names of the variables whose files were."""
        return tuple(name for name, (path, data) in self.files.items() if _put_back(path, data))


def _put_back(path: Path, data: bytes) -> bool:
    """Write a file anew unless it is as it was. A link is replaced, never followed: it may lead anywhere."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and file.read(len(data) + 1) == data:
                return False
    except OSError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    replacement = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    replacement.write_bytes(data)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(replacement, owner.st_uid, owner.st_gid)
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name(f".{path.name}.{secrets.token_hex(8)}.moved"))
    replacement.replace(path)
    return True


def append_output(path: Path, name: str, value: str) -> None:
    """Set an output of the step, in the form for values of any number of lines."""
    delimiter = f"pipeproof-{secrets.token_hex(16)}"
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
