"""All that pipeproof touches of Prefect's inside: the one module to look at when a new version of Prefect comes.

The first half runs in the fork server's processes, the second in the process that runs the tests. What is not there in
a version is told by an ImportError or AttributeError, on which the caller falls back to Prefect's own test harness, or
by [missing_hooks][]. Prefect 3.4 to 3.8 have all of it.
"""

import asyncio
import contextlib
import contextvars
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pipeproof.environments.prefect import clock

if TYPE_CHECKING:
    from prefect.settings import Settings

DATABASE_FILE = "prefect.db"
"""The name of a server's SQLite database, in the server's folder; the fork server's relative URL says the same."""

_SERVICE_DRAIN_SECONDS = 10.0
_BREATH_SECONDS = 0.01
"""What is really slept where the virtual clock advances, so that waiting for something else is no busy loop."""


def _module(name: str) -> Any:
    """A module of Prefect's, untyped: what is used of it is not what it offers."""
    return import_module(name)


def make_server_app() -> Any:
    """Import Prefect's server and make its application, its clock shifted by what the requests say."""
    times = _module("prefect.types._datetime")

    times.now = clock.shifted(times.now)  # before the server's modules take it by name
    from prefect.server.api.server import create_app
    from sqlalchemy.pool import AsyncAdaptedQueuePool

    configurations = _module("prefect.server.database.configurations")
    # One connection, as Prefect has it for databases in memory: writers of several lock each other out of SQLite, and
    # each request that loses is tried again after seconds.
    configurations.create_async_engine = _with_sqlite_options(
        configurations.create_async_engine, poolclass=AsyncAdaptedQueuePool, pool_size=1, max_overflow=0
    )
    app = create_app(ephemeral=True)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        header = dict(scope.get("headers", ())).get(clock.HEADER.encode())
        if header is None:
            await app(scope, receive, send)
        else:
            with clock.starting_at(float(header)):
                await app(scope, receive, send)

    return application


