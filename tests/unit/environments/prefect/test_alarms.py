"""The process has one alarm, and each who waits for it is woken at his own time."""

import signal
import time

import pytest

from pipeproof.environments.prefect.internals.client.alarms import ringing


class TestOverError(Exception):
    """What the alarm of the test raises."""

    __test__ = False


class FlowOverError(Exception):
    """What a flow's timeout raises."""


@pytest.fixture
def alarm():
    """Set the alarm of a test, so many seconds from now."""
    before = signal.getsignal(signal.SIGALRM)
    left = signal.getitimer(signal.ITIMER_REAL)

    def raise_over(*_):
        raise TestOverError

    def begin(seconds):
        signal.signal(signal.SIGALRM, raise_over)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        return raise_over

    yield begin
    signal.signal(signal.SIGALRM, before)
    signal.setitimer(signal.ITIMER_REAL, *left)


@pytest.mark.parametrize(("flow", "test", "raised"), [(0.02, 60, FlowOverError), (60, 0.02, TestOverError)])
def test_ringing__whose_time_comes_first(alarm, flow, test, raised):
    alarm(test)
    with pytest.raises(raised), ringing(flow, FlowOverError):
        time.sleep(30)


def test_ringing__left_in_time(alarm):
    """The test's alarm is what it was, its time running on."""
    handler = alarm(60)
    with ringing(30, FlowOverError):
        assert signal.getitimer(signal.ITIMER_REAL)[0] <= 30
    assert signal.getsignal(signal.SIGALRM) is handler
    assert 30 < signal.getitimer(signal.ITIMER_REAL)[0] <= 60


def test_ringing__the_flow_goes_on(alarm):
    """A test's time-out that the flow survives does not disarm the flow's, nor the other way round."""

    def survive(error):
        with pytest.raises(error):
            time.sleep(30)
        time.sleep(30)

    alarm(0.01)
    with pytest.raises(FlowOverError), ringing(0.03, FlowOverError):
        survive(TestOverError)
    alarm(0.04)
    with pytest.raises(TestOverError), ringing(0.01, FlowOverError):
        survive(FlowOverError)


def test_ringing__nested(alarm):
    """A subflow's, a flow's and a test's."""
    for times, raised in (((60, 60, 0.02), TestOverError), ((60, 0.02, 60), FlowOverError), ((0.02, 60, 60), KeyError)):
        alarm(times[2])
        with pytest.raises(raised), ringing(times[1], FlowOverError), ringing(times[0], KeyError):
            time.sleep(30)


def test_ringing__no_alarm_was_set(alarm):
    """None is afterwards."""
    alarm(0)
    with ringing(30, FlowOverError):
        pass
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
