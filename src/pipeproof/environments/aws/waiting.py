"""The waits of botocore: between attempts, in waiters and for the adaptive mode's tokens; here they take no time.

Private parts that are replaced: the modules `time` of `botocore.endpoint` and `botocore.waiter`, `TokenBucket._acquire`
of `botocore.retries.bucket` and `RetryHandler._sleep` of `botocore.retries.standard`. Who wants the time to pass (a
test marked `real_time`) says so through the observer; who runs on a clock of its own (a Lambda handler inside of an
execution) is handed the seconds by [waits_handed_to][].
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

Wait = Callable[[float], None]
Replacement = tuple[Any, str, Callable[[Any], Any]]

_handed_to: ContextVar[Wait | None] = ContextVar("pipeproof_aws_waits", default=None)


@contextmanager
def waits_handed_to(clock: Wait) -> Iterator[None]:
    """In here, `clock` is called with the seconds of each wait of botocore, and nothing is slept."""
    token = _handed_to.set(clock)
    try:
        yield
    finally:
        _handed_to.reset(token)


def replacements(sleep: Wait, is_real: Callable[[], bool]) -> list[Replacement]:
    """What has to be replaced in botocore, each as owner, name and a function from the original to the replacement.

    Args:
        sleep: Called with the seconds of a wait that is handed to nobody else.
        is_real: Whether such a wait takes its time.
    """
    import botocore.endpoint  # type: ignore[import-untyped]
    import botocore.waiter  # type: ignore[import-untyped]
    from botocore.retries.bucket import TokenBucket  # type: ignore[import-untyped]
    from botocore.retries.standard import RetryHandler  # type: ignore[import-untyped]

    def wait(seconds: float) -> None:
        clock = _handed_to.get()
        (sleep if clock is None else clock)(seconds)

    def patient(original: Any) -> Any:
        def acquire(bucket: Any, amount: float, block: bool) -> Any:
            if block and not (_handed_to.get() is None and is_real()):
                _fill(bucket, amount, wait)
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
    return [
        (botocore.endpoint, "time", lambda _: module),
        (botocore.waiter, "time", lambda _: module),
        (TokenBucket, "_acquire", patient),
        (RetryHandler, "needs_retry", polling),
    ]


def _fill(bucket: Any, amount: float, wait: Wait) -> None:
    """Let a token bucket hold what is asked of it, after the wait that this would take."""
    bucket._refill()  # noqa: SLF001 - see the module's docstring
    lacking = bucket._sleep_amount(amount)  # noqa: SLF001
    if lacking > 0:
        wait(lacking)
        bucket._last_timestamp -= lacking  # noqa: SLF001
        bucket._refill()  # noqa: SLF001
        bucket._current_capacity = max(bucket._current_capacity, amount)  # noqa: SLF001 - rounding
