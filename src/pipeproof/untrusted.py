"""Files where the user's code can write: opened without being led, held up or flooded.

The supervisor can do what the user's code cannot (in the image it is root), and any name below a folder of the user's
may by now be a link to a file of root's, a pipe that nobody writes to, a device, a folder, or larger than the memory.
So nothing is opened there by its path: each folder on the way is entered from the one before it and held, no link is
followed, opening never waits, only a regular file is taken, and no more of it than a limit. A contract test sees that
the supervisor's modules open files in no other way.
"""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from types import TracebackType

from pipeproof.errors import PipeproofError

LIMIT = 64 * 1024 * 1024
"""Bytes of a file that are read where nobody gives another limit."""

_CHUNK = 1 << 20

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFLNK: "a link",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


class UntrustedFileError(PipeproofError, OSError):
    """What lies at a place of the user's is not what can be opened there."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a file is given to; only root gives files away."""

    uid: int
    gid: int


class Folder:
    """A folder that is held by its descriptor, whatever its name leads to meanwhile; close it, or use it with `with`.

    Names are those of its own entries, without a slash.

    Args:
        descriptor: Of a folder, opened; it is closed with this object.
        path: Where it was, for messages.
    """

    def __init__(self, descriptor: int, path: PurePath) -> None:
        self.descriptor = descriptor
        self.path = path

    @classmethod
    def at(cls, path: Path) -> "Folder":
        """Hold the folder at a path; its last part is no link.

        Raises:
            OSError: There is none.
        """
        return cls(os.open(path, _FOLDER), path)

    @classmethod
    def below(cls, root: Path, parts: PurePath) -> "Folder":
        """Hold a folder below another one, each part on the way entered from the one before.

        Raises:
            OSError: A part is missing, a link or no folder.
        """
        folder = cls.at(root)
        for part in parts.parts:
            with folder:
                folder = folder.enter(part)
        return folder

    def __enter__(self) -> "Folder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the folder go."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def status(self) -> os.stat_result:
        """Return what the folder is."""
        return os.fstat(self.descriptor)

    def give_to(self, owner: Owner | None) -> None:
        """Give the folder away; only root does."""
        _give(self.descriptor, owner)

    def status_of(self, name: str) -> os.stat_result | None:
        """Return what an entry is, itself and not what it leads to; `None` where there is none."""
        try:
            return os.stat(name, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def names(self) -> list[str]:
        """Return the names of the entries, sorted."""
        return sorted(os.listdir(self.descriptor))  # noqa: PTH208 - pathlib knows no descriptors

    def enter(self, name: str) -> "Folder":
        """Hold a folder in this one."""
        try:
            return Folder(os.open(name, _FOLDER, dir_fd=self.descriptor), self.path / name)
        except NotADirectoryError as error:  # so is a link
            raise NotADirectoryError(error.errno, self._describe(name, "no folder"), str(self.path / name)) from None

    def make(self, name: str, owner: Owner | None) -> tuple["Folder", bool]:
        """Hold a folder in this one, made where it is missing; the second value tells whether it was."""
        made = True
        try:
            os.mkdir(name, 0o755, dir_fd=self.descriptor)
        except FileExistsError:
            made = False
        folder = self.enter(name)
        if made:
            _give(folder.descriptor, owner)
        return folder, made

    def open(self, name: str, flags: int = os.O_RDONLY, mode: int = 0o644) -> int:
        """Open a regular file of this folder; give its descriptor.

        Raises:
            UntrustedFileError: Something else lies there.
            FileNotFoundError: Nothing does.
        """
        try:
            descriptor = os.open(name, flags | _FILE, mode, dir_fd=self.descriptor)
        except FileNotFoundError:
            raise
        except OSError as error:  # ELOOP of a link, ENXIO of a pipe or socket, EISDIR of a folder
            raise UntrustedFileError(f"{self.path / name} is {self._describe(name, str(error))}") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise UntrustedFileError(f"{self.path / name} is {self._describe(name, 'no file')}")
        return descriptor

    def read(self, name: str, limit: int = LIMIT) -> bytes:
        """Read a regular file.

        Raises:
            UntrustedFileError: It is none, or holds more bytes than `limit`.
            FileNotFoundError: There is none.
        """
        data = bytearray()
        with os.fdopen(self.open(name), "rb", buffering=0) as file:
            while (piece := file.read(_CHUNK)) and len(data) <= limit:
                data += piece
        if len(data) > limit:
            raise UntrustedFileError(f"{self.path / name} is larger than {limit} bytes")
        return bytes(data)

    def append(self, name: str, data: bytes) -> None:
        """Add to the end of a regular file; it is made where it is missing."""
        with os.fdopen(self.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT), "ab") as file:
            file.write(data)

    def move_to(self, name: str, other: "Folder", owner: Owner | None = None, mode: int = 0o644) -> None:
        """Move a regular file of any size into another folder, where it takes the place of whatever has the name."""
        fresh = f".{name}.{secrets.token_hex(8)}"
        with os.fdopen(self.open(name), "rb", buffering=0) as file:
            try:
                os.rename(name, fresh, src_dir_fd=self.descriptor, dst_dir_fd=other.descriptor)
            except OSError:  # it is another file system
                other.put(name, iter(lambda: file.read(_CHUNK), b""), owner, mode)
                self.remove(name)
                return
            os.fchmod(file.fileno(), mode)
            _give(file.fileno(), owner)
        other.replace_by(fresh, name)

    def put(self, name: str, data: bytes | Iterator[bytes], owner: Owner | None = None, mode: int = 0o644) -> None:
        """Write a file that takes the place of whatever has the name; a folder there is moved aside."""
        fresh = f".{name}.{secrets.token_hex(8)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE, mode, dir_fd=self.descriptor)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines([data] if isinstance(data, bytes) else data)
                _give(file.fileno(), owner)
        except OSError:
            with suppress(OSError):
                os.unlink(fresh, dir_fd=self.descriptor)
            raise
        self.replace_by(fresh, name)

    def replace_by(self, fresh: str, name: str) -> None:
        """Give a file of this folder another name, whatever has it by now; a folder there is moved aside."""
        try:
            there = self.status_of(name)
            if there and stat.S_ISDIR(there.st_mode):
                self._rename(name, f".{name}.{secrets.token_hex(8)}.moved")
            self._rename(fresh, name)
        except OSError:
            with suppress(OSError):
                os.unlink(fresh, dir_fd=self.descriptor)
            raise

    def remove(self, name: str) -> None:
        """Remove a file, or a link and not what it leads to."""
        os.unlink(name, dir_fd=self.descriptor)

    def _rename(self, old: str, new: str) -> None:
        os.rename(old, new, src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor)

    def _describe(self, name: str, otherwise: str) -> str:
        status = self.status_of(name)
        return _KINDS.get(stat.S_IFMT(status.st_mode), otherwise) if status else otherwise


