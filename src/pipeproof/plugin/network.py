"""The network guard in a run of tests: from the collection to the end of the session, open for what may pass.

The guard itself is in [pipeproof.sandbox.network_guard][].

PYTEST_DONT_REWRITE
"""

from collections.abc import Collection, Generator
from contextlib import ExitStack
from typing import Any

import pytest

from pipeproof.errors import InputError
from pipeproof.plugin.live import SECTIONS, may_be_live
from pipeproof.sandbox.guard_word import Refusals, processes_opened
from pipeproof.sandbox.network_guard import Guard, current_guard, guard_in_force, install_guard
from pipeproof.sandbox.resolver import has_to_be_looked_up, is_without_servers, no_servers, servers
from pipeproof.variables import NETWORK, NETWORK_ALLOW

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
        allowed = NETWORK_ALLOW.read()
    except InputError as error:
        raise pytest.UsageError(str(error)) from error
    if mode == "open":
        return
    guard = Guard(mode, allowed)
    sections = config.stash.setdefault(SECTIONS, [])
    sections.append(guard.opened)
    if mode == "auto":
        sections += [servers, processes_opened]
    stack = ExitStack()
    if is_without_servers() or not any(has_to_be_looked_up(host) for host in allowed):
        stack.enter_context(no_servers(spare_this_process=mode == "auto" and may_be_live(config)))
    config.pluginmanager.register(_GuardedTests(guard, stack), "pipeproof-network")


def advice(fixtures: Collection[str], *, of_test: bool) -> str:
    """Return what stands in for AWS, for a test that has these fixtures already.

    Args:
        fixtures: Their names.
        of_test: Whether it is asked for by the test or a fixture of its own, and not by one of a class, a module or the
            session (`setUpClass` is one), for which a test's fixtures are not there yet.
    """
    if "aws" not in fixtures and "aws_server" not in fixtures:
        return "the fixture `aws` stands in for AWS"
    if not of_test:
        return (
            "the fixture `aws` is each test's own, and not there yet for setUpClass or a fixture of a class, a module "
            "or the session: ask AWS in setUp, or in a fixture of the test"
        )
    if "aws_server" not in fixtures:
        return (
            "the fixture `aws` stubs boto3 in this process; what is none (a subprocess, a presigned URL, another "
            "client) needs `aws_server`"
        )
    return (
        "`aws_server` is found by AWS_ENDPOINT_URL, as `aws_server.environment` has it: what does not read it is to be "
        "given `aws_server.endpoint_url`"
    )


class _GuardedTests:
    """Keeps the guard up from the collection to the end of the session."""

    def __init__(self, guard: Guard, resolver: ExitStack) -> None:
        self._guard = guard
        self._resolver = resolver
        self._refusals = Refusals.of_this_process()
        self._previous: Guard | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        from pipeproof.sandbox.native_guard import guard_native

        self._previous = install_guard(self._guard)
        guard_native(current_guard)

    def pytest_unconfigure(self) -> None:
        self._resolver.close()
        if guard_in_force() is self._guard:
            install_guard(self._previous)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._guard.blocked.clear()
        self._guard.stands_in_for_aws = advice(getattr(item, "fixturenames", ()), of_test=True)
        self._refusals.take()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        before = self._guard.stands_in_for_aws
        self._guard.stands_in_for_aws = advice(request.fixturenames, of_test=fixturedef.scope == "function")
        try:
            return (yield)
        finally:
            self._guard.stands_in_for_aws = before

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Name what was refused beside a failure: libraries like to turn an error of the network into one of theirs."""
        if call.excinfo:
            refused = dict.fromkeys([*self._guard.blocked, *self._refusals.take()])
            if refused:
                item.add_report_section(call.when, "network", f"refused: {', '.join(refused)}")
