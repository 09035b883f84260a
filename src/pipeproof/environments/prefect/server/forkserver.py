"""The process that Prefect servers are forked from.

It imports Prefect's server and makes the application once, which takes seconds, and then forks a server in
milliseconds for each request that comes in over its control socket. It is a process of its own because the one that
runs the tests has threads, which a fork must not copy.
[launcher][pipeproof.environments.prefect.server.launcher] starts it and talks to it:
one JSON object to the line, file descriptors beside it.

    {"op": "serve", "folder": …, "database": URL or null} + [listening socket, pipe]  →  {"pid": …}
    {"op": "end", "pid": …}                                                           →  {}
    {"op": "ended", "pid": …}                                                         →  {"status": …}
    {"op": "create_database", "name": …, "source": name or null}                      →  {}
    {"op": "drop_database", "name": …}                                                →  {}

A request that fails is answered with `{"error": …}`. The process ends when the control socket closes or its parent is
gone, and takes its servers, their databases and its folder with it.
"""

import contextlib
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeproof import environ
from pipeproof.patching import LibraryChangedWarning

_MESSAGE_BYTES = 65536
_PARENT_CHECK_SECONDS = 1.0
_GARBAGE_OBJECTS = 50_000
"""How many objects a server makes between two searches for garbage: it is a short life for a large memory."""


class _ForkServer:
    """The requests that the process answers, and what it has to put away in the end."""

    def __init__(self, control: socket.socket, folder: Path, database: str | None) -> None:
        self.control = control
        self.folder = folder
        self.database = database
        self.servers: set[int] = set()
        self.databases: list[str] = []
        self.template_database: str | None = None
        self.life, self.life_held = os.pipe()
        self.warm = False

    def prepare(self, template: Path) -> dict[str, Any]:
        """Import the server, make the application, and make sure that there is a database to copy."""
        gc.disable()
        from pipeproof.environments.prefect.internals.server import serving

        self.serving = serving
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", LibraryChangedWarning)
            self.app = serving.make_server_app()
        lost = [str(warning.message) for warning in caught if issubclass(warning.category, LibraryChangedWarning)]
        gc.freeze()
        if self.database is None and not template.exists():
            from pipeproof.environments.prefect.server.template import keep_template

            built = self.folder / "template"
            built.mkdir()
            self.run_forked(lambda: serving.build_database(built))
            template = keep_template(built / serving.DATABASE_FILE, template)
        self.template = template
        return {"template": str(template), "lost": lost}

    def warm_up(self) -> None:
        """Make the servers to come quicker, when the first one has been asked for; what fails here does no harm."""
        self.warm = True
        if self.database is None:
            folder = self.folder / "warm-up"
            folder.mkdir()
            shutil.copyfile(self.template, folder / self.serving.DATABASE_FILE)
            try:
                self.serving.warm_up(self.app, folder)
            except Exception:  # noqa: BLE001 - servers are slower without, and the log says why
                traceback.print_exc()
            gc.freeze()

    def answer(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        """Do what was asked."""
        match request["op"]:
            case "serve":
                return {"pid": self.serve(Path(request["folder"]), request["database"], *descriptors)}
            case "end":
                self.end(request["pid"])
            case "ended":
                return {"status": self.status(request["pid"])}
            case "create_database":
                self.create_database(request["name"], request["source"])
            case "drop_database":
                self.drop_database(request["name"])
        return {}

    def serve(self, folder: Path, database: str | None, listener: int, ready: int) -> int:
        """Fork a server that writes one byte to `ready` when it answers."""
        pid = os.fork()
        if pid:
            os.close(listener)
            os.close(ready)
            self.servers.add(pid)
            return pid

        def run() -> None:
            sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=listener)
            self.serving.serve(self.app, sock, database, on_ready=lambda: os.write(ready, b"1"), life=self.life)

        self._become(run, folder)
        return 0  # pragma: no cover

    def end(self, pid: int) -> None:
        """Kill a server and wait until it is gone; its database is thrown away, so there is nothing to save."""
        if pid in self.servers:
            self.servers.discard(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)

    def status(self, pid: int) -> int:
        """Return the exit status of a server that is ending by itself; if it was killed, minus the signal's number."""
        self.servers.remove(pid)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def create_database(self, name: str, source: str | None) -> None:
        """Make a PostgreSQL database with Prefect's tables: a copy of one that was migrated when first needed.

        Args:
            name: The new one's name.
            source: Another one to copy.
        """
        from pipeproof.environments.prefect.server import postgres

        url = str(self.database)
        if source is None and self.template_database is None:
            template = f"{name}_template"
            self.databases.append(template)
            self.run_forked(lambda: postgres.create(url, template))
            there = postgres.with_database(url, template)
            self.run_forked(lambda: self.serving.build_database(self.folder, there))
            self.template_database = template
        self.databases.append(name)
        self.run_forked(lambda: postgres.create(url, name, source or self.template_database))

    def drop_database(self, name: str) -> None:
        """Drop a PostgreSQL database, whoever is connected to it."""
        from pipeproof.environments.prefect.server import postgres

        self.run_forked(lambda: postgres.drop(str(self.database), name))
        self.databases = [other for other in self.databases if other != name]

    def run_forked(self, action: Callable[[], None]) -> None:
        """Run something that starts an event loop in a process of its own: threads here would not survive a fork."""
        report, held = os.pipe()
        pid = os.fork()
        if not pid:
            self._become(action, self.folder, report=held)
        os.close(held)
        with os.fdopen(report, encoding="utf-8") as said:
            failure = said.read()
        _, status = os.waitpid(pid, 0)
        if failure or status:
            raise RuntimeError(failure or f"the process ended with status {status}")

    def _become(self, run: Callable[[], None], folder: Path, report: int | None = None) -> None:
        """Be the child: run, tell of a failure, and never return."""
        status = 1
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self.control.close()
            os.close(self.life_held)
            os.chdir(folder)
            gc.set_threshold(_GARBAGE_OBJECTS)
            gc.enable()
            run()
            status = 0
        except BaseException as error:  # noqa: BLE001 - the process ends here, and its output is all that is left
            if report is not None:
                os.write(report, f"{type(error).__name__}: {error}".encode())
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def close(self) -> None:
        """End the servers, drop their databases, and remove the folder."""
        for pid in list(self.servers):
            self.end(pid)
        for name in list(self.databases):
            with contextlib.suppress(RuntimeError):
                self.drop_database(name)
        shutil.rmtree(self.folder, ignore_errors=True)


