"""What a state carries: the value that was returned, or the exception that was raised."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State


def state_value(state: "State[Any]") -> Any:
    """What a run in this state returned; None where it did not complete."""
    return _content(state) if state.is_completed() else None


def state_error(state: "State[Any]") -> BaseException | None:
    """The exception that a run in this state raised: of several failed runs, the first one's.

    None where there was none: a flow may return `Failed(message=…)` without raising.
    """
    return _find_error(_content(state))


def _find_error(content: Any) -> BaseException | None:
    from prefect.states import State

    if isinstance(content, BaseException):
        return content
    if isinstance(content, State):
        return None if content.is_completed() else state_error(content)
    if isinstance(content, Iterable) and not isinstance(content, (str, bytes, dict)):
        return next((error for error in map(_find_error, content) if error is not None), None)
    return None


def _content(state: "State[Any]") -> Any:
    """A state's data: as it is in memory, or loaded from where it was persisted."""
    from prefect.results import ResultRecord

    data = state.data
    if isinstance(data, ResultRecord):
        return data.result
    if hasattr(data, "storage_key"):
        return state.result(raise_on_failure=False)
    return data
