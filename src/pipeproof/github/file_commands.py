"""What the runner shares with a step: kept as it was while the user's code runs, then written by us alone.

The runner reads the file commands after the step, whatever its outcome, and later steps read the event and the job's
home. In a container all of it belongs to the same user as the workspace, so a test that knows the names can write to
it. So the files are read before the first process of the user's starts, and put back after the last one is gone, into
folders that have been held since; and in the image the folders are root's for that time, so that none can be moved.
"""

import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeproof.untrusted import Folder, Owner, append_to

FILE_COMMANDS = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
"""The variables that name the files by which a step speaks to the runner."""

KEPT = (*FILE_COMMANDS, "GITHUB_EVENT_PATH")
"""The variables of all the files that are put back."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file as it was, and the folder that holds it, open."""

    folder: Folder
    path: Path
    data: bytes
    owner: Owner
    mode: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the runner's files held, by the variables that name them."""

    files: Mapping[str, _Kept] = field(default_factory=dict)

    @classmethod
    def take(cls, environ: Mapping[str, str]) -> "Snapshot":
        """Read the files that the environment names, and hold their folders; what cannot be read is left out."""
        files = {}
        for name in KEPT:
            path = Path(environ.get(name, ""))
            with suppress(OSError), ExitStack() as stack:
                folder = stack.enter_context(Folder.at(path.parent))
                data, status = folder.read(path.name), folder.status_of(path.name)
                if status is not None:
                    owner = Owner(status.st_uid, status.st_gid)
                    files[name] = _Kept(folder, path, data, owner, stat.S_IMODE(status.st_mode))
                    stack.pop_all()  # it stays open
        return cls(files)

    @property
    def commands(self) -> dict[str, Path]:
        """The file commands' places."""
        return {name: kept.path for name, kept in self.files.items() if name in FILE_COMMANDS}

    def restore(self) -> tuple[str, ...]:
        """Put back what was changed; give the names of the variables whose files were.

        Raises:
            OSError: A file could not be put back.
        """
        return tuple(name for name, kept in self.files.items() if _put_back(kept))


def _put_back(kept: _Kept) -> bool:
    """Write a file anew unless it is as it was. What else has its name is replaced, never followed."""
    name = kept.path.name
    with _folder_now(kept) as folder:
        try:
            status = folder.status_of(name)
            if status and status.st_nlink == 1 and folder.read(name, len(kept.data)) == kept.data:
                return False
        except OSError:
            pass
        folder.put(name, kept.data, kept.owner, kept.mode)
    return True


def _folder_now(kept: _Kept) -> Folder:
    """Return the folder that the runner will look into: the one that was held, or what stands in its place by now.

    Raises:
        OSError: There is a link, or no folder.
    """
    parent = kept.path.parent
    parent.mkdir(parents=True, exist_ok=True)
    folder = Folder.at(parent)
    if os.path.samestat(folder.status(), kept.folder.status()):
        folder.close()
        return Folder(os.dup(kept.folder.descriptor), parent)
    return folder


@contextmanager
def closed_folders(environ: Mapping[str, str]) -> Iterator[None]:
    """Have the runner's folders be root's while the block runs; only root can have that.

    The job's home, which later steps read their settings from, is closed altogether. The temporary folder, which holds
    all the others, and those of the file commands and the event stay open, for what is in them is the user's too; but
    they get the sticky bit, so that in none of them anything of root's can be renamed or removed.
    """
    parents = {Path(environ[name]).parent for name in KEPT if environ.get(name)}
    temporary = Path(environ["RUNNER_TEMP"]) if environ.get("RUNNER_TEMP") else None
    inner = [temporary / name for name in _IN_TEMPORARY] if temporary else []
    with ExitStack() as stack:
        for path in dict.fromkeys([*inner, *sorted(parents), *filter(None, [temporary])]):
            stack.enter_context(_owned_by_root(path, 0o1777))
        if environ.get("HOME"):
            stack.enter_context(_owned_by_root(Path(environ["HOME"]), 0o700))
        yield


_IN_TEMPORARY = ("_runner_file_commands", "_github_workflow", "_github_home")
"""The folders that the runner mounts one by one as well (actions/runner, ContainerActionHandler.cs)."""


@contextmanager
def _owned_by_root(path: Path, mode: int) -> Iterator[None]:
    """Have a folder be root's in the block. Where that may not be (a file system of the network) nothing is changed."""
    try:
        folder = Folder.at(path)
    except OSError:
        yield
        return
    with folder:
        before = folder.status()
        with suppress(OSError):
            os.fchown(folder.descriptor, 0, 0)
            os.fchmod(folder.descriptor, mode)
        try:
            yield
        finally:
            with suppress(OSError):
                os.fchown(folder.descriptor, before.st_uid, before.st_gid)
                os.fchmod(folder.descriptor, stat.S_IMODE(before.st_mode))


def append_output(path: Path, name: str, value: str) -> None:
    """Set an output of the step, in the form for values of any number of lines."""
    delimiter = f"pipeproof-{secrets.token_hex(16)}"
    append_to(path, f"{name}<<{delimiter}\n{value}\n{delimiter}\n".encode("utf-8", "replace"))
