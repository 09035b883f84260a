"""Writing into the user's workspace, where the user's code may have put links in the way.

The supervisor can write where the tests cannot (the file commands, in the image anything), so it must not be led: no
link is followed, neither as a folder on the way nor as the file itself. All goes through descriptors of folders, so
there is no moment between looking and writing either.
"""

import os
import secrets
from contextlib import ExitStack
from pathlib import Path, PurePath

_IGNORE_ALL = b"# Created by pipeproof.\n*\n"


def place_files(source: Path, workspace: Path, folder: PurePath) -> None:
    """Move the files of a folder (not of folders in it) into a folder of the workspace, and give them to its owner.

    Args:
        source: A folder of the supervisor's own.
        workspace: The workspace.
        folder: The folder to fill, relative to the workspace; made where it is missing, and then kept out of git, as
            pytest's cache is. Files in it of the same names are replaced.

    Raises:
        OSError: where a part of the folder is a link or no folder, or nothing can be written.
    """
    owner = workspace.stat()
    with ExitStack() as stack:
        descriptor = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY)
        stack.callback(os.close, descriptor)
        made = False
        for part in folder.parts:
            descriptor, made = _enter(part, descriptor, owner)
            stack.callback(os.close, descriptor)
        if made:
            _put(_IGNORE_ALL, ".gitignore", descriptor, owner)
        for path in sorted(source.iterdir()):
            if path.is_file():
                _put(path.read_bytes(), path.name, descriptor, owner)


def _enter(name: str, parent: int, owner: os.stat_result) -> tuple[int, bool]:
    """A folder in another one, and whether it had to be made."""
    try:
        os.mkdir(name, 0o755, dir_fd=parent)
        made = True
    except FileExistsError:
        made = False
    descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    if made:
        _give(descriptor, owner)
    return descriptor, made


def _put(data: bytes, name: str, folder: int, owner: os.stat_result) -> None:
    temporary = f".{name}.{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _give(file.fileno(), owner)
            file.write(data)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        os.unlink(temporary, dir_fd=folder)
        raise


def _give(descriptor: int, owner: os.stat_result) -> None:
    if os.geteuid() == 0:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
