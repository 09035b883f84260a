"""A Prefect server for tests: a real one, on a database of its own, put in force for this process."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.request import getproxies

from pipeproof.environments.prefect.internals.client import logs
from pipeproof.environments.prefect.internals.client import settings as client
from pipeproof.environments.prefect.internals.client.sending import hastened
from pipeproof.environments.prefect.internals.client.sparing import spared
from pipeproof.environments.prefect.server import launcher
from pipeproof.environments.prefect.server.backends import Backend, forked, stock
from pipeproof.environments.prefect.server.keeping import environment_of
from pipeproof.environments.prefect.server.launcher import ForkServerError
from pipeproof.environments.prefect.server.stand_in import ServerEndedError
from pipeproof.variables import PATCHES

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient, SyncPrefectClient


class PrefectFallbackWarning(UserWarning):
    """Prefect's own, slower test harness stands in for pipeproof's server."""


class PrefectServer:
    """A running server.

    Attributes:
        folder: Prefect's home for as long as the server is in force: results, caches, profiles.
    """

    def __init__(self, backend: Backend) -> None:
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

    def checkpoint(self) -> None:
        """Keep what the server holds now, runs, variables, blocks and persisted results, for [restore][].

        A server that has ended is replaced by one that holds what the last checkpoint did; a warning tells of a loss.
        """
        if ended := self._backend.ended:
            if self._backend.written:
                warnings.warn(f"{ended}: what was written to it since the last test is lost", stacklevel=2)
            self.restore()
        elif self._backend.written:
            client.drain_services()
            with self.client() as asking:
                asking.request("POST", "/task_runs/count", json={})  # the server records what it was told of before
            self._backend.checkpoint()

    def restore(self) -> None:
        """Undo what was written since the last checkpoint, or since the start; the address stays the same."""
        if self._backend.written or self._backend.ended:
            client.drain_services()
            self._backend.restore()


def require_running() -> None:
    """Look whether the server in force is still there.

    Raises:
        ServerEndedError: It has ended.
    """
    from prefect.settings import PREFECT_API_URL

    backend = _open.get(str(PREFECT_API_URL.value()))
    if backend is not None and backend.ended:
        raise ServerEndedError(backend.ended, hint=_ENDED_HINT)


_open: dict[str, Backend] = {}
"""The servers that are open, by address."""

_ENDED_HINT = "the tests that follow get a new one; a process that is killed may be one that memory ran out for"


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
            if PATCHES.read() == "none" and database is None:
                backend: Backend = stack.enter_context(stock())
            else:
                backend = stack.enter_context(forked(launcher.start(database), database))
        except ForkServerError as error:
            if database is not None:
                raise
            warnings.warn(
                f"Prefect's own test harness is used, which is slower: {error}", PrefectFallbackWarning, stacklevel=3
            )
            backend = stack.enter_context(stock())
        logs.configure_logging()
        client.drain_services()
        stack.enter_context(_in_force(backend))
        stack.callback(client.drain_services)
        _open[backend.api_url] = backend
        stack.callback(_open.pop, backend.api_url)
        yield PrefectServer(backend)


@contextlib.contextmanager
def _in_force(backend: Backend) -> Iterator[None]:
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
        "PREFECT_API_KEY": "",  # where it is not set, the project's `.env` or `prefect.toml` may set it
        "PREFECT_API_AUTH_STRING": "",
        "PREFECT_PROFILE": None,
        **_without_proxy(),
    }
    with (
        environment_of(environment),
        client.settings_in_force(updates),
        client.profiles_in_force(environment),
        hastened(),
        spared(home / "storage"),
    ):
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
    """Return what keeps requests to this machine from a proxy, where one is set."""
    proxies = getproxies()
    if not set(proxies) - {"no"}:
        return {}
    excepted = ",".join(filter(None, [proxies.get("no"), "127.0.0.1", "localhost"]))
    return {"no_proxy": excepted, "NO_PROXY": excepted}
