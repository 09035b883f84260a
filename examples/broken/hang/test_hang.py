"""A test that never ends, and that only SIGKILL ends."""

import signal
import threading


def test_before():
    pass


def test_hangs():
    for number in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Event().wait()  # <- hang


def test_never_reached():
    pass
