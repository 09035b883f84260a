"""Scratch: temporary folders, and those that processes which were killed have left.

Who makes one holds a lock on it, which the system releases however he ends: so `pipeproof clean` tells the folders of
the dead from those of the living.
"""

import errno
import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeproof.untrusted import remove_tree

PREFIX = "pipeproof-"
_YOUNG = timedelta(minutes=1)
"""A folder that is younger may be one whose maker has not locked it yet."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """A temporary folder with a lock on it, until it is removed."""

    path: Path
    _descriptor: int

    @classmethod
    def make(cls, kind: str = "", root: Path | None = None) -> "Scratch":
        """Make one whose name says what for, in `root` or where temporary files go."""
        path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{kind}", dir=root))
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        with suppress(OSError):  # a file system without locks: `clean` cannot lock it either, and leaves it alone
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return cls(path, descriptor)

    def remove(self) -> None:
        """Remove the folder and all in it; a second time nothing happens."""
        remove_tree(self.path)
        with suppress(OSError):
            os.close(self._descriptor)


@contextmanager
def scratch_folder(kind: str = "", root: Path | None = None) -> Iterator[Path]:
    """Have a temporary folder, gone afterwards."""
    scratch = Scratch.make(kind, root)
    try:
        yield scratch.path
    finally:
        scratch.remove()


def remove_dead(older_than: timedelta = _YOUNG, root: Path | None = None) -> Iterator[Path]:
    """Remove the folders of this user whose makers are gone; give each that was removed.

    Args:
        older_than: Leave those alone that were changed since then.
        root: Where to look; where temporary files go if it is `None`.
    """
    limit = datetime.now(UTC) - max(older_than, _YOUNG)
    for path in sorted(Path(root or tempfile.gettempdir()).glob(f"{PREFIX}*")):
        if _is_dead(path, limit):
            remove_tree(path)
            if not path.exists():
                yield path


def _is_dead(path: Path, limit: datetime) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # a file, a link, another user's, or gone meanwhile
        return False
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mtime > limit.timestamp():
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL):
            raise
        return False
    finally:
        os.close(descriptor)
    return True
