import pytest

from pipeproof.environments.prefect.internals import traffic
from pipeproof.environments.prefect.internals.server import intake


@pytest.fixture
def quick(monkeypatch):
    """It is quiet some milliseconds after a request."""
    monkeypatch.setattr(traffic, "QUIET_SECONDS", 0.002)


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits for long until it is quiet."""
    monkeypatch.setattr(traffic, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(intake, "PATIENCE_SECONDS", 0.01)
