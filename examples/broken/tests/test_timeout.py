"""A test that takes longer than it may."""

import threading

import pytest


@pytest.mark.timeout(0.5)
def test_waits_too_long():
    threading.Event().wait(20)  # <- timeout


def test_after_it():
    pass
