"""The network guard in a run of tests: from the collection to the end of the session, open for what may pass.

The guard itself is in [pipeproof.sandbox.network_guard][].
"""

from collections.abc import Generator

import pytest

from pipeproof.errors import InputError
from pipeproof.plugin.live import SECTIONS
from pipeproof.sandbox.network_guard import Guard, current_guard, guard_in_force, install_guard
from pipeproof.variables import NETWORK

MODES = ("auto", "loopback", "open")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--pipeproof-network`."""
    parser.getgroup("pipeproof").addoption(
        "--pipeproof-network",
        choices=MODES,
        help="loopback: tests reach nothing but this machine; open; auto: loopback, save for tests marked `live` "
        "(default: open, and auto under `pipeproof run`)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Set the guard up where a mode asks for it; what the user says goes before what the supervisor says."""
    try:
        mode = NETWORK.read(config.getoption("--pipeproof-network"))
    except InputError as error:
        raise pytest.UsageError(str(error)) from error
    if mode == "open":
        return
    guard = Guard(mode)
    config.stash.setdefault(SECTIONS, []).append(guard.opened)
    config.pluginmanager.register(_GuardedTests(guard), "pipeproof-network")


class _GuardedTests:
    """Keeps the guard up from the collection to the end of the session."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._previous: Guard | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        from pipeproof.sandbox.native_guard import guard_native

        self._previous = install_guard(self._guard)
        guard_native(current_guard)

    def pytest_unconfigure(self) -> None:
        if guard_in_force() is self._guard:
            install_guard(self._previous)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        self._guard.blocked.clear()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Name what was refused beside a failure: libraries like to turn an error of the network into one of theirs."""
        if call.excinfo and self._guard.blocked:
            item.add_report_section(call.when, "network", f"refused: {', '.join(self._guard.blocked)}")
        return (yield)
