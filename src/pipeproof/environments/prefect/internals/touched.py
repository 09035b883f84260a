"""What is touched inside of Prefect and of what its server rests on, why, and what is lost where it has changed.

`client/` uses the first two parts, in the process that runs the tests; `server/` the third, in the processes of the
fork server. The fork server tells what it lost when it has started, and the tests' process warns of it.
"""

from pipeproof.patching import Library, LibraryChangedWarning


class PrefectInternalsWarning(LibraryChangedWarning):
    """This version of Prefect has changed where pipeproof reaches into it; what is lost by that is said, once."""


PREFECT = Library("Prefect", "prefect", "3.4.0", switched=True, category=PrefectInternalsWarning)
ALWAYS = Library("Prefect", "prefect", "3.4.0", category=PrefectInternalsWarning)
"""What `PIPEPROOF_PATCHES` has no say in: it keeps tests from the project's servers, and pytest's handlers in place."""
AIOSQLITE = Library("aiosqlite", "aiosqlite", "0.21.0", switched=True)
FASTAPI = Library("FastAPI", "fastapi", "0.115.0", switched=True)

# What the results of flows and their time rest on.

ENGINES = PREFECT.hook(
    "results are read from the server: task runs have no values, and subflows are not among them",
    "prefect.flow_engine:FlowRunEngine(flow, parameters, flow_run)",
    "prefect.flow_engine:FlowRunEngine.set_state(self, state)",
    "prefect.flow_engine:FlowRunEngine.state",
    "prefect.flow_engine:AsyncFlowRunEngine(flow, parameters, flow_run)",
    "prefect.flow_engine:AsyncFlowRunEngine.set_state(self, state)",
    "prefect.flow_engine:AsyncFlowRunEngine.state",
    "prefect.task_engine:SyncTaskRunEngine(task)",
    "prefect.task_engine:SyncTaskRunEngine.set_state(self, state)",
    "prefect.task_engine:SyncTaskRunEngine.state",
    "prefect.task_engine:SyncTaskRunEngine.task_run",
    "prefect.task_engine:AsyncTaskRunEngine(task)",
    "prefect.task_engine:AsyncTaskRunEngine.set_state(self, state)",
    "prefect.task_engine:AsyncTaskRunEngine.state",
    "prefect.task_engine:AsyncTaskRunEngine.task_run",
)
"""`hooks`: the engine of each run, and the states that it enters."""

SUBMISSIONS = PREFECT.hook(
    "task runs of other processes (ProcessPoolTaskRunner, Dask, Ray) are not in the results",
    "prefect.task_runners:TaskRunner.submit(self, task, parameters)",
)
"""`hooks`: what task runners are given."""

PROCESSES = PREFECT.hook(
    "in a ProcessPoolTaskRunner's processes retry delays are slept, and their logs are not in the results",
    "prefect.task_runners:ProcessPoolTaskRunner._forward_subprocess_messages(self)",
    "prefect.task_runners:_initialize_process_pool_worker",
    "prefect.events.worker:EventsWorker.send(self, item)",
    "prefect.logging.handlers:APILogWorker.send(self, item)",
)
"""`hooks`: what the processes of a task runner tell, and their clock; versions without such a runner are left alone."""

CLOCK = PREFECT.hook(
    "retry delays are slept, as if marked `real_time`",
    "prefect.client.schemas.objects:now",
    "prefect.states:now",
    "prefect.types._datetime:now",
    "prefect.utilities.engine:time",
    "prefect.utilities.engine:anyio",
    "prefect.task_engine:SyncTaskRunEngine.wait_until_ready(self)",
    "prefect.task_engine:AsyncTaskRunEngine.wait_until_ready(self)",
    "prefect.client.base:PrefectHttpxSyncClient.send(self, request)",
    "prefect.client.base:PrefectHttpxAsyncClient.send(self, request)",
)
"""`timing`: waits pass at once, here and on the server."""

FUTURES = PREFECT.hook(
    "whoever waits for a task that has waited in virtual time stays behind in it",
    "prefect.futures:PrefectFuture.wait(self, timeout)",
    "prefect.futures:PrefectFuture.result(self, timeout, raise_on_failure)",
    fields=("_final_state",),
)
"""`timing`: who waits moves on with what he waits for."""

