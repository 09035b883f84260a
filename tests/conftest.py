"""What every test of pipeproof shares."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent / "support"))

pytest_plugins = ["pytester", "postgres"]

# A machine that does other things as well is no reason to fail.
settings.register_profile("pipeproof", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pipeproof")

FEW_PLUGINS = "-p no:hypothesispytest -p no:anyio -p no:pytest_cov"
"""What a pytest that a test starts is spared: plugins of pipeproof's own tests, which are 40 % of its start."""


@pytest.fixture(scope="session", autouse=True)
def few_plugins() -> Iterator[None]:
    """Let what a test starts begin sooner, in an environment that has modules compiled once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setenv("PYTEST_ADDOPTS", FEW_PLUGINS)
        yield


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """The same for `pytester`, which takes the options out of the environment."""
    monkeypatch.setenv("PYTEST_ADDOPTS", FEW_PLUGINS)
    return pytester
