"""What answers at a server's address: a server of the fork server's, or, failing that, Prefect's own harness."""

import atexit
import contextlib
import itertools
import os
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pipeproof.environments.prefect.internals.server.serving import DATABASE_FILE, WRITTEN_FILE
from pipeproof.environments.prefect.server import launcher as launchers
from pipeproof.environments.prefect.server.launcher import ForkServerError, Launcher
from pipeproof.environments.prefect.server.postgres import new_name, with_database
from pipeproof.environments.prefect.server.stand_in import StandIn
from pipeproof.scratch import Scratch, scratch_folder

_READY_SECONDS = 60.0
_STOCK_SECONDS = 120
_numbers = itertools.count(1)


class Backend(Protocol):
    """A running server, and the folder that is Prefect's home while it is in force."""

    @property
    def api_url(self) -> str:
        """Where it answers."""
        ...

    @property
    def folder(self) -> Path:
        """Its folder."""
        ...

    @property
    def written(self) -> bool:
        """Whether anything was written to it since it started."""
        ...

    @property
    def ended(self) -> str | None:
        """How it ended, if it did so by itself; `restore` puts another in its place."""
        ...

    def checkpoint(self) -> None:
        """Keep what it holds now, for `restore`."""

    def restore(self) -> None:
        """Make it hold what it held at the checkpoint, or at its start."""


class ForkedBackend:
    """A server that the fork server made. The socket is bound before, so that no port is raced for.

    Args:
        launcher: The fork server.
        database: A URL on the PostgreSQL server to use; None for SQLite.
    """

    def __init__(self, launcher: Launcher, database: str | None) -> None:
        self._launcher = launcher
        self.folder = launcher.folder / f"server-{next(_numbers)}"
        self.folder.mkdir()
        self._postgres = database
        self._name = new_name()
        self._checkpoint: Path | str | None = None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(512)
        self._pid: int | None = None
        self._stand_in: StandIn | None = None

    @property
    def api_url(self) -> str:
        """Where it answers; waits until it does."""
        if self._stand_in is not None and not self._stand_in.wait_ready(_READY_SECONDS):
            raise ForkServerError(f"the server did not start: {self.ended or 'it does not answer'}")
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/api"

    @property
    def written(self) -> bool:
        """Whether a request that may change something has come."""
        return (self.folder / WRITTEN_FILE).exists()

    @property
    def ended(self) -> str | None:
        """How it ended, with what it said, if nobody asked it to."""
        return self._stand_in.ended if self._stand_in is not None else None

    def start(self) -> None:
        """Make the database and begin to serve it."""
        self._make_database()
        self._serve()

    def checkpoint(self) -> None:
        """Keep the database and the persisted results as they are now."""
        if not self.written:
            return
        if self._postgres is None:
            kept = self.folder / "checkpoint.db"
            with (
                contextlib.closing(sqlite3.connect(self.folder / DATABASE_FILE)) as live,
                contextlib.closing(sqlite3.connect(kept)) as copy,
            ):
                live.backup(copy)
            self._checkpoint = kept
        else:
            self._end()  # PostgreSQL copies a database that nobody is connected to
            if self._checkpoint:
                self._launcher.request("drop_database", name=self._checkpoint)
            self._checkpoint = new_name()
            self._launcher.request("create_database", name=self._checkpoint, source=self._name)
            self._serve()
        _copy_folder(self.folder / "storage", self.folder / "checkpoint-storage")
        (self.folder / WRITTEN_FILE).unlink(missing_ok=True)

    def restore(self) -> None:
        """Serve the database of the checkpoint, or a new one, at the same address; nothing is done if none wrote."""
        if not self.written and self.ended is None:
            return
        self._end()
        if not self._launcher.runs:
            self._launcher = launchers.start(self._postgres)
        if self._postgres is not None:
            self._launcher.request("drop_database", name=self._name)
        self._make_database()
        _copy_folder(self.folder / "checkpoint-storage", self.folder / "storage")
        self._serve()

    def stop(self) -> None:
        """End it and throw its database away."""
        self._end()
        if self._postgres is not None and self._launcher.runs:
            for name in filter(None, (self._name, self._checkpoint)):
                self._launcher.request("drop_database", name=str(name))
        self._socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _make_database(self) -> None:
        (self.folder / WRITTEN_FILE).unlink(missing_ok=True)
        if self._postgres is not None:
            self._launcher.request("create_database", name=self._name, source=self._checkpoint)
            return
        database = self.folder / DATABASE_FILE
        for leftover in self.folder.glob(f"{DATABASE_FILE}*"):
            leftover.unlink()
        shutil.copyfile(self._checkpoint or self._launcher.wait_ready(), database)

    def _serve(self) -> None:
        url = self._postgres and with_database(self._postgres, self._name)
        life, told = os.pipe()
        said_before = self._launcher.log_size()
        try:
            descriptors = [self._socket.fileno(), told]
            pid = self._launcher.request("serve", descriptors, folder=str(self.folder), database=url)["pid"]
        except BaseException:
            os.close(life)
            raise
        finally:
            os.close(told)
        self._pid = pid
        self._stand_in = StandIn(self._socket, life, lambda: self._launcher.how_ended(pid, said_before))

    def _end(self) -> None:
        if self._stand_in is not None:
            self._stand_in.stop()
            self._stand_in = None
        if self._pid is not None and self._launcher.runs:
            self._launcher.request("end", pid=self._pid)
        self._pid = None


def _copy_folder(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    if source.exists():
        shutil.copytree(source, target)


@contextlib.contextmanager
def forked(launcher: Launcher, database: str | None) -> Iterator[ForkedBackend]:
    """Yield a server of the fork server's, for as long as it is wanted."""
    launcher.wait_ready()
    backend = ForkedBackend(launcher, database)
    try:
        backend.start()
        yield backend
    finally:
        backend.stop()


class StockBackend:
    """Prefect's own test harness: what a test writes there stays until the end of the session."""

    written = False
    ended: str | None = None

    def __init__(self, folder: Path, api_url: str) -> None:
        self.folder = folder
        self.api_url = api_url

    def checkpoint(self) -> None:
        """Nothing can be kept."""

    def restore(self) -> None:
        """Nothing was kept."""


@contextlib.contextmanager
def stock() -> Iterator[StockBackend]:
    """Prefect's own test harness, for as long as it is wanted."""
    from prefect.settings import PREFECT_API_URL
    from prefect.testing.utilities import prefect_test_harness

    harness = prefect_test_harness(server_startup_timeout=_STOCK_SECONDS)
    with scratch_folder("prefect-") as folder:
        with _temporary_files_found():
            harness.__enter__()
        try:
            yield StockBackend(folder, str(PREFECT_API_URL.value()))
        finally:
            harness.__exit__(None, None, None)  # told of an exception it would leave its server running


@contextlib.contextmanager
def _temporary_files_found() -> Iterator[None]:
    """Have what the harness makes among temporary files lie in a folder of ours, which `pipeproof clean` knows.

    The harness removes its folder when the interpreter exits, and a worker of xdist does not always come to that.
    """
    scratch = Scratch.make("prefect-stock-")
    atexit.register(scratch.remove)  # before the harness's own, so after it
    before, tempfile.tempdir = tempfile.tempdir, str(scratch.path)
    try:
        yield
    finally:
        tempfile.tempdir = before
