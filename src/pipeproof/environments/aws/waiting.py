"""The waits of botocore: between attempts, in waiters and for the adaptive mode's tokens; here they take no time.

The names that are replaced stand in [pipeproof.environments.aws.touched][] (`WAITS`). Who wants the time to pass (a
test marked `real_time`) says so through the observer; who runs on a clock of its own (a Lambda handler inside of an
execution) is handed the seconds by [waits_handed_to][].
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from pipeproof.environments.aws.touched import WAITS
from pipeproof.patching import Make

Wait = Callable[[float], None]

_handed_to: ContextVar[Wait | None] = ContextVar("pipeproof_aws_waits", default=None)


@contextmanager
def waits_handed_to(clock: Wait) -> Iterator[None]:
    """In here, `clock` is called with the seconds of each wait of botocore, and nothing is slept."""
    token = _handed_to.set(clock)
    try:
        yield
    finally:
        _handed_to.reset(token)


def replacements(sleep: Wait, is_real: Callable[[], bool]) -> Mapping[str, Make]:
    """Return what makes each replacement in botocore, by its place.

    Args:
        sleep: Called with the seconds of a wait that is handed to nobody else.
        is_real: Whether such a wait takes its time.
    """

    def wait(seconds: float) -> None:
        clock = _handed_to.get()
        (sleep if clock is None else clock)(seconds)

    def patient(original: Any) -> Any:
        def acquire(bucket: Any, amount: float, block: bool) -> Any:
            if block and not (_handed_to.get() is None and is_real()):
                with WAITS.known():
                    lacking = _lacking(bucket, amount)
                if lacking > 0:
                    wait(lacking)
                    with WAITS.known():
                        _fill(bucket, amount, lacking)
            return original(bucket, amount, block)

        return acquire

    def polling(original: Any) -> Any:
        def needs_retry(handler: Any, **kwargs: Any) -> Any:
            before = getattr(handler, "_sleep", None)
            handler._sleep = wait  # noqa: SLF001 - of a long poll whose retries are used up
            try:
                return original(handler, **kwargs)
            finally:
                handler._sleep = before  # noqa: SLF001

        return needs_retry

    module = SimpleNamespace(sleep=wait)
    return {
        "botocore.endpoint:time": lambda _: module,
        "botocore.waiter:time": lambda _: module,
        "botocore.retries.bucket:TokenBucket._acquire": patient,
        "botocore.retries.standard:RetryHandler.needs_retry": polling,
    }


def _lacking(bucket: Any, amount: float) -> float:
    """The seconds until a token bucket would hold what is asked of it."""
    bucket._refill()  # noqa: SLF001 - listed in WAITS
    return float(bucket._sleep_amount(amount))  # noqa: SLF001


def _fill(bucket: Any, amount: float, seconds: float) -> None:
    """Let a token bucket hold what is asked of it, as if the seconds had passed."""
    bucket._last_timestamp -= seconds  # noqa: SLF001
    bucket._refill()  # noqa: SLF001
    bucket._current_capacity = max(bucket._current_capacity, amount)  # noqa: SLF001 - rounding
