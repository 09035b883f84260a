"""Starts the fork server and talks to it, from the process that runs the tests.

Nothing here imports Prefect: a launcher is started while pytest collects, and works while the tests' own imports run.
"""

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from pipeproof import environ
from pipeproof.environments.prefect.internals.touched import PrefectInternalsWarning
from pipeproof.environments.prefect.server.template import find_template
from pipeproof.errors import SetupError
from pipeproof.scratch import Scratch

_START_SECONDS = 180.0
_EXIT_SECONDS = 10.0
_LOG = "forkserver.log"
_LOG_LINES = 20

_BOOT = "import sys; sys.path += [p for p in sys.argv.pop().split({sep!r}) if p not in sys.path]; "
_RUN = "from pipeproof.environments.prefect.server.forkserver import main; main()"


class ForkServerError(SetupError):
    """The fork server, or what it was asked to do, failed."""


class Launcher:
    """A running fork server.

    Args:
        database: The PostgreSQL URL on whose server each Prefect server gets a database; None for SQLite.
        template: Where the SQLite database to copy is, or is to be kept.
    """

    def __init__(self, database: str | None = None, template: Path | None = None) -> None:
        self._scratch = Scratch.make("prefect-")
        self.folder = self._scratch.path
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._ready: Path | ForkServerError | None = None
        self._control, theirs = socket.socketpair()
        arguments = {
            "control": theirs.fileno(),
            "parent": os.getpid(),
            "folder": str(self.folder),
            "template": str(template or find_template()),
            # Its URL holds a password: arguments are seen by everybody, the environment by this user alone.
            "has_database": database is not None,
        }
        code = _BOOT.format(sep=os.pathsep) + _RUN
        with theirs, (self.folder / _LOG).open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", code, json.dumps(arguments), os.pathsep.join(_package_folders())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=_server_environment(self.folder, database),
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # a Ctrl-C in the terminal is pytest's to handle
            )

    @classmethod
    @contextlib.contextmanager
    def started(cls, database: str | None = None, template: Path | None = None) -> Iterator[Self]:
        """Start a fork server, and end it on leaving."""
        launcher = cls(database, template)
        try:
            yield launcher
        finally:
            launcher.close()

    def wait_ready(self) -> Path:
        """Wait until the process has imported Prefect's server.

        Returns:
            The template database.

        Raises:
            ForkServerError: It cannot be done with this version of Prefect, on this system.
        """
        with self._lock:
            if self._ready is None:
                try:
                    reply = self._receive()
                    self._ready = Path(reply["template"])
                    for lost in reply["lost"]:
                        warnings.warn(lost, PrefectInternalsWarning, stacklevel=3)
                except ForkServerError as error:
                    self._ready = error
        if isinstance(self._ready, ForkServerError):
            raise self._ready
        return self._ready

    def request(self, operation: str, descriptors: Sequence[int] = (), **arguments: Any) -> dict[str, Any]:
        """Ask the fork server for something and wait for its answer.

        Raises:
            ForkServerError: It failed.
        """
        self.wait_ready()
        message = json.dumps({"op": operation, **arguments}).encode()
        with self._lock:
            try:
                socket.send_fds(self._control, [message], list(descriptors))
            except OSError as error:
                raise self._failure(str(error)) from error
            return self._receive()

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    @property
    def has_ended(self) -> bool:
        """Whether it could be used, and now cannot."""
        return isinstance(self._ready, Path) and not self.runs

    def log_size(self) -> int:
        """Return how much the fork server and its servers have written to their log."""
        with contextlib.suppress(OSError):
            return (self.folder / _LOG).stat().st_size
        return 0

    def how_ended(self, pid: int, said_before: int) -> str:
        """Say how a server ended by itself, with what the log has got since it was `said_before` long."""
        try:
            how = f"it {_ending(self.request('ended', pid=pid)['status'])}"
        except ForkServerError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=_EXIT_SECONDS)
            how = f"the process that it came from {_ending(self._process.returncode)}"
        return f"Prefect's test server ended: {how}{read_tail(self.folder / _LOG, said_before)}"

    def close(self) -> None:
        """End the fork server with all of its servers."""
        if os.getpid() != self._owner:
            return  # a process that was forked from the tests' one is not to end its parent's servers
        self._control.close()
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=_EXIT_SECONDS)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._scratch.remove()

    def _receive(self) -> dict[str, Any]:
        self._control.settimeout(_START_SECONDS)
        answer = b""
        while not answer.endswith(b"\n"):
            try:
                part = self._control.recv(65536)
            except TimeoutError:
                raise self._failure(f"no answer in {_START_SECONDS:.0f} seconds") from None
            except OSError as error:
                raise self._failure(str(error)) from error
            if not part:
                raise self._failure("the process ended")
            answer += part
        reply: dict[str, Any] = json.loads(answer)
        if "error" in reply:
            raise self._failure(reply["error"])
        return reply

    def _failure(self, reason: str) -> ForkServerError:
        log = read_tail(self.folder / _LOG)
        return ForkServerError(f"Prefect's server could not be started: {reason}{log}")


_started: dict[str | None, Launcher] = {}


def start(database: str | None = None) -> Launcher:
    """Start this process's fork server, unless it is there already; it ends with the process."""
    launcher = _started.get(database)
    owned = launcher is not None and launcher._owner == os.getpid()  # noqa: SLF001 - this module's own class
    if launcher is None or not owned or launcher.has_ended:
        launcher = _started[database] = Launcher(database)
        atexit.register(launcher.close)
    return launcher


def read_tail(log: Path, start: int = 0) -> str:
    """Return the end of a log file, from `start` on, indented to stand below a message; empty where there is none."""
    try:
        lines = log.read_bytes()[start:].decode(errors="replace").splitlines()
    except OSError:
        return ""
    return "".join(f"\n    {line}" for line in lines[-_LOG_LINES:])


def _ending(status: int | None) -> str:
    if status is not None and status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with exit status {status}"


def _package_folders() -> list[str]:
    """The folders that pipeproof and Prefect are imported from, which an isolated interpreter may not look in."""
    specs = [find_spec(name) for name in ("pipeproof", "prefect")]
    return [str(Path(spec.origin).parent.parent) for spec in specs if spec and spec.origin]


def _server_environment(folder: Path, database: str | None) -> dict[str, str]:
    """The environment of the servers: nothing of the user's Prefect settings, nothing that measures or phones home."""
    inherited = {
        name: value
        for name, value in environ.everything().items()
        if not name.startswith(("PREFECT_", "COVERAGE_", "COV_CORE_", "PYTHON", "OTEL_"))
    }
    return inherited | {
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(folder),
        "PREFECT_PROFILES_PATH": str(folder / "profiles.toml"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": database or "sqlite+aiosqlite:///./prefect.db",
        "PREFECT_SERVER_DATABASE_MIGRATE_ON_START": "false",
        "PREFECT_SERVER_MEMO_STORE_PATH": str(folder / "memo_store.toml"),  # otherwise in ~/.prefect, whatever the home
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "0.5",  # where events are not collected; else 5 s
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
        # Whether or not blocks are registered, a server imports all integrations to see whether they have changed.
        "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
        "PREFECT_UI_ENABLED": "false",
        "PREFECT__SERVER_EPHEMERAL": "1",
    }
