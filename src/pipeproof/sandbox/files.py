"""Writing into the user's workspace, where the user's code may have put links in the way.

The supervisor can write where the tests cannot (the file commands, in the image anything), so it must not be led: no
link is followed, neither as a folder on the way nor as the file itself. All goes through descriptors of folders
(`untrusted`), so there is no moment between looking and writing either.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePath

from pipeproof.untrusted import LIMIT, Folder, Owner

_IGNORE_ALL = b"# Created by pipeproof.\n*\n"
_DEEPEST = 64
"""Folders in each other that are searched: each is held open meanwhile."""


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
    with open_report_folder(workspace, folder) as (report, owner), Folder.at(source) as own:
        for name in own.names():
            own.move_to(name, report, owner)


@contextmanager
def open_report_folder(workspace: Path, folder: PurePath) -> Iterator[tuple[Folder, Owner]]:
    """Hold a folder of the workspace, made where it is missing, and know whom the workspace belongs to.

    Raises:
        OSError: where a part of the folder is a link or no folder.
    """
    with ExitStack() as stack:
        current = stack.enter_context(Folder.at(workspace))
        status = current.status()
        owner = Owner(status.st_uid, status.st_gid)
        made = False
        for part in folder.parts:
            current, made = current.make(part, owner)
            stack.enter_context(current)
        if made:
            current.put(".gitignore", _IGNORE_ALL, owner)
        yield current, owner


def rewrite_files(workspace: Path, folder: PurePath, change: Callable[[bytes], bytes]) -> list[PurePath]:
    """Change the content of the files in a folder of the workspace, where it is there, and in the folders in it.

    They may be the tests' own, so no link is followed and no file with a second name is touched.

    Args:
        change: Gives a file's new bytes; what comes back as it was is not written.

    Returns:
        What was left as it is: too large, too deep, a second name of another file, or not readable. Named from the
        workspace.
    """
    try:
        with Folder.below(workspace, folder) as found:
            return [folder / path for path in _rewrite(found, PurePath(), change)]
    except OSError:
        return []


def _rewrite(folder: Folder, here: PurePath, change: Callable[[bytes], bytes]) -> Iterator[PurePath]:
    for name in folder.names():
        status = folder.status_of(name)
        if status is None:
            continue
        try:
            if stat.S_ISDIR(status.st_mode):
                if len(here.parts) >= _DEEPEST:
                    yield here / name
                    continue
                with folder.enter(name) as inner:
                    yield from _rewrite(inner, here / name, change)
            elif stat.S_ISREG(status.st_mode) and not _rewrite_file(folder, name, change):
                yield here / name
        except OSError:
            yield here / name


def _rewrite_file(folder: Folder, name: str, change: Callable[[bytes], bytes]) -> bool:
    with os.fdopen(folder.open(name, os.O_RDWR), "r+b") as file:
        status = os.fstat(file.fileno())
        if status.st_nlink > 1 or status.st_size > LIMIT:
            return False
        data = file.read()
        changed = change(data)
        if changed != data:
            file.seek(0)
            file.write(changed)
            file.truncate()
    return True