PAUSES = PREFECT.hook(
    "a flow that pauses waits until it is resumed or its timeout is over",
    "prefect.flow_runs:propose_state(client, state, *, flow_run_id)",
    "prefect.context:FlowRunContext",
    "prefect.exceptions:Abort",
    "prefect.exceptions:Pause",
)
"""`timing`: a flow that pauses ends."""

SYNC_PAUSES = PREFECT.hook(
    "a synchronous flow that pauses waits until it is resumed or its timeout is over",
    "prefect.flow_runs:propose_state_sync(client, state, *, flow_run_id)",
    since="3.6.11",
)
"""`timing`: the same, where synchronous flows have a function of their own."""

ALARMS = PREFECT.hook(
    "where the test has a time-out, that of a flow interrupts nothing that sleeps",
    "prefect.utilities.timeout:cancel_sync_after(timeout, *, name)",
    "prefect._internal.concurrency.cancellation:CancelledError",
)
"""`alarms`: a flow's time-out and the test's share the process's alarm."""

SETTINGS = PREFECT.hook(
    "asynchronous tests may not see the test server, as its settings hold in new contexts alone",
    "prefect.context:GLOBAL_SETTINGS_CONTEXT",
    "prefect.context:SettingsContext",
    "prefect.context:SettingsContext.__var__",
    "prefect.settings:Settings.copy_with_update(self, updates)",
)
"""`settings`: the settings that hold in all contexts."""

SETTINGS_KEPT = PREFECT.hook(
    "settings that a test enters and does not leave stay in force",
    "prefect.context:GLOBAL_SETTINGS_CONTEXT",
    "prefect.context:SettingsContext.__var__",
)
"""`settings`: they are put back after a test."""

IMPORTS = ALWAYS.hook(
    "what modules do while they are imported may reach a server of the project's own",
    "prefect.context:GLOBAL_SETTINGS_CONTEXT",
    "prefect.context:root_settings_context()",
)
"""`settings`: those that hold while test modules are imported."""

TEMPORARY_SERVERS = ALWAYS.hook(
    "servers that Prefect has started by itself while modules were imported run until the process ends",
    "prefect.server.api.server:SubprocessASGIServer._instances",
    "prefect.server.api.server:SubprocessASGIServer.stop(self)",
)
"""`settings`: they are ended."""

PROFILES = PREFECT.hook("`use_profile` does not change what the test server sets", "prefect.context:os")
"""`settings`: a profile's settings hold over those that the test server has put in the environment."""

DRAINING = PREFECT.hook(
    "events and logs that are still queued when a server ends do not arrive",
    "prefect._internal.concurrency.services:_QueueServiceBase.drain_all(timeout)",
)
"""`settings`: what waits to be sent is sent."""

FORGETTING = PREFECT.hook(
    "the connections of servers that have ended are kept until the process ends",
    "prefect._internal.concurrency.services:_QueueServiceBase._instances",
    "prefect._internal.concurrency.threads:get_global_loop()",
    fields=("_done_event", "_on_shutdown", "_threading_atexits"),
)
"""`settings`: services that have ended are let go of."""

LOGGING = ALWAYS.hook("what flows log may not reach `caplog`", "prefect.main")
"""`logs`: Prefect sets up logging when it is imported, and replaces the handlers that are there."""

LOGGER = PREFECT.hook(
    "`get_run_logger()` does not work in `call_fn`",
    "prefect.logging.loggers:get_run_logger",
    "prefect.context:TaskRunContext.get()",
    "prefect.context:FlowRunContext.get()",
    "prefect.client.schemas.objects:FlowRun",
    "prefect.client.schemas.objects:TaskRun",
)
"""`logs`: a logger where no run is under way."""

FRAMES = PREFECT.hook(
    "flows that a test leaves running in a thread are not waited for",
    "prefect.flow_engine:run_flow_sync(flow)",
    "prefect.flow_engine:run_flow_async(flow)",
)
"""`runs/threads`: the flow that a thread runs is a local variable of the function that runs it."""

# What is there for speed alone, in the tests' process.

_SLOWER = "flows run slower"

QUEUES = PREFECT.hook(
    _SLOWER,
    "prefect._internal.concurrency.services:WorkerThread",
    "prefect._internal.concurrency.services:WorkerThread.submit(self, call)",
    "prefect._internal.concurrency.calls:Call.aresult(self)",
    "prefect._internal.concurrency.calls:Call(future, fn, args, kwargs, context, timeout)",
    speed=True,
)
"""`sending`: many items at a time are taken out of a queue."""

