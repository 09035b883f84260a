"""Fixtures that fail, for tests in several files."""

import pytest


@pytest.fixture(scope="session")
def warehouse():
    raise ConnectionError("the warehouse does not answer")  # <- setup x2


@pytest.fixture
def report(warehouse):
    return f"a report from {warehouse}"


@pytest.fixture
def leftovers():
    yield []
    raise RuntimeError("there are tables left")  # <- teardown x2
