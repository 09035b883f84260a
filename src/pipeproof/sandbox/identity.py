"""Whom the user's code runs as, and the folders that it gets."""

import os
from dataclasses import dataclass
from pathlib import Path

from pipeproof.sandbox.leftovers import User

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

    def hand_over(self, path: Path) -> None:
        """Give a file to the tests' user."""
        if self.user:
            os.chown(path, self.user.uid, self.user.gid, follow_symlinks=False)


def contained() -> bool:
    """Tell whether this is the image, started as root, as the runner does."""
    return os.geteuid() == 0 and IMAGE_MARK.exists()


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
    own, shared = base / "own", base / "shared"
    own.mkdir(mode=0o755)
    shared.mkdir(mode=0o755)
    if user is None:
        return Home(None, own, shared, None)
    folder = base / "home"
    folder.mkdir(mode=0o700)
    home = Home(user, own, shared, folder)
    home.hand_over(shared)
    home.hand_over(folder)
    return home
