"""The process is killed, as by the kernel when memory runs out."""

import os
import signal


def test_before():
    assert "known" == "lost"  # <- call


def test_is_killed():
    os.kill(os.getpid(), signal.SIGKILL)  # <- crash


def test_never_reached():
    pass
