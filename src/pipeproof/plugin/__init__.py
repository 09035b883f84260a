"""The pytest plugin: hooks and fixtures, one module a concern, each thin over the room that does the work.

pytest loads this module in every run in which pipeproof is installed, so neither it nor the modules that it names
import anything heavy: a fixture imports what it needs when a test asks for it.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

import pytest


class _Plainly:
    """Finds our modules as Python does, before pytest does.

    pytest rewrites the asserts of all modules that come with a plugin, and compiles them anew in each process in which
    it cannot write beside them, as in the image: half a second for state machines alone. Ours have none that a test
    fails by. Those that pytest looks for by name say so as well (`PYTEST_DONT_REWRITE`), or it would warn.
    """

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, path, target) if name.startswith("pipeproof.") else None


sys.meta_path.insert(0, _Plainly)

pytest_plugins = (
    "pipeproof.plugin.evidence",
    "pipeproof.plugin.events",
    "pipeproof.plugin.live",
    "pipeproof.plugin.network",
    "pipeproof.plugin.new_tests",
    "pipeproof.plugin.sharding",
    "pipeproof.plugin.timeouts",
    "pipeproof.plugin.prefect",
    "pipeproof.plugin.aws",
    "pipeproof.plugin.stepfunctions",
    "pipeproof.plugin.dbt",
    "pipeproof.plugin.dbt_tests",
)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers."""
    config.addinivalue_line(
        "markers", "live: may use the run's real credentials and the network; skipped where there are none"
    )
    config.addinivalue_line("markers", "real_time: retry delays and waits take real time instead of virtual time")
