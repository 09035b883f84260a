"""What the fork server's processes need of Prefect's server."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pipeproof.environments.prefect import clock
from pipeproof.environments.prefect.internals.server.intake import EventIntake
from pipeproof.environments.prefect.internals.server.recording import collected_events, collected_task_runs
from pipeproof.environments.prefect.internals.server.remembering import StorageAnswers
from pipeproof.environments.prefect.internals.server.sqlite import careless, one_connection
from pipeproof.environments.prefect.internals.touched import (
    DISK,
    IN_PLACE,
    INTAKE,
    SERVER,
    SERVER_CLOCK,
)
from pipeproof.environments.prefect.internals.traffic import LATE_HEADER, Traffic, is_of_engine
from pipeproof.variables import PATCHES

DATABASE_FILE = "prefect.db"
"""The name of a server's SQLite database, in the server's folder; the fork server's relative URL says the same."""

WRITTEN_FILE = "written"
"""The file that a server makes in its folder when a request that may change something has come."""

_CONFIGURATIONS = "prefect.server.database.configurations"
_for_ever = contextlib.ExitStack()
"""What is replaced in this process stays so."""


def make_server_app() -> Any:
    """Import Prefect's server and make its application, its clock shifted by what the requests say.

    Raises:
        Changed: This cannot be done with this version of Prefect.
    """
    SERVER_CLOCK.check()
    SERVER_CLOCK.enter(_for_ever, {"prefect.types._datetime:now": clock.shifted})
    SERVER.check()  # imports the server's modules, which take the clock by name
    make_engine = partial(one_connection, file=DATABASE_FILE)
    SERVER.enter(_for_ever, {f"{_CONFIGURATIONS}:create_async_engine": make_engine})
    DISK.enter(_for_ever, {f"{_CONFIGURATIONS}:AioSqliteConfiguration.setup_sqlite": careless})
    IN_PLACE.enter(_for_ever, {"fastapi.dependencies.utils:run_in_threadpool": _answer_in_place})
    traffic = Traffic()
    collected = [*collected_task_runs(_for_ever, traffic), *collected_events(_for_ever, traffic)]
    intake = EventIntake(traffic)
    takes_in = INTAKE.usable()
    haste = PATCHES.read() == "all"
    made = SERVER.find("prefect.server.api.server:create_app")(ephemeral=True)
    app = StorageAnswers(made) if haste else made

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if _may_write(scope):
            Path(WRITTEN_FILE).touch()
        if scope["type"] != "http":
            await app(scope, intake.holding(receive) if takes_in and _brings_events(scope) else receive, send)
            return
        if not is_of_engine(scope["method"], scope["path"]):
            if takes_in and not await intake.take_in():
                send = _saying(send, "events come faster than the server can take them in")
            for batches in collected:
                await batches.write()
        offset = dict(scope["headers"]).get(clock.HEADER.encode(), 0)
        with traffic.request(), clock.starting_at(float(offset)):
            await app(scope, receive, send)

    return application


def _saying(send: Any, reason: str) -> Any:
    """Return what sends an answer that says why it may lack something."""

    async def send_with_reason(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = message | {"headers": [*message["headers"], (LATE_HEADER.encode(), reason.encode())]}
        await send(message)

    return send_with_reason


def _answer_in_place(_run_in_thread: Any) -> Callable[..., Any]:
    """Have what requests depend on, the database above all, provided without a detour by a thread for each."""

    async def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return call


def _may_write(scope: Any) -> bool:
    """Return whether a request may change something: reading is by GET, or by POST to one of a few paths."""
    if scope["type"] == "http":
        reads = ("/filter", "/count", "/paginate", "/history", "/lateness")
        return scope["method"] != "GET" and not scope["path"].endswith(reads)
    return _brings_events(scope)


def _brings_events(scope: Any) -> bool:
    return scope["type"] == "websocket" and bool(scope["path"].endswith("/events/in"))


def build_database(folder: Path, url: str | None = None) -> None:
    """Create Prefect's tables and register its blocks, in the database of the settings or in `url`.

    It starts an event loop, and so belongs in a process of its own.
    """
    register = SERVER.find("prefect.server.models.block_registration:run_block_auto_registration")
    provide_interface = SERVER.find("prefect.server.database:provide_database_interface")

    async def build() -> None:
        interface = provide_interface()  # of the URL that the settings have by now
        await interface.create_db()
        async with await interface.session() as session:
            await register(session=session)
        await (await interface.engine()).dispose()

    os.chdir(folder)
    with _database_setting(url):
        asyncio.run(build())


def warm_up(app: Any, folder: Path) -> None:
    """Answer the requests of one flow run, so that servers forked from now on have compiled what they need for it.

    No thread and no connection is left behind, or forking would not be safe any more.

    Args:
        app: The application.
        folder: Where a database is, as for a server.
    """
    import httpx

    async def play() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1/api") as client:
            made = await client.post("/flows/", json={"name": "warm-up"})
            new = {"flow_id": made.json()["id"], "state": {"type": "PENDING"}, "parameters": {}}
            run = f"/flow_runs/{(await client.post('/flow_runs/', json=new)).json()['id']}"
            for state in ("RUNNING", "COMPLETED"):
                await client.post(f"{run}/set_state", json={"state": {"type": state}})
            await client.get(run)
            await client.get("/admin/storage")
        engines = SERVER.find(f"{_CONFIGURATIONS}:ENGINES")
        for engine in list(engines.values()):
            await engine.dispose()
        engines.clear()

    os.chdir(folder)
    asyncio.run(play())


def serve(app: Any, listener: socket.socket, database: str | None, *, on_ready: Callable[[], Any], life: int) -> None:
    """Serve until killed, or until the pipe `life` closes."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            asyncio.get_running_loop().add_reader(life, os._exit, 0)
            await super().startup(sockets)
            if self.started:
                on_ready()

    config = uvicorn.Config(app, lifespan="on", log_level="error", log_config=None)
    with _database_setting(database):
        Server(config).run(sockets=[listener])


@contextlib.contextmanager
def _database_setting(url: str | None) -> Iterator[None]:
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, temporary_settings

    if url is None:
        yield
    else:
        with temporary_settings({PREFECT_API_DATABASE_CONNECTION_URL: url}):
            yield
