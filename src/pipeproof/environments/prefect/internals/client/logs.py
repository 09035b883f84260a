"""What the process that runs the tests needs of Prefect's logging."""

import contextlib
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from pipeproof.environments.prefect.internals.touched import LOGGER, LOGGING
from pipeproof.patching import replaced


def configure_logging() -> None:
    """Import Prefect, which sets up logging, and keep the handlers that were on the root logger.

    pytest's own handlers are there while a test runs, and Prefect would replace them.
    """
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    LOGGING.usable()  # its module is imported by that
    if handlers:
        root.setLevel(level)
        for handler in handlers:
            root.addHandler(handler)


@contextlib.contextmanager
def run_logger(target: Any) -> Iterator[None]:
    """Make `get_run_logger()` give a logger where no run is under way; what it logs is not sent to a server.

    It alone sees a run: the engine, should the code call tasks or flows, sees none.
    """
    with contextlib.ExitStack() as stack:
        LOGGER.enter(stack, lambda: _run_logger(target))
        yield


@contextlib.contextmanager
def _run_logger(target: Any) -> Iterator[None]:
    from uuid import uuid4

    from prefect.flows import Flow

    name = str(getattr(target, "name", None) or getattr(target, "__name__", "function"))
    kind, run, made = "task", SimpleNamespace(), uuid4()
    with LOGGER.known():
        if isinstance(target, Flow):
            of_flow = LOGGER.find("prefect.client.schemas.objects:FlowRun")
            kind, run.flow, run.flow_run = "flow", target, of_flow(id=made, name=name, flow_id=uuid4())
        else:
            of_task = LOGGER.find("prefect.client.schemas.objects:TaskRun")
            made_of_task = of_task(id=made, name=name, task_key=name, dynamic_key="0", flow_run_id=None)
            run.task, run.task_run = target, made_of_task

    def keep_here(record: logging.LogRecord) -> bool:
        if getattr(record, f"{kind}_run_id", None) == str(made):
            record.send_to_api = False
        return True

    logger = logging.getLogger(f"prefect.{kind}_runs")
    with _logger_hooks.in_use():
        token = _logging_runs.set((*_logging_runs.get(), (kind, run)))
        logger.addFilter(keep_here)
        try:
            yield
        finally:
            logger.removeFilter(keep_here)
            _logging_runs.reset(token)


_logging_runs: ContextVar[tuple[tuple[str, Any], ...]] = ContextVar("pipeproof_prefect_logging_runs", default=())
"""The runs that `get_run_logger()` sees in this context: the kind of each, and the run."""


@contextlib.contextmanager
def _logger_sees_runs() -> Iterator[None]:
    asking = LOGGER.find("prefect.logging.loggers:get_run_logger").__code__

    def get_for_logger(kind: str, get: Callable[[], Any]) -> Callable[[], Any]:
        def got() -> Any:
            asked_by = sys._getframe(1).f_code  # noqa: SLF001 - the one way to tell the logger's question from the engine's
            runs = [run for of, run in _logging_runs.get() if of == kind] if asked_by is asking else []
            return get() or (runs[-1] if runs else None)

        return got

    with contextlib.ExitStack() as stack:
        for kind, context in (("task", "TaskRunContext"), ("flow", "FlowRunContext")):
            found = LOGGER.locate(
                f"prefect.context:{context}.get"
            )  # replaced without a guard, as `got` looks at the frame that calls it
            stack.enter_context(replaced(found, get_for_logger(kind, found.value)))
        yield


class _Shared:
    """A hook that is entered by the first who needs it and left by the last, whichever threads they are."""

    def __init__(self, hook: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
        self._hook = hook
        self._lock = threading.Lock()
        self._users = 0
        self._entered = contextlib.ExitStack()

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """It is entered meanwhile."""
        with self._lock:
            if not self._users:
                self._entered.enter_context(self._hook())
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._entered.close()


_logger_hooks = _Shared(_logger_sees_runs)
