"""What `run_flow` gives where an event loop runs: a flow run that begins when it is awaited, in that loop."""

from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, NoReturn

from pipeproof.environments.prefect.runs.results import FlowResult
from pipeproof.errors import PipeproofError


class RunNotAwaitedError(PipeproofError, AttributeError):
    """An asynchronous test has called `run_flow` without `await`."""


class PendingRun(Coroutine[Any, Any, FlowResult]):
    """A flow run that is to be awaited, in the test's own loop, and may be given to `asyncio.gather` or a task group.

    Args:
        flow_name: The flow's name.
        make: Makes the coroutine that runs it.
    """

    def __init__(self, flow_name: str, make: Callable[[], Coroutine[Any, Any, FlowResult]]) -> None:
        self._flow_name = flow_name
        self._make = make
        self._coroutine: Coroutine[Any, Any, FlowResult] | None = None

    def require_awaited(self) -> None:
        """Look whether anybody has awaited it.

        Raises:
            RunNotAwaitedError: Nobody has, so the flow was not run.
        """
        if self._coroutine is None:
            self._refuse("and so was not run")

    def __await__(self) -> Generator[Any, Any, FlowResult]:
        return self._running.__await__()

    def send(self, value: Any) -> Any:
        """Go on, as coroutines do."""
        return self._running.send(value)

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        value: BaseException | object = None,
        traceback: TracebackType | None = None,
        /,
    ) -> Any:
        """Raise within, as coroutines do."""
        error = kind if isinstance(kind, BaseException) else value if isinstance(value, BaseException) else kind()
        return self._running.throw(error.with_traceback(traceback) if traceback else error)

    def close(self) -> None:
        """End it, as coroutines do."""
        self._running.close()

    @property
    def _running(self) -> Coroutine[Any, Any, FlowResult]:
        if self._coroutine is None:
            self._coroutine = self._make()
        return self._coroutine

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(name)
        self._refuse(f"and so has no `{name}` yet")

    def _refuse(self, consequence: str) -> NoReturn:
        hint = "in an asynchronous test a flow runs in the test's own event loop: result = await run_flow(flow)"
        raise RunNotAwaitedError(f"the run of flow {self._flow_name!r} was not awaited, {consequence}", hint=hint)
