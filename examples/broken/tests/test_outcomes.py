"""Outcomes that are neither passed nor simply failed."""

import unittest
import warnings

import pytest

ATTEMPTS = []


def test_skipped_while_it_runs():
    pytest.skip("there is no warehouse here")  # <- skip


@pytest.mark.skip(reason="switched off")
def test_skipped_by_a_marker():  # pragma: no cover
    raise AssertionError("never runs")


@pytest.mark.skipif(True, reason="not on this machine")
class TestSkippedClass:
    def test_one(self):
        raise AssertionError("never runs")


@unittest.skip("unittest's way")
class TestSkippedByUnittest(unittest.TestCase):
    def test_one(self):
        raise AssertionError("never runs")


@pytest.mark.xfail(reason="the rounding is known to be wrong")
def test_expected_to_fail():
    assert round(2.5) == 3  # <- xfail


@pytest.mark.xfail(reason="was wrong once")
def test_passes_unexpectedly():
    assert round(3.5) == 4


@pytest.mark.xfail(reason="was wrong once, and whoever mends it shall say so", strict=True)  # <- xpass
def test_passes_unexpectedly_and_strictly():
    assert round(3.5) == 4


def test_flaky():
    """Fails the first time, and passes when it is run again."""
    ATTEMPTS.append(1)
    assert len(ATTEMPTS) > 1  # <- flaky


@pytest.mark.flaky(reruns=2)
def test_fails_however_often_it_is_run():
    assert ATTEMPTS == []  # <- call


def test_warns():
    warnings.warn("the old interface goes away", DeprecationWarning, stacklevel=1)  # <- warning