def _with_sqlite_options(create_engine: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    def create(url: Any, **kwargs: Any) -> Any:
        return create_engine(url, **(kwargs | options if str(url).startswith("sqlite") else kwargs))

    return create


def build_database(folder: Path, url: str | None = None) -> None:
    """Create Prefect's tables and register its blocks, in the database of the settings or in `url`.

    It starts an event loop, and so belongs in a process of its own.
    """
    from prefect.server.database import provide_database_interface
    from prefect.server.models.block_registration import run_block_auto_registration

    async def build() -> None:
        interface = provide_database_interface()
        await interface.create_db()
        async with await interface.session() as session:
            await run_block_auto_registration(session=session)
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
        engines = _module("prefect.server.database.configurations").ENGINES
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


@contextlib.contextmanager
def settings_in_force(updates: Mapping[str, Any]) -> Iterator["Settings"]:
    """Change Prefect's settings, by dotted name, for this process; names that this version has not are left out.

    They hold in contexts that were copied earlier too, such as those that an asynchronous test runner made at the
    start of the session, unless such a context has settings of its own.
    """
    contexts = _module("prefect.context")

    current = contexts.get_settings_context()
    known = {name: value for name, value in updates.items() if _has_setting(current.settings, name)}
    settings = current.settings.copy_with_update(updates=known)
    changed = contexts.SettingsContext(profile=current.profile, settings=settings)
    outer = contexts.GLOBAL_SETTINGS_CONTEXT
    with contextlib.ExitStack() as stack:
        if current is not outer:
            stack.enter_context(changed)
        contexts.GLOBAL_SETTINGS_CONTEXT = changed
        try:
            yield settings
        finally:
            contexts.GLOBAL_SETTINGS_CONTEXT = outer


def _has_setting(settings: Any, name: str) -> bool:
    for part in name.split("."):
        if not hasattr(settings, part):
            return False
        settings = getattr(settings, part)
    return True


def drain_services() -> None:
    """Send what is queued for the current server (events, logs), and let go of the connection to it."""
    if "prefect" not in sys.modules:
        return
    from prefect._internal.concurrency.services import _QueueServiceBase

    # A thread of its own: where an event loop runs in this one, draining would hand back an awaitable.
    drained = threading.Thread(
        target=contextvars.copy_context().run, args=(_QueueServiceBase.drain_all, _SERVICE_DRAIN_SECONDS), daemon=True
    )
    drained.start()
    drained.join(_SERVICE_DRAIN_SECONDS + 1)


def configure_logging() -> None:
    """Import Prefect, which sets up logging, and keep the handlers that were on the root logger.

    pytest's own handlers are there while a test runs, and Prefect would replace them.
    """
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    import prefect.main  # noqa: F401 - it sets up logging when it is imported

    if handlers:
        root.setLevel(level)
        for handler in handlers:
            root.addHandler(handler)


@contextlib.contextmanager
def run_logger(target: Any) -> Iterator[None]:
    """Make `get_run_logger()` give a logger where no run is under way; what it logs is not sent to a server.

    It alone sees a run: the engine, should the code call tasks or flows, sees none.
    """
    from uuid import uuid4

    from prefect.client.schemas.objects import FlowRun, TaskRun
    from prefect.context import FlowRunContext, TaskRunContext
    from prefect.flows import Flow
    from prefect.logging.loggers import get_run_logger

    name = str(getattr(target, "name", None) or getattr(target, "__name__", "function"))
    kind: Any
    if isinstance(target, Flow):
        kind, run = FlowRunContext, SimpleNamespace(flow=target, flow_run=FlowRun(name=name, flow_id=uuid4()))
    else:
        task_run = TaskRun(name=name, task_key=name, dynamic_key="0", flow_run_id=None)
        kind, run = TaskRunContext, SimpleNamespace(task=target, task_run=task_run)
    get = kind.get

    def get_for_logger() -> Any:
        asked_by = sys._getframe(1).f_code  # noqa: SLF001 - the one way to tell the logger's question from the engine's
        return get() or (run if asked_by is get_run_logger.__code__ else None)

    def keep_here(record: logging.LogRecord) -> bool:
        record.send_to_api = getattr(record, "task_run_name" if "task" in vars(run) else "flow_run_name", "") != name
        return True

    logger = logging.getLogger("prefect.flow_runs" if kind is FlowRunContext else "prefect.task_runs")
    logger.addFilter(keep_here)
    try:
        with _replaced(kind, "get", get_for_logger):
            yield
    finally:
        logger.removeFilter(keep_here)


@contextlib.contextmanager
def engine_hooks(*, on_flow: Callable[[Any], None], on_task: Callable[[Any], None]) -> Iterator[None]:
    """Call back with the engine of a flow or task run each time that the run has entered a state."""
    from prefect.flow_engine import AsyncFlowRunEngine, FlowRunEngine
    from prefect.task_engine import AsyncTaskRunEngine, SyncTaskRunEngine

    with contextlib.ExitStack() as stack:
        for engine, tell in (
            (FlowRunEngine, on_flow),
            (AsyncFlowRunEngine, on_flow),
            (SyncTaskRunEngine, on_task),
            (AsyncTaskRunEngine, on_task),
        ):
            asynchronous = asyncio.iscoroutinefunction(engine.set_state)
            wrap = _telling_async if asynchronous else _telling
            stack.enter_context(_replaced(engine, "set_state", wrap(engine.set_state, tell)))
        yield


def _telling(set_state: Callable[..., Any], tell: Callable[[Any], None]) -> Callable[..., Any]:
    def told(engine: Any, *args: Any, **kwargs: Any) -> Any:
        state = set_state(engine, *args, **kwargs)
        tell(engine)
        return state

    return told


def _telling_async(set_state: Callable[..., Any], tell: Callable[[Any], None]) -> Callable[..., Any]:
    async def told(engine: Any, *args: Any, **kwargs: Any) -> Any:
        state = await set_state(engine, *args, **kwargs)
        tell(engine)
        return state

    return told


@contextlib.contextmanager
def virtual_clock() -> Iterator[None]:
    """Let retry delays pass on the virtual clock instead of sleeping, here and on the server."""
    objects = _module("prefect.client.schemas.objects")
    states = _module("prefect.states")
    times = _module("prefect.types._datetime")
    proposing = _module("prefect.utilities.engine")
    from prefect.client.base import PrefectHttpxAsyncClient, PrefectHttpxSyncClient
    from prefect.task_engine import AsyncTaskRunEngine, SyncTaskRunEngine

    now = clock.shifted(times.now)
    with contextlib.ExitStack() as stack:
        for module in (objects, states, times):
            stack.enter_context(_replaced(module, "now", now))
        stack.enter_context(_replaced(proposing, "time", _Sleepless(proposing.time)))
        stack.enter_context(_replaced(proposing, "anyio", _AsyncSleepless(proposing.anyio)))
        for engine in (SyncTaskRunEngine, AsyncTaskRunEngine):
            stack.enter_context(_replaced(engine, "wait_until_ready", _ready_at_once(engine.wait_until_ready)))
        for client in (PrefectHttpxSyncClient, PrefectHttpxAsyncClient):
            stack.enter_context(_replaced(client, "send", _telling_time(client.send)))
        yield


@contextlib.contextmanager
def pauses_end_runs(*, real_time: bool) -> Iterator[None]:
    """Make a flow that suspends itself end, with no deployment too, and, unless in real time, one that pauses.

    A paused flow would wait for an hour to be resumed, which nobody is there to do.
    """
    flow_runs = _module("prefect.flow_runs")
    from prefect.exceptions import Abort, Pause

    def ended(state: Any) -> Any:
        if state.is_paused() and (state.state_details.pause_reschedule or not real_time):
            raise Pause("the flow run is paused", state=state)
        return state

    async def propose(client: Any, state: Any, flow_run_id: Any) -> Any:
        try:
            return ended(await asynchronous(client, state, flow_run_id=flow_run_id))
        except Abort:
            if not state.state_details.pause_reschedule:
                raise
            return ended((await client.set_flow_run_state(flow_run_id, state, force=True)).state)

    def propose_sync(client: Any, state: Any, flow_run_id: Any) -> Any:
        try:
            return ended(synchronous(client, state, flow_run_id=flow_run_id))
        except Abort:
            if not state.state_details.pause_reschedule:
                raise
            return ended(client.set_flow_run_state(flow_run_id, state, force=True).state)

    asynchronous = flow_runs.propose_state
    synchronous: Any = getattr(flow_runs, "propose_state_sync", None)  # 3.4 has the asynchronous one alone
    with contextlib.ExitStack() as stack:
        stack.enter_context(_replaced(flow_runs, "propose_state", propose))
        if synchronous is not None:
            stack.enter_context(_replaced(flow_runs, "propose_state_sync", propose_sync))
        yield


def _ready_at_once(wait_until_ready: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def wait(engine: Any) -> Any:
        if scheduled := engine.state.state_details.scheduled_time:
            clock.advance_to(scheduled)
        return wait_until_ready(engine)

    return wait


def _telling_time(send: Callable[..., Any]) -> Callable[..., Any]:
    def told(client: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        if offset := clock.offset_seconds():
            request.headers[clock.HEADER] = str(offset)
        return send(client, request, *args, **kwargs)

    return told


class _Module:
    """A module with a `sleep` of ours; all else is the module's own."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


class _Sleepless(_Module):
    def sleep(self, seconds: float) -> None:
        clock.advance(seconds)
        self._module.sleep(min(seconds, _BREATH_SECONDS))


class _AsyncSleepless(_Module):
    async def sleep(self, seconds: float) -> None:
        clock.advance(seconds)
        await self._module.sleep(min(seconds, _BREATH_SECONDS))


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    own, original = name in vars(owner), getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, original)
        else:
            delattr(owner, name)