REQUESTS = PREFECT.hook(
    _SLOWER,
    "prefect.client.base:PrefectHttpxSyncClient._send_with_retry(self, request, send, send_args, send_kwargs)",
    "prefect.client.base:PrefectHttpxAsyncClient._send_with_retry(self, request, send, send_args, send_kwargs)",
    "prefect.events.worker:EventsWorker._instances",
    "prefect.events.worker:EventsWorker._handle(self, event)",
    "prefect.logging.handlers:APILogWorker._instances",
    "prefect.logging.handlers:APILogWorker._handle_batch(self, items)",
    "prefect._internal.concurrency.threads:in_global_loop()",
    fields=("_queue", "_lock", "_stopped", "_done_event", "_client", "_websocket", "_unconfirmed_events"),
    speed=True,
)
"""`sending`: a request for what events and logs tell waits for these; needed where `QUEUES` holds them back."""

CONSOLE = PREFECT.hook(
    _SLOWER,
    "prefect.logging.handlers:PrefectConsoleHandler.emit(self, record)",
    "rich.console:Console.is_terminal",
    fields=("_markup",),
    speed=True,
)
"""`sending`: log records are printed without rich where they do not go to a terminal."""

STORAGE = PREFECT.hook(_SLOWER, "prefect.filesystems:LocalFileSystem._resolve_path(self, path)", speed=True)
"""`sparing`: where the folder of results is."""

RESULTS = PREFECT.hook(
    _SLOWER,
    "prefect.client.schemas.objects:run_coro_as_sync(coroutine)",
    "prefect.results:ResultRecord",
    "prefect.states:get_state_result(state)",
    speed=True,
)
"""`sparing`: the result that a state holds."""

# What the fork server's processes need.

SERVER_CLOCK = PREFECT.hook("Prefect's own test harness is used, which is slower", "prefect.types._datetime:now")
"""`serving`: the time that a request says; replaced before the server's modules take it by name."""

SERVER = PREFECT.hook(
    "Prefect's own test harness is used, which is slower",
    "prefect.server.api.server:create_app(settings, ephemeral)",
    "prefect.server.database:provide_database_interface()",
    "prefect.server.models.block_registration:run_block_auto_registration(session)",
    "prefect.server.database.configurations:create_async_engine(url)",
    "prefect.server.database.configurations:ENGINES",
)
"""`serving`: there is no server of pipeproof's without these."""

_SERVER_SLOWER = "Prefect's test server answers slower"

IN_PLACE = FASTAPI.hook(_SERVER_SLOWER, "fastapi.dependencies.utils:run_in_threadpool(func)", speed=True)
"""`serving`: what requests depend on is provided without a thread for each."""

CONNECTION = AIOSQLITE.hook(
    _SERVER_SLOWER,
    "aiosqlite:Connection(connector, iter_chunk_size)",
    "aiosqlite:Connection._connect(self)",
    fields=("_tx",),
    speed=True,
)
"""`sqlite`: statements are run without a thread."""

DISK = PREFECT.hook(
    _SERVER_SLOWER,
    "prefect.server.database.configurations:AioSqliteConfiguration.setup_sqlite(self, conn, record)",
    speed=True,
)
"""`sqlite`: nothing waits for the disk."""

TASK_RUNS = PREFECT.hook(
    _SERVER_SLOWER,
    "prefect.server.services.task_run_recorder:record_bulk_task_run_events(events)",
    since="3.6.6",
    speed=True,
)
"""`recording`: task runs are written many at a time."""

EVENTS = PREFECT.hook(
    _SERVER_SLOWER,
    "prefect.server.events.services.event_persister:create_handler(batch_size)",
    "prefect.server.events.services.event_persister:write_events(session, events)",
    "prefect.server.events.filters:EventOccurredFilter.build_where_clauses",
    "prefect.server.database:provide_database_interface()",
    speed=True,
)
"""`recording`: events are written many at a time."""

INTAKE = PREFECT.hook(
    _SERVER_SLOWER,
    "prefect.server.utilities.messaging.memory:Topic.by_name(name)",
    fields=("_subscriptions", "_queue"),
    speed=True,
)
"""`intake`: whether an event waits to be read by a service."""