def read_file(path: Path, *, root: Path | None = None, limit: int = LIMIT) -> bytes:
    """Read a regular file; links count as what they lead to at this moment, and are not followed again.

    Args:
        path: The file.
        root: The folder that it has to lie in, links looked through; `None` is anywhere.
        limit: Bytes that it may have.

    Raises:
        UntrustedFileError: It is no regular file, too large, or lies elsewhere.
        OSError: There is none, or it cannot be read.
    """
    real = Path(os.path.realpath(path))
    top = Path(os.path.realpath(root)) if root is not None else Path(real.anchor)
    if not real.is_relative_to(top):
        raise UntrustedFileError(f"{path} leads out of {root}")
    inner = real.relative_to(top)
    if not inner.name:
        raise UntrustedFileError(f"{path} is a folder")
    with Folder.below(top, inner.parent) as folder:
        return folder.read(inner.name, limit)


def read_text(path: Path, *, root: Path | None = None, limit: int = LIMIT) -> str:
    """Read a regular file as UTF-8, as `read_file` does; what is none is replaced."""
    return read_file(path, root=root, limit=limit).decode("utf-8", "replace")


def append_to(path: Path, data: bytes) -> None:
    """Add to a regular file; neither it nor its folder is a link."""
    with Folder.at(path.parent) as folder:
        folder.append(path.name, data)


def remove_tree(path: Path) -> None:
    """Remove a folder and all in it, however deep it is nested; what cannot be removed stays.

    Folders in it are moved up to its top one after the other, so that neither a name nor the stack of calls grows with
    their depth. Nobody else may change it meanwhile.
    """
    with suppress(OSError):
        path.chmod(0o700)
        with Folder.at(path) as top:
            for name in list(_emptied(top)):
                with suppress(OSError):
                    os.rmdir(name, dir_fd=top.descriptor)
        path.rmdir()


def _emptied(top: Folder) -> Iterator[str]:
    """Unlink what is no folder, and give the folders, each with nothing left in it."""
    waiting = list(_remove_files(top))
    while waiting:
        name = waiting.pop()
        with suppress(OSError), top.enter(name) as folder:
            for inner in _remove_files(folder):
                lifted = secrets.token_hex(16)
                os.rename(inner, lifted, src_dir_fd=folder.descriptor, dst_dir_fd=top.descriptor)
                waiting.append(lifted)
        yield name


def _remove_files(folder: Folder) -> Iterator[str]:
    for name in folder.names():
        status = folder.status_of(name)
        if status and stat.S_ISDIR(status.st_mode):
            with suppress(OSError):  # a folder that its owner may not write to can be neither emptied nor moved
                os.chmod(name, 0o700, dir_fd=folder.descriptor)
            yield name
        else:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder.descriptor)


def _give(descriptor: int, owner: Owner | None) -> None:
    if owner is not None and os.geteuid() == 0:
        os.fchown(descriptor, owner.uid, owner.gid)