def _loop(server: _ForkServer, parent: int) -> None:
    """Answer until the control socket closes, or the process at its other end is gone."""
    while True:
        readable, _, _ = select.select([server.control], [], [], _PARENT_CHECK_SECONDS)
        if not readable:
            if os.getppid() != parent:
                return
            continue
        message, descriptors, _, _ = socket.recv_fds(server.control, _MESSAGE_BYTES, 2)
        if not message:
            return
        try:
            reply = server.answer(json.loads(message), descriptors)
        except Exception as error:  # noqa: BLE001 - the other end decides what a failure means
            reply = {"error": f"{type(error).__name__}: {error}"}
        _send(server.control, reply)
        if server.servers and not server.warm:
            server.warm_up()


def _send(control: socket.socket, reply: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        control.sendall(json.dumps(reply).encode() + b"\n")


def main() -> None:
    """Be the fork server; the one argument is JSON: control (a descriptor), parent, folder, template, database."""
    arguments = json.loads(sys.argv[1])
    control = socket.socket(fileno=arguments["control"])
    database = environ.get("PREFECT_SERVER_DATABASE_CONNECTION_URL") if arguments["has_database"] else None
    server = _ForkServer(control, Path(arguments["folder"]), database)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # whatever it is at: it may be warming up
    try:
        try:
            reply = server.prepare(Path(arguments["template"]))
        except Exception as error:  # noqa: BLE001 - the launcher falls back to the stock harness and says why
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        _send(control, reply)
        _loop(server, arguments["parent"])
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        server.close()


if __name__ == "__main__":
    main()
