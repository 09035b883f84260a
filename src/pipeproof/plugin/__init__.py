"""The pytest plugin: hooks and fixtures, one module a concern, each thin over the room that does the work.

pytest loads this module in every run in which pipeproof is installed, so neither it nor the modules that it names
import anything heavy: a fixture imports what it needs when a test asks for it.
"""

import pytest

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
