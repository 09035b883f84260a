"""A Prefect server for tests: a real one, on a database of its own, put in force for this process."""

import contextlib
import itertools
import os
import secrets
import select
import shutil
import socket
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, overload
from urllib.request import getproxies

from pipeproof.environments.prefect import launcher
from pipeproof.environments.prefect.internals import client
from pipeproof.environments.prefect.internals.serving import DATABASE_FILE
from pipeproof.environments.prefect.launcher import ForkServerError, Launcher, read_tail
from pipeproof.environments.prefect.postgres import with_database

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient, SyncPrefectClient

_READY_SECONDS = 60.0
_numbers = itertools.count(1)


class PrefectFallbackWarning(UserWarning):
    """Prefect's own, slower test harness stands in for pipeproof's server."""


class _Backend(Protocol):
    """What answers at a server's address."""

    @property
    def api_url(self) -> str: ...

    @property
    def folder(self) -> Path: ...


class PrefectServer:
    """A running server.

    Attributes:
        folder: Prefect's home for as long as the server is in force: results, caches, profiles.
    """

    def __init__(self, backend: _Backend) -> None:
        self._backend = backend
        self.folder = backend.folder

    @property
    def api_url(self) -> str:
        """The address of the API, as `PREFECT_API_URL` wants it."""
        return self._backend.api_url

    @overload
    def client(self, *, sync_client: Literal[True] = True) -> "SyncPrefectClient": ...

    @overload
    def client(self, *, sync_client: Literal[False]) -> "PrefectClient": ...

    def client(self, *, sync_client: bool = True) -> "SyncPrefectClient | PrefectClient":
        """A client of this server, whatever server is in force; with `sync_client=False`, an asynchronous one."""
        from prefect.client.orchestration import PrefectClient, SyncPrefectClient

        return SyncPrefectClient(self.api_url) if sync_client else PrefectClient(self.api_url)


@contextlib.contextmanager
def open_server(database: str | None = None) -> Iterator[PrefectServer]:
    """Start a server and put it in force: flows that run in this process, and processes it starts, use it.

    Servers nest; on leaving, the one before is in force again, and what was queued for this one was delivered.

    Args:
        database: A `postgresql+asyncpg://` URL: the server's database is created on that PostgreSQL server and dropped
            on leaving. Without one it is SQLite.

    Raises:
        SetupError: The database's server refuses.
    """
    with contextlib.ExitStack() as stack:
        try:
            backend: _Backend = stack.enter_context(_forked(launcher.start(database), database))
        except ForkServerError as error:
            if database is not None:
                raise
            warnings.warn(
                f"Prefect's own test harness is used, which is slower: {error}", PrefectFallbackWarning, stacklevel=3
            )
            backend = stack.enter_context(_stock())
        client.configure_logging()
        client.drain_services()
        stack.enter_context(_in_force(backend))
        stack.callback(client.drain_services)
        yield PrefectServer(backend)


class _StockBackend:
    """Prefect's own test harness."""

    def __init__(self, folder: Path) -> None:
        from prefect.settings import PREFECT_API_URL

        self.folder = folder
        self.api_url = str(PREFECT_API_URL.value())


@contextlib.contextmanager
def _stock() -> Iterator[_StockBackend]:
    from prefect.testing.utilities import prefect_test_harness

    harness = prefect_test_harness()
    with tempfile.TemporaryDirectory(prefix="pipeproof-prefect-") as folder:
        harness.__enter__()
        try:
            yield _StockBackend(Path(folder))
        finally:
            harness.__exit__(None, None, None)  # told of an exception it would leave its server running


class _ForkedBackend:
    """A server that the fork server made. The socket is bound before, so that no port is raced for."""

    def __init__(self, fork_server: Launcher, database: str | None) -> None:
        self._launcher = fork_server
        self.folder = fork_server.folder / f"server-{next(_numbers)}"
        self.folder.mkdir()
        self._database = database and f"pipeproof_prefect_{secrets.token_hex(8)}"
        self._url = database
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(512)
        self._pid: int | None = None
        self._ready: int | None = None

    @property
    def api_url(self) -> str:
        self._wait_ready()
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/api"

    def start(self) -> None:
        url = None
        if self._url and self._database:
            self._launcher.request("create_database", name=self._database)
            url = with_database(self._url, self._database)
        else:
            shutil.copyfile(self._launcher.wait_ready(), self.folder / DATABASE_FILE)
        self._ready, told = os.pipe()
        try:
            reply = self._launcher.request(
                "serve", [self._socket.fileno(), told], folder=str(self.folder), database=url
            )
        finally:
            os.close(told)
        self._pid = reply["pid"]

    def stop(self) -> None:
        if self._pid is not None:
            self._launcher.request("end", pid=self._pid)
            self._pid = None
            if self._database:
                self._launcher.request("drop_database", name=self._database)
        if self._ready is not None:
            os.close(self._ready)
            self._ready = None
        self._socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait_ready(self) -> None:
        if self._ready is None:
            return
        readable, _, _ = select.select([self._ready], [], [], _READY_SECONDS)
        said = os.read(self._ready, 1) if readable else b""
        if not said:
            raise ForkServerError(f"the server did not start{read_tail(self._launcher.folder / 'forkserver.log')}")
        os.close(self._ready)
        self._ready = None


@contextlib.contextmanager
def _forked(fork_server: Launcher, database: str | None) -> Iterator[_ForkedBackend]:
    fork_server.wait_ready()
    backend = _ForkedBackend(fork_server, database)
    try:
        backend.start()
        yield backend
    finally:
        backend.stop()


@contextlib.contextmanager
def _in_force(backend: _Backend) -> Iterator[None]:
    """Make Prefect's settings and the environment of child processes name the server."""
    url = backend.api_url
    home = backend.folder
    updates: dict[str, Any] = {
        "api.url": url,
        "api.key": None,
        "api.auth_string": None,
        "home": home,
        "profiles_path": home / "profiles.toml",
        "results.local_storage_path": home / "storage",
        "client.csrf_support_enabled": False,
        "api.ssl_cert_file": str(_one_certificate(home)),
        "flows.heartbeat_frequency": None,  # the thread that sends them takes a second to end
        "server.analytics_enabled": False,
    }
    environment = {
        "PREFECT_API_URL": url,
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_LOCAL_STORAGE_PATH": str(home / "storage"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_API_KEY": None,
        "PREFECT_API_AUTH_STRING": None,
        "PREFECT_PROFILE": None,
        **_without_proxy(),
    }
    with _environment(environment), client.settings_in_force(updates):
        yield


def _one_certificate(folder: Path) -> Path:
    """A file with one authority's certificate: each client loads the whole bundle otherwise, and the server is HTTP."""
    import certifi

    last_line = "-----END CERTIFICATE-----"
    first = Path(certifi.where()).read_text(encoding="utf-8").split(last_line)[0]
    file = folder / "authority.pem"
    file.write_text(f"{first}{last_line}\n", encoding="utf-8")
    return file


def _without_proxy() -> dict[str, str | None]:
    """What keeps requests to this machine from a proxy, where one is set."""
    proxies = getproxies()
    if not set(proxies) - {"no"}:
        return {}
    excepted = ",".join(filter(None, [proxies.get("no"), "127.0.0.1", "localhost"]))
    return {"no_proxy": excepted, "NO_PROXY": excepted}


@contextlib.contextmanager
def _environment(changes: dict[str, str | None]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in changes}
    _set_environment(changes)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(values: dict[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
