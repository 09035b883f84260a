"""Failures before and after the test."""

import unittest

import pytest


@pytest.fixture
def half_ready():
    assert {"state": "half"} == {"state": "ready"}  # <- setup


@pytest.fixture
def asserts_afterwards():
    yield
    assert "clean" == "dirty"  # <- teardown


@pytest.fixture(scope="module")
def shared():
    yield "shared"
    raise OSError("the module's connection was closed twice")  # <- teardown


def test_setup_fails(half_ready):
    pass


def test_setup_fails_in_conftest(report):
    pass


def test_setup_fails_again_with_what_was_cached(report):
    pass


def test_fixture_that_does_not_exist(warehause):  # <- setup
    pass


def test_teardown_fails(asserts_afterwards):
    pass


def test_teardown_fails_in_conftest(leftovers):
    pass


def test_call_and_teardown_fail(leftovers):
    assert leftovers == ["a table"]  # <- call


class TestMethods:
    def setup_method(self, method):
        if method.__name__ == "test_setup_method":
            raise LookupError("nothing to set up")  # <- setup

    def teardown_method(self, method):
        if method.__name__ == "test_teardown_method":
            raise LookupError("nothing to tear down")  # <- teardown

    def test_setup_method(self):
        pass

    def test_teardown_method(self):
        pass


class TestCaseOfUnittest(unittest.TestCase):
    def setUp(self):
        self.amounts = {}
        if self._testMethodName == "test_setup_of_unittest":
            self.amounts["missing"]  # <- call

    def test_setup_of_unittest(self):
        pass

    def test_method_of_unittest(self):
        self.assertEqual(self.amounts, {"tea": 1})  # <- call


class TestClassOfUnittest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise PermissionError("the class may not")  # <- setup

    def test_never_runs(self):
        pass


def test_the_last_one_pays_for_the_module(shared):
    assert shared == "shared"
