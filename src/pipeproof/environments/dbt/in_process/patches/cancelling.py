"""Queries that are under way when something from outside, such as a test's time-out, ends an invocation."""

from collections.abc import Callable
from typing import Any

from pipeproof.environments.dbt.in_process.touched import CANCELLING


def cancel_queries(run_queue: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Let dbt cancel its queries as it does at Ctrl-C: it waits for them otherwise, and then goes on with the next."""

    def run(task: Any, pool: Any) -> Any:
        try:
            return run_queue(task, pool)
        except (Exception, KeyboardInterrupt, SystemExit):  # which dbt deals with
            raise
        except BaseException:
            with CANCELLING.known():
                task._cancel_connections(pool)  # noqa: SLF001
            raise

    return run
