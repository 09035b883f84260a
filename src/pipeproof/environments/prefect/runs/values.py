"""What a state carries: the value that was returned, or the exception that was raised."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


def state_value(state: "State[Any]") -> Any:
    """Return what a run in this state returned; None where it did not complete."""
    return _content(state) if state.is_completed() else None


def state_error(state: "State[Any]") -> BaseException | None:
    """Return the exception that a run in this state raised: of several failed runs, the first one's.

    None where there was none: a flow may return `Failed(message=…)` without raising.
    """
    return _find_error(_content(state))


def users_error(error: BaseException | None) -> BaseException | None:
    """Return the exception that ended a run, unless Prefect made it up to tell of the state."""
    from prefect.exceptions import CancelledRun, CrashedRun, FailedRun, Pause, PausedRun, UnfinishedRun

    invented = (CancelledRun, CrashedRun, FailedRun, Pause, PausedRun, UnfinishedRun)
    return None if isinstance(error, invented) else error


def raised_into(error: BaseException | None) -> BaseException | None:
    """Return what somebody else has raised into a run from outside, such as a test's time-out; None for all else.

    An event loop tells a run of it by cancelling that, and it is the cancellation that the run's state holds.
    """
    from asyncio import CancelledError

    from prefect.exceptions import PrefectSignal

    ours = (Exception, CancelledError, GeneratorExit, PrefectSignal)
    return None if error is None or isinstance(error, ours) else error


def is_of_upstream(error: BaseException | None) -> bool:
    """Return whether it says only that a run was not started, since one that it waits for has failed."""
    from prefect.exceptions import UnfinishedRun

    place = error.__traceback__ if error is not None else None
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    in_prefect = place is not None and place.tb_frame.f_globals.get("__name__") == "prefect.states"
    return isinstance(error, UnfinishedRun) or (in_prefect and isinstance(error, ValueError))


def _find_error(content: Any) -> BaseException | None:
    from prefect.client.schemas.objects import State

    if isinstance(content, BaseException):
        return content
    if isinstance(content, State):
        return None if content.is_completed() else state_error(content)
    if isinstance(content, Iterable) and not isinstance(content, (str, bytes, dict)):
        return next((error for error in map(_find_error, content) if error is not None), None)
    return None


def _content(state: "State[Any]") -> Any:
    """Return a state's data: as it is in memory, or loaded from where it was persisted."""
    data = state.data
    if hasattr(data, "metadata") and hasattr(data, "result"):  # a ResultRecord: the value itself
        return data.result
    if hasattr(data, "storage_key"):  # its metadata: where the value was persisted
        return state.result(raise_on_failure=False)
    return data
