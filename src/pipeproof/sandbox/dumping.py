"""Ending a process that hangs, so that it tells where: faulthandler answers SIGABRT with the stack of every thread."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pipeproof.sandbox.leftovers import children_of, is_alive

_PATIENCE = 5.0
"""Seconds in which a child writes its stack."""


def end_with_dumps(process: int) -> Iterator[None]:
    """End pytest by SIGABRT; each step that is asked for looks once more whether its workers have ended before it.

    Under xdist the test hangs in a child. pytest is stopped while its children write: it would start others for them.
    Only children of the same program are asked; what else it has started ends with it.
    """
    workers = [child for child in children_of(process) if _program(child) == _program(process)]
    with suppress(ProcessLookupError):
        if (
            workers
        ):  # one that was stopped may take the signal in any of its threads: the test's would not be the current
            os.kill(process, signal.SIGSTOP)
        for worker in workers:
            with suppress(OSError):
                os.kill(worker, signal.SIGABRT)
        deadline = time.monotonic() + _PATIENCE
        while any(map(is_alive, workers)) and time.monotonic() < deadline:
            yield
        os.kill(process, signal.SIGABRT)
        os.kill(process, signal.SIGCONT)


def _program(process: int) -> Path | None:
    """Return what a process runs; None where the system does not tell."""
    try:
        return Path(f"/proc/{process}/exe").readlink()
    except OSError:
        return None
