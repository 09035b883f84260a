"""Watches the engine's flow and task runs.

Prefect tells its server of task runs by events that are stored seconds later, and tells it nothing of the values and
exceptions; so the engines are watched in this process, where all of that is at hand. Where a version of Prefect has
other engines, the results are read from the server instead, and a warning says so.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from pipeproof.environments.prefect.internals import touched
from pipeproof.environments.prefect.internals.client import alarms, hooks, timing
from pipeproof.environments.prefect.internals.client.sparing import seldom_collected
from pipeproof.environments.prefect.runs.remote import log_record, task_run_of
from pipeproof.environments.prefect.runs.watch import Watch

_LOGGERS = ("prefect.flow_runs", "prefect.task_runs")


class _Recorder(logging.Handler):
    """Gives each record to the watches that it concerns."""

    def emit(self, record: logging.LogRecord) -> None:
        for watch in _concerned():
            watch.records.append(record)


_lock = threading.Lock()
_watches: list[Watch] = []
_hooks = contextlib.ExitStack()
_own: ContextVar[tuple[Watch, ...]] = ContextVar("pipeproof_prefect_watches", default=())
"""The watches that this context is part of; Prefect hands the context on to its tasks' threads."""


@contextlib.contextmanager
def watching(*, real_time: bool) -> Iterator[Watch]:
    """Watch the runs of this process; the engine is hooked into while anybody watches.

    Args:
        real_time: Leave the clock alone.
    """
    watch = Watch()
    with _lock:
        if not _watches:
            try:
                watch.sees_engines = _enter_hooks(real_time=real_time)
            except BaseException:
                _hooks.close()
                raise
        else:
            watch.sees_engines = _watches[0].sees_engines
        _watches.append(watch)
    token = _own.set((*_own.get(), watch))
    try:
        yield watch
    finally:
        _own.reset(token)
        with _lock:
            _watches.remove(watch)
            if not _watches:
                _hooks.close()


def _concerned() -> list[Watch]:
    """The watches that are told of what happens here: all, in a thread that the flow or the test has made itself."""
    watches, own = list(_watches), _own.get()
    return [watch for watch in watches if watch in own] or watches


def _tell(note: Callable[..., None]) -> Callable[..., None]:
    def tell(*args: Any) -> None:
        for watch in _concerned():
            note(watch, *args)

    return tell


def _note_flow(watch: Watch, engine: Any, before: Any) -> None:
    if watch.root or watch in _own.get():  # the first is the one that is watched, and no other thread's
        watch.note_flow(engine, before)


def _note_event(watch: Watch, event: Any) -> None:
    task_run_id = task_run_of(event)
    if task_run_id in watch.submitted or not any(task_run_id in other.submitted for other in list(_watches)):
        watch.note_event(event)  # what another flow has submitted, which runs at the same time, is no stranger


def _relog(log: dict[str, Any]) -> None:
    """Log here what another process has logged."""
    known = [watch.submitted.get(UUID(str(log.get("task_run_id")))) for watch in list(_watches)]
    record = log_record(log, next((task.name for task in known if task), "<unknown>"))
    logging.getLogger(record.name).handle(record)


def _enter_hooks(*, real_time: bool) -> bool:
    """Hook into Prefect, as far as this version lets; gives whether its engines are told of."""
    engines = hooks.engine_hooks(on_flow=_tell(_note_flow), on_task=_tell(Watch.note_task))
    sees_engines = touched.ENGINES.enter(_hooks, engines)
    touched.SUBMISSIONS.enter(_hooks, lambda: hooks.submission_hooks(on_submit=_tell(Watch.note_submitted)))
    if hooks.has_process_runner():
        processes = hooks.process_hooks(on_event=_tell(_note_event), on_log=_relog, real_time=real_time)
        touched.PROCESSES.enter(_hooks, processes)
    if not real_time:
        timing.enter_virtual_clock(_hooks)
    touched.ALARMS.enter(_hooks, alarms.alarms_shared())
    if touched.PAUSES.enter(_hooks, timing.pauses_end_runs(real_time=real_time)):
        touched.SYNC_PAUSES.enter(_hooks, timing.sync_pauses_end_runs(real_time=real_time))
    _hooks.enter_context(seldom_collected())
    recorder = _Recorder()
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(recorder)
        _hooks.callback(logger.removeHandler, recorder)
    return sees_engines
