"""Whom the user's code runs as, and the folders that it gets."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeproof.sandbox.leftovers import User
from pipeproof.untrusted import Folder, Owner

IMAGE_MARK = Path("/etc/pipeproof/image")
"""A file that the image holds: uids are changed there and nowhere else, for elsewhere the machine is the user's own."""

UNPRIVILEGED = User(uid=10001, gid=10001)
"""Whom the tests run as where the workspace belongs to root. The image has an account of this number."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one run, outside the workspace.

    Attributes:
        user: Whom the user's code runs as; `None` is as the supervisor.
        own: Only the supervisor writes here; all can read.
        shared: The tests' user owns this one.
        folder: The tests' home, where they are given one; `None` leaves them their own.
    """

    user: User | None
    own: Path
    shared: Path
    folder: Path | None

    def give_folder(self, name: str, files: Mapping[str, str]) -> Path:
        """Make a folder with some files beside the others, and give it to the tests' user.

        It is theirs only when all is in it: nothing that they left can lie in the way.
        """
        path = self.own.parent / name
        path.mkdir(mode=0o755)
        owner = Owner(self.user.uid, self.user.gid) if self.user else None
        with Folder.at(path) as folder:
            for file, text in files.items():
                folder.put(file, text.encode(), owner)
            folder.give_to(owner)
        return path


def contained() -> bool:
    """Tell whether this is the image, started as root, as the runner does."""
    return os.geteuid() == 0 and IMAGE_MARK.exists()


def scratch_root() -> Path | None:
    """Where temporary folders of the supervisor's lie: in the image where only root can move them; `None` is as set.

    The workflow's `TMPDIR` can name a folder of the tests' user.
    """
    return Path("/tmp") if contained() else None  # noqa: S108 - the image's own, root's and sticky


def user_for_tests(workspace: Path) -> User:
    """Choose whom the tests run as: the workspace's owner, so that what they write is the user's; never root."""
    status = workspace.stat()
    return User(status.st_uid, status.st_gid) if status.st_uid else UNPRIVILEGED


def make_home(base: Path, user: User | None) -> Home:
    """Make the folders of one run in an empty one.

    A home of their own is given to tests that run under another uid: what they leave in it (a `.gitconfig`, a
    `.netrc`) does not reach the later steps of the job, which share the container's home.
    """
    base.chmod(0o755)
    own = base / "own"
    own.mkdir(mode=0o755)
    home = Home(user, own, base / "shared", base / "home" if user else None)
    home.give_folder("shared", {})
    if home.folder:
        home.give_folder("home", {}).chmod(0o700)
    return home
