"""Failures in the test itself, or in what it calls."""

import sys

import pytest

from shop import prices


def test_passes():
    assert prices.net(119, 0.19) == pytest.approx(100)


def test_assertion():
    assert prices.net(119, 0.19) == 99  # <- call


def test_an_assertion_over_several_lines():
    expected = {"net": 100.0, "tax": 19.0}
    assert {  # <- call
        "net": prices.net(119, 0.19),
        "tax": 18.0,
    } == expected


def test_error_in_the_code_under_test():
    prices.net(119, -1)


def test_error_in_a_library():
    prices.read("{")


def test_error_with_a_cause():
    prices.checked(1)


def test_recursion():
    prices.depth(1)


def test_several_errors_at_once():
    raise ExceptionGroup("both sides failed", [ValueError("left"), KeyError("right")])  # <- call


def test_fails_by_hand():
    pytest.fail("by hand, without a traceback", pytrace=False)  # <- call


def test_expected_an_error():
    with pytest.raises(ValueError, match="nothing"):  # <- call
        prices.net(119, 0.19)


def test_leaves_the_interpreter():
    sys.exit(3)  # <- call


class TestInAClass:
    def test_method(self):
        assert prices.net(1, 0) == 2  # <- call

    class TestInside:
        def test_method(self):
            assert prices.net(1, 0) == 3  # <- call


@pytest.mark.parametrize("rate", [0, 0.07, 0.19])
def test_parametrised(rate):
    assert prices.net(100, rate) == 100  # <- call x2


@pytest.mark.parametrize("text", ["a, b", "[x]", "ä", "a::b", "one\ntwo", ""])
def test_parametrised_with_odd_names(text):
    assert text is None  # <- call x6


@pytest.mark.xfail(raises=KeyError, reason="another error than the one expected")
def test_xfail_of_another_kind():
    raise OSError("not the error that was expected")  # <- call
