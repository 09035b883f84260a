"""Blocks that are ended after so much real time."""

import contextlib
import signal
import threading
from collections.abc import Callable

import pytest

from pipeproof.real_time import at_most


class Late(BaseException):
    """What ends the block."""


def forever() -> None:
    while True:
        pass


def swallows() -> None:
    for _ in range(2):
        with contextlib.suppress(BaseException):
            forever()


def in_a_thread(block: Callable[[], None]) -> None:
    raised: list[BaseException] = []

    def run() -> None:
        try:
            block()
        except BaseException as error:  # noqa: BLE001 - handed to the test's thread
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]


def here(block: Callable[[], None]) -> None:
    block()


@pytest.mark.parametrize("run", [here, in_a_thread])
def test_at_most__ends_a_loop(run: Callable[[Callable[[], None]], None]) -> None:
    def block() -> None:
        with at_most(0.01, Late):
            forever()

    with pytest.raises(Late):
        run(block)


@pytest.mark.parametrize("run", [here, in_a_thread])
def test_at_most__goes_off_again_where_it_was_swallowed(run: Callable[[Callable[[], None]], None]) -> None:
    def block() -> None:
        with at_most(0.01, Late):
            swallows()

    run(block)


@pytest.mark.parametrize("run", [here, in_a_thread])
def test_at_most__leaves_a_block_in_time_alone(run: Callable[[Callable[[], None]], None]) -> None:
    def block() -> None:
        with at_most(60, Late):
            pass

    run(block)


@pytest.fixture
def others_alarm():
    """An alarm of somebody else's, as pytest-timeout sets it."""
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, frame: rung.append(number))
    yield rung
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_at_most__puts_back_the_alarm_that_was_set(others_alarm: list[int]) -> None:
    signal.setitimer(signal.ITIMER_REAL, 300)
    handler = signal.getsignal(signal.SIGALRM)
    with at_most(60, Late):
        assert signal.getitimer(signal.ITIMER_REAL)[0] <= 60
    assert 60 < signal.getitimer(signal.ITIMER_REAL)[0] <= 300
    assert signal.getsignal(signal.SIGALRM) is handler


def test_at_most__does_not_put_off_an_alarm_that_comes_first(others_alarm: list[int]) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    with at_most(60, Late):
        while not others_alarm:
            pass
    assert others_alarm == [signal.SIGALRM]


def test_at_most__rings_what_became_due_meanwhile(others_alarm: list[int]) -> None:
    signal.setitimer(signal.ITIMER_REAL, 0.03)
    with pytest.raises(Late), at_most(0.01, Late):
        forever()
    while not others_alarm:
        pass


def test_at_most__sets_no_alarm_where_there_was_none() -> None:
    with at_most(60, Late):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
