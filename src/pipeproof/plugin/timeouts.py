"""A whole timeout for each attempt at a test.

pytest-timeout arms its timer once, around all attempts that pytest-rerunfailures makes, and disarms it at the first
failure: an attempt that hangs after that would hang for ever. Here it is armed again when an attempt begins.

PYTEST_DONT_REWRITE
"""

from typing import Any

import pytest

_SETTINGS = pytest.StashKey[Any]()
"""What pytest-timeout armed the first timer of a test with."""


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> None:
    """Remember what the timer is armed with, and leave the arming to pytest-timeout."""
    item.stash[_SETTINGS] = settings
    if not item.config.pluginmanager.has_plugin("pipeproof-attempts-timed"):
        item.config.pluginmanager.register(_Attempts(), "pipeproof-attempts-timed")


class _Attempts:
    """Arms the timer of each attempt; registered where a timer is armed at all."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Arm the timer again where this is not the first attempt."""
        settings = item.stash.get(_SETTINGS, None)
        if settings is None or settings.func_only or getattr(item, "execution_count", 1) < 2:
            return
        hooks = item.config.pluginmanager.hook
        hooks.pytest_timeout_cancel_timer(item=item)
        hooks.pytest_timeout_set_timer(item=item, settings=settings)
