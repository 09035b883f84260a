"""The interpreter aborts: nothing of pytest's own end is reached."""

import os


def test_before():
    pass


def test_aborts():
    os.abort()  # <- crash


def test_never_reached():
    pass
