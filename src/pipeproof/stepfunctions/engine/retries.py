"""Which failures a Retrier or a Catcher names, and how long a Retry waits."""

from pipeproof.stepfunctions.definition.model import Retrier, State
from pipeproof.stepfunctions.engine.run import Frame
from pipeproof.stepfunctions.errors import StateFailure

RETRIED = frozenset({"Task", "Parallel", "Map"})
"""The types of states that can have a Retry."""
_UNCATCHABLE = {"States.Runtime"}
_LONGEST = 31_622_400.0
"""Seconds: the longest delay, where MaxDelaySeconds says none (366 days)."""


def retry_delay(state: State, failure: StateFailure, tries: dict[int, int], frame: Frame) -> float | None:
    """Return how many seconds to wait before the next attempt, or None where there is none.

    `tries` counts the retries of each Retrier of this visit, by its index.
    """
    if state.type not in RETRIED:
        return None
    retrier = next((retrier for retrier in state.retriers if matches(retrier.errors, failure)), None)
    if retrier is None:
        return None
    frame.run.hit("retrier", state.position, retrier.index)
    count = tries.get(retrier.index, 0)
    if count >= retrier.max_attempts:
        return None
    tries[retrier.index] = count + 1
    delay = delay_before(retrier, count)
    return frame.run.random.uniform(0, delay) if retrier.full_jitter else delay


def delay_before(retrier: Retrier, count: int) -> float:
    """Return the seconds before a retry, without jitter; `count` retries of this Retrier went before it."""
    try:
        seconds = retrier.interval * retrier.backoff**count
    except OverflowError:
        seconds = float("inf")
    return min(seconds, retrier.max_delay if retrier.max_delay is not None else _LONGEST)


def matches(errors: tuple[str, ...], failure: StateFailure) -> bool:
    """Return whether a Retrier's or Catcher's list names the failure.

    AWS: States.ALL, States.TaskFailed (all but States.Timeout), and plain names.
    """
    if failure.terminal or failure.error in _UNCATCHABLE:
        return False
    for name in errors:
        if name in (failure.error, "States.ALL") or name in failure.also:
            return True
        if name == "States.TaskFailed" and failure.error != "States.Timeout" and _is_task_failure(failure):
            return True
    return False


def _is_task_failure(failure: StateFailure) -> bool:
    return failure.error is not None and failure.error != "States.HeartbeatTimeout"
