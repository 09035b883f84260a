"""A request to end is heard while the supervisor waits, and standard streams are never a pipe of its own."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pipeproof.sandbox.process import Cancellation, CancelledError
from pipeproof.transport import Transport


def test_cancellation__breaks_off_a_wait_for_a_service_that_hangs() -> None:
    """It took 28 s, and the runner kills after about ten."""
    cancellation, began = Cancellation(), time.monotonic()
    with socket.socket() as service, cancellation.listening():
        service.bind(("127.0.0.1", 0))
        service.listen()
        asking = threading.Thread(target=lambda: (service.accept(), os.kill(os.getpid(), signal.SIGTERM)))
        asking.start()
        with pytest.raises(CancelledError), cancellation.interrupting():
            Transport().send("GET", f"http://127.0.0.1:{service.getsockname()[1]}/token")
        asking.join()
    assert cancellation.times == 1
    assert time.monotonic() - began < Transport().patience.read


def test_cancellation__that_came_before__does_not_begin_to_wait() -> None:
    cancellation = Cancellation()
    cancellation.times = 1
    with pytest.raises(CancelledError), cancellation.interrupting():
        pytest.fail("it began")


@pytest.mark.parametrize("closed", ["0<&-", "0<&- 1>&- 2>&-"])
def test_main__with_standard_streams_closed(closed: str, tmp_path: Path) -> None:
    """A pipe of the supervisor's became descriptor 0, and every run failed."""
    (tmp_path / "test_a.py").write_text("def test_a(): assert input is not None")
    command = f'exec "$0" -m pipeproof run --install none {closed}'
    done = subprocess.run(["sh", "-c", command, sys.executable], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed, 1 test" in (tmp_path / "pipeproof-report" / "summary.md").read_text()
